"""The structured report: findings as a Comprehensive SR of the source's patient and study."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

from highdicom.sr import ComprehensiveSR
from pydicom import DataElement, Dataset, FileMetaDataset
from pydicom.config import disable_value_validation
from pydicom.uid import UID, ComprehensiveSRStorage, ExplicitVRLittleEndian
from pydicom.valuerep import DA, TM

from results.codes import scheme_item, shortened
from results.identity import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    Device,
    derive_uid,
    mark,
)
from results.source import PATIENT_AND_STUDY
from results.sr_content import complete, report
from results.text import Encodable, fitting

if TYPE_CHECKING:
    from pipelines.contract import Findings


class Predecessor(Protocol):
    """An earlier report of the same study, which a revision replaces."""

    @property
    def SOPClassUID(self) -> str:
        """Its class."""

    @property
    def SOPInstanceUID(self) -> str:
        """Its own UID."""

    @property
    def SeriesInstanceUID(self) -> str:
        """The series it is in."""


_REQUIRED = (
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
"""Type 2: present in the report even when the source lacks them, then empty."""


class _Report(ComprehensiveSR):
    """A Comprehensive SR that copies patient and study by our list and not by the source's IOD.

    highdicom looks the source's SOP class up in the standard, which fails for private classes,
    and checks values that we have to pass on as they are, right or wrong.
    """

    def copy_patient_and_study_information(self, dataset: Dataset) -> None:
        """Do nothing here: `_copy_patient_and_study` does it, from the source as it came."""

    def _add_contributing_equipment(self, *_: object) -> None:
        """Do nothing here: `mark` does it, without the present time, which always differs."""


def build_sr(
    source: Sequence[Dataset],
    findings: Findings,
    *,
    SOPInstanceUID: str,
    SeriesInstanceUID: str,
    series_number: int,
    content_datetime: datetime,
    predecessors: Sequence[Predecessor] = (),
    device: Device | None = None,
    uid_root: str = "2.25",
    instance_number: int = 1,
) -> Dataset:
    """Build a report of findings about source instances, whose headers suffice.

    The same arguments give the same bytes. Raises `ValueError` where no valid report can be made.
    """
    if not source:
        raise ValueError("a report needs at least one source instance")
    device = device or Device()
    patient = source[0]
    fits = fitting(patient.get("SpecificCharacterSet"))
    moment = _local(content_datetime, patient)
    ds = _Report(
        evidence=_evidence(source),
        content=report(
            source=patient,
            findings=findings,
            device=device,
            device_uid=derive_uid(uid_root, device.name, device.model, device.serial_number or ""),
            tracking_uid=derive_uid(uid_root, SOPInstanceUID, "tracking"),
            fits=fits,
        ),
        series_instance_uid=SeriesInstanceUID,
        series_number=series_number,
        sop_instance_uid=SOPInstanceUID,
        instance_number=instance_number,
        series_description=_description(fits(findings.algorithm.name)),
        is_complete=not findings.refusals,
        previous_versions=[_stand_in(p, patient.StudyInstanceUID) for p in predecessors] or None,
        content_date=DA(moment.date()),
        content_time=TM(moment.time()),
        coding_schemes=[scheme_item()],
    )
    complete(ds, source=source, findings=findings, fits=fits)
    _copy_patient_and_study(patient, ds)
    _equipment(ds, device, findings, fits)
    return _plain_dataset(ds)


def _equipment(ds: Dataset, device: Device, findings: Findings, fits: Encodable) -> None:
    """Who made the report, and the mark by which another node knows it."""
    algorithm = f"{findings.algorithm.name} {findings.algorithm.version}"
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
            setattr(ds, keyword, shortened(fits(value), 64))
    mark(ds, model=device.model, version=device.version)


def _stand_in(whole: Dataset | Predecessor, study: str) -> Dataset:
    """Just what highdicom needs to refer to an instance, so that 2,000 of them cost little."""
    light = Dataset()
    light.StudyInstanceUID = study
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"):
        setattr(light, keyword, str(getattr(whole, keyword)))
    if not all(element.value for element in light):
        raise ValueError("an instance that a report refers to lacks one of its UIDs")
    return light


def _evidence(source: Sequence[Dataset]) -> list[Dataset]:
    light = [_stand_in(ds, str(ds.StudyInstanceUID)) for ds in source]
    for keyword in _REQUIRED:
        setattr(light[0], keyword, "")
    return light


def _copy_patient_and_study(source: Dataset, target: Dataset) -> None:
    # Wrong values are passed on as they are; pydicom would log them, and they are the patient's.
    with disable_value_validation():
        for keyword in PATIENT_AND_STUDY:
            if keyword in source:
                target[keyword] = deepcopy(source[keyword])
            elif keyword in _REQUIRED:
                setattr(target, keyword, "")


def _local(moment: datetime, source: Dataset) -> datetime:
    """The moment on the clock that the source's times are on."""
    offset = str(source.get("TimezoneOffsetFromUTC") or "").strip()
    if moment.tzinfo is None or len(offset) != 5 or not offset[1:].isdigit():
        return moment
    minutes = int(offset[1:3]) * 60 + int(offset[3:])
    zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return moment.astimezone(zone)


def _description(name: str) -> str:
    """What a series list shows: who made it and that it is not a diagnosis."""
    return f"{shortened(name, 28)}: AI/automated, not for diagnosis"


def _plain_dataset(report: Dataset) -> Dataset:
    """The report as an ordinary data set with file meta information of ours."""
    ds = Dataset()
    ds.update(report)
    ds.InstanceCreationDate, ds.InstanceCreationTime = ds.ContentDate, ds.ContentTime
    if ds.CompletionFlag == "PARTIAL":
        ds.CompletionFlagDescription = "Parts of the study were not processed"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ComprehensiveSRStorage
    ds.file_meta.MediaStorageSOPInstanceUID = UID(report.SOPInstanceUID)
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    ds.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    return ds
