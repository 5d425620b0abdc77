"""What is registered: the models that come with this program, and the site's own beside them.

A shipped model is a folder `models/TASK/shipped` or `models/TASK/shipped-ANOTHER`, a site's is
`FOLDER/NAME`; each holds its card and the weights that the card names. Names are unique: a site's
may not take a shipped one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from models.registry.card import CARD, Card, File, read
from models.registry.errors import RegistryError

SHIPPED = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A registered model: its card and where its weights are."""

    card: Card
    folder: Path
    origin: Literal["shipped", "site"]

    def weights(self, file: File) -> bytes:
        """One of its files, checked: what is returned is what the card vouches for."""
        called = f"The model {self.card.name}: its file {file.name}"
        try:
            found = (self.folder / file.name).read_bytes()
        except OSError as error:
            raise RegistryError(f"{called} cannot be read: {error.strerror}.") from None
        told = hashlib.sha256(found).hexdigest()
        if told != file.sha256:
            raise RegistryError(
                f"{called} is not what its card says: its SHA-256 is {told} instead of "
                f"{file.sha256}."
            )
        return found

    def only_file(self) -> bytes:
        """Its file, checked, where its kind of model is a single one."""
        if len(self.card.files) != 1:
            raise RegistryError(
                f"The card of {self.card.name} names {len(self.card.files)} files; a model of this "
                "kind is one."
            )
        return self.weights(self.card.files[0])

    def problems(self) -> Iterator[str]:
        """Everything that is wrong with its files."""
        for file in self.card.files:
            try:
                self.weights(file)
            except RegistryError as error:
                yield str(error)

    def check(self) -> None:
        """Raise `RegistryError` where a file is not what the card says."""
        for problem in self.problems():
            raise RegistryError(problem)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A folder that should be an entry, and why it is none."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The models there are; `site` is the folder of the site's own, which need not exist."""

    site: Path | None = None
    shipped: Path = field(default=SHIPPED)

    def listing(self) -> tuple[list[Entry], list[Broken]]:
        """Every entry by name, and what is in the way of the others."""
        found: dict[str, Entry] = {}
        broken: list[Broken] = []
        for entry in (*self._shipped(), *self._own()):
            if isinstance(entry, Broken):
                broken.append(entry)
            elif entry.card.name in found:
                other = found[entry.card.name].folder
                reason = f"{entry.folder}: the name {entry.card.name} is taken by {other}."
                broken.append(Broken(name=entry.card.name, reason=reason))
            else:
                found[entry.card.name] = entry
        return [found[name] for name in sorted(found)], broken

    def find(self, name: str) -> Entry:
        """The entry with a name; raises `RegistryError` where there is none that can be used."""
        entries, broken = self.listing()
        for entry in entries:
            if entry.card.name == name:
                return entry
        for one in broken:
            if one.name == name:
                raise RegistryError(f"The model {name} cannot be used: {one.reason}")
        known = ", ".join(entry.card.name for entry in entries) or "none"
        raise RegistryError(f"There is no model {name}; registered are: {known}.")

    def _shipped(self) -> Iterator[Entry | Broken]:
        for path in sorted(self.shipped.glob(f"*/shipped*/{CARD}")):
            try:
                yield Entry(card=read(path), folder=path.parent, origin="shipped")
            except RegistryError as error:
                yield Broken(name=path.parent.parent.name, reason=str(error))

    def _own(self) -> Iterator[Entry | Broken]:
        if self.site is None or not self.site.is_dir():
            return
        for folder in sorted(self.site.iterdir()):
            if not folder.is_dir() or folder.name.startswith("."):
                continue  # a hidden one is being added
            try:
                entry = Entry(card=read(folder / CARD), folder=folder, origin="site")
            except RegistryError as error:
                yield Broken(name=folder.name, reason=str(error))
                continue
            if entry.card.name == folder.name:
                yield entry
            else:
                reason = f"{folder}: its card is of {entry.card.name}."
                yield Broken(name=folder.name, reason=reason)
