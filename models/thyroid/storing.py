"""Writes a network as a `.keras` file that is small, and the same whenever it is written."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

_WHEN = (1980, 1, 1, 0, 0, 0)


def rounded(network: Any) -> Any:
    """The same network with weights of 11 bits: they are half as large once they are packed."""
    network.set_weights(
        [weight.astype(np.float16).astype(weight.dtype) for weight in network.get_weights()]
    )
    return network


def stored(network: Any, path: Path) -> str:
    """Write it, without when that was; its SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "network.keras"
        network.save(plain)
        with zipfile.ZipFile(plain) as read, zipfile.ZipFile(path, "w") as write:
            for name in sorted(read.namelist()):
                member = zipfile.ZipInfo(name, _WHEN)
                member.compress_type = zipfile.ZIP_DEFLATED
                write.writestr(member, _dateless(name, read.read(name)), compresslevel=9)
    path.chmod(0o644)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _dateless(name: str, content: bytes) -> bytes:
    if name != "metadata.json":
        return content
    told = json.loads(content)
    told.pop("date_saved", None)
    return json.dumps(told, sort_keys=True).encode()
