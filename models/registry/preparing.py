"""A picture made into what a site's model takes, as its card says.

With numpy and Pillow only: a model in ONNX needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.registry.card import Input

QUANTILES = (0.005, 0.995)
_RESAMPLING = {
    "padded": Image.Resampling.BILINEAR,
    "kept": Image.Resampling.BILINEAR,
    # Only weights from elsewhere are shown stretched pictures, and theirs were scaled so.
    "stretched": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Prepared:
    """What the model is shown, and which part of it is the picture."""

    pixels: NDArray[np.float32]
    """(1, channels, rows, columns)."""
    rows: slice
    columns: slice

    def picture_of(self, of_input: NDArray[np.float32]) -> NDArray[np.float32]:
        """The part of a map, as large as the input, that lies on the picture."""
        return of_input[self.rows, self.columns]


def prepare(grey: NDArray[np.uint8], wanted: Input) -> Prepared:
    """Scale a picture, fill up with black what it leaves, and normalise."""
    height, width = grey.shape
    scale, (rows, columns) = _fitted(height, width, wanted)
    inner = (max(1, min(rows, round(height * scale))), max(1, min(columns, round(width * scale))))
    if wanted.aspect == "stretched":
        inner = (rows, columns)
    scaled = Image.fromarray(grey).resize(inner[::-1], _RESAMPLING[wanted.aspect])
    top, left = (rows - inner[0]) // 2, (columns - inner[1]) // 2
    whole = np.zeros((rows, columns), np.float32)
    part = slice(top, top + inner[0]), slice(left, left + inner[1])
    whole[part] = _unit(np.asarray(scaled, np.float32), wanted)
    mean, std = (
        np.array(values, np.float32)[:, None, None] for values in (wanted.mean, wanted.std)
    )
    return Prepared(((whole[None] - mean) / std)[None], *part)


def _unit(values: NDArray[np.float32], wanted: Input) -> NDArray[np.float32]:
    """Grey values as 0 to 1."""
    low, high = (0.0, 255.0) if wanted.range == "depth" else np.quantile(values, QUANTILES)
    unit: NDArray[np.float32] = np.clip((values - low) / max(high - low, 1.0), 0, 1)
    return unit.astype(np.float32, copy=False)


def _fitted(height: int, width: int, wanted: Input) -> tuple[float, tuple[int, int]]:
    """The scale, and the size of the input, filling included."""
    if wanted.width is not None and wanted.height is not None:
        return min(wanted.height / height, wanted.width / width), (wanted.height, wanted.width)
    scale = (wanted.longest or 0) / max(height, width)
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    return scale, (rows + -rows % wanted.multiple, columns + -columns % wanted.multiple)
