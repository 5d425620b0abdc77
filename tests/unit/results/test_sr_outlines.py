"""Outlines with their holes joined to them, and what a report full of them costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.phantoms import ct_head
from pipelines.contract import Concept, Mask, Polygon, Raster, Reference, Region
from results.build import build_results
from results.shapes import area, trace
from results.sr.polygons import Ring, bridged
from tests.unit.results.test_build_results import CONTEXT, FINDINGS

NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")
ON = Reference(SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID="1.2.3")
MASKS = arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))


@settings(deadline=None, max_examples=300)
@given(MASKS)
def test_the_area_is_the_masks(mask: np.ndarray) -> None:
    """Whatever the holes: each pixel inside is held by one outline, and no other pixel by any."""
    held = np.zeros(mask.shape, int)
    for ring in bridged(trace(mask)):
        held += area(Polygon(on=ON, points=tuple(ring)), *mask.shape)
    assert (held == mask).all()


@settings(deadline=None, max_examples=300)
@given(MASKS)
def test_a_bridge_goes_there_and_back(mask: np.ndarray) -> None:
    """Every way is along rows or columns, and what is not of the outlines is gone twice."""
    before, after = trace(mask), bridged(trace(mask))
    turns = [step for ring in after for step in pairwise([*ring, ring[0]])]
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in turns)
    assert all(a != b for a, b in turns)
    assert signed(after) == signed(before)


def signed(rings: Sequence[Ring]) -> float:
    """Twice the area inside, which holes take away from."""
    return sum(a[0] * b[1] - b[0] * a[1] for r in rings for a, b in pairwise([*r, r[0]]))


def test_a_ring_is_one_outline() -> None:
    """The hole is left at its upper left corner, to the left."""
    mask = np.ones((5, 5), np.bool_)
    mask[2, 2] = False
    (ring,) = bridged(trace(mask))
    assert ring == [
        *((0, 0), (5, 0), (5, 5), (0, 5), (0, 2)),
        *((2, 2), (2, 3), (3, 3), (3, 2), (2, 2), (0, 2)),
    ]


def test_fifty_regions_on_a_hundred_frames_are_soon_reported() -> None:
    """Five thousand outlines cost a second or two."""
    datasets = ct_head(size=64, slices=100)
    y, x = np.mgrid[:64, :64]
    regions = tuple(
        Region(
            tracking=f"nodule-{number}",
            type=NODULE,
            label="Nodule",
            score=0.5,
            shapes=tuple(
                Mask(
                    on=replace(ON, SOPInstanceUID=ds.SOPInstanceUID),
                    raster=Raster.of((x - 30) ** 2 + (y - 30) ** 2 < 100 + number),
                )
                for ds in datasets
            ),
        )
        for number in range(50)
    )
    start = time.process_time()
    build_results(["sr"], datasets, replace(FINDINGS, regions=regions), CONTEXT)
    assert time.process_time() - start < 4
