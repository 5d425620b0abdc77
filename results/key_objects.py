"""The key objects: which of the study's images the findings are on (PS3.16, TID 2010)."""

from __future__ import annotations

from collections.abc import Mapping

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from highdicom.sr import DeviceObserverIdentifyingAttributes, ObserverContext
from pydicom import Dataset
from pydicom.sr.codedict import codes

from pipelines.contract import is_image_class, percent
from results.context import Making, NotMade
from results.finishing import REQUIRED, CopiedByUs, finished
from results.found import Frames, by_image, heated, marked, positive, present
from results.text import NOTICE, shortened

_LONGEST = 4096
"""Characters of the description: more than a viewer's list shows, and every reader copes."""


class _Selection(CopiedByUs, KeyObjectSelectionDocument):
    """A Key Object Selection Document whose patient and study are copied by us."""


def build_key_objects(making: Making) -> list[Dataset]:
    """Select the images, and their frames, with findings; the same arguments give the same bytes.

    Raises `NotMade` where no image has one.
    """
    places = [*marked(making.findings), *heated(making.findings)]
    selected = by_image(making.source, places)
    if not selected:
        raise NotMade("nothing was found on any image")
    evidence = [_stand_in(making, uid) for uid in selected]
    # Of the titles in CID 7010, 'Of Interest' is the one that claims no purpose, no audience and
    # no quality: which those images are for is left to the person who looks at them.
    content = KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=evidence,
        observer_device_context=_observer(making),
        description=_description(making),
    )
    ds = _Selection(
        evidence=evidence,
        content=content,
        series_instance_uid=making.series_uid("key-objects"),
        series_number=1,
        sop_instance_uid=making.uid("key-objects"),
        instance_number=1,
        series_description=making.series_description("key images"),
    )
    _as_the_template_has_it(ds, selected)
    return [finished(ds, making, "key-objects")]


def _stand_in(making: Making, SOPInstanceUID: str) -> Dataset:
    """Just what highdicom needs to refer to an instance; rows tell it that this is an image."""
    image = making.source.image(SOPInstanceUID)
    light = Dataset()
    light.StudyInstanceUID = making.source.StudyInstanceUID
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID"):
        setattr(light, keyword, str(getattr(image, keyword)))
    for keyword in REQUIRED:
        setattr(light, keyword, "")
    if is_image_class(light.SOPClassUID):
        light.Rows = light.Columns = 1
    return light


def _as_the_template_has_it(root: Dataset, selected: Mapping[str, Frames]) -> None:
    """Name the frames, which highdicom leaves out, and take away the purpose, which is its own.

    TID 2010 has no concept name in the rows of its references.
    """
    for item in root.ContentSequence:
        for reference in item.get("ReferencedSOPSequence", ()):
            del item.ConceptNameCodeSequence
            frames = selected[reference.ReferencedSOPInstanceUID]
            if frames is not None:
                reference.ReferencedFrameNumber = list(frames)


def _observer(making: Making) -> ObserverContext:
    device, fits = making.device, making.fits
    serial = device.serial_number
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=making.device_uid,
            name=fits(device.name),
            manufacturer_name=fits(device.manufacturer),
            model_name=fits(device.model),
            serial_number=fits(serial) if serial else None,
            physical_location=fits(device.location) if device.location else None,
        ),
    )


def _description(making: Making) -> str:
    """What was found and by whom, and what that is not good for."""
    findings = making.findings
    lines = [f"Found by {findings.algorithm.name} {findings.algorithm.version}. {NOTICE}."]
    lines += [" ".join(findings.summary.split())]
    for judgement in filter(positive, findings.classifications):
        sure = "" if judgement.probability is None else f" ({percent(judgement.probability)})"
        lines.append(f"{judgement.says}{sure}")
    for region in present(findings):
        sure = "" if region.score is None else f" ({percent(region.score)})"
        lines.append(f"{region.label}{sure}")
    lines += [f"Heat map for {heatmap.explains.meaning}" for heatmap in findings.heatmaps]
    # Hundreds of slices have the same to say.
    said = dict.fromkeys(making.fits(one) for one in lines if one)
    return shortened("\n".join(said), _LONGEST)
