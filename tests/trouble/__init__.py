"""Nodes that run the pipelines of `site/trouble.py`, and a look at what became of a study.

The database is read directly, because a command line that is started ten times a second would
keep the machine busier than the node does.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

from bench.phantoms import ct_head
from storage import audit, jobs, listings, studies
from storage.database import Database
from storage.records import Job, JobStatus
from tests.acceptance.studies import files, insist
from tests.node import ROOT, Node
from tests.peers.processes import wait_for

SITE = Path(__file__).parent / "site"
"""The folder in which the third party's package is installed."""

PLANTED = "PLANTED^NAME"
_seeds = itertools.count(50_000)


def study(description: str = "fine", instances: int = 1, route: str = "trouble") -> list[Dataset]:
    """A new small study that tells the pipeline what to do; `route` is its StudyID."""
    datasets = ct_head(seed=next(_seeds), size=16, slices=instances)
    for ds in datasets:
        ds.StudyDescription = description
        ds.StudyID = route
        ds.PatientName = PLANTED
    return datasets


@dataclass(frozen=True)
class Line:
    """A line that a pipeline wrote."""

    act: str
    pipeline: str
    study: str
    pid: int
    at: float


class TroubledNode(Node):
    """A node that finds the third party's pipelines, with ways to ask what became of a study."""

    def __init__(self, folder: Path, *, env: Mapping[str, str] | None = None, **rest: Any) -> None:
        self.notes = folder / "trouble.log"
        own = {
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(SITE))),
            "TROUBLE_LOG": str(self.notes),
        }
        rest.setdefault("routes", [{"name": "all", "pipelines": ["trouble"]}])
        super().__init__(folder, env={**own, **(env or {})}, **rest)
        self._sent = itertools.count()

    # ---------------------------------------------------------------- what is done to it

    def send(
        self,
        datasets: Sequence[Dataset] | str,
        *,
        route: str = "trouble",
        called: str | None = None,
        seconds: float = 15,
    ) -> str:
        """Send a study, or one that tells the pipeline what is said here; return its UID."""
        found = study(datasets, route=route) if isinstance(datasets, str) else datasets
        paths = files(found, self.folder / f"sent-{next(self._sent)}")
        insist(paths, self.port, called=called or self.ae_title, seconds=seconds)
        return str(found[0].StudyInstanceUID)

    # ---------------------------------------------------------------- what is seen of it

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Its database."""
        db = Database(f"sqlite:///{self.data_dir}/node.sqlite")
        try:
            yield db
        finally:
            db.close()

    def jobs(self, uid: str) -> list[Job]:
        """The jobs of a study, the oldest first."""
        with self.database() as db:
            found = studies.find(db, uid)
            return [] if found is None else jobs.listing(db, study_id=found.id)[::-1]

    def job(self, uid: str) -> Job:
        """The newest job of a study."""
        return self.jobs(uid)[-1]

    def wait_for_job(self, uid: str, status: JobStatus, seconds: float = 15) -> Job:
        """Wait until the newest job of a study is in this state."""
        return self.wait_for_jobs(uid, lambda all_of: all_of[-1].status == status, seconds)[-1]

    def wait_for_jobs(
        self, uid: str, wanted: Callable[[list[Job]], bool], seconds: float = 15
    ) -> list[Job]:
        """Wait until the jobs of a study, of which there are some, are as wanted."""
        found: list[Job] = []

        def seen() -> bool:
            found[:] = self.jobs(uid)
            return bool(found) and wanted(found)

        try:
            wait_for(seen, seconds)
        except TimeoutError:
            told = [(job.status.value, job.attempts, job.reason) for job in found]
            raise TimeoutError(
                f"The jobs were last seen as {told}.\n{self.said()[-2000:]}"
            ) from None
        return found

    def deliveries(self, uid: str) -> list[Mapping[str, Any]]:
        """What is sent for a study, the oldest first."""
        with self.database() as db:
            found = studies.find(db, uid)
            return [] if found is None else listings.sent_of_study(db, found.id)

    def wait_for_deliveries(
        self, uid: str, wanted: Callable[[list[Mapping[str, Any]]], bool], seconds: float = 15
    ) -> list[Mapping[str, Any]]:
        """Wait until the deliveries of a study, of which there are some, are as wanted."""
        found: list[Mapping[str, Any]] = []

        def seen() -> bool:
            found[:] = self.deliveries(uid)
            return bool(found) and wanted(found)

        try:
            wait_for(seen, seconds)
        except TimeoutError:
            keys = ("status", "attempts", "dimse_status", "comment", "evidence")
            told = [{key: row[key] for key in keys} for row in found]
            raise TimeoutError(
                f"The deliveries were last seen as {told}.\n{self.said()[-2000:]}"
            ) from None
        return found

    def wait_delivered(
        self, uid: str, evidence: str | None = None, results: int = 1, seconds: float = 15
    ) -> list[Mapping[str, Any]]:
        """Wait until so many results of a study are delivered, on this evidence."""

        def wanted(rows: list[Mapping[str, Any]]) -> bool:
            done = [row for row in rows if row["status"] == "delivered"]
            return len(done) == results and all(evidence in (None, row["evidence"]) for row in done)

        return self.wait_for_deliveries(uid, wanted, seconds)

    def revisions(self, uid: str) -> list[Mapping[str, Any]]:
        """The closed revisions of a study with their evidence and decision."""
        with self.database() as db:
            found = studies.find(db, uid)
            return [] if found is None else studies.history(db, found.id)

    def wait_for_revision(
        self, uid: str, number: int = 1, seconds: float = 15
    ) -> Mapping[str, Any]:
        """Wait until a revision is closed."""
        wait_for(lambda: len(self.revisions(uid)) >= number, seconds, f"revision {number} of {uid}")
        return self.revisions(uid)[number - 1]

    def held(self, uid: str) -> int:
        """How many instances of a study the node counts, its own results not included."""
        with self.database() as db:
            found = studies.find(db, uid)
            return 0 if found is None else studies.counts(db, [found.id]).get(found.id, 0)

    def trail(self, uid: str | None = None) -> list[Mapping[str, Any]]:
        """The audit trail, of one study where it is named."""
        with self.database() as db:
            return list(audit.trail(db, uid))

    def lines(self, act: str | None = None, uid: str | None = None) -> list[Line]:
        """What the pipelines wrote down."""
        found = []
        for text in self.notes.read_text().splitlines() if self.notes.exists() else []:
            words = text.split()
            of = words[2] if len(words) == 5 else ""
            line = Line(words[0], words[1], of, int(words[-2]), float(words[-1]))
            if act in (None, line.act) and uid in (None, line.study):
                found.append(line)
        return found

    def results(self) -> list[Dataset]:
        """The objects that the node made."""
        return [dcmread(path) for path in (self.data_dir / "results").glob("*/*.dcm")]
