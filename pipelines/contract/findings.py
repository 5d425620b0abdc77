"""Everything a pipeline may say about a study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from pipelines.contract import plain
from pipelines.contract.pictures import HeatMap, Rendered
from pipelines.contract.records import Record, in_order
from pipelines.contract.regions import Region
from pipelines.contract.words import Concept, Reference, Site, is_line


class Severity(StrEnum):
    """How much a note matters to the person who reads it."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Note(Record):
    """Something about the quality of the study, in one sentence."""

    code: str
    """A short name that stays the same over versions, for machines: `geometry-gap`."""
    severity: Severity
    text: str
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(is_line(self.code) and self.code.isascii(), "a note's code is a name in ASCII")


@dataclass(frozen=True, kw_only=True)
class Refusal(Record):
    """'Not processed, because ...': of what, and the reason."""

    of: str
    because: str
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Measurement(Record):
    """A number with a UCUM unit and what it is a measure of."""

    name: str
    value: float
    unit: str
    references: tuple[Reference, ...] = ()
    concept: Concept | None = None
    """The coded word for the name, where there is one."""
    region: str = ""
    """The tracking name of the region that was measured."""

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(math.isfinite(self.value), "a measurement is a finite number")
        in_order(is_line(self.name), "a measurement has a name of one line")
        in_order(
            not self.unit or (is_line(self.unit) and self.unit.isascii() and " " not in self.unit),
            "a unit is a code of UCUM",
        )
        in_order(len(self.unit) <= 64, "a unit has at most 64 characters")


class Presence(StrEnum):
    """Whether something is there."""

    PRESENT = "present"
    ABSENT = "absent"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, kw_only=True)
class Classification(Record):
    """A judgement: something is present or absent, or belongs to a class, and how sure that is."""

    name: Concept
    """What was looked for, or judged."""
    value: Presence | Concept
    tracking: str = ""
    """Its name within the study, the same in every revision; the concept's meaning if empty."""
    probability: float | None = None
    """Of the name being present, or of the class being this one; from 0 to 1."""
    calibrated: bool = False
    """Whether that many of a hundred cases with this probability really are so."""
    threshold: float | None = None
    """The probability from which it counts as present."""
    notable: bool | None = None
    """Whether somebody should look at it; None: a presence is, and so is a class, unless its code
    is one of the standard's for absent, negative or normal."""
    because: str = ""
    """Why it is indeterminate, or what the judgement rests on."""
    references: tuple[Reference, ...] = ()
    region: str = ""
    """The tracking name of the region that is judged."""
    site: Site | None = None
    """Where in the body it was looked for, found or not; of a region's judgement, the region says
    that."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for number in (self.probability, self.threshold):
            in_order(number is None or 0 <= number <= 1, "probabilities are between 0 and 1")
        in_order(not (self.region and self.site), "a region's judgement has the region's site")

    @property
    def says(self) -> str:
        """The judgement in words: 'Fracture: present in left wrist joint'."""
        where = f" in {self.site.says}" if self.site else ""
        value = self.value.meaning if isinstance(self.value, Concept) else self.value.value
        return f"{self.name.meaning}: {value}{where}"


@dataclass(frozen=True, kw_only=True)
class Algorithm(Record):
    """Who says so: what ran, in which version, with which weights."""

    name: str
    version: str
    digest: str | None = None
    """Of its weights."""
    vendor: str = ""
    card: str = ""
    """Where its model card is."""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "parameters", plain.frozen(self.parameters))
        names = (self.name, self.version, self.vendor or "none")
        in_order(all(map(is_line, names)), "an algorithm has a name and a version of one line")


@dataclass(frozen=True, kw_only=True)
class Findings(Record):
    """Everything one run of a pipeline has to say about a study."""

    algorithm: Algorithm
    summary: str
    """One or two sentences a person reads first."""
    sources: tuple[Reference, ...]
    """Every instance that was looked at."""
    alert: str = ""
    """Why somebody should look at the study now, in one sentence without patient data: what is left
    to do for the study goes first, and the configured notice is sent. Empty: no alert."""
    recommendation: str = ""
    risk: Concept | None = None
    """How urgent or grave it is, as a word of a code: High, Moderate, Low, ..."""
    limits: str = ""
    """What the result is not good for."""
    notes: tuple[Note, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    classifications: tuple[Classification, ...] = ()
    regions: tuple[Region, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    heatmaps: tuple[HeatMap, ...] = ()
    pictures: tuple[Rendered, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        in_order(not self.alert or is_line(self.alert), "an alert is a sentence of one line")
        names = [region.tracking for region in self.regions]
        in_order(len(set(names)) == len(names), "each region has a name of its own")
        said = {number.region for number in self.measurements}
        said |= {judgement.region for judgement in self.classifications}
        in_order(said <= {"", *names}, "what is said of a region names one that is there")

    def references(self) -> Iterator[Reference]:
        """Every place where a source is named, as often as it is."""
        yield from self.sources
        said: tuple[Note | Refusal | Classification | Measurement, ...] = (
            *self.notes,
            *self.refusals,
            *self.classifications,
            *self.measurements,
        )
        for item in said:
            yield from item.references
        for region in self.regions:
            yield from (shape.on for shape in region.shapes)
        yield from (heatmap.on for heatmap in self.heatmaps)
        yield from (picture.of for picture in self.pictures)

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain values that JSON can hold; nothing is lost."""
        made: dict[str, Any] = plain.dump(self)
        return made

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """The findings that `to_dict` gave, or raise ValueError saying what is wrong where."""
        made: Self = plain.load(cls, told)
        return made
