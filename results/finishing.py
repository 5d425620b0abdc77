"""What every object needs in the end: patient and study as they came, our mark, file meta."""

from __future__ import annotations

from copy import deepcopy

from pydicom import DataElement, Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.valuerep import DA, TM

from results.context import Making
from results.identity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, mark
from results.source import PATIENT_AND_STUDY, Source
from results.text import shortened

REQUIRED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
"""Type 2: present in an object even when the source lacks them, then empty."""


class CopiedByUs:
    """Put before a class of highdicom: patient, study and equipment are left to `finished`.

    highdicom looks the source's SOP class up in the standard, which fails for private classes,
    checks values that we have to pass on as they are, right or wrong, and notes the present time,
    which always differs.
    """

    def copy_patient_and_study_information(self, dataset: Dataset) -> None:
        """Do nothing here."""

    def copy_specimen_information(self, dataset: Dataset) -> None:
        """Do nothing here."""

    def _add_contributing_equipment(self, *_: object) -> None:
        """Do nothing here."""


def finished(made: Dataset, making: Making, kind: str, number: int = 1, *, on: str = "") -> Dataset:
    """An object as an ordinary data set, complete, that is valid on return.

    `on` is the SOP Instance UID of the image, or one of them, that it lies on.
    """
    series = str(making.source.image(on).SeriesInstanceUID) if on else ""
    ds = Dataset()
    ds.update(made)
    ds.SOPInstanceUID = making.uid(kind, number)
    ds.SeriesInstanceUID = making.series_uid(kind, series)
    ds.SeriesNumber = making.series_number(kind, series)
    ds.InstanceNumber = making.instance_number(number)
    _patient_and_study(making.source, ds)
    _dates(ds, making)
    _equipment(ds, making)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = UID(ds.SOPClassUID)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    old = getattr(made, "file_meta", None)
    syntax = old.get("TransferSyntaxUID") if old is not None else None
    ds.file_meta.TransferSyntaxUID = syntax or ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    ds.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return ds


def _patient_and_study(source: Source, target: Dataset) -> None:
    for keyword in PATIENT_AND_STUDY:
        if keyword in source.common:
            target[keyword] = deepcopy(source.common[keyword])
        elif keyword in REQUIRED:
            setattr(target, keyword, "")
        elif keyword in target:
            del target[keyword]


def _dates(ds: Dataset, making: Making) -> None:
    date, time = DA(making.moment.date()), TM(making.moment.time())
    ds.InstanceCreationDate, ds.InstanceCreationTime = date, time
    # No date of the series: its revisions would contradict each other.
    for keyword in ("SeriesDate", "SeriesTime"):
        if keyword in ds:
            del ds[keyword]
    for keyword, value in (
        ("ContentDate", date),
        ("ContentTime", time),
        ("PresentationCreationDate", date),
        ("PresentationCreationTime", time),
    ):
        if keyword in ds:
            setattr(ds, keyword, value)


def _equipment(ds: Dataset, making: Making) -> None:
    """Who made the object, and the mark by which another node knows it."""
    device, fits = making.device, making.fits
    algorithm = f"{making.findings.algorithm.name} {making.findings.algorithm.version}"
    versions = [shortened(fits(text), 64) for text in (device.version, algorithm) if text]
    ds["SoftwareVersions"] = DataElement("SoftwareVersions", "LO", versions)
    for keyword, value in (
        ("Manufacturer", device.manufacturer),
        ("ManufacturerModelName", device.model),
        ("DeviceSerialNumber", device.serial_number),
        ("StationName", device.station),
        ("InstitutionName", device.institution),
        ("InstitutionalDepartmentName", device.department),
    ):
        if value:
            most = 16 if keyword == "StationName" else 64
            setattr(ds, keyword, shortened(fits(value), most))
    mark(ds, model=device.model, version=device.version)
