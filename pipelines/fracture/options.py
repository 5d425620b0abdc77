"""What a site may say of the fracture pipeline: `[pipelines.fracture.options]`.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Options:
    """The options with their defaults."""

    model: str = "fracture"
    """Which entry of the registry judges: `dicom-node models list`."""
    operating_point: str = ""
    """Which of the thresholds on the model's card holds; empty: the card's own choice."""
    threshold: Share | None = None
    """From which probability a fracture is called present, in place of an operating point."""
    alert_threshold: Share | None = None
    """From which probability somebody is told at once; by default the card's `specificity-0.99`,
    and without one there are no alerts."""
    unknown_age: Literal["indeterminate", "note"] = "indeterminate"
    """What is made of a patient whose age nobody states: the model was not taught to tell children
    from adults."""
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    """Processor threads for one picture; 0: as torch chooses."""


_OPTIONS = TypeAdapter(Options)


def read(options: Mapping[str, Any]) -> Options:
    """The options of a site; a ValueError says which is wrong."""
    try:
        return _OPTIONS.validate_python(dict(options))
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    known = ", ".join(Options.__dataclass_fields__)
    said = []
    for one in error.errors(include_url=False):
        name = ".".join(map(str, one["loc"]))
        unknown = one["type"] == "unexpected_keyword_argument"
        said.append(
            f"there is no option {name}; there are {known}" if unknown else f"{name}: {one['msg']}"
        )
    return "; ".join(said) + "."
