"""A stored study as the router and the pipelines see it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import groupby

from pipelines.contract import Instance, Series, Study
from storage.inbox import Inbox
from storage.records import StoredInstance, StudyRecord


def as_study(
    study: StudyRecord,
    stored: list[StoredInstance],
    inbox: Inbox,
    *,
    revision: int,
    chosen: Mapping[str, Set[str]] | None = None,
) -> Study:
    """The study as pipelines and the router see it; only the chosen instances where some are."""
    wanted = [
        item
        for item in stored
        if chosen is None or item.SOPInstanceUID in chosen.get(item.SeriesInstanceUID, ())
    ]
    wanted.sort(key=lambda item: item.SeriesInstanceUID)  # stable: within one, as they came
    return Study(
        StudyInstanceUID=study.StudyInstanceUID,
        revision=revision,
        series=tuple(
            Series(
                SeriesInstanceUID=uid,
                instances=tuple(_instance(item, inbox) for item in found),
            )
            for uid, found in groupby(wanted, key=lambda item: item.SeriesInstanceUID)
        ),
        expected_instances=study.expected,
        received_instances=len(stored),
    )


def _instance(item: StoredInstance, inbox: Inbox) -> Instance:
    return Instance(
        SOPClassUID=item.SOPClassUID,
        SOPInstanceUID=item.SOPInstanceUID,
        TransferSyntaxUID=item.TransferSyntaxUID,
        path=inbox.path(item.key),
        header=item.header,
    )
