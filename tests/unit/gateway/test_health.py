"""Whether the node says truly that it is fit for work."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from storage import fleet
from storage.database import Database, now
from storage.tables import processes
from tests.unit.gateway.conftest import Client
from tests.unit.storage.making import bring, close


def _pings(client: Client, status: int) -> dict[str, Any]:
    response = client.ask("/readyz")
    assert response.status_code == status, response.text
    found = response.json()
    assert found["ok"] == (status == 200)
    return {ping["name"]: ping for ping in found["pings"]}


def test_a_node_with_all_its_processes_is_ready(client: Client, everyone: Database) -> None:
    """Database, inbox and each role answer for themselves."""
    pings = _pings(client, 200)
    assert list(pings) == [
        "database",
        "inbox",
        "supervisor",
        "receiver",
        "assembly",
        "sender",
        "gateway",
    ]
    assert all(ping["ok"] for ping in pings.values())


def test_a_missing_process_is_named(client: Client, everyone: Database) -> None:
    """503, and which one."""
    fleet.dismiss(everyone, ["process-4"])
    pings = _pings(client, 503)
    assert not pings["sender"]["ok"]
    assert pings["sender"]["detail"] == "No such process runs."
    assert pings["receiver"]["ok"]


def test_one_receiver_of_two_is_not_enough(client: Client, everyone: Database) -> None:
    """As many are wanted as are configured."""
    fleet.dismiss(everyone, ["process-1"])
    detail = _pings(client, 503)["receiver"]["detail"]
    assert detail.startswith("1 of 2 alive")


def test_a_process_without_a_heartbeat_is_not_alive(client: Client, everyone: Database) -> None:
    """However it stands in the list."""
    with everyone.transaction() as connection:
        connection.execute(
            update(processes).where(processes.c.role == "assembly").values(heartbeat_at=now() - 61)
        )
    detail = _pings(client, 503)["assembly"]["detail"]
    assert detail == "0 of 1 alive; the last sign of life was 1 min ago."


def test_a_waiting_job_needs_a_worker(client: Client, everyone: Database) -> None:
    """A node without routes to a pipeline has none, and needs none."""
    bring(everyone)
    close(everyone)
    assert not _pings(client, 503)["worker"]["ok"]
    fleet.enrol(everyone, "worker-1", "worker", 95000)
    assert _pings(client, 200)["worker"]["ok"]


def test_a_full_inbox_is_said_with_what_to_do(
    client: Client, everyone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instances are refused, so the node is not ready."""
    monkeypatch.setattr("storage.inbox.Inbox.has_room", lambda _self: False)
    assert "Free space" in _pings(client, 503)["inbox"]["detail"]


def test_a_dead_database_fails_what_depends_on_it(
    client: Client, everyone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said to be alive on its word, and no address or user is told."""
    monkeypatch.setattr(everyone, "engine", Database("sqlite:////no/such/folder/x.sqlite").engine)
    pings = _pings(client, 503)
    assert not pings["database"]["ok"]
    assert "/no/such" not in pings["database"]["detail"]
    assert pings["inbox"]["ok"]
    assert pings["processes"]["detail"] == "Not known without the database."


def test_the_process_itself_always_answers(client: Client) -> None:
    """Whatever the rest of the node does."""
    assert client.ask("/healthz").json() == {"status": "alive"}
