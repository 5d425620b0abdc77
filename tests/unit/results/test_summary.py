"""A run in plain values, and the letters in which a page can show them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from bench.phantoms import ct_head, dx_extremity, us_thyroid
from pipelines.contract import (
    Algorithm,
    Box,
    Classification,
    Concept,
    Findings,
    HeatMap,
    Mask,
    Measurement,
    Presence,
    Raster,
    Reference,
    Region,
    Side,
    Site,
    percent,
)
from results.context import Context, Making
from results.lettering import has_glyphs, lettered, person, runs, seen, width
from results.page.summary import DISCLAIMER, pictured, summary
from results.source import Source

CONTEXT = Context(
    pipeline="fracture",
    version="1.0.0",
    revision=2,
    content_datetime=datetime(2026, 1, 2, tzinfo=UTC),
    ae_title="NODE",
)
NODULE = Concept(value="27925004", scheme="SCT", meaning="Nodule")


def refer(ds: Dataset, frame: int | None = None) -> Reference:
    """A reference to an instance."""
    return Reference(
        SOPClassUID=str(ds.SOPClassUID), SOPInstanceUID=str(ds.SOPInstanceUID), frame=frame
    )


def making(datasets: list[Dataset], **found: object) -> Making:
    """A run that found this."""
    findings = Findings(
        algorithm=Algorithm(name="fracture", version="1.0.0"),
        summary="Fine.",
        sources=tuple(map(refer, datasets)),
    )
    findings = replace(findings, **found)  # type: ignore[arg-type]
    return Making(source=Source.of_datasets(datasets), findings=findings, context=CONTEXT)


def box(on: Reference, size: float = 5) -> Box:
    """A square."""
    return Box(on=on, left=1, top=1, right=1 + size, bottom=1 + size)


def region(tracking: str, *shapes: Box | Mask, score: float | None = None) -> Region:
    """A nodule."""
    return Region(tracking=tracking, type=NODULE, label=tracking, shapes=shapes, score=score)


@pytest.fixture
def ct() -> list[Dataset]:
    """A small study in sections."""
    return ct_head(size=16, slices=3)


def test_it_is_json_and_the_same_each_time(ct: list[Dataset]) -> None:
    """Plain values, which JSON gives back as they were."""
    found = {
        "regions": (region("a", box(refer(ct[0])), score=0.5),),
        "measurements": (Measurement(name="volume", value=1.5, unit="cm3", region="a"),),
        "classifications": (Classification(name=NODULE, value=NODULE, region="a"),),
    }
    told = summary(making(ct, **found))
    assert json.loads(json.dumps(told)) == told
    assert summary(making(ct, **found)) == told
    assert told["disclaimer"] == DISCLAIMER
    assert told["pipeline"] == {"name": "fracture", "version": "1.0.0", "revision": 2}
    assert told["node"]["station"] == "NODE"
    assert told["measurements"][0]["says"] == "1.5 cm³"


def test_the_risk_is_told_in_a_word(ct: list[Dataset]) -> None:
    """By its meaning, or as nothing where nothing was said of it."""
    high = Concept(value="15508007", scheme="SCT", meaning="High")
    assert summary(making(ct, risk=high))["risk"] == "High"
    assert summary(making(ct))["risk"] is None


def test_the_site_is_told(ct: list[Dataset]) -> None:
    """Of judgements and of regions: in words, as a code and by its side; None where unknown."""
    wrist = Concept(value="74670003", scheme="SCT", meaning="Wrist joint")
    site = Site(anatomy=wrist, laterality=Side.LEFT)
    judged = Classification(name=NODULE, value=Presence.ABSENT, site=site)
    there = replace(region("a", box(refer(ct[0]))), site=site)
    told = summary(making(ct, classifications=(judged,), regions=(there,)))
    expected = {
        "says": "left wrist joint",
        "anatomy": {"value": "74670003", "scheme": "SCT", "meaning": "Wrist joint"},
        "laterality": "L",
    }
    assert told["classifications"][0]["site"] == told["regions"][0]["site"] == expected
    assert told["classifications"][0]["says"] == "Nodule: absent in left wrist joint"
    unknown = replace(judged, site=None)
    assert summary(making(ct, classifications=(unknown,)))["classifications"][0]["site"] is None


def test_the_alert_is_told(ct: list[Dataset]) -> None:
    """In its own sentence; empty where there is none."""
    assert summary(making(ct, alert="Look now."))["alert"] == "Look now."
    assert summary(making(ct))["alert"] == ""


def test_what_is_no_region_is_followed_apart_from_regions(ct: list[Dataset]) -> None:
    """One name in two spaces is two UIDs."""
    run = making(ct)
    assert len({run.tracking_uid("a", space) for space in ("", "judgement", "study")}) == 3


def test_patient_and_study_are_told_as_the_header_has_them(
    ct: list[Dataset], caplog: pytest.LogCaptureFixture
) -> None:
    """Exactly, wrong values too, of which nothing is logged; what is missing is empty."""
    ct[0].PatientName = "Yamada^Tarou=山田^太郎"
    ct[0]["PatientBirthDate"]._value = "no date"
    del ct[0].AccessionNumber
    study = summary(making(ct))["study"]
    assert study["PatientName"] == "Yamada^Tarou=山田^太郎"
    assert study["PatientBirthDate"] == "no date"
    assert study["AccessionNumber"] == ""
    assert study["PatientIdentityRemoved"] == ""
    assert caplog.text == ""


def test_what_is_there_comes_first(ct: list[Dataset]) -> None:
    """Then what may be, then what is not; regions by their scores, denied ones last."""
    values = (Presence.ABSENT, Presence.INDETERMINATE, NODULE, Presence.PRESENT)
    denied = Classification(name=NODULE, value=Presence.ABSENT, region="high")
    judgements = (*(Classification(name=NODULE, value=value) for value in values), denied)
    on = refer(ct[0])
    regions = (
        region("none", box(on)),
        region("low", box(on), score=0.2),
        region("high", box(on), score=0.9),
    )
    told = summary(making(ct, classifications=judgements, regions=regions))
    assert [item["present"] for item in told["classifications"]] == [True, True, *[False] * 3]
    assert told["classifications"][2]["says"] == "Nodule: indeterminate"
    assert [item["label"] for item in told["regions"]] == ["low", "none", "high"]
    assert [item["present"] for item in told["regions"]] == [True, True, False]


@pytest.mark.parametrize(
    ("value", "sureness"),
    [
        (Presence.PRESENT, "3 %, not calibrated, threshold 2.5 %"),
        (NODULE, "3 %, not calibrated, threshold 2.5 %"),
        (Presence.ABSENT, "3 % present, not calibrated, threshold 2.5 %"),
    ],
)
def test_how_sure_never_reads_as_its_opposite(
    ct: list[Dataset], value: Presence | Concept, sureness: str
) -> None:
    """'Absent' beside '3 %' would read as a small probability of absence."""
    judged = Classification(name=NODULE, value=value, probability=0.03, threshold=0.025)
    told = summary(making(ct, classifications=(judged,)))
    assert told["classifications"][0]["sureness"] == sureness


@pytest.mark.parametrize(
    ("probability", "told"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.29, "29 %"),
        (0.4999, "49.9 %"),
        (0.99999, "99.9 %"),
        (1e-9, "<0.1 %"),
    ],
)
def test_percent_is_never_rounded_up(probability: float, told: str) -> None:
    """Nothing but certainty is 100 %, nothing but impossibility is 0 %."""
    assert percent(probability) == told


@given(st.floats(0, 1), st.floats(0, 1))
def test_percent_keeps_the_order(one: float, other: float) -> None:
    """What is below a threshold never reads as if it were above."""
    low, high = (float(percent(n).strip("< %")) for n in sorted((one, other)))
    assert low <= high + 0.1 * (percent(min(one, other)).startswith("<"))


def test_sizes_are_in_millimetres_where_the_header_knows() -> None:
    """At the detector for a projection, in the patient for a section, else in pixels."""
    (dx,) = dx_extremity(size=64)
    dx.ImagerPixelSpacing = [0.5, 0.25]
    if "PixelSpacing" in dx:
        del dx.PixelSpacing
    (ct,) = ct_head(size=16, slices=1)
    ct.PixelSpacing = [2, 1]
    (us,) = us_thyroid(size=32)
    for ds, extent in (
        (dx, "1.2 x 2.5 mm (detector)"),
        (ct, "5.0 x 10.0 mm"),
        (us, "5.0 x 5.0 px"),
    ):
        told = summary(making([ds], regions=(region("a", box(refer(ds))),)))
        assert told["regions"][0]["extent"] == extent


def test_a_region_is_where_it_is_largest(ct: list[Dataset]) -> None:
    """The image to look at is named, with how many others there are."""
    shapes = [box(refer(ds), size) for ds, size in zip(ct, (2, 6, 4), strict=True)]
    run = making(ct, regions=(region("a", *shapes),))
    assert summary(run)["regions"][0]["where"] == "series 1, image 2 and 2 more"
    assert pictured(run) == refer(ct[1])


def test_an_empty_mask_has_no_size_and_no_picture(ct: list[Dataset]) -> None:
    """A region of no pixels is told, and there is nothing to be seen of it."""
    empty = Mask(on=refer(ct[0]), raster=Raster.of(np.zeros((16, 16), np.bool_)))
    run = making(ct, regions=(region("a", empty),))
    told = summary(run)
    assert (told["regions"][0]["size"], told["regions"][0]["extent"]) == (None, "")
    assert told["picture"] is None


def test_the_picture_is_of_the_surest_region_that_is_there(ct: list[Dataset]) -> None:
    """Else of a heat map, else of what a judgement rests on; of nothing where nothing is."""
    one, two, three = map(refer, ct)
    regions = (
        region("low", box(one), score=0.3),
        region("high", box(two), score=0.8),
        region("denied", box(three), score=0.9),
    )
    denied = Classification(name=NODULE, value=Presence.ABSENT, region="denied")
    flat = Raster.of(np.zeros((2, 2), np.float32))
    heat = HeatMap(on=three, raster=flat, explains=NODULE)
    there = Classification(name=NODULE, value=Presence.PRESENT, references=(one,))
    found = {"regions": regions, "heatmaps": (heat,), "classifications": (denied, there)}
    assert pictured(making(ct, **found)) == two
    assert pictured(making(ct, heatmaps=(heat,), classifications=(there,))) == three
    caption = summary(making(ct, heatmaps=(heat,)))["picture"]["caption"]
    assert caption == "series 1, image 3; Grad-CAM for Nodule"
    assert pictured(making(ct, classifications=(there,))) == one
    absent = replace(there, value=Presence.ABSENT)
    assert pictured(making(ct, classifications=(absent,))) is None


def test_of_many_frames_the_first_is_pictured() -> None:
    """Where a judgement is about all of them."""
    (ds,) = us_thyroid(size=32, frames=3)
    judged = Classification(name=NODULE, value=Presence.PRESENT, references=(refer(ds),))
    assert pictured(making([ds], classifications=(judged,))) == refer(ds, 1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou (山田 太郎)"),
        ("=山田^太郎=やまだ^たろう", "山田 太郎"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "Hong, Gildong (洪 吉洞)"),
        ("홍^길동", "홍 길동"),
        ("王^小东", "王 小东"),
        ("王^小东=王^小东", "王 小东"),
        ("ไทย^ไทย=王^小东", "王 小东"),
        ("ไทย^ไทย", "???, ???"),
        ("Doe^Jane=ไทย^ไทย", "Doe, Jane"),
        ("ANON^^^Dr.^", "ANON, Dr."),
        ("^", ""),
        ("", ""),
    ],
)
def test_a_name_is_shown_by_a_form_that_can_be_drawn(name: str, shown: str) -> None:
    """The alphabetic one with the ideographic beside it; question marks where none can be."""
    assert lettered(person(name)) == shown


def test_arabic_is_joined_and_runs_from_the_right() -> None:
    """Letters take the form of their place; numbers and what is latin run from the left."""
    lam_alef, qaf_initial, beh_medial = "\ufefb", "\ufed7", "\ufe92"
    assert seen("لا") == lam_alef
    drawn = seen("x قباني (12.5)")
    assert drawn.startswith("x ")
    assert "12.5" in drawn
    assert drawn.endswith(qaf_initial)
    assert beh_medial in drawn
    assert seen("שלום 34") == "34 םולש"
    assert seen("plain (1)") == "plain (1)"


def test_a_text_is_drawn_in_the_fonts_that_have_its_letters() -> None:
    """Parts of one font each, in order; what one font has all of is one part."""
    parts = [(font.fontName, part) for font, part in runs("CT 骨折 12", bold=True)]
    assert parts == [
        ("DejaVuSans-Bold", "CT "),
        ("DroidSansFallback", "骨折"),
        ("DejaVuSans-Bold", " 12"),
    ]
    assert len(runs("Люксембург 12")) == 1
    assert width("骨折", 10) == pytest.approx(20, abs=1)


@given(st.text(max_size=60))
def test_any_text_can_be_lettered(text: str) -> None:
    """What comes out can be drawn, as it is seen too, however strange it is."""
    made = lettered(text)
    assert has_glyphs(made)
    for line in made.split("\n"):
        assert has_glyphs(seen(line))
