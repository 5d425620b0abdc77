"""Pictures of other kinds, written of whatever of the data is there."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.evaluation import read_index, read_picture
from models.fracture.measuring.strangers import ANGLES, main, projections, shown
from tests.unit.radiographs.stored import put, radiograph

LADDER = np.linspace(0, 255, 40).reshape(5, 8).round().astype(np.uint8)


def test_pictures_and_index_are_of_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each picture has its kind and no label; kinds without data are named, and none is a failure
    but all."""
    photos = tmp_path / "data" / "photos"
    photos.mkdir(parents=True)
    Image.fromarray(LADDER).convert("RGB").save(photos / "a.png")
    Image.fromarray(LADDER).save(photos / "b.png")
    folders = ["--shared", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    assert main(folders) == 0
    rows = read_index(tmp_path / "out" / "index.csv")
    assert [(row.positive, row.more["kind"]) for row in rows] == [(None, "photograph")] * 2
    for row in rows:
        assert np.array_equal(read_picture(tmp_path / "out" / row.file), LADDER)
    said = capsys.readouterr().err
    assert "skull X-ray." in said
    assert "photograph" not in said
    assert main([*folders, "--shared", str(tmp_path / "nothing")]) == 1


@pytest.mark.parametrize("inverted", [False, True])
def test_a_dicom_image_is_shown_as_its_window_says(tmp_path: Path, inverted: bool) -> None:
    """Bones are bright whichever way the values run, and what the window leaves out is."""
    values = 1000 + LADDER.astype(np.uint16)
    values[0, 0], values[-1, -1] = 0, 4000
    ds = radiograph(WindowCenter=1128, WindowWidth=256, PresentationLUTShape=None)
    put(ds, 4095 - values if inverted else values, 12)
    if inverted:
        ds.PhotometricInterpretation, ds.WindowCenter = "MONOCHROME1", 4095 - 1127
    ds.save_as(tmp_path / "one.dcm", enforce_file_format=True)
    assert np.abs(shown(tmp_path / "one.dcm").astype(int) - LADDER).max() <= 1


def nifti(path: Path, volume: NDArray[np.int16]) -> Path:
    """Slices, rows and columns of 2, 1 and 1 mm in a file."""
    header = np.zeros(352, np.uint8)
    slices, rows, columns = volume.shape
    header[40:48] = np.array([3, columns, rows, slices], "<i2").view(np.uint8)
    header[70:72] = np.array([4], "<i2").view(np.uint8)
    header[80:92] = np.array([1, 1, 2], "<f4").view(np.uint8)
    header[108:112] = np.array([352], "<f4").view(np.uint8)
    path.write_bytes(gzip.compress(header.tobytes() + volume.astype("<i2").tobytes()))
    return path


def test_a_volume_is_seen_from_several_sides(tmp_path: Path) -> None:
    """The head is up, its height is in millimetres, and a rod beside the axis wanders."""
    volume = np.zeros((10, 40, 40), np.int16)
    volume[:8, 18:22, 8:12] = 1000  # all but the two uppermost slices
    seen = list(projections(nifti(tmp_path / "ct.nii.gz", volume)))
    assert [picture.shape for picture in seen] == [(40, 80), (20, 80)] * ANGLES
    assert all(picture[1].max() < 50 < picture[-10].max() for picture in seen[::2])
    middles = [int(picture[-10].argmax()) for picture in seen[::2]]
    assert abs(middles[0] - 20) <= 4  # from the front, as it lies
    assert abs(middles[ANGLES // 2] - 40) <= 4  # from the side it is in the middle
    whole = gzip.decompress((tmp_path / "ct.nii.gz").read_bytes())
    (tmp_path / "cut.nii.gz").write_bytes(gzip.compress(whole[:-2]))
    with pytest.raises(ValueError, match="16-bit"):
        list(projections(tmp_path / "cut.nii.gz"))
