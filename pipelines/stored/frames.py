"""The frames of a stored image one at a time, however many there are: none but one is held."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import keyword_dict
from pydicom.encaps import encapsulate, get_frame
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_file_meta_info
from pydicom.filewriter import write_file_meta_info
from pydicom.pixels.utils import get_expected_length
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

from pipelines.contract import Instance, Rejected
from pipelines.intake_check.headers import UNDEFINED_LENGTH, PixelElement, pixel_element
from pipelines.stored.headers import CUT_OFF, UNREADABLE, check_packing, quiet, refused, whole
from pipelines.stored.packing import Inflated

_OFFSETS = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
_OWN = "PerFrameFunctionalGroupsSequence"
_SHOWING = (
    *(Tag(number) for number in keyword_dict.values() if number >> 16 == 0x0028),
    *map(Tag, ("SOPClassUID", "PresentationLUTShape", *_OFFSETS)),
    *map(Tag, ("SharedFunctionalGroupsSequence", _OWN)),
)
"""All that may decide on how a frame is shown."""
_MOST_GROWN = 2
"""A compressed frame takes no more than so many times what it does unpacked, and a little."""
_LITTLE = 1 << 16


class Frames:
    """An open file: its header, and each frame as an image of its own."""

    def __init__(self, file: BinaryIO, ds: Dataset, pixels: PixelElement | None) -> None:
        self.header = ds
        """As it stands before the pixels: what decides on showing, and what was asked for."""
        self.has_pixels = pixels is not None and pixels.keyword == "PixelData"
        self.count = max(1, whole(ds.get("NumberOfFrames")) or 1)
        self._file, self._pixels = file, pixels
        self._groups = ds.get(_OWN)
        self._offsets = ds.get(_OFFSETS[0]), ds.get(_OFFSETS[1])

    def alone(self, number: int) -> Dataset:
        """The image as if it had this frame only, counted from 1; good until the next is asked for.

        Raises `Rejected` where there is no such frame.
        """
        if self._pixels is None or not self.has_pixels:
            raise Rejected("it has no pixels")
        if not 1 <= number <= self.count:
            raise Rejected("it has no such frame")
        ds, pixels = self._without_pixels(number), self._pixels
        with refused():
            try:
                packed = ds.file_meta.TransferSyntaxUID.is_encapsulated
                cut = self._compressed if packed else self._native
                data = cut(ds, pixels, number)
            except UNREADABLE as error:
                raise Rejected("the pixels of a frame are damaged or cut off") from error
        ds["PixelData"] = DataElement("PixelData", pixels.VR, data)
        ds["PixelData"].is_undefined_length = packed
        return ds

    def _without_pixels(self, number: int) -> Dataset:
        """The header for one frame, with what enhanced images say of this one."""
        ds = self.header
        ds.NumberOfFrames = 1
        for keyword in _OFFSETS:
            ds.pop(keyword, None)
        if isinstance(self._groups, Sequence):
            setattr(ds, _OWN, self._groups[number - 1 : number])
        return ds

    def _compressed(self, ds: Dataset, pixels: PixelElement, number: int) -> bytes:
        """A frame's fragments, found by a table of offsets or by how they end."""
        most = _MOST_GROWN * get_expected_length(ds) + _LITTLE
        self._file.seek(pixels.offset)
        data = get_frame(
            _Careful(self._file, most),
            number - 1,
            number_of_frames=self.count,
            extended_offsets=self._offsets if all(self._offsets) else None,
        )
        return encapsulate([data], has_bot=False)

    def _native(self, ds: Dataset, pixels: PixelElement, number: int) -> bytes:
        """A frame among others of its size."""
        size = get_expected_length(ds)
        start = (number - 1) * size
        if pixels.length == UNDEFINED_LENGTH or start + size > pixels.length:
            raise EOFError
        if (self.count + 1) * size <= pixels.length:
            raise Rejected("it has more frames than its header says")
        self._file.seek(pixels.offset + start)
        data = self._file.read(size)
        if len(data) < size:
            raise EOFError
        return data + b"\0" * (size % 2)


@contextmanager
def opened(instance: Instance, keywords: Iterable[str] = ()) -> Iterator[Frames]:
    """A stored image's frames while its file is open, with these attributes in its header."""
    check_packing(instance)
    with refused():
        file = instance.path.open("rb")
    with file:
        with quiet(), refused():
            plain = _unpacked(instance, file)
            ds = dcmread(
                plain, stop_before_pixels=True, specific_tags=[*_SHOWING, *map(Tag, keywords)]
            )
            if not len(ds):
                raise Rejected(CUT_OFF)
            frames = Frames(plain, ds, pixel_element(plain, ds.file_meta.TransferSyntaxUID))
        yield frames


def _unpacked(instance: Instance, file: BinaryIO) -> BinaryIO:
    """The file, or if it is deflated, what it would be without."""
    meta = read_file_meta_info(instance.path)
    if not meta.TransferSyntaxUID.is_deflated:
        return file
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    head = DicomBytesIO()
    write_file_meta_info(head, meta)
    return io.BufferedReader(Inflated(file, b"\0" * 128 + b"DICM" + head.getvalue()))


class _Careful:
    """A file in which offsets and lengths that lie lead nowhere, and take no memory."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most
        here = file.tell()
        self._end = file.seek(0, io.SEEK_END)
        file.seek(here)

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        target = offset + (self.tell() if whence == io.SEEK_CUR else 0)
        return self._file.seek(min(target, self._end))

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._most:
            raise EOFError
        data = self._file.read(size)
        # Heads of items, of 4 bytes, may lack at the end; what they announce may not.
        if len(data) < size and size > 4:
            raise EOFError
        return data
