"""The source of a result: headers with what a result has in common with its study."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydicom import DataElement, Dataset, dcmread
from pydicom.charset import convert_encodings, encode_string
from pydicom.config import disable_value_validation
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.tag import BaseTag
from pydicom.valuerep import CUSTOMIZABLE_CHARSET_VR, PersonName

from pipelines.contract import Instance, Rejected, Retryable, Study
from pipelines.malformed import MALFORMED

PATIENT_AND_STUDY = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    # Says that the dates of a de-identified study were changed (C.12.1)
    "LongitudinalTemporalInformationModified",
    # Patient (PS3.3 C.7.1.1)
    "ReferencedPatientSequence",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "SourcePatientGroupIdentificationSequence",
    "GroupOfPatientsIdentificationSequence",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientBirthDateInAlternativeCalendar",
    "PatientDeathDateInAlternativeCalendar",
    "PatientAlternativeCalendar",
    "PatientSex",
    "QualityControlSubject",
    "StrainDescription",
    "StrainNomenclature",
    "StrainStockSequence",
    "StrainAdditionalInformation",
    "StrainCodeSequence",
    "GeneticModificationsSequence",
    "OtherPatientNames",
    "OtherPatientIDsSequence",
    "ReferencedPatientPhotoSequence",
    "EthnicGroupCodeSequence",
    "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence",
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientComments",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    # Clinical Trial Subject (C.7.1.3)
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "IssuerOfClinicalTrialProtocolID",
    "OtherClinicalTrialProtocolIDsSequence",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "IssuerOfClinicalTrialSiteID",
    "ClinicalTrialSubjectID",
    "IssuerOfClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "IssuerOfClinicalTrialSubjectReadingID",
    "ClinicalTrialProtocolEthicsCommitteeName",
    "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
    # General Study (C.7.2.1)
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName",
    "ReferringPhysicianIdentificationSequence",
    "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence",
    "StudyDescription",
    "ProcedureCodeSequence",
    "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence",
    "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence",
    "ReferencedStudySequence",
    "StudyInstanceUID",
    "StudyID",
    "RequestingService",
    "RequestingServiceCodeSequence",
    "ReasonForPerformedProcedureCodeSequence",
    # Patient Study (C.7.2.2)
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "PatientAge",
    "PatientSize",
    "PatientSizeCodeSequence",
    "PatientBodyMassIndex",
    "MeasuredAPDimension",
    "MeasuredLateralDimension",
    "PatientWeight",
    "MedicalAlerts",
    "Allergies",
    "Occupation",
    "SmokingStatus",
    "AdditionalPatientHistory",
    "PregnancyStatus",
    "LastMenstrualDate",
    "PatientSexNeutered",
    "ReasonForVisit",
    "ReasonForVisitCodeSequence",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "ServiceEpisodeID",
    "ServiceEpisodeDescription",
    "IssuerOfServiceEpisodeIDSequence",
    "PatientState",
    # Clinical Trial Study (C.7.2.3)
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    "LongitudinalTemporalOffsetFromEvent",
    "LongitudinalTemporalEventType",
    "ClinicalTrialTimePointTypeCodeSequence",
    "IssuerOfClinicalTrialTimePointID",
    "ConsentForClinicalTrialUseSequence",
    # Of other modules or earlier editions
    "EthnicGroup",
)
"""What a report has in common with its source, and what a source's header should therefore hold."""

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
_FIRST = [*PATIENT_AND_STUDY, "SeriesNumber"]
_UNREADABLE = (OSError, *MALFORMED)
"""What pydicom raises where bytes are not what their type says."""


class Source:
    """The images a result is about: every one by its UIDs, the whole header of those asked for.

    Patient and study are the same in all, so that a study of 2,000 instances costs one file.
    """

    def __init__(self, images: Sequence[Dataset], load: Callable[[str, bool], Dataset]) -> None:
        if not images:
            raise Rejected("The study has no instances to make a result of.")
        if not all(ds.get(keyword) for ds in images for keyword in _UIDS):
            raise Rejected("An instance of the study lacks one of its UIDs.")
        self.images = images
        """Each with its UIDs and its SeriesNumber; patient and study stand in the first."""
        self.common = _common(images[0])
        """What the results have in common with their source, by keyword, just as it came."""
        self._load = load
        self._by_uid = {str(ds.SOPInstanceUID): ds for ds in images}
        self._headers: dict[str, Dataset] = {}
        self._last: tuple[str, Dataset] | None = None

    @classmethod
    def of_study(cls, study: Study) -> Source:
        """The source that a study on disk is."""
        instances = {item.SOPInstanceUID: item for item in study.instances}
        images: list[Dataset] = []
        for series in study.series:
            for item in series.instances:
                ds = Dataset() if images else _read(item, specific_tags=_FIRST)
                ds.StudyInstanceUID = study.StudyInstanceUID
                ds.SeriesInstanceUID = series.SeriesInstanceUID
                ds.SOPClassUID = item.SOPClassUID
                ds.SOPInstanceUID = item.SOPInstanceUID
                ds.setdefault("SeriesNumber", item.header.get("SeriesNumber"))
                images.append(ds)

        def load(uid: str, pixels: bool) -> Dataset:
            return _readable(_read(instances[uid], stop_before_pixels=not pixels))

        source = cls(images, load)
        _readable(source.patient)
        return source

    @classmethod
    def of_datasets(cls, datasets: Sequence[Dataset]) -> Source:
        """The source that data sets in memory are."""
        whole = {str(ds.get("SOPInstanceUID")): ds for ds in datasets}
        return cls(datasets, lambda uid, _pixels: whole[uid])

    @property
    def patient(self) -> Dataset:
        """A data set with the attributes of patient and study."""
        return self.images[0]

    @property
    def StudyInstanceUID(self) -> str:
        """Which study it is."""
        return str(self.patient.StudyInstanceUID)

    def __contains__(self, SOPInstanceUID: object) -> bool:
        return SOPInstanceUID in self._by_uid

    def image(self, SOPInstanceUID: str) -> Dataset:
        """An instance by its UIDs alone."""
        return self._by_uid[SOPInstanceUID]

    def header(self, SOPInstanceUID: str) -> Dataset:
        """The whole header of an instance, without its pixels where they are on disk."""
        if SOPInstanceUID not in self._headers:
            self._headers[SOPInstanceUID] = self._load(SOPInstanceUID, False)
        return self._headers[SOPInstanceUID]

    def whole(self, SOPInstanceUID: str) -> Dataset:
        """An instance with its pixels; only the last one is kept, for its next frame."""
        if self._last is None or self._last[0] != SOPInstanceUID:
            self._last = (SOPInstanceUID, self._load(SOPInstanceUID, True))
        return self._last[1]

    def frames(self, SOPInstanceUID: str) -> int:
        """How many frames an instance has."""
        try:
            return max(1, int(self.header(SOPInstanceUID).get("NumberOfFrames") or 1))
        except (TypeError, ValueError):
            return 1


def _common(first: Dataset) -> Mapping[str, DataElement]:
    # Wrong values are passed on as they are; pydicom would log them, and they are the patient's.
    with disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = [keyword for keyword in PATIENT_AND_STUDY if keyword in first]
        elements = {keyword: _as_it_came(first, keyword) for keyword in there}
    return {keyword: element for keyword, element in elements.items() if element is not None}


def _as_it_came(ds: Dataset, keyword: str) -> DataElement | None:
    """An element; a text that would be written otherwise than it was read, by its bytes."""
    raw = ds.get_item(keyword)
    if not isinstance(raw, RawDataElement):
        return raw
    encodings = convert_encodings(ds.get("SpecificCharacterSet") or "ISO_IR 6")
    try:
        element = convert_raw_data_element(raw, encoding=encodings, ds=ds)
    except _UNREADABLE:
        return None
    if element.VR not in CUSTOMIZABLE_CHARSET_VR:
        return element
    values = element.value if element.VM > 1 else [element.value or ""]
    written = b"\\".join(encode_string(str(value), encodings) for value in values)
    there = (raw.value or b"").rstrip(b" \0")
    if written.rstrip(b" \0") == there:
        return element
    value = PersonName(there, encodings) if element.VR == "PN" else there
    return DataElement(element.tag, element.VR, value, already_converted=True)


def _readable(ds: Dataset) -> Dataset:
    """A header without the numbers and sequences that are none: they count as missing."""
    for tag in [tag for tag in ds.keys() if not _is_readable(ds, tag)]:  # noqa: SIM118
        del ds[tag]
    return ds


def _is_readable(ds: Dataset, tag: BaseTag) -> bool:
    raw = ds.get_item(tag)
    if raw.VR not in (None, "DS", "IS", "SQ"):
        return True
    try:
        element = ds[tag]
    except _UNREADABLE:
        return False
    values = element.value if element.VM > 1 else [element.value]
    return element.VR not in ("DS", "IS") or not any(isinstance(v, str) and v for v in values)


def _read(item: Instance, **options: Any) -> Dataset:
    try:
        return dcmread(item.path, **options)
    except OSError as error:
        raise Retryable("a stored file cannot be read at the moment") from error
