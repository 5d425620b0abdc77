"""The templates of the pages and the words they are filled with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway import words

_HERE = Path(__file__).parent
STATIC = _HERE / "static"

_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "ago": words.ago,
    "clock": words.clock,
    "iso": words.iso,
    "many": words.many,
    "short_uid": words.short_uid,
}


def render(template: str, **values: Any) -> str:
    """A page from its template; every value is escaped."""
    return _environment.get_template(template).render(values)
