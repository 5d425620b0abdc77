"""Small models in Keras whose outputs can be computed by hand."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from tests.unit.models.making import FIELDS, SLOPE

KERAS: dict[str, Any] = {
    **FIELDS,
    "architecture": "a mean",
    "labels": ["fractured"],
    "output": "probabilities",
}
"""The card of `mean`."""


def mean(slope: float = SLOPE) -> Any:
    """The sigmoid of `slope` times the mean of an input of 64 x 64, less 1.

    Its maps, at the layer "eyes", are the first channel and three times that.
    """
    given = keras.Input((64, 64, 3))
    found = layers.Conv2D(2, 1, name="eyes")(given)
    found = layers.GlobalAveragePooling2D()(found)
    network = keras.Model(given, layers.Dense(1, activation="sigmoid", name="says")(found))
    kernel = np.zeros((1, 1, 3, 2), np.float32)
    kernel[0, 0, 0] = 1, 3
    network.get_layer("eyes").set_weights([kernel, np.zeros(2)])
    network.get_layer("says").set_weights([np.full((2, 1), slope / 4), np.array([-1.0])])
    return network


def saved(network: Any, path: Path) -> Path:
    """The network in a file."""
    network.save(path)
    return path


def members(path: Path) -> dict[str, bytes]:
    """What a `.keras` file holds."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, held: dict[str, bytes]) -> Path:
    """A file that holds this."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in held.items():
            archive.writestr(name, one)
    path.write_bytes(content.getvalue())
    return path


def changed(path: Path, old: str, new: str) -> Path:
    """The same file with another configuration."""
    held = members(path)
    config = held["config.json"].decode()
    assert old in config
    held["config.json"] = config.replace(old, new).encode()
    json.loads(held["config.json"])
    return packed(path, held)
