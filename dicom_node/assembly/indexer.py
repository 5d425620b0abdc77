"""Counts what arrived to its study: reads headers, never pixels."""

from __future__ import annotations

import itertools

from pydicom import Dataset

from config.settings import Settings
from dicom_node import logs
from dicom_node.assembly.header import CORE, Seen, as_json, read_header
from pipelines.router import compile_routes, keywords
from results.identity import is_ours
from storage import arrivals, indexing, made
from storage.database import Database
from storage.inbox import Inbox, Unreadable, read_journal
from storage.killpoints import reached
from storage.records import Arrival, Indexed

BATCH = 500


class Indexer:
    """Takes arrivals from the queue and counts them to their studies."""

    def __init__(self, db: Database, inbox: Inbox, settings: Settings) -> None:
        self.db, self.inbox = db, inbox
        self.log = logs.log()
        self.reload(settings)

    def reload(self, settings: Settings) -> None:
        """Index what the routes of a new configuration look at."""
        self._seen = Seen()
        self.keywords = CORE | keywords(compile_routes(settings.routes))

    def take_up(self) -> int:
        """Queue what the inbox holds and the database does not know: the file is the journal."""
        found = 0
        scan = self.inbox.scan()
        while batch := [key for key, _ in itertools.islice(scan, 2000)]:
            unknown = sorted(arrivals.unknown(self.db, batch))
            lost = [arrival for key in unknown if (arrival := self._journal(key)) is not None]
            if lost:
                arrivals.record(self.db, lost)
            found += len(lost)
        if found:
            self.log.warning("took up instances the database did not know", instances=found)
        return found

    def _journal(self, key: str) -> Arrival | None:
        """What a file says about its arrival; None where it is not one of the receiver's."""
        try:
            return read_journal(self.inbox.path(key), key)
        except FileNotFoundError:
            return None  # retention was faster
        except (Unreadable, OSError, ValueError) as error:
            self.log.error(
                "a file in the inbox cannot be read", key=key, error=type(error).__name__
            )
            return None

    def step(self) -> int:
        """Index one batch of arrivals; returns how many there were."""
        batch = arrivals.pending(self.db, BATCH)
        if batch:
            ours = made.is_ours(self.db, [arrival.SOPInstanceUID for _, arrival in batch])
            read = [(id_, self._read(arrival, ours)) for id_, arrival in batch]
            reached("assembly: headers read")
            indexing.index(self.db, [(id_, item) for id_, item in read if item is not None])
            for (id_, arrival), (_, item) in zip(batch, read, strict=True):
                if item is None:
                    self._set_aside(id_, arrival)
        return len(batch)

    def _read(self, arrival: Arrival, ours: set[str]) -> Indexed | None:
        try:
            ds = read_header(self.inbox.path(arrival.key), self.keywords)
            return Indexed(
                arrival=arrival,
                StudyInstanceUID=_uid(ds, "StudyInstanceUID"),
                SeriesInstanceUID=_uid(ds, "SeriesInstanceUID"),
                header=as_json(ds, self.keywords, self._seen),
                ours=arrival.SOPInstanceUID in ours or is_ours(ds),
            )
        except Exception as error:  # noqa: BLE001 - whatever a stranger's file provokes is its own fate
            self.log.error(
                "an instance cannot be indexed", key=arrival.key, error=type(error).__name__
            )
            return None

    def _set_aside(self, id_: int, arrival: Arrival) -> None:
        """It stays in the inbox, and the trail says that no study could be found in it."""
        detail: dict[str, object] = {
            "SOPInstanceUID": arrival.SOPInstanceUID,
            "calling_ae": arrival.calling_ae,
            "because": "its header names no study and series, or cannot be read",
        }
        arrivals.drop(self.db, [id_], "instance-not-indexed", detail)


def _uid(ds: Dataset, keyword: str) -> str:
    """A UID without which an instance belongs nowhere; raises `ValueError` where it is missing."""
    value = ds.get(keyword)
    if not value or len(str(value)) > 64:
        raise ValueError(keyword)
    return str(value)
