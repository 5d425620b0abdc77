"""The PACS that misbehaves by script does what its script says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association

from tests.integration.orthanc.files import MakeStudy
from tests.peers import free_port, wait_for
from tests.peers.chaos import (
    LOSE_ANSWER,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    FaultyPACS,
    Script,
    Step,
    abort_after,
    busy,
)


def associate(pacs: FaultyPACS, paths: list[Path]) -> tuple[Association, list[Dataset]]:
    """An association for some files, and their data sets."""
    instances: list[Dataset] = [dcmread(path) for path in paths]
    ae = AE("SENDER")
    ae.add_requested_context(instances[0].SOPClassUID, ExplicitVRLittleEndian)
    return ae.associate("127.0.0.1", pacs.port, ae_title=pacs.ae_title), instances


def statuses(pacs: FaultyPACS, paths: list[Path]) -> list[int | None]:
    """What the PACS answers to each file, None for no answer."""
    assoc, instances = associate(pacs, paths)
    answers: list[int | None] = []
    for ds in instances:
        if assoc.is_established:
            answers.append(assoc.send_c_store(ds).get("Status"))
    if assoc.is_established:
        assoc.release()
    return answers


def test_it_is_out_of_resources_for_a_while(make_study: MakeStudy) -> None:
    """`busy(2)` answers 0xA700 twice and then keeps what it gets."""
    with FaultyPACS(busy(2)) as pacs:
        assert statuses(pacs, make_study(4)) == [0xA700, 0xA700, 0x0000, 0x0000]
        assert len(pacs.kept) == 2


def test_it_aborts_and_recovers(make_study: MakeStudy) -> None:
    """`abort_after(1)` aborts at the second instance, and the next association goes well."""
    paths = make_study(2)
    with FaultyPACS(abort_after(1)) as pacs:
        assert statuses(pacs, paths) == [0x0000, None]
        assert statuses(pacs, paths) == [0x0000, 0x0000]
        assert pacs.associations == 2


def test_it_keeps_an_instance_and_loses_the_answer(make_study: MakeStudy) -> None:
    """A sender that hears nothing has to send again what the PACS has already."""
    paths = make_study(1)
    with FaultyPACS(Script(steps=[LOSE_ANSWER])) as pacs:
        assert statuses(pacs, paths) == [None]
        assert pacs.kept == {paths[0].stem}
        assert statuses(pacs, paths) == [0x0000]
        assert pacs.times(paths[0].stem) == 2


def test_it_rejects_associations_and_warns(make_study: MakeStudy) -> None:
    """The first association is rejected, and the next is answered with a warning."""
    script = Script(refuse_associations=1, then=Step(status=0xB000))
    paths = make_study(1)
    with FaultyPACS(script) as pacs:
        assoc, _ = associate(pacs, paths)
        assert assoc.is_rejected
        assert statuses(pacs, paths) == [0xB000]
        assert pacs.kept == {paths[0].stem}


def ask_for_commitment(pacs: FaultyPACS, uid: str) -> int | None:
    """Ask the PACS to vouch for one instance; its answer to the request."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, uid
    request = Dataset()
    request.TransactionUID, request.ReferencedSOPSequence = generate_uid(), [item]
    ae = AE("SENDER")
    ae.add_requested_context(STORAGE_COMMITMENT)
    assoc = ae.associate("127.0.0.1", pacs.port, ae_title=pacs.ae_title)
    status, _ = assoc.send_n_action(request, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    assoc.release()
    answer: int | None = status.get("Status")
    return answer


@pytest.mark.parametrize(
    ("script", "answer", "event"),
    [
        (Script(), 0x0000, 1),
        (Script(commitment="fail"), 0x0000, 2),
        (Script(commitment_seconds=0.5), 0x0000, 1),
        (Script(commitment="refuse"), 0x0110, None),
        (Script(commitment="silent"), 0x0000, None),
    ],
    ids=["confirms", "fails", "is late", "refuses", "is silent"],
)
def test_it_treats_commitment_as_told(
    make_study: MakeStudy, script: Script, answer: int, event: int | None
) -> None:
    """Its report comes on an association of its own: complete, with failures, late, or never."""
    events: list[tuple[int | None, float]] = []

    def on_report(report: evt.Event) -> tuple[int, None]:
        events.append((report.event_type, time.monotonic()))
        return 0x0000, None

    port, paths = free_port(), make_study(1)
    sender = AE("SENDER")
    sender.add_supported_context(STORAGE_COMMITMENT, scu_role=True, scp_role=True)
    handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, on_report)]
    sender.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
    try:
        with FaultyPACS(script, reply_to={"SENDER": ("127.0.0.1", port)}) as pacs:
            statuses(pacs, paths)
            asked = time.monotonic()
            assert ask_for_commitment(pacs, paths[0].stem) == answer
            if event is None:
                time.sleep(0.5)
                assert events == []
            else:
                wait_for(lambda: events, 5)
                assert events[0][0] == event
                assert events[0][1] - asked >= script.commitment_seconds
            assert pacs.errors == []
    finally:
        sender.shutdown()
