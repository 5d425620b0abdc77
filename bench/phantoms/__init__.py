"""Phantom studies of each kind, drawn by our own code and the same for the same seed.

No person was ever in front of a scanner for them; names are like PHANTOM^HAND.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydicom import Dataset

from bench.phantoms.colour import photograph, secondary_capture, us_thyroid
from bench.phantoms.files import TRANSFER_SYNTAXES, encode, write
from bench.phantoms.sections import ct_head, mr_head
from bench.phantoms.sized import ct_like, dx_like, small_like, write_files
from bench.phantoms.xray import cr_skull, dx_extremity

__all__ = [
    "KINDS",
    "TRANSFER_SYNTAXES",
    "cr_skull",
    "ct_head",
    "ct_like",
    "dx_extremity",
    "dx_like",
    "encode",
    "mr_head",
    "photograph",
    "secondary_capture",
    "small_like",
    "us_thyroid",
    "us_thyroid_cine",
    "write",
    "write_files",
]


def us_thyroid_cine(seed: int = 1) -> list[Dataset]:
    """A multi-frame ultrasound of a thyroid in colour."""
    return us_thyroid(seed, size=256, frames=12)


KINDS: Mapping[str, Callable[[int], list[Dataset]]] = {
    "dx-extremity": dx_extremity,
    "cr-skull": cr_skull,
    "ct-head": ct_head,
    "mr-head": mr_head,
    "us-thyroid": us_thyroid,
    "us-thyroid-cine": us_thyroid_cine,
    "photograph": photograph,
    "secondary-capture": secondary_capture,
}
"""Every kind of study by its name, made from a seed."""
