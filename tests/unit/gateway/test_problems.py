"""What is answered when something is wrong."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests.unit.gateway.conftest import Client


@pytest.mark.parametrize("path", ["/nowhere", "/studies/404", "/fragments/studies/404"])
def test_what_is_not_there_is_a_problem(client: Client, path: str) -> None:
    """RFC 9457: type, title, status and a sentence."""
    response = client.ask(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "about:blank"
    assert (problem["title"], problem["status"]) == ("Not Found", 404)
    assert problem["detail"].endswith(".")


def test_a_browser_gets_a_page(client: Client) -> None:
    """With the same words."""
    response = client.ask("/studies/404", {"Accept": "text/html,*/*"})
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "no study with this number" in response.text


@pytest.mark.parametrize("number", ["0", "-1", "DOE%5EJANE", "99999999999999999999", "1.2.840"])
def test_what_was_sent_is_not_repeated(client: Client, number: str) -> None:
    """It may be anything, a name for one."""
    response = client.ask(f"/studies/{number}")
    assert response.status_code == 422
    assert number not in response.text
    assert "DOE" not in response.text
    assert "study_id" in response.json()["detail"]


def test_other_methods_are_refused(client: Client) -> None:
    """The page is for reading; the answer says what is allowed."""
    response = client.ask("/", method="POST")
    assert response.status_code == 405
    assert response.json()["status"] == 405
    assert response.headers["allow"] == "GET"


def test_a_database_that_does_not_answer_is_said(client: Client, db: Database) -> None:
    """503, without the words of the driver."""
    with db.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE studies RENAME TO gone")
    response = client.ask("/api/v2/status")
    assert response.status_code == 503
    assert response.json()["title"] == "The database does not answer"
    assert "gone" not in response.text
    assert "SELECT" not in response.text


def test_a_bug_shows_nothing_of_its_inside(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with the headers of every answer; the trace is in the log."""

    def fail(*_: object) -> None:
        raise ValueError("DOE^JANE")

    monkeypatch.setattr("gateway.app.board", fail)
    response = client.ask("/api/v2/status")
    assert response.status_code == 500
    assert response.json()["title"] == "A bug in the node"
    assert "DOE" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
