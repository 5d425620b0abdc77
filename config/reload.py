"""What a running node takes from a changed configuration, and what has to wait for a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.origins import Key, key_text
from config.settings import Settings

RELOADABLE: frozenset[Key] = frozenset(
    [
        ("peers",),
        ("routes",),
        ("retention",),
        ("assembly",),
        ("notices",),
        ("logging", "level"),
        *(("tls", name) for name in ("certificate", "key", "ca", "require_client_certificate")),
    ]
)
"""What is read again while the node runs; everything else is fixed when a process starts."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The settings that differ between two configurations; values are never told."""

    now: tuple[str, ...]
    """Keys that a running node takes over at once."""
    at_restart: tuple[str, ...]
    """Keys that keep their old value until the node is started again."""

    def __bool__(self) -> bool:
        return bool(self.now or self.at_restart)

    @property
    def sentence(self) -> str:
        """What a person is told after a reload."""
        parts = []
        if self.now:
            parts.append(f"Now in force: {', '.join(self.now)}.")
        if self.at_restart:
            names = ", ".join(self.at_restart)
            parts.append(f"Restart the node to change {names}; until then the old values stay.")
        return " ".join(parts) or "Nothing changed."


def diff(old: Settings, new: Settings) -> Difference:
    """Compare two configurations key by key; a peer counts as one key, and so do all routes."""
    changed = [key for name in Settings.model_fields for key in _changed(name, old, new)]
    now = [key for key in changed if _is_reloadable(key)]
    later = [key for key in changed if not _is_reloadable(key)]
    return Difference(now=_texts(now), at_restart=_texts(later))


def reloaded(running: Settings, new: Settings) -> Settings:
    """The settings of a running node after a reload: new where that may be, else as they were."""
    update: dict[str, Any] = {}
    for key in RELOADABLE:
        section = str(key[0])
        value = getattr(new, section)
        if len(key) == 2:
            name = str(key[1])
            so_far = update.get(section, getattr(running, section))
            value = so_far.model_copy(update={name: getattr(value, name)})
        update[section] = value
    return running.model_copy(update=update)


def _changed(section: str, old: Settings, new: Settings) -> Iterator[Key]:
    if section == "routes":
        if old.routes != new.routes:
            yield (section,)
        return
    before, after = dict(getattr(old, section)), dict(getattr(new, section))
    for name in dict.fromkeys([*before, *after]):
        if name not in before or name not in after or before[name] != after[name]:
            yield (section, name)


def _is_reloadable(key: Key) -> bool:
    return any(key[: len(prefix)] == prefix for prefix in RELOADABLE)


def _texts(keys: list[Key]) -> tuple[str, ...]:
    return tuple(key_text(key) for key in keys)
