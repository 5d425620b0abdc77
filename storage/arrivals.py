"""Associations and the instances they brought, until assembly has counted them to a study."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field

from sqlalchemy import delete, insert, select, update

from storage import audit
from storage.database import Database, now
from storage.killpoints import reached
from storage.records import Arrival, Association, Outcome
from storage.tables import arrivals, associations, instances


@dataclass(frozen=True, kw_only=True)
class Closing:
    """The end of an association."""

    association: str
    closed_at: float
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something of the receiver's for the audit trail: a refusal, say."""

    event: str
    detail: dict[str, object] = field(default_factory=dict)


Event = Association | Arrival | Closing | Remark


def record(db: Database, events: Sequence[Event]) -> None:
    """Write what the receiver saw, in the order it saw it, in one transaction."""
    opened = [asdict(event) for event in events if isinstance(event, Association)]
    arrived = [asdict(event) for event in events if isinstance(event, Arrival)]
    with db.transaction() as connection:
        if opened:
            connection.execute(insert(associations), opened)
        if arrived:
            connection.execute(insert(arrivals), arrived)
        for event in events:
            if isinstance(event, Closing):
                connection.execute(
                    update(associations)
                    .where(associations.c.id == event.association)
                    .values(closed_at=event.closed_at, outcome=event.outcome)
                )
            elif isinstance(event, Remark):
                audit.note(connection, event.event, None, **event.detail)
            elif isinstance(event, Arrival) and event.outcome not in (
                Outcome.STORED,
                Outcome.DUPLICATE,
            ):
                audit.note(
                    connection,
                    "instance-conflict",
                    SOPInstanceUID=event.SOPInstanceUID,
                    outcome=event.outcome,
                    calling_ae=event.calling_ae,
                )
        reached("receiver: arrivals written, not committed")
    reached("receiver: arrivals committed")


def abandon(db: Database, receivers: Collection[str] | None = None) -> int:
    """Close the associations of receivers that died; of all of them where none is named."""
    query = (
        update(associations)
        .where(associations.c.closed_at.is_(None))
        .values(closed_at=now(), outcome="receiver-died")
    )
    if receivers is not None:
        query = query.where(associations.c.receiver.in_(receivers))
    with db.transaction() as connection:
        return connection.execute(query).rowcount


def pending(db: Database, limit: int = 500) -> list[tuple[int, Arrival]]:
    """The oldest arrivals that are not yet indexed, with their numbers."""
    query = select(arrivals).order_by(arrivals.c.id).limit(limit)
    with db.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [
        (
            row["id"],
            Arrival(
                **{
                    **{k: v for k, v in row.items() if k != "id"},
                    "outcome": Outcome(row["outcome"]),
                }
            ),
        )
        for row in rows
    ]


def unknown(db: Database, keys: Iterable[str]) -> set[str]:
    """Those of the inbox's files that neither the index nor the queue knows."""
    wanted = list(keys)
    with db.reading() as connection:
        known: set[str] = set()
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            for table in (instances, arrivals):
                known.update(
                    connection.execute(select(table.c.key).where(table.c.key.in_(part))).scalars()
                )
    return set(wanted) - known


def drop(db: Database, ids: Collection[int], event: str, detail: dict[str, object]) -> None:
    """Take arrivals out of the queue that cannot be indexed, and say why in the trail."""
    with db.transaction() as connection:
        connection.execute(delete(arrivals).where(arrivals.c.id.in_(ids)))
        audit.note(connection, event, None, **detail)
