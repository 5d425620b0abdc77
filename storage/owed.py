"""Commitment reports that we owe: promised to a peer by the answer to its request.

A report is here before the peer is told that its request was understood, and leaves when the
peer has taken it, or when it was given up with a line in the audit trail.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from storage import audit
from storage.backoff import delay
from storage.database import Database, now
from storage.records import Asker, CommitmentReport, CommittedInstance, FailedInstance, OwedReport
from storage.tables import commitment_reports as reports


def promise(db: Database, asker: Asker, report: CommitmentReport, until: float) -> str:
    """A peer asked for commitment; until then the association it asked on has the report.

    Returns the report's id. Asked again under the same transaction, it is owed once.
    """
    values = {
        "id": uuid4().hex,
        **asdict(asker),
        "transaction_uid": report.transaction_uid,
        "committed": [asdict(one) for one in report.committed],
        "failed": [asdict(one) for one in report.failed],
        "created_at": now(),
        "not_before": until,
    }
    with db.transaction() as connection:
        connection.execute(
            delete(reports).where(
                _of(asker),
                reports.c.transaction_uid == report.transaction_uid,
            )
        )
        connection.execute(insert(reports).values(values))
    return str(values["id"])


def hold(db: Database, id_: str, until: float) -> bool:
    """The association it was asked on is about to bring it; False where it is owed no more."""
    query = update(reports).where(reports.c.id == id_).values(not_before=until)
    with db.transaction() as connection:
        return connection.execute(query).rowcount > 0


def let_go(db: Database, ids: Collection[str]) -> None:
    """The association they were asked on has ended: they are to be brought over a new one."""
    query = update(reports).where(reports.c.id.in_(ids)).values(not_before=now())
    with db.transaction() as connection:
        connection.execute(query)


def askers(db: Database, moment: float) -> list[Asker]:
    """Who is to be brought a report at a moment."""
    who = (reports.c.calling_ae, reports.c.address)
    query = select(*who).where(reports.c.not_before <= moment).distinct().order_by(*who)
    with db.reading() as connection:
        return [Asker(**row) for row in connection.execute(query).mappings()]


def take_up(db: Database, asker: Asker, moment: float, first: float, cap: float) -> list[str]:
    """What a peer is to be brought at a moment, the oldest first; returns the ids.

    Each counts as tried and has its next try set already: whoever dies over it tries again later,
    and less and less often.
    """
    query = (
        select(reports.c.id, reports.c.attempts)
        .where(_of(asker), reports.c.not_before <= moment)
        .order_by(reports.c.created_at, reports.c.id)
    )
    with db.transaction() as connection:
        found = connection.execute(query).all()
        for id_, attempts in found:
            connection.execute(
                update(reports)
                .where(reports.c.id == id_)
                .values(
                    attempts=attempts + 1,
                    not_before=now() + delay(attempts + 1, first, cap),
                )
            )
    return [id_ for id_, _ in found]


def find(db: Database, id_: str) -> OwedReport | None:
    """A report, where it is owed still."""
    with db.reading() as connection:
        row = connection.execute(select(reports).where(reports.c.id == id_)).mappings().first()
    return None if row is None else _record(row)


def taken(db: Database, id_: str) -> None:
    """The peer has taken the report."""
    with db.transaction() as connection:
        _settle(connection, id_, "commitment-reported")


def missed(
    db: Database, ids: Collection[str], comment: str, promised_before: float
) -> tuple[int, int]:
    """The peer did not take these; those that were promised before then are given up.

    Returns how many of them are owed still, and how many were given up.
    """
    of_these = reports.c.id.in_(ids)
    with db.transaction() as connection:
        left = connection.execute(update(reports).where(of_these).values(comment=comment)).rowcount
        query = select(reports.c.id).where(of_these, reports.c.created_at <= promised_before)
        late = (
            connection.execute(query.order_by(reports.c.created_at, reports.c.id)).scalars().all()
        )
        for id_ in late:
            _settle(connection, id_, "commitment-report-given-up", comment=comment)
    return left - len(late), len(late)


def _settle(connection: Connection, id_: str, event: str, **detail: object) -> None:
    query = delete(reports).where(reports.c.id == id_).returning(*reports.c)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None:
        audit.note(
            connection,
            event,
            calling_ae=row["calling_ae"],
            address=row["address"],
            transaction_uid=row["transaction_uid"],
            committed=len(row["committed"]),
            failed=len(row["failed"]),
            **detail,
        )


def _of(asker: Asker) -> ColumnElement[bool]:
    return (reports.c.calling_ae == asker.calling_ae) & (reports.c.address == asker.address)


def _record(row: RowMapping) -> OwedReport:
    return OwedReport(
        id=row["id"],
        asker=Asker(calling_ae=row["calling_ae"], address=row["address"]),
        report=CommitmentReport(
            transaction_uid=row["transaction_uid"],
            committed=tuple(CommittedInstance(**one) for one in row["committed"]),
            failed=tuple(FailedInstance(**one) for one in row["failed"]),
        ),
        created_at=row["created_at"],
        attempts=row["attempts"],
    )
