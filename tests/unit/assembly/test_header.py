"""What the index keeps of a header."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import Dataset, config
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from dicom_node.assembly.header import CORE, as_json, read_header


@pytest.fixture(autouse=True)
def values_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of the node do not let pydicom judge values."""
    monkeypatch.setattr(config.settings, "_reading_validation_mode", config.IGNORE)


def written(folder: Path, **values: str) -> Path:
    """A file with these values as raw text, whatever their attribute wants."""
    ds = Dataset()
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = ds.StudyInstanceUID = ds.SeriesInstanceUID = "1.2.3"
    for keyword, value in values.items():
        setattr(ds, keyword, None)
        element = ds[keyword]
        ds.add_new(element.tag, "LO", value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / "file.dcm"
    ds.save_as(path, enforce_file_format=True)
    # The right VR with the wrong value: pydicom would not have written it.
    data = path.read_bytes()
    for keyword in values:
        tag = Dataset()
        setattr(tag, keyword, None)
        element = tag[keyword]
        name = element.tag.group.to_bytes(2, "little") + element.tag.element.to_bytes(2, "little")
        data = data.replace(name + b"LO", name + str(element.VR).encode())
    path.write_bytes(data)
    return path


def test_a_mangled_value_costs_that_value_only(tmp_path: Path) -> None:
    """What cannot be decoded is left out, what is merely wrong stands there, the rest is kept."""
    path = written(tmp_path, DiffusionBValue="xy", InstanceNumber="first", Modality="CT")
    wanted = CORE | {"DiffusionBValue"}
    header = as_json(read_header(path, wanted), wanted)
    assert header == {"Modality": "CT", "InstanceNumber": "first"}


def test_numbers_that_json_has_no_place_for_become_text(tmp_path: Path) -> None:
    """Infinity and NaN are kept as words."""
    path = written(tmp_path, ImagePositionPatient="nan\\inf\\1.5")
    header = as_json(read_header(path, CORE), CORE)
    json.dumps(header, allow_nan=False)


def test_sequences_and_private_attributes_stay_in_the_file(tmp_path: Path) -> None:
    """Only plain attributes that are wanted are in the index."""
    path = written(tmp_path, Modality="CT", PatientID="SECRET")
    assert as_json(read_header(path, CORE), CORE) == {"Modality": "CT"}
