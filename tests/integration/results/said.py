"""Findings of every kind, each by name, about whatever source it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

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
    Refusal,
    Region,
    Rendered,
    Severity,
    Side,
    Site,
)
from tests.integration.results.strategies import Place, places

FRACTURE = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
NODULE = Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule")
THYROID = Concept(value="69748006", scheme="SCT", meaning="Thyroid gland")
FACE = Concept(value="89545001", scheme="SCT", meaning="Face")
BENIGN = Concept(value="30807003", scheme="SCT", meaning="Benign")
OUR_OWN = Concept(value="odd-thing", scheme="99EXAMPLE", meaning="Something odd")
WRIST = Site(
    anatomy=Concept(value="74670003", scheme="SCT", meaning="Wrist joint"), laterality=Side.LEFT
)
AREA = Concept(value="42798000", scheme="SCT", meaning="Area")

SCRIPTS = (
    "Fraktur möglich → 骨折の疑い。كسر محتمل. Возможен перелом. Κάταγμα; שבר. 골절 ½ µm² ≥ 😀. "
    'Line with \\ backslash, <tags> & "quotes".\n\tNext line.\r\n\x07Bell.'
)
"""Text that no character set but Unicode has room for, and things that files trip over."""


def _made(datasets: Sequence[Dataset], **said: object) -> Findings:
    whole = dict.fromkeys(place.on for place in places([_single(ds) for ds in datasets]))
    values = {"algorithm": _ALGORITHM, "summary": "", "sources": tuple(whole), **said}
    return Findings(**values)  # type: ignore[arg-type]


def _single(ds: Dataset) -> Dataset:
    """All frames of an instance as one thing."""
    light = Dataset()
    light.SOPClassUID, light.SOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    light.Rows, light.Columns = ds.Rows, ds.Columns
    return light


_ALGORITHM = Algorithm(
    name="everything",
    version="1.2.3",
    digest="sha256:" + "0123456789abcdef" * 4,
    vendor="Nobody",
    card="https://example.org/card",
    parameters={"size": "224", "threshold": "0.5"},
)


def corner(place: Place, number: int = 0) -> NDArray[np.bool_]:
    """An L with a hole near the upper left corner: turned or shifted, it is another mask."""
    mask = np.zeros((place.rows, place.columns), np.bool_)
    mask[2 : place.rows // 2, 3 + number : 7 + number] = True
    mask[place.rows // 2 - 4 : place.rows // 2, 3 : place.columns - 5] = True
    mask[4:6, 4 + number : 6 + number] = False
    return mask


def _region(name: str, shapes: Sequence[object], **what: object) -> Region:
    values = {"type": FRACTURE, "label": name.title(), "score": 0.9, **what}
    return Region(tracking=name, shapes=tuple(shapes), **values)  # type: ignore[arg-type]


def _box(place: Place, share: float = 0.5) -> Box:
    """Not square, not in the middle, not on whole pixels."""
    return Box(
        on=place.on,
        left=2.25,
        top=place.rows * 0.25,
        right=2.25 + place.columns * share,
        bottom=place.rows * 0.4,
    )


def _mask(place: Place, number: int = 0) -> Mask:
    return Mask(on=place.on, raster=Raster.of(corner(place, number)))


def nothing(datasets: Sequence[Dataset]) -> Findings:
    """Nothing was looked for or found."""
    return _made(datasets)


def refused(datasets: Sequence[Dataset]) -> Findings:
    """Not processed, because."""
    on = places(datasets)[0].on
    return _made(
        datasets,
        summary="The study was not processed.",
        refusals=(
            Refusal(of="Series 1", because="it shows no bone.", references=(on,)),
            Refusal(of="", because=""),
        ),
    )


def fracture(datasets: Sequence[Dataset]) -> Findings:
    """A fracture is present, here, for this reason."""
    place = places(datasets)[0]
    heat = np.zeros((7, 7))
    heat[1, 2], heat[2, 2], heat[6, 6] = 1, 0.6, 0.2
    return _made(
        datasets,
        summary="A fracture is suspected.",
        recommendation="A radiologist should look at it soon.",
        limits="Not trained on children.",
        classifications=(
            Classification(
                name=FRACTURE,
                value=Presence.PRESENT,
                probability=0.874,
                calibrated=True,
                threshold=0.5,
                references=(place.on,),
                region="fracture-1",
            ),
        ),
        regions=(_region("fracture-1", [_box(place)], site=WRIST),),
        heatmaps=(HeatMap(on=place.on, raster=Raster.of(heat), explains=FRACTURE, layer="layer4"),),
    )


def absent(datasets: Sequence[Dataset]) -> Findings:
    """Looked for and not found, or not known, with probabilities from 0 to 1."""
    on = places(datasets)[-1].on
    return _made(
        datasets,
        summary="No fracture was found.",
        classifications=(
            Classification(
                name=FRACTURE, value=Presence.ABSENT, probability=0.0, threshold=0.5, site=WRIST
            ),
            Classification(
                name=NODULE,
                value=Presence.INDETERMINATE,
                because="The image is too dark.",
                references=(on,),
                site=Site(anatomy=THYROID, laterality=Side.BOTH),
            ),
            Classification(name=NODULE, tracking="kind", value=BENIGN, probability=1.0),
        ),
    )


def masks(datasets: Sequence[Dataset]) -> Findings:
    """One thing over every frame but the first, another on the last alone, with its area."""
    frames = places(datasets)
    later = frames[1:] or frames
    return _made(
        datasets,
        summary="Two things were outlined.",
        regions=(
            _region("first", [_mask(p, n) for n, p in enumerate(later)], type=NODULE, score=None),
            _region(
                "second", [_mask(frames[-1], 2)], type=FACE, site=Site(anatomy=FACE), category=FACE
            ),
        ),
        measurements=(
            Measurement(
                name="area",
                value=12.25,
                unit="mm2",
                references=(frames[-1].on,),
                concept=AREA,
                region="second",
            ),
            Measurement(name="own measure", value=-3, unit="", region="first"),
        ),
    )


def fractional(datasets: Sequence[Dataset]) -> Findings:
    """A mask that says how much."""
    place = places(datasets)[0]
    ramp = np.linspace(0, 1, place.rows * place.columns).reshape(place.rows, place.columns)
    mask = Mask(on=place.on, raster=Raster.of(ramp * corner(place)))
    return _made(datasets, regions=(_region("soft", [mask], type=THYROID),))


def outlined(datasets: Sequence[Dataset]) -> Findings:
    """A polygon, an open line and a closed one, the last on the last frame, to the very edge."""
    first, last = places(datasets)[0], places(datasets)[-1]
    triangle = ((1.5, 1.5), (first.columns - 4.0, 3.25), (6.75, first.rows - 2.5))
    edge = ((0.0, 0.0), (float(last.columns), 0.0), (float(last.columns), float(last.rows)))
    return _made(
        datasets,
        regions=(
            _region("polygon", [Polygon(on=first.on, points=triangle)]),
            _region("line", [Contour(on=first.on, points=((2, 3), (9.5, 4.25), (12, 20)))]),
            _region("ring", [Contour(on=last.on, points=(*edge, edge[0]))], type=OUR_OWN),
        ),
    )


def overlapping(datasets: Sequence[Dataset]) -> Findings:
    """Three things at one place, told in different shapes, and a mask that is empty."""
    place = places(datasets)[0]
    empty = Mask(on=place.on, raster=Raster.of(np.zeros((place.rows, place.columns), np.bool_)))
    return _made(
        datasets,
        regions=(
            _region("mask", [_mask(place), _mask(place, 3)], type=NODULE),
            _region("box", [_box(place), _box(place, 0.3)]),
            _region("both", [_mask(place, 1), _box(place, 0.6)], type=FACE),
            _region("empty", [empty], type=THYROID),
        ),
    )


def empty(datasets: Sequence[Dataset]) -> Findings:
    """All that was outlined is nothing."""
    place = places(datasets)[0]
    mask = Mask(on=place.on, raster=Raster.of(np.zeros((place.rows, place.columns), np.bool_)))
    return _made(datasets, regions=(_region("empty", [mask]),))


def pictures(datasets: Sequence[Dataset]) -> Findings:
    """Pictures that the pipeline drew, grey and in colour, of other sizes than the source."""
    on = places(datasets)[0].on
    grey = np.arange(35 * 21, dtype=np.uint16).reshape(35, 21).astype(np.uint8)
    colour = np.stack([grey, grey[::-1], grey[:, ::-1]], axis=-1)
    return _made(
        datasets,
        pictures=(
            Rendered(of=on, raster=Raster.of(grey), caption="A curve"),
            Rendered(of=on, raster=Raster.of(colour), caption=SCRIPTS),
        ),
    )


def wordy(datasets: Sequence[Dataset]) -> Findings:
    """Long texts in several scripts wherever text may stand."""
    place = places(datasets)[0]
    long = SCRIPTS * 20
    concept = Concept(value="long-code-of-ours-17", scheme="99EXAMPLE", meaning="骨折 Перелом ½")
    return _made(
        datasets,
        algorithm=Algorithm(
            name="Knochen-Künstler 山 " + "x" * 80,
            version="1.0-β",
            vendor="Фирма",
            parameters={"ключ": long},
        ),
        summary=long,
        recommendation=long,
        limits=long,
        notes=(Note(code="a-code-that-is-long", severity=Severity.ERROR, text=long),),
        refusals=(Refusal(of=SCRIPTS, because=long),),
        classifications=(
            Classification(name=concept, value=Presence.PRESENT, tracking="山" * 30, because=long),
        ),
        regions=(_region("山-1 " + "y" * 70, [_mask(place)], type=concept, label="骨折 " * 20),),
        measurements=(Measurement(name="Länge 山 " + "z" * 70, value=1e-7, unit="um"),),
    )


FINDINGS: Mapping[str, Callable[[Sequence[Dataset]], Findings]] = {
    "nothing": nothing,
    "refused": refused,
    "fracture": fracture,
    "absent": absent,
    "masks": masks,
    "fractional": fractional,
    "outlined": outlined,
    "overlapping": overlapping,
    "empty": empty,
    "pictures": pictures,
    "wordy": wordy,
}
"""What a run may have to say, made for a source when called."""
