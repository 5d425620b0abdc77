"""Documents refer to what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.docs.pages import ROOT, documents, name, text

_LINK = re.compile(r"\]\(([^)\s]+)\)")
DECISIONS = ROOT / "docs" / "decisions"


def anchors(path: Path) -> set[str]:
    """What a link into a document may name, as GitHub spells headings."""
    headings = re.findall(r"^#{1,6} (.+)$", text(path), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", documents(), ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link names a file of this repository, and a heading in it."""
    broken = []
    for link in _LINK.findall(text(path)):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (path.parent / target).resolve() if target else path
        is_there = file.exists() and file.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    """Each decision has a number of its own, which its heading repeats."""
    files = sorted(DECISIONS.glob("*.md"))
    assert [int(path.name[:4]) for path in files] == list(range(1, len(files) + 1))
    for path in files:
        assert text(path).startswith(f"# {int(path.name[:4])}. "), path.name


def test_decisions_are_short() -> None:
    """A decision is read in two minutes."""
    for path in DECISIONS.glob("*.md"):
        assert len(text(path).splitlines()) <= 45, path.name


def test_the_index_names_every_document() -> None:
    """Whatever is in docs/ can be found from its index; benchmarks are made, not written."""
    index = text(ROOT / "docs" / "README.md")
    for path in (ROOT / "docs").rglob("*.md"):
        relative = path.relative_to(ROOT / "docs").as_posix()
        if relative not in ("README.md", "benchmarks.md"):
            assert f"]({relative})" in index, relative


def test_the_readme_is_short() -> None:
    """A newcomer finishes it in three minutes, and it says what the node is not."""
    readme = text(ROOT / "README.md")
    assert len(readme.splitlines()) < 120
    assert "Not a medical device" in readme
    assert "make run" in readme
    assert "make test" in readme


def test_make_targets_exist() -> None:
    """Every `make TARGET` of the documents is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    for path in documents():
        named = re.findall(r"(?:`|^    )make ([a-z][a-z-]*)", text(path), re.MULTILINE)
        assert set(named) <= targets, name(path)
