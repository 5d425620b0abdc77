"""What the program knows by name: the networks of its own, and the tasks. Each is one row.

A row says where the code is. It is imported when it is wanted: the registry needs none of the
tasks, and whoever lists models waits for no framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

Place = tuple[str, str]
"""A module and a function in it."""

RESNETS = ("resnet18", "resnet34", "resnet50")
"""The state dicts that a site may bring; others are networks of our own."""

ARCHITECTURES: Mapping[tuple[str, str], Place] = {
    **{("torch", name): ("models.registry.resnet", "load") for name in RESNETS},
    ("torch", "fracture-ensemble"): ("models.fracture.model", "load"),
    ("keras", "fibonacci"): ("models.thyroid.fibonacci", "load"),
    ("keras", "thyroid-ensemble"): ("models.thyroid.model", "load"),
}
"""By framework and architecture: a function of the entry and the device that gives the model."""

WHOLE = ("keras", "onnx", "torchscript")
"""Frameworks whose files carry their architecture, whatever the card calls it; one of ours has
layers of its own, and its row says where they are."""

FRAMEWORKS = tuple(sorted({framework for framework, _ in ARCHITECTURES}.union(WHOLE)))

TASKS: Mapping[str, Place] = {
    "fracture": ("models.fracture.measuring.evaluate", "evaluate"),
    "thyroid": ("models.thyroid.measuring.evaluate", "evaluate"),
}
"""By task: what makes the figures of `models eval`, with `evaluate`'s arguments."""


def imported(place: Place) -> Any:
    """The function itself."""
    module, function = place
    return getattr(import_module(module), function)
