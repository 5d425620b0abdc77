"""The card of a model: what it is, what it takes, and what its outputs mean.

A card is the file `card.json` beside the weights. Every field is checked, unknown ones are
refused, and nothing about a model is assumed that its card does not say.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models.registry.errors import RegistryError
from models.registry.known import FRAMEWORKS, TASKS

CARD = "card.json"
MEANING = (
    *("input", "output", "labels", "positive", "thresholds", "operating_point", "calibration"),
    "settings",
)
"""The fields that decide, with the weights, what is said of a picture."""

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^\S(.*\S)?$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""Also the name of a folder: no capitals, as some file systems do not tell them apart."""
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
SHA256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Side = Annotated[int, Field(ge=16, le=8192)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Above0 = Annotated[Finite, Field(gt=0)]
Probability = Annotated[Finite, Field(ge=0, le=1)]


def _different(labels: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(labels)) != len(labels):
        raise ValueError("a label is there twice")
    return labels


def _one_of(known: Iterable[str]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"{name} is not known; known are {', '.join(known)}")
        return name

    return AfterValidator(check)


Output = Literal["logits", "probabilities"]
Labels = Annotated[tuple[Line, ...], Field(min_length=1), AfterValidator(_different)]
_STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Input:
    """What a picture has to be made into before the model sees it."""

    aspect: Literal["padded", "kept", "stretched"]
    """"padded": fitted into width x height and filled up with black; "kept": its longer side
    brought to `longest` and filled up to `multiple` only; "stretched": made width x height whatever
    its shape, for weights that have learned pictures so and no others."""
    range: Literal["depth", "quantiles"] = "depth"
    """What becomes 0 and 1. "depth": black and white of the stored depth; "quantiles": the 0.5 %
    and the 99.5 % quantile of the picture itself, once it is scaled; what lies beyond is cut."""
    channels: Literal[1, 3] = 3
    """3: the grey picture three times."""
    mean: tuple[Finite, ...]
    """Taken from each channel, whose values are 0 to 1 ..."""
    std: tuple[Above0, ...]
    """... before it is divided by this."""
    width: Side | None = None
    height: Side | None = None
    longest: Side | None = None
    multiple: Annotated[int, Field(ge=1, le=256)] = 32

    def __post_init__(self) -> None:
        if len(self.mean) != self.channels or len(self.std) != self.channels:
            raise ValueError(f"mean and std need {self.channels} values each, one for a channel")
        sides = self.width is not None and self.height is not None
        neither = self.width is None and self.height is None
        if self.aspect != "kept" and not (sides and self.longest is None):
            raise ValueError(f'the aspect "{self.aspect}" needs width and height, and no longest')
        if self.aspect == "kept" and not (neither and self.longest is not None):
            raise ValueError('the aspect "kept" needs longest, and neither width nor height')


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Calibration:
    """Makes a probability of the logit of the positive label.

    That is sigmoid(logit / temperature + bias + views * ln(n)), where n is the number of views of
    which this is the highest logit: one where a single picture is judged. The logit is the label's
    output less the logarithm of the others' summed exponentials.
    """

    temperature: Above0 = 1.0
    bias: Finite = 0.0
    views: Finite = 0.0
    """0: that a logit is the highest of several changes nothing."""

    def probability(self, logit: float, views: int = 1) -> float:
        """What a logit, the highest of so many views, is worth; neither end overflows."""
        total = logit / self.temperature + self.bias + self.views * math.log(views)
        return 0.5 * (1.0 + math.tanh(0.5 * total))


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class File:
    """A file of weights beside the card."""

    name: FileName
    sha256: SHA256


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Source:
    """Where the weights were taken from, and what their SHA-256 was there."""

    address: Line
    sha256: SHA256


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Card:
    """Everything that is known about a model without loading it."""

    name: Name
    version: Line
    task: Annotated[Name, _one_of(TASKS)]
    framework: Annotated[Name, _one_of(FRAMEWORKS)]
    architecture: Line
    """A name that `known.ARCHITECTURES` has; a description where the files carry theirs."""
    files: Annotated[tuple[File, ...], Field(min_length=1)]
    licence: Line
    data: Text
    """What it was trained on."""
    input: Input
    output: Output = "logits"
    labels: Labels
    """The outputs in their order."""
    positive: Line
    """Which label is the finding."""
    thresholds: Annotated[Mapping[Name, Probability], Field(min_length=1)]
    """Operating points: from which calibrated probability on the finding is called present."""
    operating_point: Name
    """Which of them holds where the site chooses none."""
    calibration: Calibration | None = None
    """None: the probabilities are what the training left."""
    metrics: Mapping[str, Any] = Field(default_factory=dict)
    """Measured figures, with their intervals and on what."""
    limits: tuple[Text, ...] = ()
    """What it cannot do or was never tried on."""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    """Numbers that an architecture of our own needs besides its weights."""
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.positive not in self.labels:
            raise ValueError(f"positive is {self.positive}, which is none of the labels")
        if self.operating_point not in self.thresholds:
            raise ValueError(f"operating_point is {self.operating_point}, which has no threshold")
        names = [file.name for file in self.files]
        if CARD in names or len(set(names)) != len(names):
            raise ValueError("files names a file twice, or the card itself")

    @property
    def digest(self) -> str:
        """One digest over all weights: what `sha256sum FILE... | sha256sum` says of them."""
        lines = sorted((file.name, f"{file.sha256}  {file.name}\n") for file in self.files)
        return hashlib.sha256("".join(line for _, line in lines).encode()).hexdigest()

    @property
    def meaning_digest(self) -> str:
        """One digest over the fields in `MEANING`, in whatever order they are written.

        What has its default is left out, so that a field that is new to the program leaves the
        digests of older cards as they are.
        """
        told = _CARD.dump_python(self, mode="json", include=set(MEANING), exclude_defaults=True)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @property
    def threshold(self) -> float:
        """The threshold of the operating point that holds unless the site chooses another."""
        return self.thresholds[self.operating_point]

    @property
    def index(self) -> int:
        """Where the positive label stands among the outputs."""
        return self.labels.index(self.positive)

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON carries it."""
        found: dict[str, Any] = _CARD.dump_python(self, mode="json", exclude_none=True)
        return found


_CARD = TypeAdapter(Card)


def read(path: Path) -> Card:
    """The card in a file; raises `RegistryError` with everything that is wrong with it."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RegistryError(f"{path}: the card cannot be read: {error.strerror}.") from None
    try:
        return _CARD.validate_json(text)
    except ValidationError as error:
        raise RegistryError(f"{path}: {wrong(error)}") from None


def made(fields: Mapping[str, Any]) -> Card:
    """The card with these fields; raises `RegistryError` with everything that is wrong."""
    try:
        return _CARD.validate_json(json.dumps(fields))
    except ValidationError as error:
        raise RegistryError(f"The card is wrong: {wrong(error)}") from None


def wrong(error: ValidationError) -> str:
    """What pydantic has to say, in one sentence for each field."""
    found = []
    for one in error.errors(include_url=False):
        at = ".".join(str(part) for part in one["loc"])
        told = {"unexpected_keyword_argument": "there is no such field"}.get(
            one["type"], one["msg"].removeprefix("Value error, ")
        )
        found.append(f"{at}: {told}" if at else told)
    return "; ".join(found) + "."
