"""The page as a file: others read it, and it says what was found."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from bench.phantoms import ct_head, dx_extremity
from pipelines.contract import (
    Algorithm,
    Box,
    Classification,
    Concept,
    Findings,
    Note,
    Presence,
    Reference,
    Refusal,
    Region,
    Severity,
    Side,
    Site,
)
from results.context import Making
from results.identity import is_ours
from results.page import build_report
from results.page.page import page
from results.page.summary import DISCLAIMER, summary
from results.source import Source
from tests.integration.results.pdf_text import objects, pages, texts
from tests.integration.results.sources import (
    CONTEXT,
    NAMES,
    everything,
    nothing,
    plenty,
    references,
    source,
)
from tests.peers.validators import dciodvfy, dciodvfy_warnings

KINDS = ("ct", "dx", "us", "cine", "photo")


def making(datasets: list[Dataset], findings: Findings) -> Making:
    """A run that found this."""
    return Making(source=Source.of_datasets(datasets), findings=findings, context=CONTEXT)


def build(datasets: list[Dataset], findings: Findings) -> Dataset:
    """The report of a run."""
    (ds,) = build_report(making(datasets, findings))
    return ds


def write(ds: Dataset, folder: Path) -> Path:
    """The report as a file."""
    path = folder / "report.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def said(datasets: list[Dataset], findings: Findings) -> list[str]:
    """What the page of a run says."""
    return texts(page(summary(making(datasets, findings))))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_dciodvfy_finds_no_error(kind: str, name: str, tmp_path: Path) -> None:
    """A report of any source and name, full or empty, has no error for dciodvfy.

    Nor has it a warning but those about the source's own name, which is passed on as it is.
    """
    datasets = source(kind, name)
    for findings in (everything(datasets), nothing(datasets)):
        path = write(build(datasets, findings), tmp_path)
        assert dciodvfy(path) == []
        assert [w for w in dciodvfy_warnings(path) if "Patient's Name" not in w] == []


def test_dcmtk_takes_out_what_we_put_in(tmp_path: Path) -> None:
    """A reader of another make gets the very bytes of the page: none was added for length."""
    datasets = source("us", "cyrillic")
    ds = build(datasets, everything(datasets))
    command = ["dcm2pdf", str(write(ds, tmp_path)), str(tmp_path / "page.pdf")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    pdf = (tmp_path / "page.pdf").read_bytes()
    assert pdf == ds.EncapsulatedDocument
    assert len(pdf) == ds.EncapsulatedDocumentLength
    assert len(pdf) % 2 == 0
    assert len(pages(pdf)) == 1


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    """A job that is done twice sends the same object, picture included."""
    written = []
    for _ in range(2):
        datasets = source("us", "japanese")
        written.append(write(build(datasets, everything(datasets)), tmp_path).read_bytes())
    assert written[0] == written[1]


def test_the_object_says_what_it_is(tmp_path: Path) -> None:
    """A document of the source's patient, made from all of its instances, which nobody verified."""
    datasets = source("ct", "utf8")
    back = dcmread(write(build(datasets, plenty(datasets)), tmp_path))
    assert (back.Modality, back.ConversionType) == ("DOC", "WSD")
    assert back.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert (back.VerificationFlag, back.BurnedInAnnotation) == ("UNVERIFIED", "YES")
    assert back.DocumentTitle == "AI result: intake-check"
    assert back.PatientName == datasets[0].PatientName
    named = [item.ReferencedSOPInstanceUID for item in back.SourceInstanceSequence]
    assert named == [ds.SOPInstanceUID for ds in datasets]
    assert (back.ContentDate, back.ContentTime) == ("20260102", "182030")
    assert is_ours(back)


@pytest.mark.parametrize(
    ("removed", "in_pixels", "flag"),
    [
        (None, None, "YES"),
        ("NO", "NO", "YES"),
        ("YES", None, "YES"),
        ("YES", "NO", "NO"),
        ("YES", "YES", "YES"),
    ],
)
def test_whether_the_page_shows_who_it_is(
    removed: str | None, in_pixels: str | None, flag: str
) -> None:
    """It does not only if identity was removed, and the pictured source says it has no text."""
    (ds,) = source("photo", "ascii")
    del ds.BurnedInAnnotation
    if removed:
        ds.PatientIdentityRemoved, ds.DeidentificationMethod = removed, "Phantom"
    if in_pixels:
        ds.BurnedInAnnotation = in_pixels
    assert build([ds], everything([ds])).BurnedInAnnotation == flag
    without_picture = "NO" if removed == "YES" else "YES"
    assert build([ds], nothing([ds])).BurnedInAnnotation == without_picture


@pytest.mark.parametrize(
    ("value", "kept"), [("20260102101500.5+0900", True), ("last week", False), ("", False)]
)
def test_when_it_was_acquired_is_the_sources(value: str, kept: bool) -> None:
    """As the source has it where that is a time; else it is left empty."""
    datasets = source("photo", "ascii")
    datasets[0].add_new("AcquisitionDateTime", "DT", "")
    datasets[0]["AcquisitionDateTime"]._value = value
    assert str(build(datasets, nothing(datasets)).AcquisitionDateTime) == (value if kept else "")


SHOWN = {
    "ascii": "PHANTOM, PLAIN",
    "japanese": "Yamada, Tarou (山田 太郎)",
    "arabic": "رازنل ,ينابق",
    "cyrillic": "Люксембург",
    "utf8": "Wang, XiaoDong (王 小东)",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_on_the_page(name: str) -> None:
    """By the form that the font has letters for; what is written from the right is drawn so."""
    datasets = source("photo", name)
    assert SHOWN[name] in said(datasets, nothing(datasets))


def test_a_name_that_no_form_can_show_has_question_marks() -> None:
    """And the page says what they are."""
    datasets = source("photo", "utf8")
    datasets[0].PatientName = "ไทย^ไท"
    shown = said(datasets, nothing(datasets))
    assert "???, ??" in shown
    assert "? stands for a letter that this page's font lacks" in shown
    datasets[0].PatientName = "ไทย^ไท==Thai^Name"
    shown = said(datasets, nothing(datasets))
    assert "Thai, Name" in shown
    assert not any("font lacks" in text for text in shown)


@pytest.mark.parametrize("name", ["王^小东", "山田^太郎", "홍^길동"])
def test_names_and_words_of_east_asia_are_on_the_page(name: str) -> None:
    """Letter by letter, beside others on one line, and with little added to the page's size."""
    datasets = source("photo", "utf8")
    datasets[0].PatientName = name
    findings = replace(everything(datasets), summary="右 Radius: 骨折 골절 2 mm")
    shown = said(datasets, findings)
    assert name.replace("^", " ") in shown
    assert "右 Radius: 骨折 골절 2 mm" in shown
    assert not any("font lacks" in text for text in shown)
    assert len(build(datasets, findings).EncapsulatedDocument) < 450_000


def test_a_share_below_its_threshold_never_reads_as_if_it_met_it() -> None:
    """Scores are cut as probabilities are."""
    datasets = source("photo", "ascii")
    found = everything(datasets)
    regions = tuple(replace(region, score=0.4999) for region in found.regions)
    shown = said(datasets, replace(found, regions=regions))
    assert "49.9 %" in shown
    assert not any("0.50" in text for text in shown)


def test_the_page_says_what_was_found() -> None:
    """Whose, what, how sure, where, how large, and what not: all in words."""
    (ds,) = dx_extremity(size=64)
    (on,) = references([ds])
    fracture = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
    risk = Concept(value="risk", scheme="99SITE", meaning="Risk")
    high = Concept(value="15508007", scheme="SCT", meaning="High")
    findings = Findings(
        algorithm=Algorithm(
            name="fracture",
            version="2.0",
            digest="sha256:77",
            vendor="A vendor",
            card="https://example.org/card(1)",
        ),
        summary="A fracture is likely.",
        sources=(on,),
        recommendation="Have it read today.",
        limits="Not for children.",
        notes=(
            Note(code="one-view", severity=Severity.WARNING, text="One view only."),
            Note(code="fine", severity=Severity.INFO, text="Otherwise fine."),
        ),
        refusals=(Refusal(of="Series 2", because="it has no pixels."),),
        classifications=(
            Classification(
                name=fracture,
                value=Presence.PRESENT,
                probability=0.874,
                threshold=0.5,
                calibrated=True,
                references=(on,),
            ),
            Classification(name=risk, value=high, probability=0.6),
        ),
        regions=(
            Region(
                tracking="f1",
                type=fracture,
                label="Fracture 1",
                score=0.875,
                shapes=(Box(on=on, left=10, top=10, right=30, bottom=20),),
            ),
        ),
    )
    shown = said([ds], findings)
    assert {
        "AI result: fracture",
        DISCLAIMER,
        "PHANTOM, HAND",
        "PHANTOM-DX-HAND-1",
        "1970-01-01",
        "O",
        "2026-01-02",
        "PH1",
        "Phantom: Hand PA",
        "A fracture is likely.",
        "Fracture of bone: present",
        "87.4 %, calibrated, threshold 50 %",
        "Risk: High",
        "60 %, not calibrated",
        "Fracture 1",
        "87.5 %",
        "series 1, image 1",
        "Have it read today.",
        "Not for children.",
        "Warning: One view only.",
        "Series 2, because it has no pixels.",
        "fracture 2.0, A vendor",
        "sha256:77",
        "https://example.org/card(1)",
    } <= set(shown)
    assert not any("Otherwise fine" in text for text in shown)
    assert any("dicom-node (DICOM_NODE), pipeline intake-check 1.0.0" in text for text in shown)


def test_the_risk_is_beside_the_finding() -> None:
    """On a line of its own, with a judgement or without one."""
    (ds,) = dx_extremity(size=64)
    (on,) = references([ds])
    concept = Concept(value="15508007", scheme="SCT", meaning="High")
    judged = (Classification(name=concept, value=Presence.PRESENT),)
    for judgements in ((), judged):
        findings = Findings(
            algorithm=Algorithm(name="a", version="1"),
            summary="",
            sources=(on,),
            risk=concept,
            classifications=judgements,
        )
        shown = said([ds], findings)
        assert "Risk: High" in shown
        assert "Nothing was stated." not in shown


def test_the_model_card_is_a_link_if_it_is_an_address() -> None:
    """Of the web; anything else is text."""
    datasets = source("photo", "ascii")
    for card, linked in (("https://example.org/card", True), ("file:///etc/passwd", False)):
        algorithm = Algorithm(name="a", version="1", card=card)
        pdf = page(summary(making(datasets, replace(nothing(datasets), algorithm=algorithm))))
        links = [body for body in objects(pdf).values() if b"/Subtype /Link" in body]
        assert [card.encode() in body for body in links] == ([True] if linked else [])


def test_too_much_is_cut_and_it_says_so() -> None:
    """One page always: of texts and lists alike, each kind of which keeps some room."""
    (ds,) = dx_extremity(size=32)
    (on,) = references([ds])
    words = "Much is to be said of this. " * 1000
    everywhere = Box(on=on, left=1, top=1, right=9, bottom=9)
    nodule = Concept(value="27925004", scheme="SCT", meaning="Nodule")
    findings = Findings(
        algorithm=Algorithm(name="a " * 200, version="1" * 200, vendor="v" * 500, card="c" * 900),
        summary=words,
        sources=(on,),
        recommendation=words,
        limits="x" * 20_000,
        notes=tuple(
            Note(code=str(n), severity=Severity.ERROR, text=f"Error {n}. {words}")
            for n in range(50)
        ),
        refusals=tuple(Refusal(of=f"Series {n}", because=words) for n in range(50)),
        classifications=(Classification(name=nodule, value=Presence.PRESENT, because=words),) * 100,
        regions=tuple(
            Region(tracking=str(n), type=nodule, label=f"Nodule {n}", shapes=(everywhere,))
            for n in range(500)
        ),
    )
    told = summary(making([ds], findings))
    pdf = page(told, np.zeros((40, 30, 3), np.uint8))
    shown = texts(pdf)
    assert len(pages(pdf)) == 1
    titles = {"Summary", "Finding", "Regions", "Recommendation", "Limits"}
    assert titles | {"Quality of the study", "Not processed", "Nodule 0"} <= set(shown)
    assert sum("continued in the structured report" in text for text in shown) == 7
    assert DISCLAIMER in shown


def test_nothing_that_tells_of_the_patient_is_beside_the_page(tmp_path: Path) -> None:
    """Title, author and the like, which programs show and index, are the node's and the model's."""
    datasets = source("us", "ascii")
    pdf = bytes(build(datasets, everything(datasets)).EncapsulatedDocument)
    (about,) = [body for body in objects(pdf).values() if b"/Producer" in body]
    assert b"/Title (AI result: thyroid-nodule)" in about
    assert b"/CreationDate (D:20260102182030+09'00')" in about
    assert b"/Lang (en)" in pdf
    assert b"PHANTOM" not in about
    assert datasets[0].PatientID.encode() not in pdf


def test_the_picture_is_of_what_was_found() -> None:
    """There is one where something was found, and none where there is nothing to see."""
    datasets = source("photo", "ascii")
    for findings, count in ((everything(datasets), 1), (nothing(datasets), 0)):
        pdf = bytes(build(datasets, findings).EncapsulatedDocument)
        images = [body for body in objects(pdf).values() if b"/Subtype /Image" in body]
        assert len(images) == count


def test_pixels_that_cannot_be_shown_leave_the_rest() -> None:
    """The page is made without its picture and says why."""
    datasets = source("photo", "ascii")
    findings = everything(datasets)
    datasets[0].PixelData = b""
    pdf = bytes(build(datasets, findings).EncapsulatedDocument)
    assert any(text.startswith("The picture, because") for text in texts(pdf))


def test_a_large_picture_makes_a_small_page() -> None:
    """A radiograph of 3000 by 2500 pixels, noise and all, takes less than 400 KB."""
    (ds,) = dx_extremity(size=64)
    (on,) = references([ds])
    nodule = Concept(value="27925004", scheme="SCT", meaning="Nodule")
    region = Region(
        tracking="1",
        type=nodule,
        label="Nodule",
        shapes=(Box(on=on, left=1, top=1, right=9, bottom=9),),
    )
    told = summary(making([ds], replace(nothing([ds]), regions=(region,))))
    noise = np.random.default_rng(1).normal(120, 12, (3000, 2500, 1))
    picture = np.broadcast_to(noise, (3000, 2500, 3)).astype(np.uint8)
    assert len(page(told, picture)) < 400_000


def test_a_full_page_takes_little_time() -> None:
    """A quarter of a second without the drawing, fonts being read already."""
    datasets = ct_head(size=16, slices=3)
    run = making(datasets, everything(datasets))
    page(summary(run))
    start = time.process_time()
    page(summary(run))
    assert time.process_time() - start < 0.25


def test_what_is_judged_of_a_long_name_is_not_cut_off() -> None:
    """The judgement takes the lines it needs, and says where it was looked."""
    datasets = source("us", "ascii")
    joint = Concept(value="85856004", scheme="SCT", meaning="Acromioclavicular joint")
    judged = Classification(
        name=Concept(value="1", scheme="99X", meaning="A long word " * 5 + "end"),
        value=Presence.INDETERMINATE,
        site=Site(anatomy=joint, laterality=Side.RIGHT),
        references=references(datasets),
    )
    shown = " ".join(said(datasets, replace(nothing(datasets), classifications=(judged,))))
    assert "A long word end: indeterminate in right acromioclavicular joint" in shown


def test_a_region_names_its_site() -> None:
    """Beside its label, in the table of regions."""
    datasets = source("us", "ascii")
    assert "Nodule 1, left thyroid gland" in said(datasets, everything(datasets))


def test_an_image_among_many_is_found_by_its_numbers() -> None:
    """The page names series, image and frame as a viewer does."""
    datasets = source("cine", "ascii")
    (on,) = references(datasets)
    third = Reference(SOPClassUID=on.SOPClassUID, SOPInstanceUID=on.SOPInstanceUID, frame=3)
    fracture = Concept(value="125605004", scheme="SCT", meaning="Fracture of bone")
    judged = Classification(name=fracture, value=Presence.PRESENT, references=(third,))
    shown = said(datasets, replace(nothing(datasets), classifications=(judged,)))
    assert "series 1, image 1, frame 3" in shown
