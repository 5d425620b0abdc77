"""Which kinds of results go where: what the route says, else the peer, else the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.loader import load
from dicom_node.delivery_plan import plan

SITE = """
[peers.silent]
ae_title = "A"
port = 1

[peers.choosy]
ae_title = "B"
port = 2
results = ["report"]

[peers.nothing]
ae_title = "C"
port = 3
results = []
"""
NAMED = ("sr", "overlay")


def _plan(
    folder: Path, send_to: dict[str, Any], *, shadow: bool = False, **besides: Any
) -> dict[str, tuple[str, ...]]:
    path = folder / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    assignment = {"shadow": shadow, "send_to": send_to, "besides": besides}
    return plan(assignment, load({"DICOM_NODE_CONFIG": str(path)}), NAMED)


@pytest.mark.parametrize(
    ("peer", "route", "kinds"),
    [
        ("silent", None, NAMED),
        ("choosy", None, ("report",)),
        ("nothing", None, ()),
        ("silent", ["seg"], ("seg",)),
        ("choosy", ["seg"], ("seg",)),
        ("choosy", [], ()),
    ],
)
def test_who_says_more_closely_is_heard(
    tmp_path: Path, peer: str, route: list[str] | None, kinds: tuple[str, ...]
) -> None:
    """An empty list says something as well: nothing is wanted."""
    assert _plan(tmp_path, {peer: route}) == {peer: kinds}


def test_what_other_routes_name_comes_besides(tmp_path: Path) -> None:
    """Each kind once."""
    found = _plan(tmp_path, {"silent": None}, silent=["overlay", "seg"])
    assert found == {"silent": ("sr", "overlay", "seg")}


def test_nobody_is_sent_what_is_not_for_him(tmp_path: Path) -> None:
    """Nothing of a shadow, and nothing to a peer that is configured no longer."""
    assert _plan(tmp_path, {"silent": None}, shadow=True) == {}
    assert _plan(tmp_path, {"gone": None, "silent": None}) == {"silent": NAMED}
