"""What a running node takes over from a changed file."""

from __future__ import annotations

from collections.abc import Callable

from config.loader import Loaded
from config.reload import diff, reloaded

Site = Callable[..., Loaded]
BEFORE = '[peers.a]\nae_title = "A"\n[peers.b]\nae_title = "B"\n'
AFTER = """\
[node]
port = 104
[peers.a]
ae_title = "A2"
[peers.c]
ae_title = "C"
[pipelines.x]
concurrency = 2
[tls]
port = 2763
certificate = "new.pem"
key = "new.key"
[retention]
days = 3
[logging]
level = "debug"
format = "json"
[[routes]]
name = "r"
pipelines = ["x"]
"""


def test_nothing_changed(site: Site) -> None:
    """Two equal configurations differ in nothing, and that is said."""
    difference = diff(site(BEFORE).settings, site(BEFORE).settings)
    assert not difference
    assert difference.sentence == "Nothing changed."


def test_changes_are_told_apart(site: Site) -> None:
    """Peers, routes, certificates and the log's level, say, are taken over; the rest waits."""
    difference = diff(site(BEFORE).settings, site(AFTER).settings)
    assert difference.now == (
        "tls.certificate",
        "tls.key",
        "retention.days",
        "logging.level",
        "peers.a",
        "peers.b",
        "peers.c",
        "routes",
    )
    assert difference.at_restart == ("node.port", "tls.port", "logging.format", "pipelines.x")
    assert difference.sentence == (
        "Now in force: tls.certificate, tls.key, retention.days, logging.level, peers.a, peers.b, "
        "peers.c, routes. Restart the node to change node.port, tls.port, logging.format, "
        "pipelines.x; "
        "until then the old values stay."
    )


def test_the_running_node_keeps_what_waits(site: Site) -> None:
    """After a reload the settings are new where that may be, and old elsewhere."""
    old, new = site(BEFORE).settings, site(AFTER).settings
    running = reloaded(old, new)
    assert (running.peers, running.routes, running.logging.level) == (
        new.peers,
        new.routes,
        "debug",
    )
    assert (running.node, running.logging.format) == (old.node, "console")
    assert (running.tls.certificate, running.tls.key) == (new.tls.certificate, new.tls.key)
    assert running.tls.port == old.tls.port
    assert diff(running, new).now == ()
    assert diff(running, new).at_restart == diff(old, new).at_restart


def test_a_changed_secret_is_named_and_not_told(site: Site) -> None:
    """The difference names keys only."""
    old, new = site(), site("[notices]\nwebhook = 'https://geheim'")
    assert diff(old.settings, new.settings).sentence == "Now in force: notices.webhook."
