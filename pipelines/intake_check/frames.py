"""Decoding one instance frame by frame; no more than one frame is held, whatever its size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import Decoder, get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from pipelines.contract import Retryable
from pipelines.intake_check.headers import (
    UNDEFINED_LENGTH,
    Header,
    PixelElement,
    integer,
)
from pipelines.malformed import MALFORMED, is_panic

LARGEST_FRAME = 2**30
"""A frame of more bytes is not decoded: no worker has the memory to do so safely."""

_ENDS = "the pixel data ends before it"


class NotChecked(Exception):
    """Why an instance's frames are not decoded: the end of a sentence about its pixels."""


@dataclass(kw_only=True)
class FrameCount:
    """What came of decoding one instance, counted while it goes on."""

    good: int = 0
    broken: list[int] = field(default_factory=list)
    why: str = ""
    """Why the first broken frame is broken, as the end of a sentence."""
    extra: bool = False
    lowest: float = math.inf
    highest: float = -math.inf
    whole_numbers: bool = True

    def fail(self, numbers: range, why: str) -> None:
        """Count frames as broken."""
        if numbers and not self.broken:
            self.why = why
        self.broken.extend(numbers)


def decode(header: Header, count: FrameCount) -> Iterator[int]:
    """Decode the frames of an instance one by one, counting, and yield the number of each."""
    syntax = UID(header.ds.file_meta.TransferSyntaxUID)
    decoder = _decoder(syntax)
    options = _options(header, syntax)
    count.whole_numbers = options["pixel_keyword"] == "PixelData"
    try:
        if header.pixels is None:
            yield from _deflated(header, decoder, options, count)
            return
        with header.instance.path.open("rb") as file:
            file.seek(header.pixels.offset)
            if syntax.is_encapsulated:
                yield from _encapsulated(header, file, decoder, options, count)
            else:
                yield from _native(header, header.pixels, file, decoder, options, count)
    except OSError as error:
        raise Retryable("a stored file cannot be read at the moment") from error


def _encapsulated(
    header: Header, file: BinaryIO, decoder: Decoder, options: dict[str, Any], count: FrameCount
) -> Iterator[int]:
    """Compressed frames: each is cut out and decoded by itself, so that one cannot hide others."""
    number = 0
    offsets = options.pop("extended_offsets", None)
    frames = generate_frames(file, number_of_frames=header.frames, extended_offsets=offsets)
    try:
        for number, data in enumerate(frames, start=1):
            if number > header.frames:
                count.extra = True
                return
            _decode(number, encapsulate([data]), decoder, {**options, "number_of_frames": 1}, count)
            yield number
    except MALFORMED:
        count.fail(range(number + 1, header.frames + 1), "its fragments are damaged")
        return
    count.fail(range(number + 1, header.frames + 1), _ENDS)


def _native(
    header: Header,
    pixels: PixelElement,
    file: BinaryIO,
    decoder: Decoder,
    options: dict[str, Any],
    count: FrameCount,
) -> Iterator[int]:
    """Frames that lie side by side."""
    if pixels.length == UNDEFINED_LENGTH:
        count.fail(range(1, header.frames + 1), "uncompressed pixel data needs a length")
        return
    size = header.instance.path.stat().st_size
    bits = _frame_bits(options)
    whole = min(header.frames, min(pixels.length, size - pixels.offset) * 8 // bits)
    count.extra = pixels.length * 8 - bits * header.frames > 15
    for number in range(1, whole + 1):
        file.seek(pixels.offset)
        _decode(number, file, decoder, options, count, index=number - 1)
        yield number
    count.fail(range(whole + 1, header.frames + 1), _ENDS)


def _deflated(
    header: Header, decoder: Decoder, options: dict[str, Any], count: FrameCount
) -> Iterator[int]:
    """Deflated data sets have to be unpacked as a whole before their pixels can be found."""
    try:
        data = dcmread(header.instance.path).get("PixelData")
    except MALFORMED as error:
        raise NotChecked("they cannot be unpacked") from error
    if data is None:
        raise NotChecked("there are none")
    whole = min(header.frames, len(data) * 8 // _frame_bits(options))
    for number in range(1, whole + 1):
        _decode(number, data, decoder, options, count, index=number - 1)
        yield number
    count.fail(range(whole + 1, header.frames + 1), _ENDS)


def _decode(
    number: int,
    source: bytes | BinaryIO,
    decoder: Decoder,
    options: dict[str, Any],
    count: FrameCount,
    index: int = 0,
) -> None:
    try:
        frame, _ = decoder.as_array(source, index=index, raw=True, **options)
    except BaseException as error:
        if not (isinstance(error, MALFORMED) or is_panic(error)):
            raise
        count.fail(range(number, number + 1), f"it is not valid {decoder.UID.name}")
        return
    count.good += 1
    count.lowest = min(count.lowest, float(np.min(frame)))
    count.highest = max(count.highest, float(np.max(frame)))


def _decoder(syntax: UID) -> Decoder:
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise NotChecked(f"no decoder is known for {syntax.name}") from error
    if not decoder.is_available:
        raise NotChecked(f"no decoder for {syntax.name} is installed")
    return decoder


def _options(header: Header, syntax: UID) -> dict[str, Any]:
    """The description of the pixels, as the decoder wants it."""
    if header.pixels is None and not syntax.is_deflated:
        raise NotChecked("there are none")
    ds = header.ds
    size = (integer(ds, "Rows") or 0) * (integer(ds, "Columns") or 0)
    size *= (integer(ds, "SamplesPerPixel") or 1) * -(-(integer(ds, "BitsAllocated") or 0) // 8)
    if not size:
        raise NotChecked("their size is not stated")
    if size > LARGEST_FRAME:
        raise NotChecked(f"one frame would take {size / 2**20:.0f} MB of memory")
    try:
        options = as_pixel_options(_with_pixels(header), correct_unused_bits=False)
    except MALFORMED as error:
        raise NotChecked("they are described incompletely") from error
    options["number_of_frames"] = header.frames
    options["pixel_keyword"] = "PixelData" if header.pixels is None else header.pixels.keyword
    return options


def _with_pixels(header: Header) -> Dataset:
    """The header with an empty pixel element, of which pydicom wants to know the kind."""
    ds = Dataset()
    ds.update(header.ds)
    ds.file_meta = header.ds.file_meta
    keyword = "PixelData" if header.pixels is None else header.pixels.keyword
    setattr(ds, keyword, b"")
    if header.pixels is not None and keyword == "PixelData":
        ds[keyword].VR = header.pixels.VR
    return ds


def _frame_bits(options: dict[str, Any]) -> int:
    """How many bits one uncompressed frame takes."""
    bits = int(options["rows"]) * int(options["columns"]) * int(options["bits_allocated"])
    if options["photometric_interpretation"] == "YBR_FULL_422":
        return bits * 2
    return bits * int(options["samples_per_pixel"])
