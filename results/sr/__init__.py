"""The structured report: findings as a Comprehensive SR of the source's patient and study."""

from __future__ import annotations

from highdicom.sr import Comprehensive3DSR, ComprehensiveSR
from pydicom import Dataset
from pydicom.valuerep import DA, TM

from pipelines.contract import Reference
from results.codes import scheme_items
from results.context import Making
from results.finishing import CopiedByUs, finished
from results.planes.geometry import plane_of
from results.sr.content import complete, report
from results.sr.evidence import evidence, requests, stand_in


class _Report(CopiedByUs, ComprehensiveSR):
    """A Comprehensive SR whose patient and study are copied by us."""


class _Report3D(CopiedByUs, Comprehensive3DSR):
    """The same of what lies in space."""


def build_sr(making: Making) -> Dataset:
    """Build the report of one run.

    The same arguments give the same bytes. Raises `Rejected` where a code cannot be written.
    """
    source, findings = making.source, making.findings
    predecessors = making.context.predecessors.get("sr", ())
    study = source.StudyInstanceUID
    ds = (_Report3D if _in_space(making) else _Report)(
        evidence=evidence(source),
        content=report(making),
        series_instance_uid=making.series_uid("sr"),
        series_number=1,
        sop_instance_uid=making.uid("sr"),
        instance_number=1,
        series_description=making.series_description("report"),
        is_complete=not findings.refusals,
        requested_procedures=requests(source),
        previous_versions=[stand_in(p, study) for p in predecessors] or None,
        content_date=DA(making.moment.date()),
        content_time=TM(making.moment.time()),
        coding_schemes=scheme_items(findings),
    )
    complete(ds, making)
    if ds.CompletionFlag == "PARTIAL":
        ds.CompletionFlagDescription = "Parts of the study were not processed"
    return finished(ds, making, "sr")


def _in_space(making: Making) -> bool:
    """Whether an image that a region lies on, or else the first one, has a frame of reference."""
    source = making.source
    on = {shape.on.SOPInstanceUID: shape.on for r in making.findings.regions for shape in r.shapes}
    first = source.images[0]
    asked = on.values() or [
        Reference(SOPClassUID=first.SOPClassUID, SOPInstanceUID=first.SOPInstanceUID)
    ]
    headers = (source.header(to.SOPInstanceUID) for to in asked)
    return any(
        plane_of(source, to).place is not None
        for to, header in zip(asked, headers, strict=True)
        if header.get("FrameOfReferenceUID") and header.get("Rows") and header.get("Columns")
    )
