"""Studies and their revisions: how instances are counted to them and how a revision is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from storage import audit, jobs
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import (
    Indexed,
    NewJob,
    Outcome,
    StoredInstance,
    StudyRecord,
    StudyStatus,
)
from storage.tables import (
    arrivals,
    associations,
    instances,
    results,
    revisions,
    studies,
    study_associations,
)

_STUDY = (
    studies.c.id,
    studies.c.StudyInstanceUID,
    studies.c.status,
    studies.c.revision,
    studies.c.opened_at,
    studies.c.last_at,
    studies.c.expected,
    studies.c.expected_from,
    studies.c.asked_at,
)

_held = (
    select(func.count())
    .select_from(instances)
    .where(instances.c.study_id == studies.c.id, instances.c.current, ~instances.c.ours)
    .scalar_subquery()
)
"""How many instances a study holds, the node's own results not counted."""


def index(db: Database, items: Sequence[tuple[int, Indexed]]) -> None:
    """Count arrivals to their studies and take them out of the queue, all or none.

    An instance that is new to a complete study opens the study's next revision; one that was
    here already changes nothing.
    """
    with db.transaction() as connection:
        for _, item in items:
            _count(connection, item)
        connection.execute(delete(arrivals).where(arrivals.c.id.in_([id_ for id_, _ in items])))
        reached("assembly: indexed, not committed")
    reached("assembly: indexed")


def _count(connection: Connection, item: Indexed) -> None:
    arrival = item.arrival
    known = connection.execute(
        select(instances.c.id).where(instances.c.key == arrival.key)
    ).scalar()
    if known is not None or arrival.outcome in (Outcome.KEPT_FIRST, Outcome.REFUSED):
        return
    if item.ours:
        audit.note(
            connection,
            "own-result-returned",
            item.StudyInstanceUID,
            SOPInstanceUID=arrival.SOPInstanceUID,
            calling_ae=arrival.calling_ae,
        )
    study_id, revision = _touch(connection, item)
    replaced = connection.execute(
        update(instances)
        .where(instances.c.SOPInstanceUID == arrival.SOPInstanceUID, instances.c.current)
        .values(current=False)
    ).rowcount
    connection.execute(
        insert(instances).values(
            study_id=study_id,
            revision=revision,
            SeriesInstanceUID=item.SeriesInstanceUID,
            SOPClassUID=arrival.SOPClassUID,
            SOPInstanceUID=arrival.SOPInstanceUID,
            TransferSyntaxUID=arrival.TransferSyntaxUID,
            key=arrival.key,
            size=arrival.size,
            header=dict(item.header),
            calling_ae=arrival.calling_ae,
            received_at=arrival.received_at,
            current=True,
            ours=item.ours,
        )
    )
    if replaced:
        audit.note(
            connection,
            "instance-replaced",
            item.StudyInstanceUID,
            SOPInstanceUID=arrival.SOPInstanceUID,
            calling_ae=arrival.calling_ae,
        )


def _touch(connection: Connection, item: Indexed) -> tuple[int, int]:
    """Find or make the study, open its next revision where needed, and note who touched it."""
    arrival = item.arrival
    row = connection.execute(
        select(*_STUDY)
        .where(studies.c.StudyInstanceUID == item.StudyInstanceUID)
        .with_for_update()  # `close` waits until this arrival is counted
    ).one_or_none()
    if row is None:
        study_id = _make(connection, item)
        revision = 0 if item.ours else 1
    else:
        study_id, revision = row.id, row.revision
        if not item.ours:
            revision = _reopen(connection, row, arrival.received_at)
    if not item.ours:
        expected = _announced(item.header.get("NumberOfStudyRelatedInstances"))
        if expected:
            connection.execute(
                update(studies)
                .where(studies.c.id == study_id)
                .values(expected=expected, expected_from="(0020,1208) in the objects")
            )
        _associate(connection, study_id, arrival.association)
    return study_id, revision


def _announced(value: Any) -> int | None:
    """How many instances an object says its study has, where what it says is a number of them."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else None


def _make(connection: Connection, item: Indexed) -> int:
    received = item.arrival.received_at
    key = connection.execute(
        insert(studies).values(
            StudyInstanceUID=item.StudyInstanceUID,
            status=StudyStatus.COMPLETE if item.ours else StudyStatus.OPEN,
            revision=0 if item.ours else 1,
            opened_at=received,
            last_at=received,
        )
    ).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has a key
    return int(key[0])


def _reopen(connection: Connection, study: Any, received_at: float) -> int:
    values: dict[str, Any] = {"last_at": max(received_at, study.last_at)}
    revision: int = study.revision
    if study.status == StudyStatus.COMPLETE:
        revision += 1
        values |= {
            "status": StudyStatus.OPEN,
            "revision": revision,
            "opened_at": received_at,
            "expected": None,
            "expected_from": None,
            "asked_at": None,
            "removed_at": None,
        }
    connection.execute(update(studies).where(studies.c.id == study.id).values(values))
    return revision


def _associate(connection: Connection, study_id: int, association: str) -> None:
    columns = study_associations.c
    known = exists().where(columns.study_id == study_id, columns.association == association)
    pair = select(literal(study_id), literal(association)).where(~known)
    connection.execute(insert(study_associations).from_select(list(columns), pair))


def ripe(db: Database, before: float, opened_before: float) -> list[StudyRecord]:
    """Open studies that may be complete.

    Every association that touched them is closed and counted, and either nothing came and none
    of them ended since `before`, or they hold as many instances as the objects announce; or they
    were opened before `opened_before`, whatever else is true.
    """
    touching = study_associations.c.study_id == studies.c.id
    connected = exists().where(
        touching,
        associations.c.id == study_associations.c.association,
        associations.c.closed_at.is_(None),
    )
    uncounted = exists().where(touching, arrivals.c.association == study_associations.c.association)
    # One that broke off is likely to come back: its end starts the silence anew.
    ended = exists().where(
        touching,
        associations.c.id == study_associations.c.association,
        associations.c.closed_at > before,
    )
    quiet = and_(studies.c.last_at <= before, ~ended)
    announced = and_(
        studies.c.asked_at.is_(None), studies.c.expected.is_not(None), _held >= studies.c.expected
    )
    settled = and_(~connected, ~uncounted, or_(quiet, announced))
    query = (
        select(*_STUDY)
        .where(studies.c.status == StudyStatus.OPEN)
        .where(or_(settled, studies.c.opened_at <= opened_before))
        .order_by(studies.c.last_at)
    )
    with db.reading() as connection:
        return [_study(row) for row in connection.execute(query).mappings()]


def expect(db: Database, study_id: int, expected: int | None, source: str) -> None:
    """Remember how many instances a peer says the study has; None where it could not say."""
    with db.transaction() as connection:
        connection.execute(
            update(studies)
            .where(studies.c.id == study_id)
            .values(expected=expected, expected_from=source, asked_at=now())
        )


def close(
    db: Database,
    study: StudyRecord,
    *,
    held: int,
    evidence: Mapping[str, object],
    decision: Mapping[str, object],
    new_jobs: Sequence[NewJob],
    announced: bool = False,
) -> bool:
    """Complete a revision: the evidence, the decision and its jobs in one transaction.

    Returns False, and changes nothing, where the study has moved on since it was looked at.
    """
    moment = now()
    with db.transaction() as connection:
        # The study is locked before it is counted: PostgreSQL lets an arrival in between.
        connection.execute(select(studies.c.id).where(studies.c.id == study.id).with_for_update())
        count = connection.execute(
            select(func.count())
            .select_from(instances)
            .where(instances.c.study_id == study.id, instances.c.current, ~instances.c.ours)
        ).scalar_one()
        if count != held:
            return False
        closed = connection.execute(
            update(studies)
            .where(
                studies.c.id == study.id,
                studies.c.status == StudyStatus.OPEN,
                studies.c.revision == study.revision,
                studies.c.last_at == study.last_at,
            )
            .values(status=StudyStatus.COMPLETE)
        ).rowcount
        if not closed:
            return False
        connection.execute(
            insert(revisions).values(
                study_id=study.id,
                number=study.revision,
                opened_at=study.opened_at,
                closed_at=moment,
                instances=held,
                evidence=dict(evidence),
                decision=dict(decision),
            )
        )
        jobs.add(connection, study, new_jobs, moment)
        audit.note(
            connection,
            "study-complete",
            study.StudyInstanceUID,
            revision=study.revision,
            instances=held,
            jobs=[job.pipeline for job in new_jobs],
        )
        if announced:
            audit.announce(
                connection,
                "study-unrouted",
                StudyInstanceUID=study.StudyInstanceUID,
                unprocessed=decision.get("unprocessed"),
            )
        reached("assembly: jobs made, not committed")
    reached("assembly: study closed")
    return True


def reopen(db: Database, StudyInstanceUID: str) -> int:
    """Open the next revision of a complete study with the instances it has; return its number."""
    with db.transaction() as connection:
        row = connection.execute(
            select(*_STUDY).where(studies.c.StudyInstanceUID == StudyInstanceUID)
        ).one()
        revision = _reopen(connection, row, now())
        audit.note(connection, "replay", StudyInstanceUID, revision=revision)
    return revision


def find(db: Database, StudyInstanceUID: str) -> StudyRecord | None:
    """The study with this UID, if the node knows it."""
    query = select(*_STUDY).where(studies.c.StudyInstanceUID == StudyInstanceUID)
    with db.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _study(row)


def listing(db: Database, limit: int = 100) -> list[StudyRecord]:
    """The studies that changed last, newest first."""
    query = select(*_STUDY).order_by(studies.c.last_at.desc()).limit(limit)
    with db.reading() as connection:
        return [_study(row) for row in connection.execute(query).mappings()]


def any_open(db: Database) -> bool:
    """Whether any study still comes in."""
    query = select(studies.c.id).where(studies.c.status == StudyStatus.OPEN).limit(1)
    with db.reading() as connection:
        return connection.execute(query).scalar() is not None


def counts(db: Database, study_ids: Sequence[int]) -> dict[int, int]:
    """How many instances each study holds, the node's own results not counted."""
    query = (
        select(instances.c.study_id, func.count())
        .where(instances.c.study_id.in_(study_ids), instances.c.current, ~instances.c.ours)
        .group_by(instances.c.study_id)
    )
    with db.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def held(db: Database, study_id: int) -> list[StoredInstance]:
    """The current instances of a study in the order they came, the node's own included."""
    query = (
        select(instances)
        .where(instances.c.study_id == study_id, instances.c.current)
        .order_by(instances.c.id)
    )
    skipped = {"id", "study_id", "current"}
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [StoredInstance(**{k: v for k, v in row.items() if k not in skipped}) for row in rows]


def history(db: Database, study_id: int) -> list[Mapping[str, Any]]:
    """The closed revisions of a study, oldest first, with evidence and decision."""
    query = select(revisions).where(revisions.c.study_id == study_id).order_by(revisions.c.number)
    with db.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def revision(db: Database, study_id: int, number: int) -> Mapping[str, Any] | None:
    """One closed revision of a study, with evidence and decision."""
    query = select(revisions).where(revisions.c.study_id == study_id, revisions.c.number == number)
    with db.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
        return None if row is None else dict(row)


def is_ours(db: Database, SOPInstanceUIDs: Sequence[str]) -> set[str]:
    """Those of the UIDs that belong to results this node made."""
    query = select(results.c.SOPInstanceUID).where(results.c.SOPInstanceUID.in_(SOPInstanceUIDs))
    with db.reading() as connection:
        return set(connection.execute(query).scalars())


def _study(row: RowMapping) -> StudyRecord:
    return StudyRecord(**{**row, "status": StudyStatus(row["status"])})
