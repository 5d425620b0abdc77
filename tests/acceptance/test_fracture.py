"""A radiograph's whole way: through Orthanc to the model, and back as objects that hold up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from bench.phantoms import dx_extremity
from models.registry import Registry, load
from pipelines.choices import ALERT
from storage.records import JobStatus
from tests.acceptance.conftest import pacs
from tests.acceptance.studies import LOADING, files, through_orthanc, validated
from tests.node import Node
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for
from tests.peers.webhook import Webhook
from tests.real import radiographs
from tests.unit.radiographs.stored import changed, put


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    """Whom the node tells."""
    with Webhook() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def node(
    tmp_path_factory: pytest.TempPathFactory, orthanc: Orthanc, node_port: int, webhook: Webhook
) -> Iterator[Node]:
    """A node that judges every radiograph and sends what the pipeline makes by default."""
    with Node(
        tmp_path_factory.mktemp("node"),
        node={"port": node_port},
        assembly={"quiet_seconds": 0.5},
        notices={"webhook": webhook.url},
        peers={"pacs": pacs(orthanc)},
        routes=[
            {
                "name": "fractures",
                "when": {"Modality": ["DX", "CR"]},
                "pipelines": ["fracture"],
                "send_to": ["pacs"],
            }
        ],
    ) as node:
        yield node


def wrapped(pictures: list[NDArray[np.uint8]]) -> list[Dataset]:
    """Pictures as one DX study of an adult's wrist."""
    study, series, made = generate_uid(), generate_uid(), []
    for number, picture in enumerate(pictures, 1):
        (ds,) = dx_extremity(seed=1, size=64, body_part="WRIST")
        changed(ds, WindowCenter=128, WindowWidth=256, PatientAge="040Y", InstanceNumber=number)
        ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        made.append(put(ds, picture))
    return made


def suspected() -> list[NDArray[np.uint8]]:
    """A real fracture that the shipped model is sure of, and a healthy picture beside it."""
    model = load(Registry().find("fracture"))
    for picture in radiographs("1", 12):
        if model.look(picture).verdict(model.card.thresholds[ALERT]) == "present":
            return [picture, *radiographs("0", 1)]
    raise AssertionError("The model is sure of none of twelve fractures.")


@pytest.mark.timeout(300)
def test_a_real_fracture_comes_back(
    node: Node, orthanc: Orthanc, webhook: Webhook, tmp_path: Path
) -> None:
    """Every kind is in the PACS, no validator objects, and the report says what, how sure, why.

    Its study goes first, and somebody is told once.
    """
    pictures = suspected()
    story, found = through_orthanc(node, orthanc, wrapped(pictures), tmp_path)
    assert {"sr", "overlay", "presentation", "seg", "key-objects", "report"} <= set(found)
    said = validated(found)
    digest = Registry().find("fracture").card.digest
    for words in ("Fracture of bone", "Present", "Wrist", "Not a medical device", digest):
        assert words in said
    (job,) = story["jobs"]
    assert (job["status"], job["priority"]) == (JobStatus.DONE, "urgent")
    assert job["algorithm"]["digest"] == digest
    assert job["summary"].startswith("Fracture: present in ")
    assert job["alert"].startswith("A fracture is likely: probability ")
    judged = node.json("jobs", "show", str(job["id"]))["findings"]["classifications"]
    single = sorted(one["probability"] for one in judged if one["tracking"] != "fracture")
    model = load(Registry().find("fracture"))
    chances = sorted(model.look(picture).probability for picture in pictures)
    assert single == pytest.approx(chances, abs=0.01)
    assert [line["event"] for line in story["trail"]].count("alert") == 1
    study = story["study"]["StudyInstanceUID"]
    wait_for(lambda: told_of(webhook, study), 10, "the notice")
    assert told_of(webhook, study) == [("alert", "fracture", job["alert"])]
    text = str(story)
    assert "no frame of reference" in text or "heatmap" in found


def told_of(webhook: Webhook, study: str) -> list[tuple[str, str, str]]:
    """What was told of a study: the event, the pipeline and the sentence."""
    return [
        (body["event"], body["pipeline"], body["reason"])
        for body in list(webhook.seen)
        if body.get("StudyInstanceUID") == study
    ]


def test_a_phantom_is_not_judged(
    node: Node, orthanc: Orthanc, webhook: Webhook, tmp_path: Path
) -> None:
    """A drawn hand is no X-ray that the model knows: indeterminate, because, and no alert."""
    (ds,) = dx_extremity(seed=77, size=256, fracture=True)
    story, found = through_orthanc(node, orthanc, [ds], tmp_path)
    said = validated(found)
    assert "ndeterminate" in said
    assert "does not look like an X-ray" in said
    assert "probability" not in said.lower()
    assert "seg" not in found
    (job,) = story["jobs"]
    assert (job["alert"], job["priority"]) == (None, "routine")
    assert "alert" not in {line["event"] for line in story["trail"]}
    assert told_of(webhook, story["study"]["StudyInstanceUID"]) == []


def test_what_cannot_be_read_is_rejected_because(node: Node, tmp_path: Path) -> None:
    """Pixels that end too early end the job with a sentence, and the next study is judged."""
    (ds,) = dx_extremity(seed=78, size=128)
    ds.PixelData = ds.PixelData[:200]
    (path,) = files([ds], tmp_path)
    node.cli("send", path)
    story = node.wait_for_study(str(dcmread(path).StudyInstanceUID), LOADING)
    (job,) = story["jobs"]
    assert job["status"] == JobStatus.REJECTED
    assert "No image of the study can be judged" in str(job)


def test_a_chest_is_left_alone_because(node: Node, tmp_path: Path) -> None:
    """By its header, before any of its pixels is read: 'rejected, because'."""
    (ds,) = dx_extremity(seed=79, size=128, body_part="CHEST")
    (path,) = files([ds], tmp_path)
    node.cli("send", path)
    story = node.wait_for_study(str(dcmread(path).StudyInstanceUID), LOADING)
    (job,) = story["jobs"]
    assert job["status"] == JobStatus.REJECTED
    assert "its header says that it shows CHEST, which is no extremity" in str(job)
