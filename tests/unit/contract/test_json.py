"""Findings as JSON: nothing is lost, and what cannot be read says where it is wrong."""

from __future__ import annotations

import json
import time
import zlib
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import Algorithm, Findings, Mask, Raster, Reference, Region
from tests.integration.results.strategies import Place, findings
from tests.unit.contract.saying import EVERYTHING, SOMETHING

SOME = [
    Place(on=Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.4"), rows=5, columns=7),
    Place(on=Reference(SOPClassUID="1.2.3", SOPInstanceUID="1.2.3.5", frame=2), rows=3, columns=3),
]


def through_json(said: Findings) -> Any:
    """What a client gets, and sends back."""
    return json.loads(json.dumps(said.to_dict(), allow_nan=False))


@settings(deadline=None, max_examples=150)
@given(findings(SOME))
def test_nothing_is_lost_in_json(said: Findings) -> None:
    """Any findings come back equal, with the same hash, and say the same again."""
    told = through_json(said)
    back = Findings.from_dict(told)
    assert back == said
    assert hash(back) == hash(said)
    assert back.to_dict() == told


def test_everything_comes_back() -> None:
    """A record of each kind, with every field set."""
    assert Findings.from_dict(through_json(EVERYTHING)) == EVERYTHING


def test_what_has_its_default_is_left_out() -> None:
    """Little said makes little JSON, so that later fields cost the older findings nothing."""
    assert SOMETHING.to_dict() == {
        "algorithm": {"name": "a", "version": "1"},
        "summary": "Fine.",
        "sources": [{"SOPClassUID": "1.2.3", "SOPInstanceUID": "1.2.3.4"}],
    }


def test_masks_are_compressed() -> None:
    """A mask of seven million pixels is a few kilobytes."""
    region = _masked(b"\0" * (3000 * 2500 // 8), 3000, 2500)
    assert (
        len(
            json.dumps(
                Findings(
                    algorithm=SOMETHING.algorithm, summary="", sources=(), regions=(region,)
                ).to_dict()
            )
        )
        < 10_000
    )


def _masked(data: bytes, rows: int, columns: int) -> Region:
    raster = Raster(rows=rows, columns=columns, depth="bit", data=data)
    return Region(
        tracking="m",
        type=EVERYTHING.regions[0].type,
        label="m",
        shapes=(Mask(on=SOME[0].on, raster=raster),),
    )


def _changed(path: str, value: Any) -> dict[str, Any]:
    """Everything as JSON has it, with one value put at a place such as `regions.0.label`."""
    told: Any = through_json(EVERYTHING)
    *before, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = told
    for part in before:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return dict(told)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("summary", 3, "findings.summary has to be text"),
        ("summary", None, "findings.summary has to be text"),
        ("summary", "\ud800", "findings.summary has to be text without halves of characters"),
        ("summary", ..., "findings.summary has to be there"),
        ("alert", "Look\nnow.", "findings: The contract .* an alert is a sentence of one line"),
        ("surprise", 1, "findings has no field named surprise"),
        ("algorithm", [], "findings.algorithm has to be an object"),
        ("algorithm.version", ..., "findings.algorithm.version has to be there"),
        ("algorithm.parameters", "x", "findings.algorithm.parameters has to be an object"),
        ("algorithm.parameters", {"x": 1}, "findings.algorithm.parameters.x has to be text"),
        ("sources", {}, "findings.sources has to be a list"),
        ("sources.0", "1.2", r"findings.sources\[0\] has to be an object"),
        ("sources.0.frame", "1", r"findings.sources\[0\].frame has to be a whole number"),
        ("sources.0.frame", True, r"findings.sources\[0\].frame has to be a whole number"),
        ("sources.0.frame", 1.0, r"findings.sources\[0\].frame has to be a whole number"),
        ("sources.0.frame", 0, r"findings.sources\[0\]: The contract .* counted from 1"),
        ("notes.0.severity", "awful", r"findings.notes\[0\].severity has to be one of info, warn"),
        ("notes.0.severity", [], r"findings.notes\[0\].severity has to be one of"),
        ("classifications.0.value", "maybe", r"classifications\[0\].value has to be one of pres"),
        ("classifications.0.value", {}, r"classifications\[0\].value.value has to be there"),
        ("classifications.0.calibrated", 1, r"calibrated has to be true or false"),
        ("classifications.0.probability", "1", r"probability has to be a number"),
        ("classifications.0.probability", True, r"probability has to be a number"),
        ("classifications.0.probability", 2, r"classifications\[0\]: .* between 0 and 1"),
        ("measurements.0.value", float("nan"), r"measurements\[0\].value has to be a finite"),
        ("measurements.0.value", float("inf"), r"measurements\[0\].value has to be a finite"),
        ("measurements.0.value", 10**400, r"measurements\[0\].value has to be a finite"),
        ("measurements.0.region", "nobody", "findings: .* names one that is there"),
        ("regions.0.shapes.0.kind", "blob", r"shapes\[0\].kind has to be one of mask, box, pol"),
        ("regions.0.shapes.0.kind", [], r"shapes\[0\].kind has to be one of mask, box, polygon"),
        ("regions.0.shapes.0.kind", ..., r"shapes\[0\].kind has to be one of mask, box, polygon"),
        ("regions.0.shapes.0", "box", r"regions\[0\].shapes\[0\] has to be an object"),
        ("regions.0.shapes.0.raster.depth", "int", r"raster.depth has to be one of bit, uint8"),
        ("regions.0.shapes.0.raster.depth", [], r"raster.depth has to be one of bit, uint8"),
        ("regions.0.shapes.0.raster.rows", 99, r"raster: .* as many numbers as pixels"),
        ("regions.0.shapes.0.raster.data", 1, "raster.data has to be text"),
        ("regions.0.shapes.0.raster.data", "é", "raster.data is not compressed bytes"),
        ("regions.0.shapes.0.raster.data", "AAAA", "raster.data is not compressed bytes"),
        ("regions.0.shapes.0.raster.data", "", "compressed bytes that are whole"),
        ("regions.0.shapes.2.points", [[1, 2], [3]], r"points\[1\] has to be a list of 2"),
        ("regions.0.shapes.2.points", [[1, 2], [3, 4]], r"shapes\[2\]: .* three corners"),
    ],
)
def test_what_is_wrong_says_where(path: str, value: Any, said: str) -> None:
    """One wrong value anywhere is a ValueError that names its place."""
    with pytest.raises(ValueError, match=said):
        Findings.from_dict(_changed(path, value))


@pytest.mark.parametrize("told", [[], "x", None, 1, {}, {1: 2, "x": 3}])
def test_what_is_not_findings_at_all(told: Any) -> None:
    """Anything else that JSON holds is refused."""
    with pytest.raises(ValueError, match=r"^findings"):
        Findings.from_dict(told)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PLACES = (
    "algorithm",
    "algorithm.parameters",
    "sources",
    "sources.0",
    "notes.0",
    "refusals.0",
    "classifications.0.value",
    "regions.0",
    "regions.0.shapes.0",
    "regions.0.shapes.1.left",
    "regions.0.shapes.2.points",
    "measurements.0.concept",
    "heatmaps.0.raster",
    "pictures.0.raster.data",
    "pictures.0.raster.channels",
)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PLACES), JSON)
def test_any_value_at_any_place_is_read_or_refused(path: str, value: Any) -> None:
    """Whatever a client sends, it is findings or a ValueError, never another error."""
    try:
        read = Findings.from_dict(_changed(path, value))
    except ValueError as error:
        assert str(error).startswith("findings")  # noqa: PT017 - either way is right
    else:
        assert Findings.from_dict(through_json(read)) == read


def test_a_bomb_does_not_go_off() -> None:
    """Much nothing in little is refused before it fills the memory."""
    packer = zlib.compressobj(1)
    block = b"\0" * (1 << 24)
    bomb = b"".join([*(packer.compress(block) for _ in range(17)), packer.flush()])
    start = time.process_time()
    with pytest.raises(ValueError, match=r"raster.data has to be .* not too many"):
        Findings.from_dict(_changed("pictures.0.raster.data", b64encode(bomb).decode()))
    assert time.process_time() - start < 3


def test_compressed_bytes_end_where_they_say() -> None:
    """What comes after the end of them, or is missing there, is an error."""
    good = zlib.compress(b"\0" * 12)
    for data in (good + b"more", good[:-2]):
        with pytest.raises(ValueError, match="whole"):
            Findings.from_dict(_changed("pictures.0.raster.data", b64encode(data).decode()))


def test_numbers_of_numpy_become_pythons() -> None:
    """What a pipeline takes out of an array is no obstacle to JSON."""
    assert type(EVERYTHING.classifications[0].probability) is float
    assert type(EVERYTHING.regions[0].shapes[1].left) is float  # type: ignore[union-attr]


def test_an_algorithm_alone_is_told_from_its_copy() -> None:
    """Parameters count when two algorithms are compared."""
    one, other = (Algorithm(name="a", version="1", parameters={"p": p}) for p in "12")
    assert one != other
    assert hash(one) != hash(other)
