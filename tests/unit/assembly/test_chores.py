"""What is done by the clock: once, also when the clock struck while nobody ran."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert, update

from config.loader import load
from config.settings import Settings
from dicom_node.assembly.chores import Chores
from dicom_node.assembly.completeness import Completeness
from dicom_node.process import Orders
from storage import audit, fleet, notices
from storage.database import Database, now
from storage.inbox import Inbox
from storage.tables import deliveries, instances, jobs, results, studies
from storage.tables import notices as notices_table
from tests.peers.webhook import Webhook


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Somebody who is told."""
    with Webhook() as webhook:
        yield webhook


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    db = Database(f"sqlite:///{tmp_path}/node.sqlite")
    db.upgrade()
    yield db
    db.close()


def chores(db: Database, folder: Path, at: str = "03:00", webhook: str = "") -> Chores:
    """The chores of a node, none of them begun."""
    given = load()
    settings = given.model_copy(
        update={
            "node": given.node.model_copy(update={"data_dir": folder}),
            "retention": given.retention.model_copy(
                update={"enabled": True, "days": 1.0, "at": at}
            ),
            "notices": Settings.model_fields["notices"].annotation.model_validate(  # type: ignore[union-attr]
                given.notices.model_dump() | {"webhook": webhook}
            ),
        }
    )
    orders = cast("Orders", SimpleNamespace(settings=settings, stop=threading.Event()))
    inbox = Inbox(folder / "inbox")
    return Chores(db, inbox, orders, Completeness(db, inbox, settings))


def clock(moment: datetime) -> str:
    """A moment as the configuration spells it."""
    return f"{moment:%H:%M}"


def ran(db: Database, at: datetime) -> None:
    """Retention ran then."""
    fleet.has_run(db, "retention")
    from storage.tables import chores as table

    with db.transaction() as connection:
        connection.execute(update(table).values(last_at=at.timestamp()))


def test_retention_runs_once_a_day_whoever_restarts(db: Database, tmp_path: Path) -> None:
    """What ran since its time today does not run again, in this process or the next."""
    at = clock(datetime.now().astimezone() - timedelta(minutes=1))
    first = chores(db, tmp_path, at)
    first.retain()
    done = fleet.last_run(db, "retention")
    assert done is not None
    first.retain()
    chores(db, tmp_path, at).retain()
    assert fleet.last_run(db, "retention") == done


@pytest.mark.parametrize(("hours", "due"), [(25, True), (1, False)])
def test_retention_that_was_missed_runs_at_the_next_chance(
    db: Database, tmp_path: Path, hours: int, due: bool
) -> None:
    """A node that was off at the time of day runs it when it is on again, whatever the time."""
    at = datetime.now().astimezone() - timedelta(hours=2)
    ran(db, datetime.now().astimezone() - timedelta(hours=hours))
    before = fleet.last_run(db, "retention")
    chores(db, tmp_path, clock(at)).retain()
    assert (fleet.last_run(db, "retention") != before) == due


def stored(db: Database, folder: Path, uid: str, delivery: str) -> Path:
    """A study that was finished days ago but for its delivery's status; its file."""
    long_ago = now() - 5 * 86400
    path = folder / "inbox" / "ab" / f"{uid}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"pixels")
    one = {"SOPClassUID": "1.2", "SeriesInstanceUID": uid, "TransferSyntaxUID": "1.2", "size": 6}
    with db.transaction() as connection:

        def add(table: Any, **values: Any) -> int:
            key = connection.execute(insert(table).values(values)).inserted_primary_key
            assert key is not None
            return int(key[0])

        study = add(
            studies,
            StudyInstanceUID=uid,
            status="complete",
            revision=1,
            opened_at=long_ago,
            last_at=long_ago,
        )
        add(
            instances,
            study_id=study,
            revision=1,
            SOPInstanceUID=uid,
            key=f"ab/{uid}.dcm",
            header={},
            calling_ae="A",
            received_at=long_ago,
            current=True,
            ours=False,
            **one,
        )
        job = add(
            jobs,
            study_id=study,
            revision=1,
            pipeline="p",
            version="1",
            framework="none",
            status="done",
            priority=2,
            assignment={},
            created_at=long_ago,
            not_before=long_ago,
            ended_at=long_ago,
        )
        result = add(
            results,
            job_id=job,
            kind="sr",
            SOPInstanceUID=f"{uid}.9",
            key=f"ab/{uid}.9",
            created_at=long_ago,
            **one,
        )
        add(
            deliveries,
            result_id=result,
            destination="pacs",
            priority=2,
            status=delivery,
            created_at=long_ago,
            not_before=long_ago,
            delivered_at=long_ago if delivery == "delivered" else None,
        )
    return path


def test_retention_never_removes_what_is_not_delivered(db: Database, tmp_path: Path) -> None:
    """However old it is, a study whose result waits, is not vouched for or is dead stays."""
    kept = [
        stored(db, tmp_path, f"1.2.{number}", status)
        for number, status in enumerate(("waiting", "sent", "dead"))
    ]
    gone = stored(db, tmp_path, "1.2.7", "delivered")
    chores(db, tmp_path, clock(datetime.now().astimezone())).retain()
    assert all(path.exists() for path in kept)
    assert not gone.exists()


def test_a_notice_that_is_not_taken_is_tried_again_later(
    db: Database, tmp_path: Path, webhook: Webhook
) -> None:
    """After a 500, or an answer that is none, the notice waits; the others go out meanwhile."""
    webhook.answers = [500, 0]
    with db.transaction() as connection:
        for number in range(3):
            audit.announce(connection, "job-dead", job=number)
    own = chores(db, tmp_path, webhook=webhook.url)
    own.notify()
    assert [body["job"] for body in webhook.seen] == [0, 1, 2]
    assert notices.due(db) == []
    with db.transaction() as connection:
        connection.execute(update(notices_table).values(not_before=time.time()))
    own.notify()
    assert [body["job"] for body in webhook.seen] == [0, 1, 2, 0, 1]
    own.notify()
    assert len(webhook.seen) == 5
