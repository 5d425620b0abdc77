"""Small studies for the acceptance tests, and a sender that does not give up."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from bench.phantoms import ct_head, write
from storage import owed
from storage.database import Database
from storage.inbox import Inbox
from storage.records import Asker
from tests.node import Node
from tests.peers.orthanc import Orthanc
from tests.peers.processes import wait_for
from tests.peers.validators import dcentvfy, dciodvfy, dsrdump, sr_errors

LOADING = 90
"""Seconds for the first study: the worker imports its framework and reads the weights."""
UNREACHED = "the node did not take everything in time"


def small_ct(seed: int, slices: int = 3, size: int = 64) -> list[Dataset]:
    """A CT study of a few small slices, new for every seed."""
    return ct_head(seed=seed, size=size, slices=slices)


def files(datasets: Iterable[Dataset], folder: Path) -> list[Path]:
    """The study as files, sorted by name."""
    folder.mkdir(parents=True, exist_ok=True)
    return sorted(write(list(datasets), folder))


def insist(
    paths: Sequence[Path], port: int, *, called: str = "DICOM_NODE", seconds: float = 30
) -> None:
    """Send until every instance was acknowledged, as a PACS does, however often it takes."""
    owed = {str(dcmread(path, stop_before_pixels=True).SOPInstanceUID): path for path in paths}
    deadline = time.monotonic() + seconds
    while owed:
        if time.monotonic() > deadline:
            raise TimeoutError(UNREACHED)
        for uid in _acknowledged(owed, port, called):
            del owed[uid]
        if owed:
            time.sleep(0.2)


def _acknowledged(owed: dict[str, Path], port: int, called: str) -> list[str]:
    ae = AE(ae_title="MODALITY")
    ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 5
    for path in owed.values():
        ds = dcmread(path, stop_before_pixels=True)
        if ds.SOPClassUID not in {context.abstract_syntax for context in ae.requested_contexts}:
            ae.add_requested_context(ds.SOPClassUID, ExplicitVRLittleEndian)
    done: list[str] = []
    assoc = ae.associate("127.0.0.1", port, ae_title=called)
    if assoc.is_established:
        for uid, path in owed.items():
            status = assoc.send_c_store(path) if assoc.is_established else None
            if not status:
                break
            if status.Status == 0x0000:
                done.append(uid)
        if assoc.is_established:
            assoc.release()
    return done


def all_delivered(node: Node, study: str) -> bool:
    """Whether everything made for a study is delivered, with the evidence of commitment."""
    deliveries = node.story(study).get("deliveries", [])
    return bool(deliveries) and all(
        delivery["status"] == "delivered" and delivery["evidence"] == "commitment"
        for delivery in deliveries
    )


def through_orthanc(
    node: Node, orthanc: Orthanc, datasets: list[Dataset], folder: Path
) -> tuple[dict[str, Any], dict[str, list[Path]]]:
    """Send to Orthanc, wait for the results to be there; the story, and their files by kind."""
    study = str(datasets[0].StudyInstanceUID)
    orthanc.send(files(datasets, folder / "sent"))
    wait_for(lambda: all_delivered(node, study), LOADING, "the results in Orthanc")
    story = node.story(study)
    kinds = {row["SOPInstanceUID"]: row["kind"] for row in story["deliveries"]}
    found: dict[str, list[Path]] = {}
    for instance in orthanc.find(StudyInstanceUID=study):
        kind = kinds.get(orthanc.dicom_tags(instance)["SOPInstanceUID"], "source")
        path = folder / f"{kind}-{instance}.dcm"
        path.write_bytes(orthanc.file(instance))
        found.setdefault(kind, []).append(path)
    return story, found


def validated(found: dict[str, list[Path]]) -> str:
    """What the report says; no validator objects to it, nor to anything else that came back."""
    paths = [path for kind in found.values() for path in kind]
    for path in paths:
        assert dciodvfy(path) == [], path.name
    assert dcentvfy(paths) == []
    (report,) = found["sr"]
    assert sr_errors(report) == []
    return dsrdump(report)


def uid_of(paths: Sequence[Path]) -> str:
    """The StudyInstanceUID of a study in files."""
    return str(dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID)


def assert_kept(node: Node, paths: Sequence[Path]) -> None:
    """The node's inbox holds each file's data set, to the last pixel."""
    inbox = Inbox(node.data_dir / "inbox")
    for path in paths:
        sent = dcmread(path)
        stored = inbox.holds(str(sent.SOPInstanceUID))
        assert stored is not None
        assert dcmread(stored) == sent


def headers(paths: Sequence[Path]) -> list[Dataset]:
    """What the files say without their pixels."""
    return [dcmread(path, stop_before_pixels=True) for path in paths]


def owed_by(node: Node) -> list[Asker]:
    """Whom the node owes a commitment report."""
    db = Database(f"sqlite:///{node.data_dir / 'node.sqlite'}")
    try:
        return owed.askers(db, math.inf)
    finally:
        db.close()
