"""Findings that say little, and findings that have every field of every record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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

ON = Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.4")
FRAME = Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.5", frame=2)
NODULE = Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule")
THYROID = Concept(value="69748006", scheme="SCT", meaning="Thyroid gland")
LOBE = Site(anatomy=THYROID, laterality=Side.LEFT)
HIGH = Concept(value="15508007", scheme="SCT", meaning="High")
AREA = Concept(value="42798000", scheme="SCT", meaning="Area")

SOMETHING = Findings(
    algorithm=Algorithm(name="a", version="1"),
    summary="Fine.",
    sources=(ON,),
)

_REGION = Region(
    tracking="nodule-1",
    type=NODULE,
    label="Nodule, 山",
    category=THYROID,
    score=0.75,
    site=LOBE,
    shapes=(
        Mask(on=ON, raster=Raster.of(np.eye(3, 5, dtype=bool))),
        Box(
            on=ON,
            left=np.float32(0.25),  # type: ignore[arg-type] # pipelines do this
            top=0,
            right=3.5,
            bottom=2,
        ),
        Polygon(on=FRAME, points=((0, 0), (4, 0), (2.5, 2))),
        Contour(on=FRAME, points=((0, 0), (4, 1e-3))),
        Mask(on=FRAME, raster=Raster.of(np.linspace(0, 1, 6).reshape(2, 3))),
    ),
)

EVERYTHING = Findings(
    algorithm=Algorithm(
        name="thyroid",
        version="2.0",
        digest="sha256:00",
        vendor="Nobody",
        card="https://example.org",
        parameters={"size": "224", "ط": "山"},
    ),
    summary="A nodule.",
    sources=(ON, FRAME),
    alert="A nodule that somebody should look at, 山.",
    recommendation="Look\nagain.",
    risk=HIGH,
    limits="Not for children.",
    notes=(Note(code="dark", severity=Severity.WARNING, text="It is dark.", references=(ON,)),),
    refusals=(Refusal(of="Series 2", because="it is a report", references=(FRAME,)),),
    classifications=(
        Classification(
            name=NODULE,
            value=Presence.PRESENT,
            tracking="nodule",
            probability=np.float32(0.5),  # type: ignore[arg-type] # pipelines do this
            calibrated=True,
            threshold=0.25,
            because="of its edge",
            references=(ON,),
            region="nodule-1",
        ),
        Classification(name=NODULE, value=THYROID, site=replace(LOBE, laterality=Side.BOTH)),
    ),
    regions=(_REGION,),
    measurements=(
        Measurement(
            name="area", value=1 / 3, unit="mm2", references=(ON,), concept=AREA, region="nodule-1"
        ),
    ),
    heatmaps=(
        HeatMap(
            on=FRAME,
            raster=Raster.of(np.linspace(0, 1, 12).reshape(3, 4)),
            explains=NODULE,
            method="Saliency",
            layer="conv5",
        ),
    ),
    pictures=(
        Rendered(of=ON, raster=Raster.of(np.full((2, 2, 3), 7, np.uint8)), caption="A picture"),
    ),
)
