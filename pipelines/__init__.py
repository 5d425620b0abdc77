"""The tasks: each is shown a study and returns findings.

`BUILT_IN` is the list of ours; a third party adds one with an entry point in the group
`dicom_node.pipelines` and no change here. Nothing is imported until it is asked for, so that
the router and the command line stay light and each worker loads one framework only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.contract import Framework, Pipeline

GROUP = "dicom_node.pipelines"
"""The entry points by which others add theirs."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A pipeline that can be routed to, known without importing it."""

    name: str
    version: str
    framework: Framework
    source: str
    """Where its class is: `module:Class`."""
    options: str = ""
    """What reads the options of one of ours that takes any: `module:callable`, raising ValueError;
    its module imports no framework and no numpy, as the node reads them before it starts."""
    results: tuple[str, ...] = ("sr",)
    """The kinds of results that are sent where neither the route nor the peer names any."""
    error: str | None = None
    """Why it cannot be used, where it cannot: routes to it are not followed."""

    def make(self) -> Pipeline:
        """Import the class and make one."""
        pipeline: Pipeline = _find(self.source)()
        return pipeline


_PICTURES = ("sr", "overlay", "presentation", "seg", "heatmap", "key-objects", "report")

BUILT_IN: tuple[Installed, ...] = (
    Installed(
        name="intake-check",
        version="1.0.0",
        framework="none",
        source="pipelines.intake_check:IntakeCheck",
    ),
    Installed(
        name="fracture",
        version="1.0.0",
        framework="torch",
        source="pipelines.fracture.pipeline:Fracture",
        options="pipelines.fracture.options:read",
        results=_PICTURES,
    ),
    Installed(
        name="thyroid",
        version="1.0.0",
        framework="tensorflow",
        source="pipelines.thyroid.pipeline:Thyroid",
        options="pipelines.thyroid.options:read",
        results=_PICTURES,
    ),
)


def check(name: str, options: Mapping[str, Any]) -> None:
    """Raise ValueError where the options of one of ours are wrong; another's only it can judge."""
    if name in entry_points(group=GROUP).names:
        return
    for pipeline in BUILT_IN:
        if pipeline.name == name:
            (_find(pipeline.options) if pipeline.options else _refuse)(options)


def configure(pipeline: Pipeline, options: Mapping[str, Any], models: Path) -> None:
    """Tell a new pipeline what the site says of it; a ValueError says what is wrong with that."""
    from pipelines.contract import Configurable

    if isinstance(pipeline, Configurable):
        pipeline.configure(options, models)
    else:
        _refuse(options)


def problems(pipeline: Pipeline) -> list[str]:
    """Why its `load` would fail, in sentences, as far as a configured pipeline can tell."""
    from pipelines.contract import Checkable

    return list(pipeline.problems()) if isinstance(pipeline, Checkable) else []


def installed() -> dict[str, Installed]:
    """Every pipeline by name: ours, then those that entry points add, broken ones included."""
    found = {pipeline.name: pipeline for pipeline in BUILT_IN}
    for point in entry_points(group=GROUP):
        found[point.name] = _added(point)
    return found


def _added(point: EntryPoint) -> Installed:
    """What an entry point adds; where it cannot be imported, that it cannot."""
    try:
        made = point.load()
        return Installed(
            name=point.name,
            version=made.version,
            framework=made.framework,
            source=point.value,
            results=tuple(getattr(made, "results", ("sr",))),
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may raise anything
        why = f"{type(error).__name__}: {error}"
        return Installed(
            name=point.name, version="?", framework="none", source=point.value, error=why
        )


def _find(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def _refuse(options: Mapping[str, Any]) -> None:
    if options:
        raise ValueError(f"The pipeline takes no options, and is given {', '.join(options)}.")
