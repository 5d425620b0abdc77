"""Rasters: what was put in comes out, number by number, and stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.contract import Raster

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))


def _array(size: tuple[int, int], kind: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    if kind == "rgb":
        return rng.integers(0, 256, (*size, 3), np.uint8)
    if kind == "?":
        return rng.random(size) < 0.5
    return rng.integers(0, 256, size, np.uint8) if kind == "B" else rng.random(size).astype(kind)


@settings(deadline=None)
@given(SIZES, st.sampled_from(["?", "B", "<f4", ">f4", "<f2", "rgb"]), st.integers(0, 99))
def test_what_is_put_in_comes_out(size: tuple[int, int], kind: str, seed: int) -> None:
    """Exactly, for every kind of number that it holds without rounding."""
    array = _array(size, kind, seed)
    back = Raster.of(array).array
    assert back.shape == array.shape
    assert np.array_equal(back, array)
    assert Raster.of(back) == Raster.of(array)


@settings(deadline=None)
@given(SIZES, st.sampled_from(["?", "B", "<f4", "rgb"]), st.integers(0, 99))
def test_the_order_in_memory_does_not_matter(size: tuple[int, int], kind: str, seed: int) -> None:
    """An array that lies in columns, or backwards, or is a part of another, is the same raster."""
    array = _array(size, kind, seed)
    wide = np.repeat(array, 2, axis=1)[:, ::2]
    for same in (np.asfortranarray(array), array[::-1].copy()[::-1], wide):
        assert Raster.of(same) == Raster.of(array)


def test_doubles_are_rounded_to_floats() -> None:
    """The one loss there is: to the nearest number of 32 bits."""
    assert Raster.of(np.array([[0.1]])).array[0, 0] == np.float32(0.1)


def test_bits_are_packed_from_the_highest() -> None:
    """The first pixel is the highest bit of the first byte, and rows follow one another."""
    raster = Raster.of(np.array([[1, 0, 1], [0, 0, 1]], bool))
    assert raster.data == bytes([0b10100100])


@pytest.mark.parametrize("array", [np.zeros((2, 2), int), np.zeros((2, 2), complex)])
def test_other_numbers_are_refused(array: NDArray[Any]) -> None:
    """Whole numbers of other sizes would not say what they mean."""
    with pytest.raises(TypeError, match="cannot hold"):
        Raster.of(array)


@pytest.mark.parametrize("kind", ["?", "B", "<f4", "rgb"])
def test_nobody_writes_into_a_raster(kind: str) -> None:
    """Its array is for reading, and one that was given may change afterwards."""
    array = _array((3, 4), kind, 1)
    raster = Raster.of(array)
    before = raster.array.copy()
    array[:] = 0
    assert np.array_equal(raster.array, before)
    with pytest.raises(ValueError, match="read-only"):
        raster.array[0, 0] = 1
