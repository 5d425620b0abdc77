"""What a pipeline sees and what it gives back.

A pipeline is small: it is shown a `Study` and returns `Findings`. It knows no PACS, no
database and no structured report:

    class Fracture:
        name, version = "fracture", "1.0.0"
        framework = "torch"

        def accepts(self, series: Series) -> Verdict: ...
        def load(self, device: str) -> None: ...
        def run(self, study: Study, report: Progress) -> Findings: ...
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
from pipelines.contract.pictures import HeatMap, Raster, Rendered
from pipelines.contract.regions import Box, Contour, Mask, Polygon, Region, Shape
from pipelines.contract.study import (
    Cancelled,
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
from pipelines.contract.words import Concept, Reference

__all__ = [
    "Algorithm",
    "Box",
    "Cancelled",
    "Classification",
    "Concept",
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
    "Study",
    "Verdict",
    "is_image_class",
    "refer",
]
