"""Enhanced multi-frame images of a head: what newer scanners send."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset
from pydicom.uid import UID, EnhancedCTImageStorage, EnhancedMRImageStorage

from bench.phantoms import ct_head, mr_head
from bench.phantoms.base import code

_ONCE = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "GantryDetectorTilt",
    "KVP",
    "RescaleIntercept",
    "RescaleSlope",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "SpacingBetweenSlices",
    "ScanningSequence",
    "SequenceVariant",
    "ScanOptions",
    "MRAcquisitionType",
    "RepetitionTime",
    "EchoTime",
    "EchoTrainLength",
    "BodyPartExamined",
    "AcquisitionDate",
    "AcquisitionTime",
)
"""What stands in functional groups, or not at all, in an enhanced image."""


def enhanced_ct(frames: int = 3) -> list[Dataset]:
    """One enhanced CT of a few frames, its rescaling shared and its planes a frame each."""
    ds = _joined(ct_head(size=_SIZE, slices=frames), EnhancedCTImageStorage)
    ds.ContentQualification = "RESEARCH"
    ds.VolumeBasedCalculationTechnique = "NONE"
    ds.MultienergyCTAcquisition = "NO"
    for group in ds.PerFrameFunctionalGroupsSequence:
        _put(
            group,
            "CTPositionSequence",
            TablePosition=0.0,
            DataCollectionCenterPatient=[0.0, 0.0, 0.0],
            ReconstructionTargetCenterPatient=[0.0, 0.0, 0.0],
        )
    shared = ds.SharedFunctionalGroupsSequence[0]
    _put(shared, "IrradiationEventIdentificationSequence", IrradiationEventUID=_EVENT)
    _put(shared, "CTImageFrameTypeSequence", **_kind(ds), VolumeBasedCalculationTechnique="NONE")
    _put(shared, "PixelValueTransformationSequence", **_rescaled("HU"))
    _put(shared, "CTAcquisitionTypeSequence", **_CT_ACQUISITION)
    _put(shared, "CTAcquisitionDetailsSequence", **_CT_DETAILS)
    _put(shared, "CTTableDynamicsSequence", TableSpeed=1.0, TableFeedPerRotation=1.0)
    _put(shared, "CTGeometrySequence", **_CT_GEOMETRY)
    _put(shared, "CTReconstructionSequence", **_CT_RECONSTRUCTION)
    _put(shared, "CTExposureSequence", **_CT_EXPOSURE)
    _put(shared, "CTXRayDetailsSequence", **_CT_XRAY)
    return [ds]


def enhanced_mr(frames: int = 3) -> list[Dataset]:
    """One enhanced MR of a few frames, derived, so that it need not tell how it was taken."""
    ds = _joined(mr_head(size=_SIZE, slices=frames), EnhancedMRImageStorage)
    ds.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    ds.ContentQualification = "RESEARCH"
    for keyword, value in _MR.items():
        setattr(ds, keyword, value)
    shared = ds.SharedFunctionalGroupsSequence[0]
    _put(shared, "MRImageFrameTypeSequence", **_kind(ds), **_MR_KIND)
    _put(shared, "PixelValueTransformationSequence", **_rescaled("US"))
    return [ds]


def _kind(ds: Dataset) -> dict[str, Any]:
    return {
        "FrameType": list(ds.ImageType),
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
    }


def _rescaled(unit: str) -> dict[str, Any]:
    return {"RescaleIntercept": 0, "RescaleSlope": 1, "RescaleType": unit}


_SIZE = 32
_EVENT = "2.25.18"
_CT_ACQUISITION: dict[str, Any] = {
    "AcquisitionType": "SEQUENCED",
    "ConstantVolumeFlag": "NO",
    "FluoroscopyFlag": "NO",
}
_CT_DETAILS: dict[str, Any] = {
    "RotationDirection": "CW",
    "RevolutionTime": 1.0,
    "SingleCollimationWidth": 1.0,
    "TotalCollimationWidth": 4.0,
    "TableHeight": 100.0,
    "GantryDetectorTilt": 0.0,
    "DataCollectionDiameter": 250.0,
}
_CT_GEOMETRY: dict[str, Any] = {
    "DistanceSourceToDetector": 1000.0,
    "DistanceSourceToDataCollectionCenter": 500.0,
}
_CT_RECONSTRUCTION: dict[str, Any] = {
    "ReconstructionAlgorithm": "FILTER_BACK_PROJ",
    "ConvolutionKernel": "STANDARD",
    "ConvolutionKernelGroup": "BRAIN",
    "ReconstructionDiameter": 250.0,
    "ReconstructionAngle": 360.0,
    "ReconstructionPixelSpacing": [250 / _SIZE] * 2,
    "ImageFilter": "NONE",
}
_CT_EXPOSURE: dict[str, Any] = {
    "ExposureTimeInms": 1000.0,
    "XRayTubeCurrentInmA": 100.0,
    "ExposureInmAs": 100.0,
    "ExposureModulationType": "NONE",
}
_CT_XRAY: dict[str, Any] = {
    "KVP": 120,
    "FocalSpots": 1.0,
    "FilterType": "FLAT",
    "FilterMaterial": "ALUMINUM",
    "CalciumScoringMassFactorPatient": 1.0,
}
_MR_KIND: dict[str, Any] = {
    "VolumeBasedCalculationTechnique": "NONE",
    "ComplexImageComponent": "MAGNITUDE",
    "AcquisitionContrast": "T1",
}
_MR: dict[str, Any] = {
    **_MR_KIND,
    "MagneticFieldStrength": 1.5,
    "ResonantNucleus": "1H",
    "KSpaceFiltering": "NONE",
    "ApplicableSafetyStandardAgency": "IEC",
}


def _joined(slices: list[Dataset], SOPClassUID: UID) -> Dataset:
    """The slices of a classic series as the frames of one image."""
    ds = slices[0]
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = SOPClassUID
    ds.NumberOfFrames = len(slices)
    ds.PixelData = b"".join(part.PixelData for part in slices)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.PixelPresentation, ds.VolumetricProperties = "MONOCHROME", "VOLUME"
    ds.VolumeBasedCalculationTechnique = "NONE"
    ds.AcquisitionDateTime, ds.AcquisitionDuration = "20260102101500", 1.0
    ds.LossyImageCompression, ds.PresentationLUTShape = "00", "IDENTITY"
    ds.AcquisitionContextSequence = []
    shared = Dataset()
    first = slices[0]
    _put(
        shared,
        "PixelMeasuresSequence",
        PixelSpacing=first.PixelSpacing,
        SliceThickness=first.SliceThickness,
    )
    _put(shared, "PlaneOrientationSequence", ImageOrientationPatient=first.ImageOrientationPatient)
    _put(
        shared,
        "FrameVOILUTSequence",
        WindowCenter=first.WindowCenter,
        WindowWidth=first.WindowWidth,
    )
    _put(
        shared,
        "FrameAnatomySequence",
        FrameLaterality="U",
        AnatomicRegionSequence=[code("69536005", "SCT", "Head")],
    )
    ds.SharedFunctionalGroupsSequence = [shared]
    ds.PerFrameFunctionalGroupsSequence = [_frame(n, part) for n, part in enumerate(slices, 1)]
    _dimension(ds, slices)
    for keyword in _ONCE:
        if keyword in ds:
            delattr(ds, keyword)
    return ds


def _frame(number: int, part: Dataset) -> Dataset:
    own = Dataset()
    _put(
        own,
        "FrameContentSequence",
        FrameAcquisitionDateTime="20260102101500",
        FrameReferenceDateTime="20260102101500",
        FrameAcquisitionDuration=1.0,
        DimensionIndexValues=[1, number],
        StackID="1",
        InStackPositionNumber=number,
        FrameAcquisitionNumber=1,
    )
    _put(own, "PlanePositionSequence", ImagePositionPatient=part.ImagePositionPatient)
    return own


def _dimension(ds: Dataset, slices: list[Dataset]) -> None:
    organization = Dataset()
    organization.DimensionOrganizationUID = f"{ds.SOPInstanceUID}"[:-3] + "999"
    ds.DimensionOrganizationSequence = [organization]
    pointers = []
    for keyword in (0x00209056, 0x00209057):  # StackID, InStackPositionNumber
        pointer = Dataset()
        pointer.DimensionOrganizationUID = organization.DimensionOrganizationUID
        pointer.DimensionIndexPointer = keyword
        pointer.FunctionalGroupPointer = 0x00209111
        pointers.append(pointer)
    ds.DimensionIndexSequence = pointers


def _put(group: Dataset, keyword: str, **values: Any) -> None:
    """A functional group macro with its attributes."""
    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    setattr(group, keyword, [item])
