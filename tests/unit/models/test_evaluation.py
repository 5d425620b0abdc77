"""Reading a labelled set: the index, the boxes and the pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.evaluation import BadPicture, BadSet, read_boxes, read_index, read_picture

LADDER = np.arange(256, dtype=np.uint8).reshape(16, 16)


def written(folder: Path, text: str) -> Path:
    """A CSV file."""
    path = folder / "index.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_two_columns_are_enough(tmp_path: Path) -> None:
    """An index needs file and label; an empty label is a picture that is not scored."""
    rows = read_index(written(tmp_path, "\ufefffile,label\na.jpg,1\nb.jpg,0\nc.jpg,\n"))
    assert [(row.file, row.positive) for row in rows] == [
        ("a.jpg", True),
        ("b.jpg", False),
        ("c.jpg", None),
    ]


def test_a_split_is_chosen(tmp_path: Path) -> None:
    """Of an index with splits only one is read."""
    path = written(tmp_path, "label,file,split\n1,a.jpg,train\n0,b.jpg,val\n")
    assert [row.file for row in read_index(path, "val")] == ["b.jpg"]


def test_ambiguous_pictures_are_not_scored(tmp_path: Path) -> None:
    """A label that the index itself calls ambiguous counts as none."""
    path = written(tmp_path, "file,label,ambiguous\na.jpg,1,1\nb.jpg,1,0\n")
    assert [row.positive for row in read_index(path)] == [None, True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no column file and no column label"),
        ("file,name\na,b\n", "has no column label"),
        ("file,label\na.jpg,maybe\n", "line 2: the label is maybe"),
        ("file,label\na.jpg,1\na.jpg,0\n", "line 3: a picture is listed twice"),
        ("file,label\n,1\n", "line 2: no file is named"),
        ("file,label\n", "lists no picture"),
    ],
)
def test_a_wrong_index_is_refused(text: str, told: str, tmp_path: Path) -> None:
    """What is wrong with an index is said with its line."""
    with pytest.raises(BadSet, match=told):
        read_index(written(tmp_path, text))


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    """A missing column and an empty split are told apart."""
    with pytest.raises(BadSet, match="no column split"):
        read_index(written(tmp_path, "file,label\na.jpg,1\n"), "val")
    with pytest.raises(BadSet, match="no picture of the split val"):
        read_index(written(tmp_path, "file,label,split\na.jpg,1,train\n"), "val")


def test_a_file_that_is_no_index(tmp_path: Path) -> None:
    """A missing file and one that is not text are sentences, not traces."""
    with pytest.raises(BadSet, match="No such file"):
        read_index(tmp_path / "none.csv")
    path = tmp_path / "image.csv"
    path.write_bytes(b"file,label\n\xff\xfe,1\n")
    with pytest.raises(BadSet, match="no CSV file in UTF-8"):
        read_index(path)


def test_boxes_are_gathered_by_picture(tmp_path: Path) -> None:
    """A picture may have several boxes; one that is no numbers is named."""
    path = written(tmp_path, "file,cx,cy,w,h\na,.5,.5,.1,.1\na,.2,.2,.1,.1\n")
    assert read_boxes(path) == {"a": [(0.5, 0.5, 0.1, 0.1), (0.2, 0.2, 0.1, 0.1)]}
    with pytest.raises(BadSet, match="line 2: a box is four numbers"):
        read_boxes(written(tmp_path, "file,cx,cy,w,h\na,.5,.5,.1,wide\n"))


@pytest.mark.parametrize("depth", [8, 10, 12, 14, 16])
def test_every_depth_is_the_same_picture(depth: int, tmp_path: Path) -> None:
    """Grey values of 8 to 16 bits in a PNG of 16 give the same 8 bits."""
    deep = np.rint(LADDER.astype(float) / 255 * (2**depth - 1)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert np.array_equal(read_picture(tmp_path / "deep.png"), LADDER)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_every_mode_is_grey(mode: str, tmp_path: Path) -> None:
    """Grey in colour, with transparency or a palette is the same grey."""
    Image.fromarray(LADDER).convert(mode).save(tmp_path / "one.png")
    assert np.array_equal(read_picture(tmp_path / "one.png"), LADDER)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_colours_are_read_where_they_are_asked_for(mode: str, tmp_path: Path) -> None:
    """Red, green and blue, whatever the file has."""
    Image.new("RGB", (4, 3), (200, 100, 0)).convert(mode).save(tmp_path / "one.png")
    found = read_picture(tmp_path / "one.png", "RGB")
    assert found.shape == (3, 4, 3)
    assert (found[0, 0, 0] == found[0, 0, 2]) is np.bool_(mode == "L")


def test_a_deep_picture_is_grey_in_colour_too(tmp_path: Path) -> None:
    """There are no colours of 16 bits to be read."""
    Image.fromarray(LADDER.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    assert np.array_equal(read_picture(tmp_path / "deep.png", "RGB"), LADDER)


def test_a_jpeg_is_read(tmp_path: Path) -> None:
    """A JPEG is as close as JPEG is."""
    Image.fromarray(LADDER).save(tmp_path / "one.jpg", quality=95)
    found = read_picture(tmp_path / "one.jpg").astype(int)
    assert np.abs(found - LADDER).max() < 8


def test_broken_pictures_say_why(tmp_path: Path) -> None:
    """Missing, cut off, empty and foreign files are each reported and none is a trace."""
    Image.fromarray(LADDER).resize((200, 200)).save(tmp_path / "whole.png")
    whole = (tmp_path / "whole.png").read_bytes()
    for name, content in {
        "cut.png": whole[: len(whole) // 2],
        "damaged.png": whole[:100] + bytes(40) + whole[140:],
        "empty.png": b"",
        "text.png": b"This is no picture.",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadPicture, match="cannot be read"):
            read_picture(tmp_path / name)
    with pytest.raises(BadPicture, match="no such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(BadPicture):
        read_picture(tmp_path)
