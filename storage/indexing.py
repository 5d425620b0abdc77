"""Counts instances to their studies: some at a time, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, literal, select, update

from storage import audit
from storage.database import Database
from storage.killpoints import reached
from storage.records import Indexed, Outcome, StudyStatus
from storage.studies import STUDY, touch
from storage.tables import arrivals, instances, studies, study_associations


def index(db: Database, items: Sequence[tuple[int, Indexed]]) -> None:
    """Count arrivals to their studies and take them out of the queue, all or none.

    An instance that is new to a complete study opens the study's next revision; one that was
    here already changes nothing.
    """
    with db.transaction() as connection:
        fresh = _fresh(connection, [item for _, item in items])
        fresh.sort(key=_study_of)  # stable: within a study, as they came
        for _, group in groupby(fresh, key=_study_of):
            _count(connection, list(group))
        connection.execute(delete(arrivals).where(arrivals.c.id.in_([id_ for id_, _ in items])))
        reached("assembly: indexed, not committed")
    reached("assembly: indexed")


def _study_of(item: Indexed) -> str:
    return item.StudyInstanceUID


def _fresh(connection: Connection, items: Sequence[Indexed]) -> list[Indexed]:
    """Those that are not in the index yet, each once."""
    kept = {
        item.arrival.key: item
        for item in items
        if item.arrival.outcome not in (Outcome.KEPT_FIRST, Outcome.REFUSED)
    }
    known = connection.execute(select(instances.c.key).where(instances.c.key.in_(kept))).scalars()
    for key in known:
        del kept[key]
    return list(kept.values())


def _count(connection: Connection, group: Sequence[Indexed]) -> None:
    """Count new instances of one study."""
    study_id, before, revision = _touch(connection, group)
    replaced = _supersede(connection, group)
    latest = {item.arrival.SOPInstanceUID: item.arrival.key for item in group}
    connection.execute(
        insert(instances),
        [
            {
                "study_id": study_id,
                "revision": before if item.ours else revision,
                "SeriesInstanceUID": item.SeriesInstanceUID,
                "SOPClassUID": item.arrival.SOPClassUID,
                "SOPInstanceUID": item.arrival.SOPInstanceUID,
                "TransferSyntaxUID": item.arrival.TransferSyntaxUID,
                "key": item.arrival.key,
                "size": item.arrival.size,
                "header": dict(item.header),
                "calling_ae": item.arrival.calling_ae,
                "received_at": item.arrival.received_at,
                "current": latest[item.arrival.SOPInstanceUID] == item.arrival.key,
                "ours": item.ours,
            }
            for item in group
        ],
    )
    for item in group:
        if item.ours:
            _note(connection, "own-result-returned", item)
        if item.arrival.SOPInstanceUID in replaced:
            _note(connection, "instance-replaced", item)


def _note(connection: Connection, event: str, item: Indexed) -> None:
    audit.note(
        connection,
        event,
        item.StudyInstanceUID,
        SOPInstanceUID=item.arrival.SOPInstanceUID,
        calling_ae=item.arrival.calling_ae,
    )


def _supersede(connection: Connection, group: Sequence[Indexed]) -> set[str]:
    """Make room for instances under UIDs that are known already; returns these UIDs."""
    uids = [item.arrival.SOPInstanceUID for item in group]
    known = instances.c.SOPInstanceUID.in_(uids), instances.c.current
    replaced = set(connection.execute(select(instances.c.SOPInstanceUID).where(*known)).scalars())
    if replaced:
        connection.execute(update(instances).where(*known).values(current=False))
    return replaced | {uid for uid in uids if uids.count(uid) > 1}


def _touch(connection: Connection, group: Sequence[Indexed]) -> tuple[int, int, int]:
    """Find or make the study and open its next revision where that is needed.

    Returns its number, and its revision before and after.
    """
    theirs = [item for item in group if not item.ours]
    row = connection.execute(
        select(*STUDY)
        .where(studies.c.StudyInstanceUID == group[0].StudyInstanceUID)
        .with_for_update()  # `close` waits until these arrivals are counted
    ).one_or_none()
    if row is None:
        study_id, before, revision = _make(connection, group, is_open=bool(theirs))
    else:
        study_id, before, revision = row.id, row.revision, row.revision
        if theirs:
            newest = max(item.arrival.received_at for item in theirs)
            revision = touch(connection, row, newest)
    for item in theirs:
        expected = _announced(item.header.get("NumberOfStudyRelatedInstances"))
        if expected:
            connection.execute(
                update(studies)
                .where(studies.c.id == study_id)
                .values(expected=expected, expected_from="(0020,1208) in the objects")
            )
    for association in dict.fromkeys(item.arrival.association for item in theirs):
        _associate(connection, study_id, association)
    return study_id, before, revision


def _make(
    connection: Connection, group: Sequence[Indexed], *, is_open: bool
) -> tuple[int, int, int]:
    moments = [item.arrival.received_at for item in group]
    key = connection.execute(
        insert(studies).values(
            StudyInstanceUID=group[0].StudyInstanceUID,
            status=StudyStatus.OPEN if is_open else StudyStatus.COMPLETE,
            revision=int(is_open),
            opened_at=min(moments),
            last_at=max(moments),
        )
    ).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has a key
    return int(key[0]), 0, int(is_open)


def _announced(value: Any) -> int | None:
    """How many instances an object says its study has, where what it says is a number of them."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def _associate(connection: Connection, study_id: int, association: str) -> None:
    columns = study_associations.c
    known = exists().where(columns.study_id == study_id, columns.association == association)
    pair = select(literal(study_id), literal(association)).where(~known)
    connection.execute(insert(study_associations).from_select(list(columns), pair))
