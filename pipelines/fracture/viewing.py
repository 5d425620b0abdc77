"""One view of the study: what was read, what the model says of it, and why that may be unsafe."""

from __future__ import annotations

from dataclasses import dataclass

from models.opinion import Opinion
from pipelines.contract import Box, Presence
from pipelines.radiographs import Radiograph, from_square

MOST_REGIONS = 4
LEAST_OF_BEST = 0.5
"""Candidates below this share of the best one's score are not shown."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A radiograph with the model's opinion of it."""

    number: int
    """Counted from 1, in the order of the study."""
    radiograph: Radiograph
    opinion: Opinion
    threshold: float
    doubts: tuple[str, ...]

    @property
    def probability(self) -> float | None:
        """That there is a fracture; None where the model refuses the picture, as it means nothing.

        Rounded to what is the same on every machine and with any number of threads.
        """
        return None if self.opinion.refused else round(self.opinion.probability, 4)

    @property
    def suspected(self) -> bool:
        """Whether the probability alone would make it a fracture."""
        return self.probability is not None and self.probability >= self.threshold

    @property
    def presence(self) -> Presence:
        """The judgement on this view."""
        if self.doubts:
            return Presence.INDETERMINATE
        return Presence.PRESENT if self.suspected else Presence.ABSENT

    @property
    def because(self) -> str:
        """Why it is indeterminate; empty where it is not."""
        return " ".join(self.doubts)

    def boxes(self) -> list[tuple[Box, float]]:
        """Where the fracture may be, with scores, best first; nothing where none is suspected."""
        if not self.suspected or not self.opinion.candidates:
            return []
        best = self.opinion.candidates[0].score
        shown = self.opinion.candidates[:MOST_REGIONS]
        return [
            (self._box(one.left, one.top, one.right, one.bottom), round(one.score, 4))
            for one in shown
            if one.score >= LEAST_OF_BEST * best
        ]

    def _box(self, left: float, top: float, right: float, bottom: float) -> Box:
        """In hundredths of a pixel of the frame, for the same reason."""
        left, top = (round(at, 2) for at in from_square(self.radiograph, left, top))
        right, bottom = (round(at, 2) for at in from_square(self.radiograph, right, bottom))
        on = self.radiograph.reference
        return Box(on=on, left=left, top=top, right=right, bottom=bottom)
