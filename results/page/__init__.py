"""The report: one page of PDF for people who have no viewer for the rest, encapsulated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.uid import EncapsulatedPDFStorage

from pipelines.contract import Reference
from results.context import Making, NotMade
from results.extent import pixel
from results.finishing import finished
from results.page.summary import pictured, summary
from results.text import shortened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TITLE = ("126000", "DCM", "Imaging Measurement Report")
"""As the structured report is titled. The titles of CID 7020 that name a diagnostic imaging report
would say that somebody has made a diagnosis."""
_DATETIME = re.compile(r"\d{14}(\.\d{1,6})?([+-]\d{4})?")


def build_report(making: Making) -> list[Dataset]:
    """Build the page of one run (PS3.3 A.45.1). The same arguments give the same bytes."""
    from results.page.page import page  # reportlab is for those who want this kind

    told, on = summary(making), pictured(making)
    picture, stretch = None, 1.0
    if on is not None:
        try:
            picture = _drawn(making, on)
        except NotMade as reason:
            told["refusals"].append({"of": "The picture", "because": str(reason)})
        one = pixel(making.source.header(on.SOPInstanceUID), on.frame or 1)
        stretch = min(10, max(0.1, one.height / one.width))
    pdf = page(told, picture, stretch)
    ds = Dataset()
    ds.SOPClassUID = EncapsulatedPDFStorage
    ds.Modality = "DOC"
    ds.SeriesDescription = making.series_description("PDF report")
    ds.ConversionType = "WSD"
    ds.ContentDate = ds.ContentTime = ""
    _from_source(ds, making, on if picture is not None else None)
    ds.DocumentTitle = shortened(making.fits(told["title"]), 1024)
    ds.ConceptNameCodeSequence = [_code(*_TITLE)]
    ds.VerificationFlag = "UNVERIFIED"
    ds.SourceInstanceSequence = [_reference(image) for image in making.source.images]
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument = pdf
    ds.EncapsulatedDocumentLength = len(pdf)
    return [finished(ds, making, "report")]


def _drawn(making: Making, on: Reference) -> NDArray[np.uint8]:
    """The frame with what was found on it; pixels that cannot be shown are `NotMade`."""
    from results.drawing import drawn

    return drawn(making, on)


def _from_source(ds: Dataset, making: Making, on: Reference | None) -> None:
    """When the data was acquired, and whether the page shows whose it is."""
    source = making.source
    uid = on.SOPInstanceUID if on else str(source.images[0].SOPInstanceUID)
    header = source.header(uid)
    removed = source.patient.get("PatientIdentityRemoved") == "YES"
    # The page shows what the header says of the patient. Where that is nothing, a picture may
    # still have it in its pixels, unless its source says that it has not.
    shows = on is not None and header.get("BurnedInAnnotation") != "NO"
    ds.BurnedInAnnotation = "NO" if removed and not shows else "YES"
    if on is not None and header.get("RecognizableVisualFeatures") in ("YES", "NO"):
        ds.RecognizableVisualFeatures = header.RecognizableVisualFeatures
    with disable_value_validation():
        acquired = str(header.get("AcquisitionDateTime") or "")
    ds.AcquisitionDateTime = acquired if _DATETIME.fullmatch(acquired) else ""


def _reference(image: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = image.SOPClassUID
    item.ReferencedSOPInstanceUID = image.SOPInstanceUID
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item
