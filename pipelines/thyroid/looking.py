"""Has the model look at frames of a loop, and counts those it is not shown, with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from models.thyroid.sector import Sector
from models.thyroid.sight import Sight, seen
from pipelines.contract import Raster, Rejected
from pipelines.thyroid.quality import quality, sharpness, small
from pipelines.thyroid.viewing import Outline, Place, View
from pipelines.ultrasound import Frame, Loop, Region, frames, kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.opinion import Candidate, Model, Opinion

MOST_OUTLINES = 4
"""Of one picture, the largest."""
LEAST_PART = 0.25
"""Pictures in a frame that are smaller than this share of its largest one are not looked at."""
MOST_PARTS = 2
MOST_UNREAD = 3
"""After so many frames that cannot be read, a loop is given up."""
NO_ECHOES = "no ultrasound image is to be found in it"
_MAP_SIDE = 320
"""The longer side of a map that is kept: what spoke for a judgement is coarse anyway."""


@dataclass(kw_only=True)
class Looked:
    """What came of looking at a loop."""

    loop: Loop
    number: int
    """Of the loop within the study, counted from 1."""
    asked: int
    """How many of its frames were to be looked at."""
    views: list[View] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """How many frames were not judged, by the reason."""
    unread: int = 0
    """How many frames could not be read, with the first reason."""
    why_unread: str = ""
    remarks: dict[str, None] = field(default_factory=dict)

    @property
    def why_none(self) -> str:
        """Why none of its frames is judged."""
        reasons = [*self.left_out, *([self.why_unread] if self.unread else [])]
        return "; ".join(dict.fromkeys(reason.rstrip(".") for reason in reasons))


def look(
    model: Model, loop: Loop, number: int, numbers: Sequence[int], step: Callable[[], None]
) -> Looked:
    """Look at these frames of a loop; `step` is called before each."""
    looked = Looked(loop=loop, number=number, asked=len(numbers))
    for at, frame in _read(looked, numbers, step):
        looked.remarks |= dict.fromkeys(frame.remarks)
        if reason := kind(frame):
            looked.left_out[reason] += 1
            continue
        parts = _parts(frame)
        opinions = [(part, sight, model.look(sight.grey)) for part, sight in parts]
        refused = [opinion.refused for _, _, opinion in opinions if opinion.refused]
        if len(refused) == len(opinions):
            looked.left_out[refused[0] if refused else NO_ECHOES] += 1
        looked.views += (
            _view(looked, frame, Place(loop=number, part=count, frame=at), region, sight, opinion)
            for count, (region, sight, opinion) in enumerate(opinions, start=1)
            if not opinion.refused
        )
    return looked


def _read(
    looked: Looked, numbers: Sequence[int], step: Callable[[], None]
) -> Iterator[tuple[int, Frame]]:
    """The frames that can be read; one that cannot is counted, and those after it asked for."""
    left = list(numbers)
    while left and looked.unread < MOST_UNREAD:
        reading = frames(looked.loop, list(left))
        try:
            while left:
                step()
                frame = next(reading)
                yield left.pop(0), frame
        except Rejected as error:
            left.pop(0)
            looked.unread += 1
            looked.why_unread = looked.why_unread or str(error)
    looked.unread += len(left)


def _parts(frame: Frame) -> list[tuple[Region | None, Sight]]:
    """The pictures in a frame, from the left, each cut out; none where there are no echoes."""
    if not frame.regions:
        sight = seen(frame.picture)
        return [(None, sight)] if sight else []
    largest = max(map(_area, frame.regions))
    large = [one for one in frame.regions if _area(one) >= LEAST_PART * largest][:MOST_PARTS]
    cut = [(one, seen(frame.picture, Sector(*one.sector))) for one in sorted(large, key=_left)]
    return [(region, sight) for region, sight in cut if sight]


def _area(region: Region) -> int:
    top, left, bottom, right = region.sector
    return (bottom - top) * (right - left)


def _left(region: Region) -> tuple[int, int]:
    return region.sector[1], region.sector[0]


def _view(
    looked: Looked, frame: Frame, place: Place, region: Region | None, sight: Sight, said: Opinion
) -> View:
    found = [_outline(one, said, sight) for one in said.candidates if one.mask is not None]
    map_of = said.activation
    return View(
        place=place,
        frames=looked.loop.count,
        reference=frame.reference,
        laterality=looked.loop.laterality,
        spacing=region.spacing if region else None,
        outlines=tuple([one for one in found if one.pixels][:MOST_OUTLINES]),
        probability=round(said.probability, 4),
        doubts=said.doubts,
        activation=None if map_of is None else over_frame(sight, map_of),
        why_no_activation=said.why_no_activation,
        gated=said.strangeness is not None,
        quality=quality(sight.grey),
        sharpness=sharpness(sight.grey),
        small=small(sight.grey),
    )


def _outline(one: Candidate, said: Opinion, sight: Sight) -> Outline:
    mask = np.zeros(sight.grey.shape, np.bool_) if one.mask is None else one.mask
    pixels = int(mask.sum())
    return Outline(
        raster=Raster.of(sight.over_picture(mask)),
        pixels=pixels,
        share=pixels / mask.size,
        score=round(one.score, 4),
        probability=round(said.probability if one.probability is None else one.probability, 4),
        features=dict(one.features),
    )


def over_frame(sight: Sight, part: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map over what the model was shown as one over the whole frame, made small."""
    rows, columns = sight.grey.shape
    if part.shape != (rows, columns):
        stretched = Image.fromarray(part).resize((columns, rows), Image.Resampling.BILINEAR)
        part = np.asarray(stretched, np.float32)
    whole = sight.over_picture(part)
    scale = min(1.0, _MAP_SIDE / max(whole.shape))
    size = max(1, round(whole.shape[1] * scale)), max(1, round(whole.shape[0] * scale))
    made = Image.fromarray(whole).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(made, np.float32).clip(0, 1)
