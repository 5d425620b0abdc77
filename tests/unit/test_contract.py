"""What a pipeline sees, what it gives back, and which pipelines there are."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

import pipelines
from pipelines import BUILT_IN, Installed, installed
from pipelines.contract import (
    Algorithm,
    Findings,
    Instance,
    Pipeline,
    Series,
    Study,
    Verdict,
    is_image_class,
    refer,
)

CT = "1.2.840.10008.5.1.4.1.1.2"


def _instance(uid: str = "1.2.3.4", **header: Any) -> Instance:
    return Instance(
        SOPClassUID=CT,
        SOPInstanceUID=uid,
        TransferSyntaxUID="1.2.840.10008.1.2.1",
        path=Path("/nowhere.dcm"),
        header=header,
    )


def test_a_value_comes_from_the_index_first() -> None:
    """The file is opened only for what the index does not have."""
    held = _instance(Modality="CT", Rows=None)
    assert held.value("Modality") == "CT"
    assert held.value("Rows") is None
    with pytest.raises(FileNotFoundError):
        held.value("Columns")


def test_a_value_comes_from_the_file_where_the_index_lacks_it() -> None:
    """An attribute that the file lacks too is None."""
    held = _instance()
    ds = Dataset()
    ds.Columns = 7
    held.__dict__["dataset"] = ds
    assert held.value("Columns") == 7
    assert held.value("Rows") is None


def test_a_series_has_the_value_of_its_first_instance_that_has_one() -> None:
    """Empty values are passed over."""
    part = Series(
        SeriesInstanceUID="1.2.3",
        instances=(_instance(Rows=None), _instance(Rows=""), _instance(Rows=5), _instance(Rows=6)),
    )
    assert part.value("Rows") == 5
    assert Series(SeriesInstanceUID="1.2.3", instances=()).value("Rows") is None


def test_a_study_has_the_instances_of_its_series() -> None:
    """In the order of the series."""
    parts = tuple(
        Series(SeriesInstanceUID=f"1.2.{n}", instances=(_instance(f"1.2.{n}.1"),)) for n in (1, 2)
    )
    found = Study(StudyInstanceUID="1.2", revision=1, series=parts).instances
    assert [instance.SOPInstanceUID for instance in found] == ["1.2.1.1", "1.2.2.1"]


def test_nothing_a_pipeline_sees_can_be_changed() -> None:
    """What is shown to one pipeline is what the next one sees."""
    with pytest.raises(FrozenInstanceError):
        setattr(_instance(), "SOPClassUID", "1.2")  # noqa: B010 - mypy would refuse the statement


def test_a_verdict_has_a_reason() -> None:
    """Yes or no, and why."""
    assert Verdict.yes() == Verdict(accepted=True, reason="accepted")
    assert Verdict.no("too few slices") == Verdict(accepted=False, reason="too few slices")


def test_a_reference_names_an_instance_and_where_meant_a_frame() -> None:
    """By class and instance UID."""
    reference = refer(_instance(), frame=2)
    assert (reference.SOPClassUID, reference.SOPInstanceUID, reference.frame) == (CT, "1.2.3.4", 2)


@pytest.mark.parametrize(
    ("uid", "expected"),
    [
        (CT, True),
        ("1.2.840.10008.5.1.4.1.1.66.4", True),  # Segmentation
        ("1.2.840.10008.5.1.4.1.1.481.2", True),  # RT Dose
        ("1.2.840.10008.5.1.4.1.1.88.33", False),  # Comprehensive SR
        ("1.2.840.10008.5.1.4.1.1.481.3", False),  # RT Structure Set
        ("1.2.3.4", False),
    ],
)
def test_image_classes_are_known_by_their_names(uid: str, expected: bool) -> None:
    """Segmentations and doses have pixels, reports and contours have none."""
    assert is_image_class(uid) is expected


class Good:
    """A third party's pipeline."""

    name, version, framework = "good", "2.0", "none"

    def accepts(self, series: Series) -> Verdict:
        """Take every series."""
        return Verdict.yes(str(len(series.instances)))

    def load(self, device: str) -> None:
        """Nothing to load."""

    def run(self, study: Study, report: Any) -> Findings:
        """Nothing to find."""
        algorithm = Algorithm(name=self.name, version=self.version)
        return Findings(algorithm=algorithm, summary=study.StudyInstanceUID, sources=())


def _points(**values: str) -> EntryPoints:
    group = "dicom_node.pipelines"
    return EntryPoints(
        EntryPoint(name=name, value=value, group=group) for name, value in values.items()
    )


def _with(monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, Installed]:
    monkeypatch.setattr(pipelines, "entry_points", lambda **_: _points(**values))
    return installed()


def test_ours_are_installed_and_can_be_made() -> None:
    """Each by its own name, as the class itself says."""
    for one in BUILT_IN:
        made = one.make()
        assert isinstance(made, Pipeline)
        assert (made.name, made.version, made.framework) == (one.name, one.version, one.framework)
        assert installed()[one.name] == one


def test_a_third_party_adds_one_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no change to our code."""
    here = f"{__name__}:Good"
    found = _with(monkeypatch, good=here)["good"]
    assert found == Installed(name="good", version="2.0", framework="none", source=here)
    assert isinstance(found.make(), Pipeline)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_module_at_all:Thing", "ModuleNotFoundError: No module named"),
        ("json:NoSuchClass", "AttributeError: module 'json' has no attribute"),
        ("json:loads", "AttributeError: 'function' object has no attribute 'version'"),
    ],
)
def test_a_broken_entry_point_takes_nothing_down(
    monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    """It is listed with its error, beside all the others."""
    found = _with(monkeypatch, broken=value, good=f"{__name__}:Good")
    assert set(found) == {*(one.name for one in BUILT_IN), "broken", "good"}
    assert (found["broken"].error or "").startswith(why)
    assert found["good"].error is None


def test_a_module_that_ends_the_program_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stranger's sys.exit at import is an error like any other."""
    (tmp_path / "stranger_that_exits.py").write_text("import sys\nsys.exit('no licence')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = _with(monkeypatch, broken="stranger_that_exits:Thing")["broken"]
    assert found.error == "SystemExit: no licence"
