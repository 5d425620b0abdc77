"""The tasks: each is shown a study and returns findings.

`BUILT_IN` is the list of ours; a third party adds one with an entry point in the group
`dicom_node.pipelines` and no change here. Nothing is imported until it is asked for, so that
the router and the command line stay light and each worker loads one framework only.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.contract import Framework, Pipeline


@dataclass(frozen=True, kw_only=True)
class Installed:
    """A pipeline that can be routed to, known without importing it."""

    name: str
    version: str
    framework: Framework
    source: str
    """Where its class is: `module:Class`."""
    error: str | None = None
    """Why it cannot be used, where it cannot: routes to it are not followed."""

    def make(self) -> Pipeline:
        """Import the class and make one."""
        module, _, attribute = self.source.partition(":")
        pipeline: Pipeline = getattr(import_module(module), attribute)()
        return pipeline


BUILT_IN: tuple[Installed, ...] = (
    Installed(
        name="intake-check",
        version="1.0.0",
        framework="none",
        source="pipelines.intake_check:IntakeCheck",
    ),
)


def installed() -> dict[str, Installed]:
    """Every pipeline by name: ours, then those that entry points add, broken ones included."""
    found = {pipeline.name: pipeline for pipeline in BUILT_IN}
    for point in entry_points(group="dicom_node.pipelines"):
        found[point.name] = _added(point)
    return found


def _added(point: EntryPoint) -> Installed:
    """What an entry point adds; where it cannot be imported, that it cannot."""
    try:
        made = point.load()
        return Installed(
            name=point.name, version=made.version, framework=made.framework, source=point.value
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may raise anything
        why = f"{type(error).__name__}: {error}"
        return Installed(
            name=point.name, version="?", framework="none", source=point.value, error=why
        )
