"""What is registered: cards and weights on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.registry import Entry, Registry, RegistryError, add, load
from models.registry.card import CARD, File
from tests.unit.models.making import FIELDS, onnx_file


def ship(registry: Registry, name: str, folder: str = "fracture") -> None:
    """Put a card where the program's own are; its weights are a word."""
    to = registry.shipped / folder / "shipped"
    to.mkdir(parents=True)
    (to / "w.bin").write_bytes(b"weights")
    digest = "9d27f62f3b5d2ea4f6a6d0ad3d1bde5d5ac4d8e7d5d7d3e9a9b7c4a1f0e2d3c4"
    card = {
        **FIELDS,
        "framework": "torch",
        "name": name,
        "files": [{"name": "w.bin", "sha256": digest}],
    }
    (to / CARD).write_text(json.dumps(card))


@pytest.fixture
def added(registry: Registry, tmp_path: Path) -> Registry:
    """A registry with one small model of the site's own."""
    made = onnx_file(tmp_path / "mean.onnx")
    add(registry, {**FIELDS, "architecture": "a mean"}, str(made))
    return registry


def test_a_name_is_given_once(added: Registry, tmp_path: Path) -> None:
    """A second model of the same name is refused and the first stays."""
    fields = {**FIELDS, "architecture": "a mean", "version": "2"}
    with pytest.raises(RegistryError, match="a model theirs already"):
        add(added, fields, str(tmp_path / "mean.onnx"))
    assert added.find("theirs").card.version == "1"


def test_a_shipped_name_is_not_taken(added: Registry, tmp_path: Path) -> None:
    """A site's entry cannot stand in for a shipped one, whoever put it there."""
    ship(added, "fracture")
    fields = {**FIELDS, "architecture": "a mean", "name": "fracture"}
    with pytest.raises(RegistryError, match="a model fracture already"):
        add(added, fields, str(tmp_path / "mean.onnx"))
    assert added.site is not None
    shutil.copytree(added.shipped / "fracture" / "shipped", added.site / "fracture")
    entries, broken = added.listing()
    assert [(entry.card.name, entry.origin) for entry in entries] == [
        ("fracture", "shipped"),
        ("theirs", "site"),
    ]
    assert "is taken by" in broken[0].reason
    assert added.find("fracture").origin == "shipped"


def test_a_broken_entry_does_not_hide_the_others(added: Registry) -> None:
    """A folder without a card, or with one of another name, is named and the rest is there."""
    assert added.site is not None
    (added.site / "empty").mkdir()
    shutil.copytree(added.site / "theirs", added.site / "renamed")
    (added.site / ".adding-x" / "entry").mkdir(parents=True)
    entries, broken = added.listing()
    assert [entry.card.name for entry in entries] == ["theirs"]
    assert [one.name for one in broken] == ["empty", "renamed"]
    with pytest.raises(RegistryError, match="empty cannot be used"):
        added.find("empty")
    with pytest.raises(RegistryError, match="registered are: theirs"):
        added.find("nobody")


def test_changed_weights_are_never_loaded(added: Registry) -> None:
    """One flipped bit, or a missing file, and the model is not loaded."""
    entry = added.find("theirs")
    assert list(entry.problems()) == []
    path = entry.folder / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "is not what its card says" in next(entry.problems())
    with pytest.raises(RegistryError, match="is not what its card says"):
        load(entry)
    path.unlink()
    with pytest.raises(RegistryError, match="cannot be read"):
        load(entry)


def test_the_digest_is_what_sha256sum_says(added: Registry) -> None:
    """An administrator can compute a model's digest without this program."""
    entry = added.find("theirs")
    command = "sha256sum -- *.onnx | sha256sum"
    done = subprocess.run(
        ["bash", "-c", command], cwd=entry.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == entry.card.digest


def test_an_architecture_nobody_knows(added: Registry) -> None:
    """A card may name what this version of the program has no code for."""
    entry = added.find("theirs")
    card = {**entry.card.to_dict(), "framework": "torch", "architecture": "resnet9000"}
    (entry.folder / CARD).write_text(json.dumps(card))
    with pytest.raises(RegistryError, match="architecture resnet9000"):
        load(added.find("theirs"))


def test_a_card_that_does_not_go_with_its_weights(added: Registry, tmp_path: Path) -> None:
    """A network of our own over other weights, or without its settings, is said in a sentence."""
    assert added.site is not None
    folder = added.site / "wrong"
    folder.mkdir()
    save_file({"word": torch.zeros(1)}, folder / "w.safetensors")
    digest = hashlib.sha256((folder / "w.safetensors").read_bytes()).hexdigest()
    file = {"name": "w.safetensors", "sha256": digest}
    for settings in ({}, {"members": "many"}, {"members": 1, "strange": 1.0, "metal": 1.0}):
        ours = {"framework": "torch", "architecture": "fracture-ensemble", "name": "wrong"}
        card = {**FIELDS, **ours, "files": [file], "settings": settings}
        (folder / CARD).write_text(json.dumps(card))
        with pytest.raises(RegistryError, match=r"model wrong cannot be loaded.* not go together"):
            load(added.find("wrong"))


class _Fickle(Entry):
    """An entry whose file is another one as soon as it was read."""

    def weights(self, file: File) -> bytes:
        """The file's content, after which nothing of it is left."""
        found = super().weights(file)
        (self.folder / file.name).write_bytes(b"something else")
        return found


@pytest.mark.parametrize("name", ["theirs", "fracture"])
def test_what_was_checked_is_what_is_loaded(name: str, added: Registry, tmp_path: Path) -> None:
    """The bytes whose digest was right are used, whatever is on disk a moment later."""
    entry = (added if name == "theirs" else Registry()).find(name)
    shutil.copytree(entry.folder, tmp_path / "copy")
    load(_Fickle(card=entry.card, folder=tmp_path / "copy", origin="site"))


def test_importing_the_registry_brings_no_framework() -> None:
    """Whoever lists models waits for none of them, and needs no task."""
    import sys

    code = (
        "import sys, models.registry, models.opinion;"
        "assert not {'models.fracture', 'models.thyroid'} & set(sys.modules);"
        "import models.evaluation, models.fracture.measuring.evaluate;"
        "heavy = ('torch', 'onnxruntime', 'tensorflow', 'keras');"
        "sys.exit(', '.join(m for m in heavy if m in sys.modules) or 0)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_is_shipped_can_be_used() -> None:
    """Every card that comes with the program is right, and so are its weights."""
    entries, broken = Registry().listing()
    assert broken == []
    assert [problem for entry in entries for problem in entry.problems()] == []
