"""What every phantom has: a made-up patient, a study, UIDs from the seed, and pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from results.identity import derive_uid

Pixels = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Phantom:
    """One study in the making: everything in it follows from its kind and seed."""

    kind: str
    seed: int
    patient: str
    """The given part of the name: `PHANTOM^HAND`."""
    modality: str
    SOPClassUID: str
    description: str

    @property
    def rng(self) -> np.random.Generator:
        """A fresh source of noise, the same every time."""
        return np.random.default_rng(self.seed)

    def uid(self, *parts: object) -> UID:
        """A UID under 2.25 for a part of this study."""
        return UID(
            derive_uid("2.25", "phantom", self.kind, str(self.seed), *(str(p) for p in parts))
        )

    def instance(self, number: int, pixels: Pixels, attributes: Mapping[str, Any]) -> Dataset:
        """One instance of the study's only series, uncompressed."""
        ds = Dataset()
        ds.SOPClassUID = UID(self.SOPClassUID)
        ds.SOPInstanceUID = self.uid("instance", number)
        ds.InstanceCreationDate, ds.InstanceCreationTime = "20260102", "101500"
        self._patient_and_study(ds)
        ds.Modality = self.modality
        ds.SeriesInstanceUID = self.uid("series")
        ds.SeriesNumber = 1
        ds.SeriesDescription = self.description
        ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20260102"
        ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101500"
        ds.Manufacturer = "dicom-node phantoms"
        ds.ManufacturerModelName = "numpy"
        ds.DeviceSerialNumber = "0"
        ds.SoftwareVersions = "1"
        ds.InstanceNumber = number
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)
        _put_pixels(ds, pixels)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.file_meta.ImplementationClassUID = UID(derive_uid("2.25", "phantom"))
        return ds

    def _patient_and_study(self, ds: Dataset) -> None:
        ds.PatientName = self.patient
        ds.PatientID = f"PHANTOM-{self.kind.upper()}-{self.seed}"
        ds.PatientBirthDate = "19700101"
        ds.PatientSex = "O"
        ds.StudyInstanceUID = self.uid("study")
        ds.StudyDate, ds.StudyTime = "20260102", "101500"
        ds.StudyID = str(self.seed)[:16]
        ds.AccessionNumber = f"PH{self.seed}"[:16]
        ds.StudyDescription = f"Phantom: {self.description}"
        ds.ReferringPhysicianName = ""


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _put_pixels(ds: Dataset, pixels: Pixels) -> None:
    """Describe and store (frames,) rows, columns(, samples) of 8 or 16 bit integers.

    A PhotometricInterpretation that is there already stays.
    """
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    rows, columns = pixels.shape[-3:-1] if colour else pixels.shape[-2:]
    ds.SamplesPerPixel = 3 if colour else 1
    if "PhotometricInterpretation" not in ds:
        ds.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        ds.PlanarConfiguration = 0
    if pixels.ndim == (4 if colour else 3):
        ds.NumberOfFrames = len(pixels)
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated = pixels.dtype.itemsize * 8
    if "BitsStored" not in ds:
        ds.BitsStored = ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    data = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
