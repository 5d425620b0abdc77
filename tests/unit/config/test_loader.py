"""Layers: the defaults, a site's file, the environment."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import Loaded, load, load_layers
from config.settings import Settings

Site = Callable[..., Loaded]

ISSUE_EXAMPLE = """\
[node]
ae_title = "DICOM_NODE"
host = "127.0.0.1"
port = 11112
data_dir = "./data"
database = "sqlite"              # or postgresql+psycopg://user@host/name

[http]
host = "127.0.0.1"
port = 8080

[peers.pacs]
ae_title = "ORTHANC"
host = "127.0.0.1"
port = 4242
commitment = true

[assembly]
quiet_seconds = 5

[[routes]]
name = "everything is checked"
pipelines = ["intake-check"]
send_to = ["pacs"]

[[routes]]
name = "extremity X-ray"
when = { Modality = ["CR", "DX"], BodyPartExamined = { not = ["SKULL", "HEAD", "CHEST"] } }
pipelines = ["fracture"]
send_to = ["pacs"]
priority = "urgent"
"""


def test_defaults_alone_are_enough() -> None:
    """With no file and no variable the node runs on its embedded defaults."""
    settings = load({})
    assert (settings.node.ae_title, settings.node.port) == ("DICOM_NODE", 11112)
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)
    assert settings.node.data_dir == Path.cwd() / "data"
    assert [route.pipelines for route in settings.routes] == [("intake-check",)]


def test_the_documented_site_file_works(site: Site) -> None:
    """The example of a site's file loads as it stands, comment and unknown pipeline included."""
    settings = site(ISSUE_EXAMPLE).settings
    assert settings.peers["pacs"].ae_title == "ORTHANC"
    assert settings.peers["pacs"].commitment
    assert settings.assembly.quiet_seconds == 5
    assert settings.routes[1].pipelines == ("fracture",)
    assert settings.routes[1].priority == "urgent"
    assert settings.routes[1].when["BodyPartExamined"] == {"not": ["SKULL", "HEAD", "CHEST"]}


def test_environment_lies_over_file_over_defaults(site: Site) -> None:
    """A variable beats the file, the file beats the default, and what neither says stays."""
    text = "[node]\nport = 104\nhost = '10.0.0.1'\n[peers.pacs]\nae_title = 'A'\nport = 1\n"
    loaded = site(text, {"NODE__PORT": "105", "PEERS__PACS__PORT": "4242"})
    node = loaded.settings.node
    assert (node.port, node.host, node.ae_title) == (105, "10.0.0.1", "DICOM_NODE")
    assert loaded.settings.peers["pacs"].ae_title == "A"
    assert loaded.settings.peers["pacs"].port == 4242


def test_routes_of_a_site_replace_the_default_ones(site: Site) -> None:
    """An array is laid over whole, so that a site can be without the default route."""
    assert site("routes = []").settings.routes == ()


def test_origins_name_file_line_and_variable(site: Site, tmp_path: Path) -> None:
    """Every value remembers who said it, down to the line."""
    text = """\
[node]

port = 104
[[routes]]
name = "a"
pipelines = [
  "x",
]
[[routes]]
name = "b"
pipelines = ["y"]
"""
    origins = site(text, {"HTTP__PORT": "1"}).origins
    file = tmp_path / "site.toml"
    assert str(origins["node", "port"]) == f"{file}, line 3"
    assert str(origins["node", "host"]) == "default"
    assert str(origins["http", "port"]) == "DICOM_NODE_HTTP__PORT"
    assert str(origins["routes", 0, "pipelines"]) == f"{file}, line 6"
    assert str(origins["routes", 1, "name"]) == f"{file}, line 10"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("NODE__AE_TITLE", "4242", "4242"),
        ("NODE__AE_TITLE", "true", "true"),
        ("NODE__AE_TITLE", "2024-01-01", "2024-01-01"),
        ("NODE__AE_TITLE", "nan", "nan"),
        ("NODE__AE_TITLE", "[1]", "[1]"),
        ("NODE__AE_TITLE", '"QUOTED"', "QUOTED"),
        ("NODE__AE_TITLE", "PLAIN", "PLAIN"),
        ("NODE__PORT", "104", 104),
        ("ASSEMBLY__QUIET_SECONDS", "1.5", 1.5),
        ("ASSEMBLY__QUIET_SECONDS", "2", 2.0),
        ("RECEIVER__CHECK_CALLED_AE", "auto", "auto"),
        ("RECEIVER__CHECK_CALLED_AE", "true", True),
        ("RETENTION__AT", "04:30", "04:30"),
        ("LOGGING__LEVEL", "debug", "debug"),
        ("RECEIVER__EXTRA_SOP_CLASSES", '["1.2.3"]', ("1.2.3",)),
    ],
)
def test_a_variable_is_read_as_its_setting_needs(
    site: Site, name: str, value: str, expected: object
) -> None:
    """TOML where that fits the setting, otherwise the text as it is."""
    section, _, key = name.lower().partition("__")
    assert getattr(getattr(site("", {name: value}).settings, section), key) == expected


def test_a_value_of_several_lines_sets_nothing_else(site: Site) -> None:
    """A newline in a variable cannot smuggle in a second setting."""
    loaded = site("", {"LOGGING__LEVEL": "debug", "TLS__KEY": '"a"\nvalue2 = 3'})
    assert loaded.settings.tls.key.endswith('"a"\nvalue2 = 3')


def test_variables_make_peers_and_routes(site: Site) -> None:
    """A node in a container needs no file: peers by name, routes as one array."""
    settings = site(
        "",
        {
            "PEERS__PACS__AE_TITLE": "ORTHANC",
            "PEERS__PACS__RESULTS": '["sr", "seg"]',
            "PIPELINES__FRACTURE__CONCURRENCY": "2",
            "ROUTES": '[{name = "a", pipelines = ["fracture"], send_to = ["pacs"]}]',
        },
    ).settings
    assert settings.peers["pacs"].results == ("sr", "seg")
    assert settings.pipelines["fracture"].concurrency == 2
    assert settings.routes[0].send_to == ("pacs",)


def test_a_variable_finds_a_name_that_cannot_be_spelt_in_it(site: Site) -> None:
    """Capitals, hyphens and dots of a name in the file are found by their plain spelling."""
    settings = site(
        "[peers.Main-PACS]\nae_title = 'A'", {"PEERS__MAIN_PACS__PORT": "4242"}
    ).settings
    assert {name: peer.port for name, peer in settings.peers.items()} == {"Main-PACS": 4242}


def test_secrets_come_from_files(site: Site, tmp_path: Path) -> None:
    """`_FILE` reads a secret from a file, and the password goes into the database's address."""
    secret = tmp_path / "secret"
    secret.write_text("p/w@#1\n", encoding="utf-8")
    hook = tmp_path / "hook"
    hook.write_text("https://example.org/hook", encoding="utf-8")
    settings = site(
        "[node]\ndatabase = 'postgresql+psycopg://node@db/dicom'",
        {"NODE__DATABASE_PASSWORD_FILE": str(secret), "NOTICES__WEBHOOK_FILE": str(hook)},
    ).settings
    assert settings.node.database == "postgresql+psycopg://node:p%2Fw%40%231@db/dicom"
    assert settings.notices.webhook.get_secret_value() == "https://example.org/hook"
    assert "p%2Fw" not in repr(settings)
    assert "example.org" not in repr(settings)


def test_a_whole_database_address_comes_from_a_file(site: Site, tmp_path: Path) -> None:
    """The address with its password in it may be a secret as a whole."""
    secret = tmp_path / "secret"
    secret.write_text("postgresql://u:p@db/x\n", encoding="utf-8")
    settings = site("", {"NODE__DATABASE_FILE": str(secret)}).settings
    assert settings.node.database == "postgresql://u:p@db/x"


def test_tls_files_lie_beside_the_file_that_names_them(site: Site, tmp_path: Path) -> None:
    """A relative certificate is looked for beside the site's file, a relative data_dir here."""
    for name in ("node.crt", "node.key", "ca.pem"):
        (tmp_path / name).touch()
    tls = '[tls]\nenabled = true\ncertificate = "node.crt"\nkey = "node.key"\nca = "ca.pem"\n'
    settings = site(f'{tls}[node]\ndata_dir = "d"').settings
    assert settings.tls.certificate == str(tmp_path / "node.crt")
    assert settings.node.data_dir == Path.cwd() / "d"


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    """A file saved by an editor on Windows works, and its lines are counted right."""
    path = tmp_path / "site.toml"
    path.write_bytes(b"\xef\xbb\xbf[node]\r\n\r\nport = 104\r\n")
    loaded = load_layers({"DICOM_NODE_CONFIG": str(path)})
    assert loaded.settings.node.port == 104
    assert loaded.origins["node", "port"].line == 3


def test_lines_are_counted_as_toml_counts_them(site: Site) -> None:
    """Characters that only other formats take for line ends do not move the count."""
    loaded = site('[[routes]]\nname = "a\u2028b"\npipelines = ["""x"""]\n[node]\nport = 1')
    assert loaded.origins["routes", 0, "name"].line == 2
    assert loaded.origins["node", "port"].line == 5


def test_other_variables_are_left_alone() -> None:
    """Only variables that begin with DICOM_NODE_ are settings; an empty CONFIG names no file."""
    assert load({"DICOM_NODE_CONFIG": "", "DICOM_NODES": "x", "HOME": "/"}) == load({})


def test_settings_and_errors_travel_between_processes() -> None:
    """Settings reach workers by spawn, and an error keeps its list on the way."""
    settings = load({})
    assert isinstance(pickle.loads(pickle.dumps(settings)), Settings)  # noqa: S301 - our own bytes
    error = ConfigError(["a", "b"])
    assert pickle.loads(pickle.dumps(error)).problems == ("a", "b")  # noqa: S301 - our own bytes


def test_auto_checks_follow_the_address() -> None:
    """AE titles are checked by default, except where only this machine can call."""
    assert not load({}).checks_called_ae
    assert load({"DICOM_NODE_NODE__HOST": "10.0.0.1"}).checks_calling_ae
    assert load({"DICOM_NODE_RECEIVER__CHECK_CALLED_AE": "true"}).checks_called_ae
    assert not load({"DICOM_NODE_NODE__HOST": "localhost"}).checks_calling_ae
    assert load({"DICOM_NODE_NODE__HOST": "node.example.org"}).checks_calling_ae
