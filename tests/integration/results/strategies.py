"""Any findings at all, by hypothesis: whatever the contract lets a pipeline say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
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
    Reference,
    Refusal,
    Region,
    Rendered,
    Severity,
    Shape,
    Side,
    Site,
)

LINES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\\"),
    min_size=1,
    max_size=70,
).filter(lambda text: bool(text.strip()))
"""One line of any script."""
TEXTS = st.text(max_size=120)
"""Many lines, control characters and all."""
SHARES = st.floats(0, 1)
"""Probabilities, scores and thresholds."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A frame that something may be found on."""

    on: Reference
    rows: int
    columns: int


def places(datasets: Sequence[Dataset]) -> list[Place]:
    """Every frame of these images."""
    return [
        Place(
            on=Reference(
                SOPClassUID=ds.SOPClassUID,
                SOPInstanceUID=ds.SOPInstanceUID,
                frame=number + 1 if "NumberOfFrames" in ds else None,
            ),
            rows=int(ds.Rows),
            columns=int(ds.Columns),
        )
        for ds in datasets
        for number in range(int(ds.get("NumberOfFrames") or 1))
    ]


CONCEPTS: st.SearchStrategy[Concept] = st.one_of(
    st.sampled_from(
        [
            Concept(value="125605004", scheme="SCT", meaning="Fracture of bone"),
            Concept(value="237495005", scheme="SCT", meaning="Thyroid nodule"),
            Concept(value="121071", scheme="DCM", meaning="Finding"),
        ]
    ),
    st.builds(
        Concept,
        value=st.text("ABCabc0123-._", min_size=1, max_size=24),
        scheme=st.sampled_from(["SCT", "DCM", "99OTHERS"]),
        meaning=LINES.filter(lambda text: len(text) <= 64),
    ),
)

SITES: st.SearchStrategy[Site] = st.builds(
    Site, anatomy=CONCEPTS, laterality=st.none() | st.sampled_from(Side)
)

ALGORITHMS: st.SearchStrategy[Algorithm] = st.builds(
    Algorithm,
    name=LINES,
    version=LINES,
    digest=st.none() | st.just("sha256:" + "0f" * 32),
    vendor=st.just("") | LINES,
    card=st.sampled_from(["", "https://example.org/card"]),
    parameters=st.dictionaries(LINES, TEXTS, max_size=2),
)


def rasters(rows: int, columns: int) -> st.SearchStrategy[Raster]:
    """Masks of bits and of floats: empty, full, of a few pixels, or noise."""

    def made(seed: int, kind: str) -> Raster:
        noise = np.random.default_rng(seed).random((rows, columns))
        if kind == "fraction":
            return Raster.of(noise)
        share = {"empty": -1.0, "full": 2.0, "few": 3 / noise.size, "noise": 0.5}[kind]
        return Raster.of(noise < share)

    kinds = st.sampled_from(["empty", "full", "few", "noise", "fraction"])
    return st.builds(made, st.integers(0, 1000), kinds)


def shapes(place: Place) -> st.SearchStrategy[Shape]:
    """Any shape on a frame."""
    x, y = st.floats(0, place.columns), st.floats(0, place.rows)
    pairs = st.tuples(x, y)
    spans = st.tuples(
        st.lists(x, min_size=2, max_size=2, unique=True).map(sorted),
        st.lists(y, min_size=2, max_size=2, unique=True).map(sorted),
    )
    return st.one_of(
        st.builds(Mask, on=st.just(place.on), raster=rasters(place.rows, place.columns)),
        spans.map(
            lambda s: Box(on=place.on, left=s[0][0], right=s[0][1], top=s[1][0], bottom=s[1][1])
        ),
        st.builds(
            Polygon,
            on=st.just(place.on),
            points=st.lists(pairs, min_size=3, max_size=6).map(tuple),
        ),
        st.builds(
            Contour,
            on=st.just(place.on),
            points=st.lists(pairs, min_size=2, max_size=6).map(tuple),
        ),
    )


def regions(where: Sequence[Place]) -> st.SearchStrategy[tuple[Region, ...]]:
    """A few regions, each with a name of its own and a shape or more."""
    parts = st.lists(st.sampled_from(where).flatmap(shapes), min_size=1, max_size=3).map(tuple)
    one = st.builds(
        Region,
        tracking=LINES,
        type=CONCEPTS,
        shapes=parts,
        label=LINES,
        score=st.none() | SHARES,
        site=st.none() | SITES,
    )
    return st.lists(one, max_size=3, unique_by=lambda region: region.tracking).map(tuple)


def heatmaps(where: Sequence[Place]) -> st.SearchStrategy[HeatMap]:
    """A heat map that is coarser than its frame, or as fine, or finer."""

    def raster(seed: int, side: int) -> Raster:
        return Raster.of(np.random.default_rng(seed).random((side, side)))

    return st.builds(
        HeatMap,
        on=st.sampled_from(where).map(lambda place: place.on),
        raster=st.builds(raster, st.integers(0, 9), st.sampled_from([1, 7, 40])),
        explains=CONCEPTS,
        method=LINES,
        layer=TEXTS,
    )


def pictures(where: Sequence[Place]) -> st.SearchStrategy[Rendered]:
    """A picture, grey or RGB."""

    def raster(seed: int, shape: tuple[int, ...]) -> Raster:
        return Raster.of(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))

    sizes = st.sampled_from([(1, 1), (16, 9), (16, 9, 3)])
    return st.builds(
        Rendered,
        of=st.sampled_from(where).map(lambda place: place.on),
        raster=st.builds(raster, st.integers(0, 9), sizes),
        caption=TEXTS,
    )


@st.composite
def findings(draw: st.DrawFn, where: Sequence[Place]) -> Findings:
    """Any findings about some frames."""
    found = draw(regions(where))
    named = st.sampled_from(["", *(region.tracking for region in found)])
    to = st.lists(st.sampled_from(where).map(lambda place: place.on), max_size=2).map(tuple)
    whole = dict.fromkeys(
        Reference(SOPClassUID=p.on.SOPClassUID, SOPInstanceUID=p.on.SOPInstanceUID) for p in where
    )

    def several(strategy: st.SearchStrategy[object]) -> tuple[object, ...]:
        return tuple(draw(st.lists(strategy, max_size=2)))

    made = {
        "notes": several(
            st.builds(
                Note,
                code=st.text("abcxyz-019", min_size=1, max_size=20),
                severity=st.sampled_from(Severity),
                text=TEXTS,
                references=to,
            )
        ),
        "refusals": several(st.builds(Refusal, of=TEXTS, because=TEXTS, references=to)),
        "classifications": several(
            named.flatmap(
                lambda region: st.builds(
                    Classification,
                    name=CONCEPTS,
                    value=st.sampled_from(Presence) | CONCEPTS,
                    tracking=st.just("") | LINES,
                    probability=st.none() | SHARES,
                    calibrated=st.booleans(),
                    threshold=st.none() | SHARES,
                    because=TEXTS,
                    references=to,
                    region=st.just(region),
                    site=st.none() if region else st.none() | SITES,
                )
            )
        ),
        "measurements": several(
            st.builds(
                Measurement,
                name=LINES,
                value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99),
                unit=st.sampled_from(["", "1", "mm", "mm2", "%", "[hnsf'U]", "{ratio}"]),
                references=to,
                concept=st.none() | CONCEPTS,
                region=named,
            )
        ),
        "heatmaps": several(heatmaps(where)),
        "pictures": several(pictures(where)),
    }
    return Findings(
        algorithm=draw(ALGORITHMS),
        summary=draw(TEXTS),
        sources=tuple(whole),
        alert=draw(st.just("") | LINES),
        recommendation=draw(TEXTS),
        risk=draw(st.none() | CONCEPTS),
        limits=draw(TEXTS),
        regions=found,
        **made,  # type: ignore[arg-type]
    )
