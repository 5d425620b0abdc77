"""The PACS that misbehaves by script does what its script says."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.association import Association

from tests.integration.orthanc.files import MakeStudy
from tests.peers.chaos import (
    LOSE_ANSWER,
    FaultyPACS,
    Script,
    Step,
    abort_after,
    busy,
)


def associate(pacs: FaultyPACS, paths: list[Path]) -> tuple[Association, list[Dataset]]:
    """An association for some files, and their data sets."""
    instances = [dcmread(path) for path in paths]
    ae = AE("SENDER")
    ae.add_requested_context(instances[0].SOPClassUID, instances[0].file_meta.TransferSyntaxUID)
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
