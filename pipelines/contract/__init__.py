"""What a pipeline sees and what it gives back.

A pipeline is small: it is shown a `Study` and returns `Findings`. It knows no PACS, no
database and no structured report:

    class Fracture:
        name, version = "fracture", "1.0.0"
        framework = "torch"

        def accepts(self, series: Series) -> Verdict: ...
        def load(self, device: str) -> None: ...
        def run(self, study: Study, report: Progress) -> Findings: ...

Where a site can tell it something, it has a `configure` as well (`Configurable`); where it can
tell beforehand why `load` would fail, `problems` (`Checkable`); where it makes other kinds of
results than a report by default, `results` names them.
"""

from pipelines.contract.findings import (
    Algorithm,
    Classification,
    Findings,
    Measurement,
    Note,
    Presence,
    Refusal,
    Severity,
)
from pipelines.contract.numbers import percent
from pipelines.contract.pictures import HeatMap, Raster, Rendered
from pipelines.contract.regions import Box, Contour, Mask, Polygon, Region, Shape
from pipelines.contract.study import (
    Cancelled,
    Checkable,
    Configurable,
    Framework,
    Instance,
    Pipeline,
    Progress,
    Rejected,
    Retryable,
    Series,
    Study,
    Verdict,
    is_image_class,
    refer,
)
from pipelines.contract.words import Concept, Reference, Side, Site

__all__ = [
    "Algorithm",
    "Box",
    "Cancelled",
    "Checkable",
    "Classification",
    "Concept",
    "Configurable",
    "Contour",
    "Findings",
    "Framework",
    "HeatMap",
    "Instance",
    "Mask",
    "Measurement",
    "Note",
    "Pipeline",
    "Polygon",
    "Presence",
    "Progress",
    "Raster",
    "Reference",
    "Refusal",
    "Region",
    "Rejected",
    "Rendered",
    "Retryable",
    "Series",
    "Severity",
    "Shape",
    "Side",
    "Site",
    "Study",
    "Verdict",
    "is_image_class",
    "percent",
    "refer",
]
