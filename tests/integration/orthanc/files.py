"""Tiny DICOM files for the tests of forwarding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

QUICK_RETRIES = {"FORWARD_RETRY_SECONDS": "1", "FORWARD_RETRY_CAP_SECONDS": "1"}
"""An environment for Orthanc: tried again at each tick of its timer, every five seconds."""
MakeStudy = Callable[..., list[Path]]


def write_instance(
    path: Path,
    *,
    study: str,
    series: str,
    number: int,
    SOPClassUID: str = CTImageStorage,
    maker: str | None = None,
) -> str:
    """Write a tiny image and return its SOP Instance UID."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SOPClassUID, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientID, ds.PatientName = f"TEST-{study[-8:]}", "Test^Forwarding"
    ds.Modality, ds.InstanceNumber = "CT", number
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20260101", "120000", ""
    ds.Rows = ds.Columns = 16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelData = bytes(16 * 16 * 2)
    if maker is not None:
        equipment = Dataset()
        equipment.Manufacturer = maker
        ds.ContributingEquipmentSequence = [equipment]
    ds.save_as(path, enforce_file_format=True)
    return str(ds.SOPInstanceUID)


def uid_of(path: Path) -> str:
    """The SOP Instance UID that a test file is named after."""
    return path.stem
