"""Secondary captures: pictures of ours in the study that they were made from."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.config import disable_value_validation
from pydicom.sr.codedict import codes
from pydicom.uid import SecondaryCaptureImageStorage
from pydicom.valuerep import DA, DS, TM

from pipelines.contract import Reference
from pipelines.display import described, first
from results.codes import private, scheme_items
from results.context import Making

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALWAYS = (
    "BodyPartExamined",
    "AnatomicalOrientationType",
    "PatientPosition",
    "AnatomicRegionSequence",
    "Laterality",
    "ImageLaterality",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
    "RecognizableVisualFeatures",
)
"""True of every picture that an image is part of."""
_SAME_SIZE = (
    "PixelSpacing",
    "PixelSpacingCalibrationType",
    "PixelSpacingCalibrationDescription",
    "ImagerPixelSpacing",
    "EstimatedRadiographicMagnificationFactor",
    "NominalScannedPixelSpacing",
    "PixelAspectRatio",
)
"""True where a pixel of the picture is a pixel of the image."""
_PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
_MORE_OF_PLANE = ("SliceThickness", "SpacingBetweenSlices", "SliceLocation")
_ANATOMY = {
    "AnatomicRegionSequence": "AnatomicRegionSequence",
    "FrameLaterality": "ImageLaterality",
}
_STEEP = 1e-4
"""A direction that leans less than this towards an axis does not lean."""


def capture(
    making: Making,
    on: Reference,
    picture: NDArray[np.uint8],
    *,
    derivation: str,
    description: str,
    same_pixels: bool,
    ours: bool = True,
) -> Dataset:
    """A picture of a frame as a secondary capture, but for what `finished` adds.

    `same_pixels` says that each pixel lies where it lay in the frame; `ours`, that nothing was
    drawn but what we know, which names nobody.
    """
    header = making.source.header(on.SOPInstanceUID)
    ds = Dataset()
    ds.SOPClassUID, ds.Modality = SecondaryCaptureImageStorage, "OT"
    ds.ConversionType = "WSD"
    ds.SeriesDescription = description
    ds.ImageType = ["DERIVED", "SECONDARY"]
    ds.ContentDate = ds.DateOfSecondaryCapture = DA(making.moment.date())
    ds.ContentTime = ds.TimeOfSecondaryCapture = TM(making.moment.time())
    _derived_from(ds, making, on, derivation, same_pixels=same_pixels)
    _pixels(ds, picture)
    # Values are the source's, right or wrong.
    with disable_value_validation():
        _copied(ds, header, on.frame or 1, same_pixels=same_pixels)
        said = header.get("BurnedInAnnotation")
        if said == "YES" or (said == "NO" and ours):
            ds.BurnedInAnnotation = said
    return ds


def letters(orientation: Iterable[Any]) -> list[str]:
    """Towards where in the patient rows and columns run, by letters: ["L", "P"] in axial images."""
    numbers = [float(number) for number in orientation]
    found = []
    for direction in (numbers[:3], numbers[3:]):
        axes = sorted(range(3), key=lambda axis: -abs(direction[axis]))
        named = [
            ("LR", "PA", "HF")[axis][direction[axis] < 0]
            for axis in axes
            if abs(direction[axis]) > _STEEP
        ]
        found.append("".join(named))
    return found


def _derived_from(
    ds: Dataset, making: Making, on: Reference, derivation: str, *, same_pixels: bool
) -> None:
    ds.DerivationDescription = making.fits(derivation)[:1024]
    ds.DerivationCodeSequence = [private("Findings drawn")]
    ds.CodingSchemeIdentificationSequence = scheme_items(making.findings)[:1]
    image = Dataset()
    image.ReferencedSOPClassUID = on.SOPClassUID
    image.ReferencedSOPInstanceUID = on.SOPInstanceUID
    whole = deepcopy(image)
    if making.source.frames(on.SOPInstanceUID) > 1:
        image.ReferencedFrameNumber = on.frame or 1
    image.PurposeOfReferenceCodeSequence = [
        _item(codes.cid7202.SourceImageForImageProcessingOperation)
    ]
    if same_pixels:
        image.SpatialLocationsPreserved = "YES"
    ds.SourceImageSequence = [image]
    series = Dataset()
    series.SeriesInstanceUID = making.source.image(on.SOPInstanceUID).SeriesInstanceUID
    series.ReferencedInstanceSequence = [whole]
    ds.ReferencedSeriesSequence = [series]


def _item(code: Any) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = code.value, code.scheme_designator
    item.CodeMeaning = code.meaning
    return item


def _pixels(ds: Dataset, picture: NDArray[np.uint8]) -> None:
    colour = picture.ndim == 3
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = picture.shape[:2]
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    data = picture.tobytes()
    ds.PixelData = data + b"\0" if len(data) % 2 else data
    ds["PixelData"].VR = "OB"


def _copied(ds: Dataset, header: Dataset, frame: int, *, same_pixels: bool) -> None:
    colours = ("ICCProfile", "ColorSpace") if header.get("SamplesPerPixel") == 3 else ()
    for keyword in (*_ALWAYS, *colours, *(_SAME_SIZE if same_pixels else ())):
        if keyword in header and not header[keyword].is_empty:
            ds[keyword] = deepcopy(header[keyword])
    _anatomy(ds, header, frame)
    if not {"Laterality", "ImageLaterality", "BodyPartExamined"} & set(ds.dir()):
        ds.Laterality = ""  # type 2C: unknown, for it may be of a part that comes in pairs
    _geometry(ds, header, frame, same_pixels=same_pixels)
    for element in ds:
        if element.VR == "DS":
            element.value = _written(element.value)


def _geometry(ds: Dataset, header: Dataset, frame: int, *, same_pixels: bool) -> None:
    plane = described(header, frame, _PLANE)
    if "PixelSpacing" in plane and same_pixels:
        ds.PixelSpacing = plane.PixelSpacing
    ds.PatientOrientation = deepcopy(header.get("PatientOrientation") or "")
    orientation = plane.get("ImageOrientationPatient")
    if orientation is None or len(orientation) != 6:
        return
    if not ds.PatientOrientation and header.get("AnatomicalOrientationType", "BIPED") == "BIPED":
        ds.PatientOrientation = letters(orientation)
    if same_pixels and len(plane) == len(_PLANE) and header.get("FrameOfReferenceUID"):
        _in_space(ds, header, frame, plane)


def _written(value: Any) -> Any:
    """Numbers in the 16 letters that the standard gives them; those that keep to it stay as is."""
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return value if len(str(value)) <= 16 else DS(float(value), auto_format=True)
    return [_written(number) for number in value]


def _anatomy(ds: Dataset, header: Dataset, frame: int) -> None:
    """What an enhanced image says of a frame's body part."""
    own = header.get("PerFrameFunctionalGroupsSequence") or ()
    groups = [*own[frame - 1 : frame], first(header.get("SharedFunctionalGroupsSequence"))]
    for said in (first(group.get("FrameAnatomySequence")) for group in groups):
        for keyword, target in _ANATOMY.items():
            if said.get(keyword) and target not in ds:
                setattr(ds, target, deepcopy(said[keyword].value))


def _in_space(ds: Dataset, header: Dataset, frame: int, plane: Dataset) -> None:
    ds.update(plane)
    ds.update(described(header, frame, _MORE_OF_PLANE))
    ds.FrameOfReferenceUID = header.FrameOfReferenceUID
    ds.PositionReferenceIndicator = header.get("PositionReferenceIndicator", "")
