"""What is said about a configuration that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import Loaded, load

Site = Callable[..., Loaded]
Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[node]\nport = "x"',
            'site.toml, line 2: node.port is "x"; allowed is a whole number from 0 to 65535.',
        ),
        (
            "[node]\nport = 70000",
            "site.toml, line 2: node.port is 70000; allowed is a whole number from 0 to 65535.",
        ),
        (
            "[node]\nport = true",
            "site.toml, line 2: node.port is true; allowed is a whole number from 0 to 65535.",
        ),
        (
            "[node]\nprt = 1",
            "site.toml, line 2: node.prt is not a setting; did you mean node.port?",
        ),
        ("[nodes]\nport = 1", "site.toml, line 1: nodes is not a setting; did you mean node?"),
        (
            "[http]\nae_title = 'X'",
            "site.toml, line 2: http.ae_title is not a setting; did you mean node.ae_title?",
        ),
        (
            "[logging]\nzzz = 1",
            "site.toml, line 2: logging.zzz is not a setting; logging knows level, format.",
        ),
        (
            '[logging]\nlevel = "loud"',
            'site.toml, line 2: logging.level is "loud"; '
            'allowed is one of "debug", "info", "warning" or "error".',
        ),
        (
            "[receiver]\ncheck_called_ae = 5",
            'site.toml, line 2: receiver.check_called_ae is 5; allowed is true, false or "auto".',
        ),
        ("http = 8080", "site.toml, line 1: http is a number; allowed is a table."),
        ("peers = 1", "site.toml, line 1: peers is a number; allowed is a table."),
        ("routes = 1", "site.toml, line 1: routes is 1; allowed is a list, each a table."),
        (
            "[sender]\nidle_seconds = nan",
            "site.toml, line 2: sender.idle_seconds is NaN; allowed is a number of at least 0.",
        ),
        (
            "[retention]\nat = 03:00:00",
            'site.toml, line 2: retention.at is "03:00:00"; '
            'allowed is text of the form "HH:MM" from "00:00" to "23:59".',
        ),
        (
            "[peers.a]\nport = 1",
            "site.toml, line 1: peers.a lacks ae_title: "
            "1 to 16 plain characters, not all blank, no backslash.",
        ),
        (
            '[peers.a]\nae_title = "A"\nresults = [\n"sr", "zr"]',
            'site.toml, line 3: peers.a.results[1] is "zr"; allowed is one of "sr", "seg", '
            '"overlay", "presentation", "heatmap", "key-objects", "report" or "images".',
        ),
        (
            '[[routes]]\nname = "a"\npipelines = ["x"]\n\n'
            '[[routes]]\nname = "b"\npipelines = ["x"]\nshadow = 1',
            'site.toml, line 8: routes[1].shadow (of the route "b") is 1; '
            "allowed is true or false.",
        ),
        (
            '[[routes]]\nname = "a"',
            'site.toml, line 1: routes[0] (of the route "a") lacks pipelines: a list of at least '
            "one entry, each a name of at most 63 letters, digits, dots, hyphens and underscores, "
            "the first a letter or a digit.",
        ),
        (
            '[peers."a b"]\nae_title = "A"',
            'site.toml, line 1: peers."a b" has a name that is not allowed; allowed is a name of '
            "at most 63 letters, digits, dots, hyphens and underscores, "
            "the first a letter or a digit.",
        ),
    ],
)
def test_a_mistake_in_a_file(problems: Problems, text: str, expected: str) -> None:
    """The sentence names file, line, key, what was found and what is allowed."""
    assert problems(text) == [expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NODE__PORT", "x", 'node.port is "x"; allowed is a whole number from 0 to 65535.'),
        ("NODE_PORT", "1", "node_port is not a setting; did you mean DICOM_NODE_NODE__PORT?"),
        ("HTTP__PROT", "1", "http.prot is not a setting; did you mean DICOM_NODE_HTTP__PORT?"),
        ("PEERS__A__TLS", "yes", 'peers.a.tls is "yes"; allowed is true or false.'),
        ("TLS__KEY_FILE", "/x", "tls.key_file is not a setting; did you mean DICOM_NODE_TLS__KEY?"),
        (
            "NODE____PORT",
            "1",
            "this is not the name of a setting; "
            "a setting is DICOM_NODE_, a section, two underscores and a key.",
        ),
        (
            "NOTICES__WEBHOOK_FILE",
            "/nowhere/hook",
            "the file /nowhere/hook cannot be read: No such file or directory.",
        ),
    ],
)
def test_a_mistake_in_the_environment(
    problems: Problems, name: str, value: str, expected: str
) -> None:
    """The sentence names the variable."""
    peer = '[peers.a]\nae_title = "A"'
    assert problems(peer, {name: value}) == [f"DICOM_NODE_{name}: {expected}"]


def test_everything_wrong_is_said_at_once(problems: Problems) -> None:
    """Mistakes of type, unknown keys and contradictions come together, in the file's order."""
    text = """\
[node]
prt = 1
ae_title = ""
[tls]
plain = false
cert = "x"
[peers.a]
ae_title = 5
[[routes]]
name = "one"
pipelines = []
[[routes]]
name = "two"
pipelines = ["x"]
send_to = ["a", "b"]
"""
    said = problems(text, {"HTTP__PORT": "x", "NODE____": "1"})
    assert [problem.partition(":")[0] for problem in said] == [
        "site.toml, line 2",
        "site.toml, line 3",
        "site.toml, line 5",
        "site.toml, line 6",
        "site.toml, line 8",
        "site.toml, line 11",
        "site.toml, line 15",
        "DICOM_NODE_HTTP__PORT",
        "DICOM_NODE_NODE____",
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"[node]\nport =\n", "line 2, column 7: this is not valid TOML: Invalid value."),
        (b"[node]\nport = 1\nport = 2\n", "line 3, column 9: this is not valid TOML: "),
        (b'[node]\nhost = "', "line 2: this is not valid TOML: "),
        (b"# a\n[node]\nhost = '\xff'\n", "line 3: this is not UTF-8 text."),
    ],
)
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes, place: str) -> None:
    """The sentence names the file and the line."""
    path = tmp_path / "site.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load({"DICOM_NODE_CONFIG": str(path)})
    assert str(caught.value).startswith(f"{path}, {place}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The sentence says which variable named the file."""
    path = tmp_path / "nothing.toml"
    with pytest.raises(ConfigError) as caught:
        load({"DICOM_NODE_CONFIG": str(path)})
    because = "this file, named by DICOM_NODE_CONFIG, cannot be read: No such file or directory."
    assert str(caught.value) == f"{path}: {because}"


def test_secrets_are_not_told(problems: Problems) -> None:
    """No error prints a webhook, a password or a database address with one."""
    text = """\
notice = "geheim"
[node]
database = "mysql://user:geheim@host/name"
database_password = ["geheim"]
pasword = "geheim"
[notices]
webhook = "ftp://geheim"
[http]
port = "postgresql://u:geheim@h/x"
"""
    said = problems(
        text, {"NODE__DATABASE_PASSWORD_FILE": "/x", "NODE__DATABASE_PASSWORD": "geheim"}
    )
    assert len(said) >= 6
    assert "geheim" not in "\n".join(said)


def test_a_section_that_holds_secrets_is_not_told(problems: Problems) -> None:
    """A table written as a text is named by its kind only."""
    assert problems('notices = "https://geheim"') == [
        "site.toml, line 1: notices is text; allowed is a table."
    ]


def test_a_long_value_is_cut(problems: Problems) -> None:
    """A sentence stays readable whatever was found."""
    [said] = problems(f'[node]\nport = "{"x" * 5000}"')
    assert len(said) < 250


def test_several_problems_are_a_list_for_people() -> None:
    """An error prints its problems one a line."""
    assert str(ConfigError(["a.", "b."])) == (
        "2 things are wrong in the configuration:\n  - a.\n  - b."
    )
