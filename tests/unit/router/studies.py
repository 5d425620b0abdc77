"""Studies for the router's tests: headers only, and no file behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.contract import Instance, Series, Study
from pipelines.router import Decision, decide
from pipelines.router.evidence import KEYWORDS

CT = "1.2.840.10008.5.1.4.1.1.2"
NOWHERE = Path("/nowhere/at/all.dcm")
INSTALLED: dict[str, object] = {"intake-check": object(), "fracture": object(), "lung": object()}


def instance(uid: str = "1.2.3.1.1", *, path: Path = NOWHERE, **header: Any) -> Instance:
    """An instance that the index knows as it is given; what tells body parts is empty if not."""
    return Instance(
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        TransferSyntaxUID="1.2.840.10008.1.2.1",
        path=path,
        header=dict.fromkeys(KEYWORDS) | header,
    )


def series(uid: str, *headers: dict[str, Any]) -> Series:
    """A series with an instance for each header."""
    return Series(
        SeriesInstanceUID=uid,
        instances=tuple(instance(f"{uid}.{n}", **header) for n, header in enumerate(headers, 1)),
    )


def study(*parts: Series) -> Study:
    """A study of these series."""
    return Study(StudyInstanceUID="1.2.3", revision=1, series=parts)


def single(**header: Any) -> Study:
    """A study with one instance."""
    return study(series("1.2.3.1", header))


def route(name: str = "a route", **given: Any) -> dict[str, Any]:
    """A route to the check of every study."""
    return {"name": name, "pipelines": ["intake-check"], "send_to": ["pacs"], **given}


def decided(what: Study, *routes: dict[str, Any]) -> Decision:
    """What the routes say of the study with all of our pipelines installed."""
    return decide(what, routes, INSTALLED)


def matches(when: dict[str, Any], **header: Any) -> bool:
    """Whether a route with this condition takes a study of one instance with this header."""
    return decided(single(**header), route(when=when)).routes[0].matched
