"""The rules of the contract: what breaks one is never made, and what is made never changes."""

from __future__ import annotations

import copy
import json
import pickle
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

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
    Region,
    Rendered,
    Severity,
    Side,
    Site,
)
from tests.unit.contract.saying import EVERYTHING, FRAME, NODULE, ON, SOMETHING

BITS = Raster.of(np.zeros((2, 2), bool))
BYTES = Raster.of(np.zeros((2, 2), np.uint8))
FLOATS = Raster.of(np.full((2, 2), 2.0))
NAN, INF = float("nan"), float("inf")
HOLED = Raster(rows=1, columns=1, depth="float32", data=np.array(NAN, "<f4").tobytes())


def _region(**what: Any) -> Region:
    values = {"tracking": "r", "type": NODULE, "label": "r", "shapes": (Mask(on=ON, raster=BITS),)}
    return Region(**{**values, **what})


def _box(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(on=ON, left=left, top=top, right=right, bottom=bottom)


def _on(frame: Any) -> Reference:
    return replace(ON, frame=frame)


def _judged(**what: Any) -> Classification:
    return Classification(**{"name": NODULE, "value": Presence.ABSENT, **what})


BROKEN: dict[str, tuple[Callable[[], object], str]] = {
    "blank code": (lambda: Concept(value=" ", scheme="SCT", meaning="x"), "has a value"),
    "blank meaning": (lambda: Concept(value="1", scheme="SCT", meaning=""), "has a value"),
    "two values": (lambda: Concept(value="1\\2", scheme="SCT", meaning="x"), "has a value"),
    "two lines": (lambda: Concept(value="1", scheme="SCT", meaning="x\ny"), "one line"),
    "long scheme": (lambda: Concept(value="1", scheme="S" * 17, meaning="x"), "16"),
    "long meaning": (lambda: Concept(value="1", scheme="SCT", meaning="x" * 65), "64"),
    "frame 0": (lambda: Reference(SOPClassUID="1", SOPInstanceUID="2", frame=0), "from 1"),
    "no rows": (lambda: Raster(rows=0, columns=1, depth="bit", data=b""), "rows and columns"),
    "four channels": (
        lambda: Raster(rows=1, columns=1, depth="uint8", data=b"1234", channels=4),
        "grey or RGB",
    ),
    "coloured bits": (
        lambda: Raster(rows=1, columns=1, depth="bit", data=b"\0", channels=3),
        "in bytes",
    ),
    "too few numbers": (
        lambda: Raster(rows=2, columns=2, depth="float32", data=b"\0" * 12),
        "as many numbers",
    ),
    "bits after the last": (
        lambda: Raster(rows=1, columns=3, depth="bit", data=b"\x10"),
        "after the last pixel",
    ),
    "a raster of nan": (lambda: Raster.of(np.array([[NAN]])), "finite"),
    "a raster of too large": (lambda: Raster.of(np.array([[1e300]])), "finite"),
    "a raster of a line": (lambda: Raster.of(np.zeros(3)), "two dimensions"),
    "a raster of a block": (lambda: Raster.of(np.zeros((2, 2, 2, 2))), "two dimensions"),
    "heat map of bytes": (lambda: HeatMap(on=ON, raster=BYTES, explains=NODULE), "floats"),
    "heat map over 1": (lambda: HeatMap(on=ON, raster=FLOATS, explains=NODULE), "0 to 1"),
    "heat map of nan": (lambda: HeatMap(on=ON, raster=HOLED, explains=NODULE), "0 to 1"),
    "heat map of no method": (
        lambda: replace(EVERYTHING.heatmaps[0], method=" "),
        "name of one line",
    ),
    "picture of floats": (lambda: Rendered(of=ON, raster=FLOATS, caption="x"), "bytes"),
    "mask of bytes": (lambda: Mask(on=ON, raster=BYTES), "bits, or of floats"),
    "mask over 1": (lambda: Mask(on=ON, raster=FLOATS), "0 to 1"),
    "mask of nan": (lambda: Mask(on=ON, raster=HOLED), "0 to 1"),
    "flat box": (lambda: _box(1, 1, 1, 2), "inside"),
    "turned box": (lambda: _box(3, 1, 1, 2), "inside"),
    "endless box": (lambda: _box(1, 1, INF, 2), "finite"),
    "two corners": (lambda: Polygon(on=ON, points=((0, 0), (1, 1))), "three corners"),
    "nan corner": (lambda: Polygon(on=ON, points=((0, 0), (1, 1), (0, NAN))), "finite"),
    "one point": (lambda: Contour(on=ON, points=((0, 0),)), "two points"),
    "endless line": (lambda: Contour(on=ON, points=((0, 0), (INF, 1))), "finite"),
    "nameless region": (lambda: _region(tracking=" "), "names"),
    "region without label": (lambda: _region(label="\n"), "names"),
    "region nowhere": (lambda: _region(shapes=()), "a shape"),
    "score over 1": (lambda: _region(score=1.01), "between 0 and 1"),
    "score of nan": (lambda: _region(score=NAN), "between 0 and 1"),
    "endless measurement": (lambda: Measurement(name="x", value=INF, unit="1"), "finite"),
    "measurement too large": (
        lambda: Measurement(name="x", value=10**400, unit="1"),
        "Measurement.value is a finite number",
    ),
    "answer as a number": (
        lambda: Measurement(name="x", value=True, unit="1"),
        "Measurement.value is a number",
    ),
    "presence as text": (lambda: _judged(value="present"), "value is a Presence or a Concept"),
    "answer as text": (lambda: _judged(calibrated="no"), "calibrated is true or false"),
    "number as text": (lambda: _judged(probability="0.5"), "probability is a number"),
    "several numbers": (lambda: _judged(probability=np.zeros(2)), "one value, not several"),
    "references in a set": (lambda: _judged(references={ON}), "references is a tuple"),
    "text for a reference": (lambda: _judged(references=["1.2"]), "references is a Reference"),
    "number for text": (lambda: _judged(because=1), "because is text"),
    "half a frame": (lambda: _on(1.5), "Reference.frame is a whole number"),
    "points of three": (
        lambda: Contour(on=ON, points=((0, 0, 0), (1, 1, 1))),  # type: ignore[arg-type]
        "tuples of 2",
    ),
    "unknown depth": (
        lambda: Raster(rows=1, columns=1, depth="int", data=b""),  # type: ignore[arg-type]
        "Raster.depth is bit or uint8 or float32",
    ),
    "text for bytes": (
        lambda: Raster(rows=1, columns=1, depth="bit", data=""),  # type: ignore[arg-type]
        "Raster.data is bytes",
    ),
    "parameters in a list": (
        lambda: Algorithm(name="a", version="1", parameters=[]),  # type: ignore[arg-type]
        "Algorithm.parameters is a mapping",
    ),
    "nameless measurement": (lambda: Measurement(name="", value=1, unit="1"), "name"),
    "unit with a space": (lambda: Measurement(name="x", value=1, unit="k m"), "UCUM"),
    "unit beyond ASCII": (lambda: Measurement(name="x", value=1, unit="µm"), "UCUM"),
    "long unit": (lambda: Measurement(name="x", value=1, unit="m" * 65), "64"),
    "probability under 0": (
        lambda: Classification(name=NODULE, value=Presence.ABSENT, probability=-0.1),
        "between 0 and 1",
    ),
    "threshold of nan": (
        lambda: Classification(name=NODULE, value=Presence.ABSENT, threshold=NAN),
        "between 0 and 1",
    ),
    "note without code": (lambda: Note(code="", severity=Severity.INFO, text="x"), "code"),
    "note's code in kanji": (lambda: Note(code="山", severity=Severity.INFO, text="x"), "ASCII"),
    "nameless algorithm": (lambda: Algorithm(name="", version="1"), "has a name"),
    "algorithm of two lines": (lambda: Algorithm(name="a\nb", version="1"), "one line"),
    "alert of two lines": (lambda: replace(SOMETHING, alert="Look\nnow."), "alert"),
    "blank alert": (lambda: replace(SOMETHING, alert=" "), "alert"),
    "two regions of one name": (
        lambda: replace(SOMETHING, regions=(_region(), _region())),
        "a name of its own",
    ),
    "measured nowhere": (
        lambda: replace(
            SOMETHING, measurements=(Measurement(name="x", value=1, unit="1", region="r"),)
        ),
        "names one that is there",
    ),
    "judged nowhere": (
        lambda: replace(
            SOMETHING,
            regions=(_region(),),
            classifications=(Classification(name=NODULE, value=NODULE, region="s"),),
        ),
        "names one that is there",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_a_rule_is_not_made(name: str) -> None:
    """Each rule is a ValueError that says it."""
    make, rule = BROKEN[name]
    with pytest.raises(ValueError, match=f"The contract for findings says: .*{rule}"):
        make()


def test_values_of_another_make_become_pythons() -> None:
    """Lists become tuples, what numpy gives becomes Python's, and all of it comes back in JSON."""
    on = _on(np.int64(3))
    judged = _judged(calibrated=np.bool_(True), probability=np.float32(0.5), references=[on])
    line: Any = np.array([[0, 1], [2, 3.5]])
    region = _region(shapes=[Contour(on=on, points=line)], score=np.array(0.25))
    lists: dict[str, Any] = {
        "sources": [ON, on],
        "classifications": [judged],
        "regions": [region],
    }
    found = replace(SOMETHING, **lists)
    assert (type(on.frame), judged.calibrated, type(region.score)) == (int, True, float)
    assert found.sources == (ON, on)
    assert region.shapes[0].points == ((0, 1), (2, 3.5))  # type: ignore[union-attr]
    told = json.loads(json.dumps(found.to_dict()))
    assert Findings.from_dict(told) == found
    assert hash(Findings.from_dict(told)) == hash(found)


def _records(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [record for item in value for record in _records(item)]
    if not is_dataclass(value) or isinstance(value, type):
        return []
    return [value, *(r for f in fields(value) for r in _records(getattr(value, f.name)))]


def test_nothing_that_was_found_changes() -> None:
    """No field of any record can be set, and no list or mapping in one can be changed."""
    for record in _records(EVERYTHING):
        for f in fields(record):
            value = getattr(record, f.name)
            assert not isinstance(value, list | set | bytearray)
            with pytest.raises(FrozenInstanceError):
                setattr(record, f.name, value)


CHANGES: list[Callable[[Any], object]] = [
    lambda d: d.__setitem__("x", "y"),
    lambda d: d.__delitem__("size"),
    lambda d: d.__ior__({"x": "y"}),
    lambda d: d.update(x="y"),
    lambda d: d.pop("size"),
    lambda d: d.popitem(),
    lambda d: d.clear(),
    lambda d: d.setdefault("x", "y"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_parameters_do_not_change(change: Callable[[Any], object]) -> None:
    """Whatever way it is tried."""
    given = {"size": "224"}
    parameters = Algorithm(name="a", version="1", parameters=given).parameters
    with pytest.raises(TypeError, match="does not change"):
        change(parameters)
    given["size"] = "512"
    assert parameters == {"size": "224"}


def test_findings_are_copied_and_pickled() -> None:
    """They go from process to process."""
    assert copy.deepcopy(EVERYTHING) == EVERYTHING
    assert pickle.loads(pickle.dumps(EVERYTHING)) == EVERYTHING  # noqa: S301 - our own


def test_equal_findings_have_one_hash() -> None:
    """Records that say the same are the same."""
    again = replace(EVERYTHING, algorithm=replace(EVERYTHING.algorithm))
    assert again == EVERYTHING
    assert len({again, EVERYTHING, SOMETHING}) == 2


def test_every_reference_is_known() -> None:
    """Whatever names a source is among the references."""
    named = [record for record in _records(EVERYTHING) if isinstance(record, Reference)]
    assert sorted(map(repr, EVERYTHING.references())) == sorted(map(repr, named))
    assert {ON, FRAME} == set(EVERYTHING.references())


def test_a_line_of_many_points_costs_little() -> None:
    """A hundred thousand points are checked in one pass."""
    points = tuple((float(n), 0.5) for n in range(100_000))
    start = time.process_time()
    Contour(on=ON, points=points)
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("value", "says"),
    [(Presence.PRESENT, "Thyroid nodule: present"), (NODULE, "Thyroid nodule: Thyroid nodule")],
)
def test_a_judgement_in_words(value: Presence | Concept, says: str) -> None:
    """What was looked for and what was found."""
    assert Classification(name=NODULE, value=value).says == says


@pytest.mark.parametrize(
    ("meaning", "side", "says"),
    [
        ("Wrist joint", Side.LEFT, "left wrist joint"),
        ("Hand", Side.RIGHT, "right hand"),
        ("Breast", Side.BOTH, "breast on both sides"),
        ("Thyroid", None, "thyroid"),
        ("AC joint", Side.LEFT, "left AC joint"),
        ("山", None, "山"),
    ],
)
def test_a_site_in_words(meaning: str, side: Side | None, says: str) -> None:
    """As it stands within a sentence, and in that of a judgement."""
    site = Site(anatomy=replace(NODULE, meaning=meaning), laterality=side)
    assert site.says == says
    judged = Classification(name=NODULE, value=Presence.ABSENT, site=site)
    assert judged.says == f"Thyroid nodule: absent in {says}"


def test_a_judgement_of_a_region_has_its_site() -> None:
    """Two sites of one thing could contradict each other."""
    site = Site(anatomy=NODULE)
    with pytest.raises(ValueError, match="region's site"):
        Classification(name=NODULE, value=Presence.ABSENT, region="nodule-1", site=site)
