"""The nodules of a study: how likely each is suspicious, and what that makes of the study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean

from pipelines.contract import Presence, Side
from pipelines.thyroid.choosing import Choice
from pipelines.thyroid.measuring import Size, measured
from pipelines.thyroid.tracking import Track
from pipelines.thyroid.viewing import Sighting, View


@dataclass(frozen=True, kw_only=True, eq=False)
class Nodule:
    """A nodule on the kept frames; where none is outlined, a kept frame as a whole."""

    number: int
    """From 1, the gravest first; 0: nothing is outlined."""
    sightings: tuple[Sighting, ...]
    """On kept frames, in their order."""
    followed: int
    """On so many frames it was seen."""
    threshold: float

    @cached_property
    def judged(self) -> tuple[Sighting, ...]:
        """Those that the judgement is made of: on pictures in no doubt, as far as there are any."""
        sure = tuple(one for one in self.sightings if not one.view.doubts)
        return sure or self.sightings

    @cached_property
    def probability(self) -> float:
        """The mean over its frames, rounded to what is the same with any number of threads."""
        return round(fmean(one.probability for one in self.judged), 4)

    @property
    def suspected(self) -> bool:
        """Whether the probability alone would make it suspicious."""
        return self.probability >= self.threshold

    @cached_property
    def doubts(self) -> tuple[str, ...]:
        """Why the judgement is not to be trusted; none: it is."""
        return tuple(dict.fromkeys(doubt for one in self.judged for doubt in one.view.doubts))

    @property
    def presence(self) -> Presence:
        """Whether there is something suspicious."""
        if self.doubts:
            return Presence.INDETERMINATE
        return Presence.PRESENT if self.suspected else Presence.ABSENT

    @property
    def because(self) -> str:
        """Why it is indeterminate; empty where it is not."""
        return " ".join(self.doubts)

    @cached_property
    def sized(self) -> tuple[Sighting, Size] | None:
        """Where it is largest, in mm if any frame of it is calibrated, and how large."""
        sizes = [
            (one, measured(one.outline.raster, one.view.spacing))
            for one in self.judged
            if one.outline
        ]
        return max(sizes, key=lambda one: (one[1].unit == "mm", one[1].area), default=None)

    @property
    def leading(self) -> Sighting:
        """The sighting that shows it best."""
        return self.sized[0] if self.sized else self.judged[0]

    @property
    def features(self) -> dict[str, float]:
        """What else is seen of it, by name: the mean over the frames that all have it."""
        seen = [one.outline.features for one in self.judged if one.outline]
        names = [name for name in seen[0] if all(name in one for one in seen)] if seen else []
        return {name: round(fmean(one[name] for one in seen), 4) for name in names}

    @property
    def laterality(self) -> Side | None:
        """The side, where all its frames say the same."""
        sides = {one.view.laterality for one in self.sightings}
        return sides.pop() if len(sides) == 1 else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """What the model's looks come to."""

    nodules: tuple[Nodule, ...]
    """The gravest first; at least one, see `Nodule`."""
    choice: Choice
    looked: int
    """At so many frames."""
    unread: int
    """So many images could not be read at all."""

    @property
    def lead(self) -> Nodule:
        """The nodule that speaks for the study."""
        return self.nodules[0]

    @property
    def outlined(self) -> tuple[Nodule, ...]:
        """Nodules that have an outline, which is all or none."""
        return tuple(nodule for nodule in self.nodules if nodule.number)

    @property
    def verdict(self) -> tuple[Presence, str]:
        """The judgement on the study and why; what was not seen cannot be called absent."""
        if self.lead.presence is Presence.ABSENT and self.unread:
            images = "An image" if self.unread == 1 else f"{self.unread} images"
            return Presence.INDETERMINATE, f"{images} of the study could not be read."
        return self.lead.presence, self.lead.because

    @property
    def single(self) -> bool:
        """Whether the study's probability is that of one outline: nothing was chosen or averaged.

        The highest of several is too high for all of them, and a mean is no longer calibrated.
        """
        one = len(self.nodules) == 1 and len(self.lead.judged) == 1
        return one and not self.choice.beside and not self.unread


def judged(choice: Choice, threshold: float, looked: int, unread: int = 0) -> Judged:
    """Judge every nodule on the kept frames, or else those frames, and put the gravest first."""
    made = [_nodule(track, choice.views, threshold) for track in choice.tracks]
    if not made:
        wholes = (Sighting(view=view, outline=None) for view in choice.views)
        made = [
            Nodule(number=0, sightings=(one,), followed=0, threshold=threshold) for one in wholes
        ]
    order = {Presence.PRESENT: 0, Presence.INDETERMINATE: 1, Presence.ABSENT: 2}
    made.sort(key=lambda nodule: (order[nodule.presence], -nodule.probability))
    if choice.tracks:
        made = [replace(nodule, number=number) for number, nodule in enumerate(made, start=1)]
    return Judged(nodules=tuple(made), choice=choice, looked=looked, unread=unread)


def _nodule(track: Track, kept: Sequence[View], threshold: float) -> Nodule:
    places = {view.place for view in kept}
    on = tuple(one for one in track if one.view.place in places)
    return Nodule(number=1, sightings=on, followed=len(track), threshold=threshold)
