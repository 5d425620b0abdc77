"""What a site may choose of a pipeline that asks a model: thresholds, and what is wrong with them.

No framework is imported here: the node reads options before it starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

if TYPE_CHECKING:
    from models.registry.card import Card

ALERT = "specificity-0.99"
"""The operating point of the card from which on somebody is told, unless the site says another."""
SITE = "site"
"""In place of an operating point's name where the threshold is the site's own."""


def _number(value: Any) -> Any:
    """Pydantic would take true for 1."""
    if isinstance(value, bool):
        raise ValueError("true and false are no numbers")  # noqa: TRY004 - pydantic's way to say it
    return value


NUMBER = BeforeValidator(_number)
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), NUMBER]
Threads = Annotated[int, Field(ge=0, le=256), NUMBER]


def threshold(card: Card, operating_point: str, own: float | None) -> tuple[float, str]:
    """From which probability on something is present, and what that is called.

    A ValueError says that the model has no such operating point.
    """
    point = operating_point or card.operating_point
    if point not in card.thresholds:
        known = ", ".join(card.thresholds)
        raise ValueError(f"The model {card.name} has no operating point {point}; it has {known}.")
    return (card.thresholds[point], point) if own is None else (own, SITE)


def alert_from(card: Card, own: float | None) -> float | None:
    """From which probability on somebody is told; None: never."""
    return card.thresholds.get(ALERT) if own is None else own


def sentence(error: ValidationError, known: Iterable[str]) -> str:
    """Every option that is wrong, for a person who wrote them."""
    said = []
    for one in error.errors(include_url=False):
        name = ".".join(map(str, one["loc"]))
        unknown = one["type"] == "unexpected_keyword_argument"
        told = one["msg"].removeprefix("Value error, ")
        if unknown and len(one["loc"]) == 1:
            said.append(f"there is no option {name}; there are {', '.join(known)}")
        else:
            said.append(f"{name}: {'there is no such option' if unknown else told}")
    return "; ".join(said) + "."
