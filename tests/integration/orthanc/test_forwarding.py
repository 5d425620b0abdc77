"""What Orthanc forwards to the node, and what it does not."""

from __future__ import annotations

import time
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import EnhancedSRStorage, RawDataStorage, SecondaryCaptureImageStorage

from tests.integration.orthanc.files import QUICK_RETRIES, MakeStudy, uid_of
from tests.peers import Orthanc, StoreSCP, wait_for
from tests.peers.chaos import ACCEPT, FaultyPACS, Script, Step

QUIET = 2.5  # a stable age and a little: what was to be forwarded by itself would have been


def uids(paths: list[Path]) -> set[str]:
    """The SOP Instance UIDs of test files."""
    return {uid_of(path) for path in paths}


def study_uid(paths: list[Path]) -> str:
    """The Study Instance UID of test files."""
    return str(dcmread(paths[0], stop_before_pixels=True).StudyInstanceUID)


def marked(orthanc: Orthanc) -> set[str]:
    """The SOP Instance UIDs that Orthanc remembers as delivered to the node."""
    return {
        str(orthanc.dicom_tags(each)["SOPInstanceUID"])
        for each in orthanc.instances()
        if "NodeSent" in orthanc.metadata(each)
    }


def test_a_stable_study_is_forwarded_once_over_one_association(
    orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy
) -> None:
    """Every instance goes to the node once, in one association; a restart sends nothing again."""
    paths = make_study(12)
    orthanc.send(paths)
    wait_for(lambda: marked(orthanc) == uids(paths), 15)
    orthanc.send(paths)  # the modality repeats itself
    time.sleep(QUIET)
    orthanc.kill()
    orthanc.start()
    time.sleep(6)  # longer than a stable age and a tick of the timer
    assert node.kept == uids(paths)
    assert [node.times(uid) for uid in uids(paths)] == [1] * 12
    assert node.associations == 1


def test_late_instances_go_alone(orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy) -> None:
    """What comes after the study was forwarded is sent, and nothing else is sent again."""
    first = make_study(3)
    orthanc.send(first)
    wait_for(lambda: marked(orthanc) == uids(first), 15)
    late = make_study(1, study=study_uid(first))
    orthanc.send(late)
    wait_for(lambda: marked(orthanc) == uids(first + late), 15)
    assert [node.times(uid) for uid in uids(first + late)] == [1] * 4


def test_results_of_the_node_are_not_forwarded(
    orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy
) -> None:
    """What bears a node's mark stays, whoever sent it; the rest of the study goes.

    That an image came from the node's AE title says nothing: `dicom-node send --to` loads images.
    """
    source = make_study(2)
    study = study_uid(source)
    orthanc.send(source)
    result = make_study(1, study=study, SOPClassUID=EnhancedSRStorage, maker="dicom-node")
    orthanc.send(result, calling="DICOM_NODE")
    # A result that came back from another archive.
    by_mark = make_study(
        2, study=study, SOPClassUID=SecondaryCaptureImageStorage, maker="dicom-node"
    )
    orthanc.send(by_mark, calling="OTHER_PACS")
    loaded = make_study(1, study=study)
    orthanc.send(loaded, calling="DICOM_NODE")
    foreign = make_study(1, study=study, maker="Another Maker")
    orthanc.send(foreign)
    wait_for(lambda: node.kept >= uids(source + loaded + foreign), 15)
    time.sleep(QUIET)
    assert node.kept == uids(source + loaded + foreign)


def test_a_refused_object_does_not_keep_its_study_away(
    orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy
) -> None:
    """One instance that the node refuses is tried alone; it is not marked, its siblings are."""
    paths = make_study(7)
    poison = uid_of(paths[3])
    node.script = Script(by_instance={poison: Step(status=0xC000)})
    orthanc.send(paths)
    wait_for(lambda: marked(orthanc) == uids(paths) - {poison}, 20)
    assert node.kept == uids(paths) - {poison}
    node.script = Script()  # whatever stood in the way is mended
    wait_for(lambda: marked(orthanc) == uids(paths), 20)


def test_an_sop_class_that_is_not_accepted_does_not_keep_its_study_away(
    tmp_path: Path, make_study: MakeStudy
) -> None:
    """A study with an object the node has no presentation context for still delivers the rest."""
    script = Script(refuse_classes=(RawDataStorage,))
    with (
        FaultyPACS(script, ae_title="DICOM_NODE") as node,
        Orthanc(tmp_path / "orthanc", node_port=node.port) as orthanc,
    ):
        paths = make_study(4)
        raw = make_study(1, study=study_uid(paths), SOPClassUID=RawDataStorage)
        orthanc.send(paths + raw)
        wait_for(lambda: marked(orthanc) == uids(paths), 20)


def test_marks_are_written_after_success_only(
    orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy
) -> None:
    """While the node answers out of resources nothing is marked; when it recovers all arrives."""
    paths = make_study(4)
    node.script = Script(then=Step(status=0xA700))
    orthanc.send(paths)
    wait_for(lambda: len(node.stored) >= 1, 20)
    assert marked(orthanc) == set()
    assert "NodeSent" not in orthanc.metadata(orthanc.studies()[0], "studies")
    node.script = Script(then=ACCEPT)
    wait_for(lambda: marked(orthanc) == uids(paths), 20)
    assert node.kept == uids(paths)


def test_an_aborted_association_is_tried_again(
    orthanc: Orthanc, node: FaultyPACS, make_study: MakeStudy
) -> None:
    """A node that falls over in the middle of a study still gets all of it."""
    paths = make_study(5)
    node.script = Script(steps=[ACCEPT, ACCEPT, Step(abort=True)])
    orthanc.send(paths)
    wait_for(lambda: marked(orthanc) == uids(paths), 20)
    assert node.kept == uids(paths)


def failures(orthanc: Orthanc) -> int:
    """How many of Orthanc's jobs failed since it started."""
    return sum(job["State"] == "Failure" for job in orthanc.jobs())


def test_a_node_that_was_down_gets_everything_when_it_is_back(
    tmp_path: Path, make_study: MakeStudy
) -> None:
    """Studies that came while nobody listened are delivered later without anybody's help.

    However long that was: more tries failed than Orthanc remembers jobs, and all that is still
    known stands in its index.
    """
    node = StoreSCP(tmp_path / "node")
    forgetful = {"JobsHistorySize": 2}
    with Orthanc(
        tmp_path / "orthanc", node_port=node.port, env=QUICK_RETRIES, settings=forgetful
    ) as orthanc:
        paths = make_study(2) + make_study(3)
        orthanc.send(paths)
        wait_for(lambda: orthanc.log.read_text().count("next try in") >= 5, 60)
        assert failures(orthanc) <= 2
        assert marked(orthanc) == set()
        with node:
            wait_for(lambda: marked(orthanc) == uids(paths), 30)
            assert len(node.files()) == 5
        # The tries left the archive as it was.
        assert len(orthanc.instances()) == 5
        assert {orthanc.metadata(each)["RemoteAET"] for each in orthanc.instances()} == {"MODALITY"}


def test_an_orthanc_that_restarts_while_the_node_is_down_forgets_nothing(
    tmp_path: Path, make_study: MakeStudy
) -> None:
    """What had not been delivered when Orthanc ended, in order or not, the next one delivers."""
    node = StoreSCP(tmp_path / "node")
    with Orthanc(tmp_path / "orthanc", node_port=node.port, env=QUICK_RETRIES) as orthanc:
        paths = make_study(3)
        orthanc.send(paths)
        wait_for(lambda: failures(orthanc) >= 1, 15)
        orthanc.stop()
        orthanc.start()
        late = make_study(1, study=study_uid(paths))
        orthanc.send(late)
        orthanc.kill()  # before the late instance's study is stable
        orthanc.start()
        with node:
            wait_for(lambda: marked(orthanc) == uids(paths + late), 30)
            assert len(node.files()) == 4
