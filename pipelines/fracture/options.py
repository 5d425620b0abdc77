"""What a site may say of the fracture pipeline, `[pipelines.fracture.options]`, and what then is.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass as plain
from typing import TYPE_CHECKING, Any, Literal

from pydantic.dataclasses import dataclass

from pipelines import choices

if TYPE_CHECKING:
    from models.registry.card import Card

UnknownAge = Literal["indeterminate", "note"]


@dataclass(frozen=True, kw_only=True, config=choices.STRICT)
class Options(choices.Choices):
    """The options with their defaults."""

    model: str = "fracture"
    unknown_age: UnknownAge = "indeterminate"
    """What is made of a patient whose age nobody states: the model was not taught to tell children
    from adults."""


def read(options: Mapping[str, Any]) -> Options:
    """The options of a site; a ValueError says which is wrong."""
    return choices.checked(Options, options)


@plain(frozen=True, kw_only=True)
class Rules(choices.Rules):
    """By which the radiographs of a study are judged."""

    unknown_age: UnknownAge

    def to_dict(self) -> dict[str, str]:
        """The rules as a report names them."""
        return {**super().to_dict(), "unknown_age": self.unknown_age}


def rules(options: Options, card: Card) -> Rules:
    """What holds for a model; a ValueError says that it has no such operating point."""
    return Rules(**vars(choices.rules(options, card)), unknown_age=options.unknown_age)
