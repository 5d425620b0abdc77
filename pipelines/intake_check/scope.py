"""What this check can look at, and in words a radiographer knows, what it cannot."""

from __future__ import annotations

from pydicom.uid import UID

from pipelines.contract import Instance, Series, Verdict, is_image_class

_KINDS = (
    ("Presentation State", "it holds presentation states, which point at images"),
    ("Key Object Selection", "it holds key object selections, which point at images"),
    ("Encapsulated", "it holds documents and not images"),
    (" SR", "it holds structured reports and not images"),
    ("Structured Report", "it holds structured reports and not images"),
    ("Procedure Log", "it holds a procedure log and not images"),
    ("Radiation Dose", "it holds dose reports and not images"),
    ("RT Structure Set", "it holds contours and not images"),
    ("RT ", "it holds radiotherapy plans or records and not images"),
    ("Waveform", "it holds waveforms and not images"),
    ("ECG", "it holds waveforms and not images"),
    ("Spectroscopy", "it holds spectra and not images"),
    ("Registration", "it holds registrations, which point at images"),
    ("Fiducials", "it holds points and not images"),
    ("Real World Value Mapping", "it holds value mappings, which point at images"),
    ("Raw Data", "it holds raw data and not images"),
    ("Surface", "it holds surfaces and not images"),
    ("Tractography", "it holds tracts and not images"),
    ("Measurement", "it holds measurements and not images"),
)


def why_not(instance: Instance) -> str | None:
    """Why an instance cannot be checked, or None when it is an image."""
    uid = UID(instance.SOPClassUID)
    if is_image_class(uid):
        return None
    if uid.name == uid and instance.value("Rows"):
        return None  # a class that the standard of our day doesn't know, with pixels
    for part, reason in _KINDS:
        if part in uid.name:
            return reason
    return "it holds objects of a kind this check does not know, without pixels"


def verdict(series: Series) -> Verdict:
    """Take a series when any of its instances is an image."""
    reasons = [why_not(instance) for instance in series.instances]
    if not reasons:
        return Verdict.no("it holds no instances")
    refused = next((reason for reason in reasons if reason is not None), None)
    if refused is None:
        return Verdict.yes("a series of images")
    if None in reasons:
        return Verdict.yes("a series with images among other objects")
    return Verdict.no(refused)
