"""The settings in the documents are those of the node."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.loader import load
from config.origins import Key
from config.problems import variable_name
from config.reference import known
from config.settings import Settings
from tests.unit.docs.pages import ROOT, blocks, documents, name, spans, text

SECTIONS = set(Settings.model_fields)
NAMED = {"peers", "pipelines"}
KEYS = {(key[0], key[-1]) for key in known()}
EXAMPLES = [
    pytest.param(block, id=f"{name(path)}-{number}")
    for path in (ROOT / "README.md", ROOT / "docs" / "operations.md")
    for number, block in enumerate(blocks(path, "toml"), 1)
]


def setting(span: str) -> tuple[str, str] | None:
    """Section and key that a piece of code names; the key is empty where it names a section."""
    table = re.fullmatch(r"\[{1,2}([a-z]+)(?:\.[\w-]+)?\]{1,2}(?: ([a-z_]+).*)?", span)
    if table and table[1] in SECTIONS:
        return table[1], table[2] or ""
    section, *rest = span.split(".")
    is_dotted = re.fullmatch(r"[a-z]+(\.\w+)+", span) and rest[-1] not in (
        "py",
        "toml",
        "md",
        "sqlite",
    )
    if section not in SECTIONS or not is_dotted:
        return None
    if section in NAMED:
        rest = rest[1:]
    return section, rest[0] if rest else ""


@pytest.mark.parametrize("path", documents(), ids=name)
def test_settings_exist(path: Path) -> None:
    """Every `section.key` and `[section] key` is a setting."""
    told = {span: setting(span) for span in spans(path)}
    wrong = [
        span
        for span, found in told.items()
        if found and (found[0] not in SECTIONS or (found[1] and found not in KEYS))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", documents(), ids=name)
def test_variables_exist(path: Path) -> None:
    """Every DICOM_NODE_SECTION__KEY sets something."""
    variables = {variable_name(key) for key in map(plain, known())}
    told = set(re.findall(r"DICOM_NODE_[A-Z]+__\w+", text(path)))
    names = {re.sub(r"(DICOM_NODE_(?:PEERS|PIPELINES)__)[A-Z]+__", r"\1NAME__", v) for v in told}
    assert {variable.removesuffix("_FILE") for variable in names} <= variables


def plain(key: Key) -> Key:
    """A key without the number of its route: routes have no names in the environment."""
    return tuple(part for part in key if not isinstance(part, int))


@pytest.mark.parametrize("block", EXAMPLES)
def test_examples_load(block: str, tmp_path: Path) -> None:
    """Every example can be a site's file as it stands, once its certificates are there."""
    site = tmp_path / "site.toml"
    site.write_text(block, encoding="utf-8")
    for file in re.findall(r'"([\w.-]+\.pem)"', block):
        (tmp_path / file).touch()
    load({"DICOM_NODE_CONFIG": str(site)})


def test_the_readme_has_a_whole_example(tmp_path: Path) -> None:
    """The first example of the README sets what it says."""
    site = tmp_path / "site.toml"
    site.write_text(blocks(ROOT / "README.md", "toml")[0], encoding="utf-8")
    settings = load({"DICOM_NODE_CONFIG": str(site)})
    assert settings.peers["pacs"].commitment
    pipelines = [route.pipelines for route in settings.routes]
    assert pipelines == [("intake-check",), ("fracture",), ("thyroid",)]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ("node.port", ("node", "port")),
        ("peers.NAME.verify", ("peers", "verify")),
        ("peers.NAME", ("peers", "")),
        ("[http] enabled = false", ("http", "enabled")),
        ("[[routes]]", ("routes", "")),
        ("[ab]", None),
        ("sender.py", None),
        ("node.toml", None),
        ("node.sqlite", None),
    ],
)
def test_what_names_a_setting(span: str, found: tuple[str, str] | None) -> None:
    """Settings are told from files and modules."""
    assert setting(span) == found
