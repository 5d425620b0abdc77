"""Showing the settings."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

from config.loader import Loaded
from config.show import show, show_json
from config.words import MASK

Site = Callable[..., Loaded]
FULL = """\
[assembly]
quiet_seconds = 1234567.0
[peers."a.b"]
ae_title = 'A"ü'
max_associations = 3
[pipelines.fracture]
timeout_seconds = 0.5
[[routes]]
name = "one \\n # two"
when = { Modality = ["CR", 1, 2.5, true], any = [{ "odd key" = { not = "x" } }] }
pipelines = ["x"]
"""


def test_what_is_shown_can_be_loaded_again(site: Site) -> None:
    """The text is a configuration file, and gives the same settings."""
    text = FULL.replace("ü", "u")
    loaded = site(text)
    assert site(show(loaded.settings, loaded.origins)).settings == loaded.settings


def test_each_value_has_its_origin(site: Site, tmp_path: Path) -> None:
    """A comment says where each value comes from."""
    loaded = site("[node]\nport = 104", {"HTTP__PORT": "81"})
    lines = [" ".join(line.split()) for line in show(loaded.settings, loaded.origins).splitlines()]
    assert f"port = 104 # {tmp_path}/site.toml, line 2" in lines
    assert "port = 81 # DICOM_NODE_HTTP__PORT" in lines
    assert 'ae_title = "DICOM_NODE" # default' in lines


def test_secrets_are_masked(site: Site) -> None:
    """Neither form shows the webhook or a password of the database."""
    loaded = site(
        "[node]\ndatabase = 'postgresql://u@h/n'\ndatabase_password = 'geheim'",
        {"NOTICES__WEBHOOK": "https://example.org/geheim"},
    )
    text = show(loaded.settings, loaded.origins)
    shown = show_json(loaded.settings, loaded.origins)
    assert "geheim" not in text + json.dumps(shown)
    assert tomllib.loads(text)["notices"]["webhook"] == MASK
    assert shown["settings"]["node"]["database"] == f"postgresql://u:{MASK}@h/n"


def test_json_has_values_and_origins(site: Site) -> None:
    """Machines get plain values, and the origin of each by its key."""
    shown = show_json(
        *(vars(site(FULL.replace("ü", "u")))[name] for name in ("settings", "origins"))
    )
    assert shown["settings"]["node"]["port"] == 11112
    assert shown["origins"]["node.port"] == "default"
    assert shown["origins"]['peers."a.b".max_associations'].endswith("site.toml, line 5")
    assert shown["origins"]["routes[0].when"].endswith("site.toml, line 10")
