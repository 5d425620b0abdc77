"""What the network trains on: views of pictures, turned, scaled and blurred as plates may be.

The blur and the scale also take away what would tell one hospital's plates from another's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.fracture.data import Case
from models.fracture.marks import marked, shuttered
from models.fracture.picture import Grey, ranged

SHARE_VISIBLE = 0.5
"""A fracture counts as being in the view when this share of its box is."""
SHARE_HIDDEN = 0.1
"""... and as outside of it when no more than this is; a view of what is between teaches nothing."""
TRIES = 8


@dataclass(frozen=True)
class View:
    """One training example."""

    pixels: Tensor
    """(1, H, W), -1 to 1."""
    boxes: Tensor
    """(n, 4): left, top, right, bottom of the fractures in view, in its pixels."""
    case: Case


@dataclass(frozen=True)
class Frame:
    """Where a view lies in its picture."""

    back: np.ndarray
    """From the view's pixels to the picture's, about the centre."""
    centre: np.ndarray
    shape: tuple[int, int]
    scale: float


def window(case: Case, grey: Grey, size: int, longest: int, rng: np.random.Generator) -> View:
    """A square view of a part of the picture, around a fracture where there is one."""
    boxes = corners(case, grey)
    for _ in range(TRIES):
        scale = longest / max(grey.shape) * math.exp(rng.uniform(math.log(0.72), math.log(1.4)))
        spread = 0.35 * size / scale
        if len(boxes) and rng.random() < 0.85:
            centre = boxes[rng.integers(len(boxes))].mean(dim=0).numpy()
            centre = centre + rng.uniform(-spread, spread, 2)
        else:
            centre = _somewhere_bright(grey, rng)
        frame = _framed((size, size), scale, centre, rng, quarter_turns=True)
        moved, share = _moved(boxes, frame)
        if not ((share > SHARE_HIDDEN) & (share < SHARE_VISIBLE)).any():
            break
    return _view(case, grey, frame, moved[share >= SHARE_VISIBLE], rng)


def whole(case: Case, grey: Grey, longest: int, rng: np.random.Generator) -> View:
    """A view of the whole picture, in a canvas that fits most scales."""
    scale = longest / max(grey.shape) * math.exp(rng.uniform(math.log(0.85), math.log(1.12)))
    rows, columns = (min(side * longest / max(grey.shape), longest) for side in grey.shape)
    shape = (math.ceil(rows / 32) * 32, math.ceil(columns / 32) * 32)
    centre = np.array(grey.shape[::-1]) / 2 + rng.uniform(-0.03, 0.03, 2) * max(grey.shape)
    frame = _framed(shape, scale, centre, rng, quarter_turns=False)
    moved, share = _moved(corners(case, grey), frame)
    return _view(case, grey, frame, moved[share >= SHARE_VISIBLE], rng)


def corners(case: Case, grey: Grey) -> Tensor:
    """The fractures' boxes in pixels, each as two corners: (n, 2, 2), x before y."""
    rows, columns = grey.shape
    found = torch.tensor(case.boxes, dtype=torch.float32).reshape(-1, 4)
    centre = found[:, :2] * torch.tensor([columns, rows])
    half = found[:, 2:] * torch.tensor([columns, rows]) / 2
    return torch.stack([centre - half, centre + half], dim=1)


def _somewhere_bright(grey: Grey, rng: np.random.Generator) -> np.ndarray:
    """A point on what is probably limb: of a few drawn, the one that is brighter."""
    rows, columns = grey.shape
    points = rng.uniform((0.1, 0.1), (0.9, 0.9), (4, 2)) * (columns, rows)
    return max(points, key=lambda point: int(grey[int(point[1]), int(point[0])]))


def _framed(
    shape: tuple[int, int],
    scale: float,
    centre: np.ndarray,
    rng: np.random.Generator,
    *,
    quarter_turns: bool,
) -> Frame:
    angle = math.radians(rng.normal(0, 9))
    if quarter_turns and rng.random() < 0.25:
        angle += math.pi / 2 * int(rng.integers(1, 4))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    # Unscaled, turned, mirrored.
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    back = np.array([[mirror * cos, -mirror * sin], [sin, cos]])
    return Frame(back, centre, shape, scale)


def _view(case: Case, grey: Grey, frame: Frame, boxes: Tensor, rng: np.random.Generator) -> View:
    unit = _as_another_plate(_sampled(grey, frame), rng)
    unit = marked(shuttered(unit, boxes, rng), boxes, rng)
    return View((unit * 2 - 1)[None], boxes, case)


def _sampled(grey: Grey, frame: Frame) -> Tensor:
    back, centre, shape = frame.back, frame.centre, frame.shape
    picture = (ranged(torch.from_numpy(grey).float())[None, None] + 1) / 2
    if frame.scale < 0.75:  # what bilinear sampling would skip is averaged first
        picture = functional.avg_pool2d(picture, 2)
        back, centre = back / 2, centre / 2
    rows, columns = picture.shape[2:]
    # affine_grid works in fractions of half the sides, about the middles.
    to = np.diag([2 / columns, 2 / rows])
    half = np.diag([shape[1] / 2, shape[0] / 2])
    offset = to @ centre - 1
    theta = np.concatenate([to @ back @ half, offset[:, None]], axis=1)
    grid = functional.affine_grid(
        torch.from_numpy(theta.astype(np.float32))[None], [1, 1, *shape], align_corners=False
    )
    return functional.grid_sample(picture, grid, align_corners=False)[0, 0]


def _moved(boxes: Tensor, frame: Frame) -> tuple[Tensor, Tensor]:
    """The boxes around where the view shows the old ones, cut to it, and the share that is left."""
    if not len(boxes):
        return torch.zeros(0, 4), torch.zeros(0)
    low, high = boxes[:, 0], boxes[:, 1]
    # The corners of an ellipse's box: a turned fracture does not grow to its corners.
    middle = ((low + high) / 2 - torch.from_numpy(frame.centre).float()).T
    forward = torch.from_numpy(np.linalg.inv(frame.back)).float()
    rows, columns = frame.shape
    at = (forward @ middle).T + torch.tensor([columns, rows]) / 2
    half = ((forward**2) @ (((high - low) / 2) ** 2).T).sqrt().T
    full = torch.cat([at - half, at + half], dim=1)
    limits = torch.tensor([columns, rows, columns, rows], dtype=torch.float32)
    cut = torch.minimum(full.clamp(min=0), limits)
    return cut, area(cut) / area(full).clamp(min=1e-6)


def area(boxes: Tensor) -> Tensor:
    """The area of boxes given by their corners; none where they are turned inside out."""
    return (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)


def _as_another_plate(unit: Tensor, rng: np.random.Generator) -> Tensor:
    """Exposure, contrast, sharpness and noise as another machine would have them."""
    unit = unit ** math.exp(rng.normal(0, 0.3))
    unit = (unit - 0.5) * math.exp(rng.normal(0, 0.15)) + 0.5 + rng.normal(0, 0.06)
    if rng.random() < 0.35:
        factor = rng.uniform(0.4, 0.9)
        small = functional.interpolate(
            unit[None, None], scale_factor=factor, mode="bilinear", antialias=True
        )
        unit = functional.interpolate(small, size=unit.shape, mode="bilinear")[0, 0]
    if rng.random() < 0.3:
        noise = rng.standard_normal(tuple(unit.shape), dtype=np.float32)
        unit = unit + torch.from_numpy(noise) * rng.uniform(0, 0.04)
    return unit.clamp(0, 1)
