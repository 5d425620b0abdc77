"""The source of a result: headers with what a result has in common with its study."""

from __future__ import annotations

from pydicom import Dataset, dcmread

from pipelines.contract import Rejected, Retryable, Study

PATIENT_AND_STUDY = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    # Patient (PS3.3 C.7.1.1)
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "TypeOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "PatientBirthDate",
    "PatientBirthTime",
    "PatientSex",
    "OtherPatientNames",
    "EthnicGroup",
    "PatientComments",
    "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence",
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    # General Study (C.7.2.1) and Patient Study (C.7.2.2)
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "PhysiciansOfRecord",
    "ReferencedStudySequence",
    "ProcedureCodeSequence",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "AdditionalPatientHistory",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    # Clinical Trial Subject and Study (C.7.1.3, C.7.2.3)
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
)
"""What a report has in common with its source, and what a source's header should therefore hold."""


def headers(study: Study) -> list[Dataset]:
    """A header for each instance of a study: the first is read from its file, the others name it.

    Patient and study are the same in all, so that a study of 2,000 instances costs one file.
    """
    made: list[Dataset] = []
    for series in study.series:
        for instance in series.instances:
            ds = Dataset()
            if not made:
                try:
                    ds = dcmread(
                        instance.path,
                        stop_before_pixels=True,
                        specific_tags=list(PATIENT_AND_STUDY),
                    )
                except OSError as error:
                    raise Retryable("a stored file cannot be read at the moment") from error
            ds.StudyInstanceUID = study.StudyInstanceUID
            ds.SeriesInstanceUID = series.SeriesInstanceUID
            ds.SOPClassUID = instance.SOPClassUID
            ds.SOPInstanceUID = instance.SOPInstanceUID
            made.append(ds)
    if not made:
        raise Rejected("The study has no instances to make a result of.")
    return made
