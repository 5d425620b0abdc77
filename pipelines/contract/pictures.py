"""Pixels that a pipeline gives back: masks, heat maps and pictures, in values that never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from pipelines.contract.records import Record, in_order
from pipelines.contract.words import Concept, Reference, is_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Depth = Literal["bit", "uint8", "float32"]


@dataclass(frozen=True, kw_only=True)
class Raster(Record):
    """Rows and columns of numbers: bits (packed, first pixel in the highest bit), bytes or floats.

    Floats are little-endian. Two rasters are equal where their numbers are.
    """

    rows: int
    columns: int
    depth: Depth
    data: bytes
    channels: int = 1
    """3 for RGB."""

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(self.rows > 0 and self.columns > 0, "a raster has rows and columns")
        in_order(self.channels in (1, 3), "a raster is grey or RGB")
        in_order(self.channels == 1 or self.depth == "uint8", "RGB comes in bytes")
        count = self.rows * self.columns * self.channels
        length = {"bit": -(-count // 8), "uint8": count, "float32": 4 * count}[self.depth]
        in_order(len(self.data) == length, "a raster has as many numbers as pixels")
        if self.depth == "bit" and count % 8:
            rest = self.data[-1] & (0xFF >> count % 8)
            in_order(not rest, "the bits after the last pixel are 0")

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """A raster of an array: booleans, bytes or floats; two dimensions, or three for RGB."""
        import numpy as np

        depth: Depth
        if array.dtype == np.bool_:
            depth, data = "bit", np.packbits(array).tobytes()
        elif array.dtype == np.uint8:
            depth, data = "uint8", array.tobytes()
        elif array.dtype.kind == "f":
            with np.errstate(over="ignore"):
                floats = array.astype("<f4")
            in_order(bool(np.isfinite(floats).all()), "the numbers of a raster are finite")
            depth, data = "float32", floats.tobytes()
        else:
            raise TypeError(f"A raster cannot hold {array.dtype}.")
        in_order(array.ndim in (2, 3), "a raster has two dimensions, or three for RGB")
        return cls(
            rows=array.shape[0],
            columns=array.shape[1],
            depth=depth,
            data=data,
            channels=array.shape[2] if array.ndim == 3 else 1,
        )

    @property
    def array(self) -> NDArray[Any]:
        """The numbers; they cannot be written to."""
        import numpy as np

        flat: NDArray[Any]
        if self.depth == "bit":
            packed = np.frombuffer(self.data, np.uint8)
            flat = np.unpackbits(packed, count=self.rows * self.columns).view(np.bool_)
            flat.flags.writeable = False
        else:
            flat = np.frombuffer(self.data, np.uint8 if self.depth == "uint8" else "<f4")
        shape = (self.rows, self.columns, self.channels)
        return flat.reshape(shape if self.channels > 1 else shape[:2])


@dataclass(frozen=True, kw_only=True)
class HeatMap(Record):
    """How much each part of a frame counted for a result; coarse maps are stretched over it."""

    on: Reference
    raster: Raster
    """Floats from 0, nothing, to 1, the most; it covers the frame, whatever its own size."""
    explains: Concept
    """The class whose score is explained."""
    method: str = "Grad-CAM"
    layer: str = ""
    """The layer of the network that was looked at."""

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(self.raster.depth == "float32", "a heat map is made of floats")
        in_order(self.raster.channels == 1, "a heat map has one channel")
        in_order(is_line(self.method), "the method of a heat map has a name of one line")
        array: NDArray[np.float32] = self.raster.array
        in_order(array.min() >= 0 and array.max() <= 1, "a heat map's numbers are 0 to 1")


@dataclass(frozen=True, kw_only=True)
class Rendered(Record):
    """A picture that a pipeline drew by itself, of bytes, grey or RGB."""

    of: Reference
    raster: Raster
    caption: str

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(self.raster.depth == "uint8", "a rendered picture is made of bytes")
