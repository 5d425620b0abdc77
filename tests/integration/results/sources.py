"""Studies and findings that reports are built from in these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
from pydicom import Dataset

from bench.phantoms import ct_head, dx_extremity, photograph, us_thyroid
from pipelines.contract import (
    Algorithm,
    Box,
    Classification,
    Concept,
    Contour,
    Findings,
    HeatMap,
    Mask,
    Measurement,
    Note,
    Polygon,
    Presence,
    Raster,
    Reference,
    Refusal,
    Region,
    Rendered,
    Severity,
    Side,
    Site,
)
from results.build import Context

NAMES: dict[str, tuple[str | list[str], str]] = {
    "ascii": ("ISO_IR 6", "PHANTOM^PLAIN"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "arabic": ("ISO_IR 127", "قباني^لنزار"),
    "cyrillic": ("ISO_IR 144", "Люксембург"),
    "utf8": ("ISO_IR 192", "Wang^XiaoDong=王^小东"),
}

CONTEXT = Context(
    pipeline="intake-check",
    version="1.0.0",
    revision=1,
    content_datetime=datetime(2026, 1, 2, 10, 20, 30, tzinfo=timezone(timedelta(hours=1))),
    ae_title="DICOM_NODE",
)


def source(kind: str, name: str) -> list[Dataset]:
    """A phantom study whose patient has this name in this character set."""
    makers = {
        "ct": lambda: ct_head(size=16, slices=3),
        "dx": lambda: dx_extremity(size=32),
        "us": lambda: us_thyroid(size=64),
        "cine": lambda: us_thyroid(size=64, frames=4),
        "photo": lambda: photograph(size=32),
    }
    datasets = makers[kind]()
    for ds in datasets:
        character_set, patient = NAMES[name]
        if name != "ascii":
            ds.SpecificCharacterSet = character_set
        ds.PatientName = patient
        ds.TimezoneOffsetFromUTC = "+0900"
    return datasets


def references(datasets: list[Dataset]) -> tuple[Reference, ...]:
    """Each instance."""
    return tuple(
        Reference(SOPClassUID=ds.SOPClassUID, SOPInstanceUID=ds.SOPInstanceUID) for ds in datasets
    )


def nothing(datasets: list[Dataset]) -> Findings:
    """Findings with nothing to say."""
    return Findings(
        algorithm=Algorithm(name="intake-check", version="1.0.0"),
        summary="",
        sources=references(datasets),
    )


def plenty(datasets: list[Dataset]) -> Findings:
    """Findings with much of everything, and text that no one character set has room for."""
    where = references(datasets)
    fracture = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
    finding = Concept(value="121071", scheme="DCM", meaning="Finding")
    return Findings(
        algorithm=Algorithm(
            name="intake-check", version="1.0.0", digest="sha256:0123", parameters={"size": "224"}
        ),
        summary="A long summary → with 'quotes', µ, 山 and a line\nbreak. " + "More. " * 500,
        sources=where,
        notes=tuple(
            Note(
                code=f"kind-of-note-number-{number}",
                severity=list(Severity)[number % 3],
                text=f"Note {number} says something about the study.",
                references=where[:2],
            )
            for number in range(20)
        ),
        refusals=(Refusal(of="Series 9 (SR)", because="it holds structured reports."),),
        measurements=(
            Measurement(name="slice spacing", value=1 / 3, unit="mm", references=where[:1]),
            Measurement(name="instances checked", value=3, unit="1"),
        ),
        classifications=(Classification(name=finding, value=fracture, references=where),),
    )


NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")
FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
MALIGNANT = Concept(value="21594007", scheme="SCT", meaning="Malignant")
LOBE = Site(
    anatomy=Concept(value="69748006", scheme="SCT", meaning="Thyroid gland"), laterality=Side.LEFT
)
TEXTURE = Concept(value="a-texture-with-a-long-code", scheme="99SITE", meaning="Texture → coarse")


def frames(datasets: list[Dataset]) -> list[Reference]:
    """Each frame: with its number in an instance that has several."""
    found = []
    for ds, on in zip(datasets, references(datasets), strict=True):
        count = int(ds.get("NumberOfFrames", 1))
        numbers = range(1, count + 1) if count > 1 else (None,)
        found += [replace(on, frame=number) for number in numbers]
    return found


def ring(ds: Dataset) -> Raster:
    """A mask with a hole, an island in it, and a second part."""
    mask = np.zeros((ds.Rows, ds.Columns), np.bool_)
    mask[1:9, 2:10] = True
    mask[3:7, 4:8] = False
    mask[4, 5] = True
    mask[11:14, 1:3] = True
    return Raster.of(mask)


def everything(datasets: list[Dataset]) -> Findings:
    """Findings with regions of each shape, judgements of each sort, heat maps and pictures."""
    where, on = frames(datasets), frames(datasets)[0]
    ds = datasets[0]
    empty = Raster.of(np.zeros((ds.Rows, ds.Columns), np.bool_))
    grey = Raster.of(np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4))
    corners = ((3.5, 2.0), (10.0, 2.0), (10.0, 9.25))
    return replace(
        plenty(datasets),
        notes=plenty(datasets).notes[:3],
        algorithm=Algorithm(
            name="thyroid-nodule",
            version="2.1.0",
            digest="sha256:89ab",
            vendor="Example → Ltd",
            card="https://example.org/card",
            parameters={"size": "224"},
        ),
        recommendation="Ask a radiologist.\nSoon.",
        limits="Not for children.",
        risk=Concept(value="15508007", scheme="SCT", meaning="High risk"),
        regions=(
            Region(
                tracking="nodule-1",
                type=NODULE,
                label="Nodule 1",
                score=0.875,
                site=LOBE,
                shapes=(Box(on=on, left=1, top=2.5, right=9, bottom=8),),
            ),
            Region(
                tracking="parts",
                type=TEXTURE,
                label="Texture → coarse",
                shapes=tuple(Mask(on=each, raster=ring(ds)) for each in where),
            ),
            Region(
                tracking="line",
                type=FRACTURE,
                label="Fracture line",
                shapes=(Contour(on=on, points=((1, 1), (4.5, 6), (8, 7))),),
            ),
            Region(
                tracking="area",
                type=FRACTURE,
                label="Area",
                shapes=(Polygon(on=where[-1], points=corners),),
            ),
            Region(
                tracking="nothing", type=NODULE, label="None", shapes=(Mask(on=on, raster=empty),)
            ),
        ),
        measurements=(
            *plenty(datasets).measurements,
            Measurement(
                name="Longest diameter",
                value=12.5,
                unit="mm",
                region="nodule-1",
                concept=Concept(value="103339001", scheme="SCT", meaning="Long Axis"),
                references=(on,),
            ),
            Measurement(name="counts → per area", value=1e300, unit="{counts}/cm2", region="area"),
        ),
        classifications=(
            *plenty(datasets).classifications,
            Classification(
                name=FRACTURE,
                value=Presence.ABSENT,
                probability=0.03,
                threshold=0.5,
                because="Nothing → looks broken.",
                references=tuple(where),
                site=LOBE,
            ),
            Classification(name=FRACTURE, value=Presence.INDETERMINATE, tracking="fracture"),
            Classification(
                name=TEXTURE, value=Presence.PRESENT, region="nodule-1", probability=0.5
            ),
            Classification(
                name=NODULE,
                value=MALIGNANT,
                region="nodule-1",
                probability=0.07,
                calibrated=True,
                threshold=0.1,
                references=(on,),
            ),
        ),
        heatmaps=(HeatMap(on=on, raster=grey, explains=FRACTURE, layer="layer4"),),
        pictures=(Rendered(of=on, raster=picture(), caption="The nodule → enlarged."),),
    )


def picture() -> Raster:
    """A small grey picture."""
    return Raster.of(np.zeros((2, 2), np.uint8))
