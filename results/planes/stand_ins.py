"""Stand-ins for the frames of a source, from which highdicom makes its objects.

highdicom takes images of one series, in space or a single one, and checks all they say of their
patient. A stand-in says where a frame lies and nothing else; the true source is named afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.uid import CTImageStorage

from pipelines.contract import Reference
from results.context import Making
from results.finishing import REQUIRED
from results.identity import MAKER
from results.planes.geometry import Plane
from results.text import line

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stand_ins(planes: Sequence[Plane], study: str) -> list[Dataset]:
    """Headers that place a group's frames; where nothing places them, one behind the other."""
    between = _between(planes)
    made = []
    for number, plane in enumerate(planes, start=1):
        ds = Dataset()
        ds.StudyInstanceUID = study
        ds.SeriesInstanceUID = planes[0].SeriesInstanceUID
        ds.SOPClassUID = CTImageStorage
        ds.SOPInstanceUID = _stand_in_uid(number)
        ds.Rows, ds.Columns = plane.rows, plane.columns
        place, first = plane.place, planes[0].place
        ds.FrameOfReferenceUID = place.FrameOfReferenceUID if place else _stand_in_uid(0)
        ds.PositionReferenceIndicator = place.PositionReferenceIndicator if place else ""
        ds.ImagePositionPatient = list(place.position) if place else [0, 0, -number]
        ds.ImageOrientationPatient = list(first.orientation) if first else [1, 0, 0, 0, 1, 0]
        ds.PixelSpacing = list(planes[0].spacing or (1, 1))
        ds.SliceThickness = planes[0].thickness
        ds.SpacingBetweenSlices = between or 1
        made.append(ds)
    for keyword in REQUIRED:
        setattr(made[0], keyword, "")
    for keyword, value in planes[0].carried.items():
        setattr(made[0], keyword, value)
    return made


def numbered(planes: Sequence[Plane], dtype: type[np.generic]) -> NDArray[Any]:
    """An array in which every pixel of a plane is the plane's number, counted from 1.

    It takes the memory of the numbers only, and stands for pixels that are drawn one by one.
    """
    numbers = np.arange(1, len(planes) + 1).astype(dtype)
    return np.broadcast_to(numbers[:, None, None], (len(planes), planes[0].rows, planes[0].columns))


def put_back(ds: Dataset, planes: Sequence[Plane], organization: str) -> None:
    """Name the true sources in an object made from stand-ins, and take away what nobody said."""
    by_uid = {_stand_in_uid(number): plane for number, plane in enumerate(planes, start=1)}
    for frame in ds.PerFrameFunctionalGroupsSequence:
        (reference,) = frame.DerivationImageSequence[0].SourceImageSequence
        # Frames of several segments on one slice share this item.
        if (plane := by_uid.get(reference.ReferencedSOPInstanceUID)) is not None:
            _refer(reference, plane.on, plane.multiframe)
        if planes[0].place is None:
            del frame.PlanePositionSequence
            content = frame.FrameContentSequence[0]
            content.StackID = "1"
            content.InStackPositionNumber = content.DimensionIndexValues[-1]
    ds.SourceImageSequence = [
        _refer(Dataset(), on, multiframe=False)
        for on in {plane.on.SOPInstanceUID: plane.on for plane in planes}.values()
    ]
    ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence = ds.SourceImageSequence
    for item in (*ds.DimensionOrganizationSequence, *ds.DimensionIndexSequence):
        item.DimensionOrganizationUID = organization
    shared = ds.SharedFunctionalGroupsSequence[0]
    if _between(planes) is None:
        del shared.PixelMeasuresSequence[0].SpacingBetweenSlices
    if planes[0].place is None:
        _take_out_of_space(ds, shared, planes[0])


def equipment(making: Making) -> dict[str, Any]:
    """What highdicom must be told of us; `finished` says it again where the node knows better."""
    device = making.device
    serial = device.serial_number or device.station or device.name
    return {
        "manufacturer": line(making.fits(device.manufacturer), 64),
        "manufacturer_model_name": line(making.fits(device.model), 64) or MAKER,
        # Required here (Enhanced General Equipment), and a program has none.
        "device_serial_number": line(making.fits(serial), 64) or MAKER,
        "software_versions": line(making.fits(making.findings.algorithm.version), 64),
    }


def own_series(ds: Dataset, making: Making, kind: str, first: Dataset) -> Dataset:
    """Give an object a series of its own where its frame of reference is not that of the first.

    A series is related to one frame of reference at most (PS3.3 A.1.2.3).
    """
    frame_of_reference = ds.get("FrameOfReferenceUID")
    is_alike = frame_of_reference == first.get("FrameOfReferenceUID")
    if not is_alike and ds.SeriesInstanceUID == first.SeriesInstanceUID:
        ds.SeriesInstanceUID = making.series_uid(f"{kind} {frame_of_reference or ''}")
    return ds


def _between(planes: Sequence[Plane]) -> float | None:
    """The distance from slice to slice: the source's, if the places agree, else what these say."""
    said = planes[0].between
    if planes[0].place is None or len(planes) == 1:
        return said
    steps = np.diff([plane.along for plane in planes])
    for distance in (said, float(steps.min())):
        if distance and np.allclose(steps / distance, np.rint(steps / distance), atol=0.01):
            return distance
    return None


def _stand_in_uid(number: int) -> str:
    return f"2.25.{number}"


def _refer(item: Dataset, on: Reference, multiframe: bool) -> Dataset:
    item.ReferencedSOPClassUID = on.SOPClassUID
    item.ReferencedSOPInstanceUID = on.SOPInstanceUID
    if multiframe:
        item.ReferencedFrameNumber = on.frame or 1
    return item


def _take_out_of_space(ds: Dataset, shared: Dataset, plane: Plane) -> None:
    """Without a place, a frame is known by its source alone, and by its number in it."""
    del ds.FrameOfReferenceUID
    del ds.PositionReferenceIndicator
    del shared.PlaneOrientationSequence
    if plane.spacing is None:
        del shared.PixelMeasuresSequence
        if ratio := plane.carried.get("PixelAspectRatio"):
            ds.PixelAspectRatio = ratio
    ds.PatientOrientation = plane.carried.get("PatientOrientation", "")
    if "DimensionOrganizationType" in ds:
        del ds.DimensionOrganizationType
    index = ds.DimensionIndexSequence[-1]
    index.DimensionIndexPointer = tag_for_keyword("InStackPositionNumber")
    index.FunctionalGroupPointer = tag_for_keyword("FrameContentSequence")
    index.DimensionDescriptionLabel = "In-Stack Position Number"
