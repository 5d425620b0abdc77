"""Adding a site's model: fetched, converted and tried where nobody sees it, then there at once."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.registry.card import CARD, Card, made
from models.registry.converting import check_kind, framework_of, keep
from models.registry.entries import Entry, Registry
from models.registry.errors import RegistryError
from models.registry.loading import load
from models.registry.sources import Fetched, fetch


def add(
    registry: Registry, fields: Mapping[str, Any], source: str, sha256: str | None = None
) -> Entry:
    """Add a model of the site's own; `fields` are those of its card but for files and source.

    The entry exists whole or not at all: it is made in a hidden folder, loaded once, and renamed.
    """
    if registry.site is None:
        raise RegistryError("There is no folder for a site's own models.")
    fields = {"framework": framework_of(source), **fields}
    _check(registry, fields)
    registry.site.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=".adding-", dir=registry.site, ignore_cleanup_errors=True
    ) as temporary:
        folder = Path(temporary) / "entry"
        folder.mkdir()
        card = _staged(folder, fields, fetch(source, sha256, Path(temporary)))
        load(Entry(card=card, folder=folder, origin="site"))
        _make_durable(folder)
        final = registry.site / card.name
        try:
            folder.rename(final)
        except OSError:
            raise RegistryError(f"{final} is there already.") from None
        _sync(registry.site)
    return Entry(card=card, folder=final, origin="site")


def _check(registry: Registry, fields: Mapping[str, Any]) -> None:
    """Say what is wrong before anything is fetched."""
    if {"files", "source"} & set(fields):
        raise RegistryError("The files and the source of a card are written when it is added.")
    card = made({**fields, "files": [{"name": "any", "sha256": "0" * 64}]})
    check_kind(fields)
    entries, broken = registry.listing()
    taken = {entry.card.name for entry in entries} | {one.name for one in broken}
    if card.name in taken or (registry.site is not None and (registry.site / card.name).exists()):
        raise RegistryError(f"There is a model {card.name} already; a name is given once.")


def _staged(folder: Path, fields: Mapping[str, Any], fetched: Fetched) -> Card:
    kept = keep(fetched.path, fields["framework"], folder)
    with kept.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    file = {"name": kept.name, "sha256": digest}
    source = {"address": fetched.address[:300], "sha256": fetched.sha256}
    card = made({**fields, "files": [file], "source": source})
    text = json.dumps(card.to_dict(), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
    return card


def _make_durable(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o644)
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
