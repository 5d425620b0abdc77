"""torchvision beside a CPU build of torch."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from models.vision import torchvision


@pytest.mark.skipif(torch.version.cuda is not None, reason="torch is a CUDA build")
def test_it_still_needs_help_beside_a_cpu_build() -> None:
    """The plain import still fails, in the way that `models.vision` mends.

    Should it succeed, `models/vision.py` is to go; should it fail in another way, it is to change.
    """
    done = subprocess.run(
        [sys.executable, "-c", "import torchvision"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0, "torchvision can be imported: models/vision.py is not needed"
    said = done.stderr.strip().splitlines()[-1]
    assert said == "RuntimeError: operator torchvision::nms does not exist"


def test_it_is_imported_once_and_whole() -> None:
    """What the program uses of it is there, and a second call gives the same module."""
    module = torchvision()
    assert torchvision() is module
    assert callable(module.models.resnet18)
    assert module.transforms.functional.resize(torch.zeros(1, 8, 8), [4, 4]).shape == (1, 4, 4)
