"""Orthanc as the node's peer: it vouches for what it has, answers questions, shows series."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE, evt

from tests.integration.orthanc.files import MakeStudy
from tests.peers import Orthanc, echoscu, free_port
from tests.peers.chaos import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


def commitment_request(paths: list[Path]) -> Dataset:
    """The action information of PS3.4 table J.3-1 for some files and one that nobody has."""
    request = Dataset()
    request.TransactionUID = generate_uid()
    request.ReferencedSOPSequence = []
    for path in paths:
        ds = dcmread(path, stop_before_pixels=True)
        item = Dataset()
        item.ReferencedSOPClassUID = ds.SOPClassUID
        item.ReferencedSOPInstanceUID = ds.SOPInstanceUID
        request.ReferencedSOPSequence.append(item)
    return request


def test_orthanc_answers_a_commitment_request_on_an_association_to_the_node(
    tmp_path: Path, make_study: MakeStudy
) -> None:
    """What Orthanc has is committed and what it has not is named, in one report to the node."""
    reports: list[Dataset] = []
    came = threading.Event()

    def on_report(event: evt.Event) -> tuple[int, None]:
        reports.append(event.event_information)
        came.set()
        return 0x0000, None

    node = AE("DICOM_NODE")
    node.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, on_report)]
    port = free_port()
    node.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        with Orthanc(tmp_path / "orthanc", node_port=port) as orthanc:
            stored, missing = make_study(2), make_study(1)
            orthanc.send(stored)
            ask_for_commitment(orthanc, commitment_request(stored + missing))
            assert came.wait(10)
    finally:
        node.shutdown()
    assert len(reports[0].ReferencedSOPSequence) == 2
    assert [item.ReferencedSOPInstanceUID for item in reports[0].FailedSOPSequence] == [
        path.stem for path in missing
    ]


def ask_for_commitment(orthanc: Orthanc, request: Dataset) -> None:
    """Send an N-ACTION as the node."""
    ae = AE("DICOM_NODE")
    ae.add_requested_context(STORAGE_COMMITMENT)
    assoc = ae.associate("127.0.0.1", orthanc.port, ae_title=orthanc.ae_title)
    assert assoc.is_established
    status, _ = assoc.send_n_action(request, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    assoc.release()
    assert status.Status == 0x0000


def test_the_node_may_ask_how_many_instances_a_study_has(
    orthanc: Orthanc, make_study: MakeStudy
) -> None:
    """C-ECHO and C-FIND are answered to the node; C-FIND is not answered to a stranger."""
    paths = make_study(3)
    orthanc.send(paths)
    assert echoscu(orthanc.port, calling="DICOM_NODE", called=orthanc.ae_title)
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = dcmread(paths[0]).StudyInstanceUID
    query.NumberOfStudyRelatedInstances = ""
    assert [ds.NumberOfStudyRelatedInstances for ds in found(orthanc, "DICOM_NODE", query)] == [3]
    assert found(orthanc, "STRANGER", query) == []


def found(orthanc: Orthanc, calling: str, query: Dataset) -> list[Dataset]:
    """What Orthanc answers to a C-FIND; nothing when it accepts no context for it."""
    ae = AE(calling)
    ae.add_requested_context(STUDY_ROOT_FIND)
    assoc = ae.associate("127.0.0.1", orthanc.port, ae_title=orthanc.ae_title)
    if not assoc.is_established:
        return []
    answers = [ds for _, ds in assoc.send_c_find(query, STUDY_ROOT_FIND) if ds is not None]
    assoc.release()
    return answers


def test_the_web_viewer_and_dicomweb_are_there(orthanc: Orthanc, make_study: MakeStudy) -> None:
    """A radiologist can open a series in the viewer, and DICOMweb finds the study."""
    orthanc.send(make_study(1))
    viewer = orthanc.get("/web-viewer/app/viewer.html", series=orthanc.series()[0])
    assert "text/html" in viewer.headers["content-type"]
    assert len(orthanc.get("/dicom-web/studies").json()) == 1
