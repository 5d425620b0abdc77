"""Settings that contradict each other, and settings that are risky."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.checks import warnings
from config.loader import Loaded

Site = Callable[..., Loaded]
Problems = Callable[..., list[str]]
ROUTE = '[[routes]]\nname = "r"\npipelines = ["x"]\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ROUTE + 'send_to = ["pax"]\n[peers.pacs]\nae_title = "A"',
            'site.toml, line 4: routes[0].send_to of the route "r" names the peer "pax", '
            "which is not configured; configured peers: pacs.",
        ),
        (
            ROUTE + ROUTE,
            'site.toml, line 5: routes[1].name is "r", as is that of routes[0]; '
            "allowed is a name of its own for each route.",
        ),
        (
            '[peers.a]\nae_title = "A"\n[peers.b]\nae_title = "A "',
            'site.toml, line 3: peers.b is the same peer as peers.a: both are "A" at 127.0.0.1, '
            "port 104.",
        ),
        (
            "[tls]\nplain = false",
            "site.toml, line 2: tls.plain is false and tls.enabled is false, so the node would "
            "listen nowhere; allowed is one of them true, or both.",
        ),
        (
            "[node]\nport = 8080",
            "site.toml, line 2: http.port is 8080 and so is node.port; "
            "allowed is a port of its own for each.",
        ),
        (
            '[notices]\nwebhook = "example.org"',
            "site.toml, line 2: notices.webhook is something else (it is a secret and not shown); "
            'allowed is an address that begins with http:// or https://, or "" for none.',
        ),
        ('[node]\ndata_dir = ""', 'site.toml, line 2: node.data_dir is ""; allowed is a folder.'),
        (
            '[node]\ndatabase_password = "x"',
            "site.toml, line 2: node.database_password is set, but node.database is SQLite, "
            "which has no passwords.",
        ),
        (
            '[node]\ndatabase_password = "x"\ndatabase = "postgresql://u:p@h/n"',
            "site.toml, line 2: node.database_password is set, but node.database has a password "
            "in it as well; set only one of them.",
        ),
    ],
)
def test_a_contradiction_is_refused(problems: Problems, text: str, expected: str) -> None:
    """The sentence stands at the line a person can change."""
    assert problems(text) == [expected]


def test_tls_files_must_be_there(problems: Problems, tmp_path: Path) -> None:
    """With TLS on, each file is named and exists; one that is missing is said by its path."""
    said = problems(
        '[tls]\nenabled = true\ncertificate = "c.pem"\nrequire_client_certificate = true'
    )
    assert said == [
        'site.toml, line 2: tls.key is ""; a PEM file is needed because tls.enabled is true.',
        'site.toml, line 2: tls.ca is ""; a PEM file is needed because tls.enabled is true.',
        'site.toml, line 3: tls.certificate is "c.pem", and there is no such file.',
    ]


def test_a_peer_that_speaks_tls_needs_an_authority(problems: Problems) -> None:
    """Without `tls.ca` nobody's certificate could be checked."""
    said = problems('[peers.pacs]\nae_title = "A"\ntls = true')
    assert said == [
        'site.toml, line 3: tls.ca is ""; a PEM file is needed because peers.pacs.tls is true.'
    ]


def test_no_port_clashes_with_a_listener_that_is_off(site: Site) -> None:
    """Ports are compared only where something listens, and 0 is any free one."""
    assert site("[node]\nport = 8080\n[http]\nenabled = false").settings.node.port == 8080
    assert site("[node]\nport = 0\n[http]\nport = 0").settings.http.port == 0


def test_one_peer_may_have_two_addresses(site: Site) -> None:
    """The same AE title at another port is another peer."""
    text = '[peers.a]\nae_title = "A"\n[peers.b]\nae_title = "A"\nport = 105'
    assert len(site(text).settings.peers) == 2


def test_namesakes_at_one_address_are_a_warning(site: Site) -> None:
    """Peers with one AE title are told apart by their addresses, where these differ."""
    one, there, here = (
        f'[peers.{name}]\nae_title = "A"\nhost = "{host}"\nport = {port}\n'
        for name, host, port in (("a", "x", 104), ("b", "y", 104), ("c", "X", 105))
    )
    assert warnings(site(one + there).settings) == []
    assert warnings(site(one + there + here).settings) == [
        'peers.a and peers.c are both "A" at x and cannot be told apart when they call: both are '
        "taken for peers.a, with its limits, counts and reports."
    ]


def test_the_defaults_are_not_risky(site: Site) -> None:
    """A node on its defaults gets no warning."""
    assert warnings(site().settings, ["intake-check"]) == []


def test_a_pipeline_that_is_not_installed_is_a_warning(site: Site) -> None:
    """A route may wait for its pipeline; a route that is off says nothing."""
    off = '[[routes]]\nname = "off"\npipelines = ["y"]\nenabled = false\n'
    settings = site(ROUTE + off + "[pipelines.z]\nconcurrency = 1").settings
    assert warnings(settings, []) == [
        "route r: pipeline x is not installed; its studies are recorded as not processed.",
        "[pipelines.z] changes nothing: pipeline z is not installed.",
    ]
    assert warnings(settings, ["x", "z"]) == []
    assert warnings(settings) == []


def test_an_open_door_is_a_warning(site: Site) -> None:
    """Off loopback, checks that were forced off and a missing list of peers are told."""
    text = '[node]\nhost = "0.0.0.0"\n[receiver]\ncheck_called_ae = false\ncheck_calling_ae = false'
    assert warnings(site(text).settings) == [
        "receiver.check_called_ae is false and the node listens on 0.0.0.0: "
        "it answers to every AE title.",
        "receiver.check_calling_ae is false and the node listens on 0.0.0.0: "
        "everybody who reaches it can send to it.",
        "node.host is 0.0.0.0 and no [peers.NAME] is configured: nobody is told apart.",
    ]


def test_a_closed_door_is_a_warning(site: Site) -> None:
    """A node on every interface that knows no peer refuses everybody, which few want."""
    assert warnings(site('[node]\nhost = "0.0.0.0"').settings) == [
        "node.host is 0.0.0.0 and no [peers.NAME] is configured: every association is refused."
    ]


def test_a_low_port_is_a_warning(site: Site) -> None:
    """Port 104 needs a right that a service seldom has."""
    assert warnings(site("[node]\nport = 104").settings) == [
        "node.port is 104: most systems reserve ports below 1024 for the administrator."
    ]
