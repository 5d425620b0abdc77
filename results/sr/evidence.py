"""What a report rests on: its sources, its predecessors, and the requests it is an answer to."""

from __future__ import annotations

from copy import deepcopy

from pydicom import Dataset
from pydicom.config import disable_value_validation

from results.context import Predecessor
from results.finishing import REQUIRED
from results.source import Source

_REQUEST = (
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "ReferencedStudySequence",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence",
    "ReasonForTheRequestedProcedure",
    "ReasonForRequestedProcedureCodeSequence",
)
"""What the request in an image's header (PS3.3 10.6) has in common with that of a report."""
_EMPTY = (
    "AccessionNumber",
    "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)
"""Type 2 in a report's request; two sequences are so, too."""


def stand_in(whole: Dataset | Predecessor, study: str) -> Dataset:
    """Just what highdicom needs to refer to an instance, so that 2,000 of them cost little."""
    light = Dataset()
    light.StudyInstanceUID = study
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"):
        setattr(light, keyword, str(getattr(whole, keyword)))
    if not all(element.value for element in light):
        raise ValueError("an instance that a report refers to lacks one of its UIDs")
    return light


def evidence(source: Source) -> list[Dataset]:
    """Every source, for the current procedure's evidence."""
    light = [stand_in(ds, str(ds.StudyInstanceUID)) for ds in source.images]
    for keyword in REQUIRED:
        setattr(light[0], keyword, "")
    return light


def requests(source: Source) -> list[Dataset] | None:
    """The requested procedures that the images were made for, as their headers tell of them.

    The first image of a series speaks for it. Where none tells more than an accession number, that
    is told; where there is none, nobody is known to have asked for anything.
    """
    firsts = {str(ds.SeriesInstanceUID): ds for ds in reversed(source.images)}
    found: list[Dataset] = []
    with disable_value_validation():
        for ds in source.images:
            if firsts.get(str(ds.SeriesInstanceUID)) is ds:
                header = source.header(ds.SOPInstanceUID)
                for item in header.get("RequestAttributesSequence") or ():
                    request = _request(item, header, source.StudyInstanceUID)
                    found += [] if request in found else [request]
        if not found and source.patient.get("AccessionNumber"):
            found.append(_request(Dataset(), source.patient, source.StudyInstanceUID))
    return found or None


def _request(item: Dataset, header: Dataset, study: str) -> Dataset:
    request = Dataset()
    for keyword in _REQUEST:
        if item.get(keyword):
            request[keyword] = deepcopy(item[keyword])
    for keyword in ("AccessionNumber", "IssuerOfAccessionNumberSequence"):
        if "AccessionNumber" not in item and header.get(keyword):
            request[keyword] = deepcopy(header[keyword])
    request.StudyInstanceUID = item.get("StudyInstanceUID") or study
    for keyword in _EMPTY:
        request.setdefault(keyword, "")
    for keyword in ("ReferencedStudySequence", "RequestedProcedureCodeSequence"):
        request.setdefault(keyword, [])
    return request
