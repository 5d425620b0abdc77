"""Who may ask, under which name, and what a browser may do with the answer."""

from __future__ import annotations

import pytest

from tests.unit.gateway.conftest import Client, MakeClient

PATHS = ["/", "/studies/1", "/api/v2/status", "/fragments/board", "/static/page.css", "/nowhere"]
EVERYWHERE = ["0.0.0.0", "::", "10.1.2.3", "node.example"]  # noqa: S104 - this is what is tested


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost", "LOCALHOST:8080", "[::1]:8080", "[::1]", "127.0.0.1"]
)
def test_this_machine_is_served_under_its_own_names(client: Client, host: str) -> None:
    """With or without a port."""
    assert client.ask("/", {"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "", "[evil]"]
)
def test_a_page_elsewhere_cannot_rebind_its_name_to_us(client: Client, host: str) -> None:
    """A request that names another host is not answered, whatever it asks for."""
    for path in (*PATHS, "/healthz", "/readyz"):
        response = client.ask(path, {"Host": host})
        assert response.status_code == 421
        assert response.headers["content-type"] == "application/problem+json"


def test_the_configured_name_is_one_of_ours(make_client: MakeClient) -> None:
    """A loopback address other than the usual one, say."""
    client = make_client(host="127.0.0.9")
    assert client.ask("/", {"Host": "127.0.0.9:8080"}).status_code == 200


@pytest.mark.parametrize("host", EVERYWHERE)
@pytest.mark.parametrize("path", PATHS)
def test_off_loopback_no_page_is_open(make_client: MakeClient, host: str, path: str) -> None:
    """The answer says that access control comes later and how to open a tunnel meanwhile."""
    client = make_client(host=host)
    response = client.ask(path, {"Host": "127.0.0.1"})
    assert response.status_code == 403
    problem = response.json()
    assert problem["status"] == 403
    assert "later version" in problem["detail"]
    assert "ssh -L 8080:127.0.0.1:8080" in problem["detail"]


def test_off_loopback_monitoring_is_answered(make_client: MakeClient) -> None:
    """Under any name: it says nothing about studies."""
    client = make_client(host="0.0.0.0")  # noqa: S104 - this is what is tested
    assert client.ask("/healthz", {"Host": "node.example"}).json() == {"status": "alive"}
    assert client.ask("/readyz", {"Host": "node.example"}).status_code == 503


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v2/status", "/static/live.js", "/nowhere"])
def test_every_answer_tells_the_browser_to_trust_nothing_else(client: Client, path: str) -> None:
    """No inline script, no framing, no sniffing, no referrer, no copy in a cache."""
    headers = client.ask(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/studies/1"])
def test_pages_keep_to_their_own_policy(client: Client, path: str) -> None:
    """No inline style or script, and nothing from another host."""
    page = client.ask(path, {"Accept": "text/html"}).text
    assert "style=" not in page
    assert "<script>" not in page
    assert "onclick" not in page
    assert "//" not in page.replace("<!doctype html>", "").replace("http://127.0.0.1", "")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_nothing_is_fetched_from_a_cdn(client: Client, path: str) -> None:
    """The framework's own pages would be."""
    assert client.ask(path).status_code == 404
