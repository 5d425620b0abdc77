"""The attributes that the checks need, read once per instance without its pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.uid import UID

from pipelines.contract import (
    Instance,
    Progress,
    Reference,
    Refusal,
    Retryable,
    Series,
    refer,
)
from pipelines.intake_check.keywords import KEYWORDS
from pipelines.intake_check.scope import why_not
from pipelines.malformed import MALFORMED

MOST_REFERENCES = 50
"""A note about a whole series points at so many instances and no more."""

UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True)
class PixelElement:
    """Where the pixels lie in the file."""

    keyword: str
    VR: str
    offset: int
    length: int
    """As the element says; `UNDEFINED_LENGTH` for encapsulated frames."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """One image's attributes."""

    instance: Instance
    ds: Dataset
    pixels: PixelElement | None

    @property
    def reference(self) -> Reference:
        """The exact instance."""
        return refer(self.instance)

    @cached_property
    def number(self) -> int | None:
        """InstanceNumber, where there is one."""
        return integer(self.ds, "InstanceNumber")

    @property
    def called(self) -> str:
        """What to call it in a sentence."""
        return "an instance without number" if self.number is None else f"instance {self.number}"

    @cached_property
    def frames(self) -> int:
        """How many frames it should have."""
        return max(1, integer(self.ds, "NumberOfFrames") or 1)


@dataclass(frozen=True, kw_only=True)
class HeaderSeries:
    """The images of one series."""

    headers: tuple[Header, ...]

    @cached_property
    def Modality(self) -> str:
        """The modality that the series says it is of."""
        return text(self.first, "Modality")

    @property
    def first(self) -> Dataset:
        """The attributes of the first image."""
        return self.headers[0].ds

    @cached_property
    def called(self) -> str:
        """What to call it in a sentence; without its description, which may hold a name."""
        return _called(integer(self.first, "SeriesNumber"), self.Modality)

    def references(self, headers: list[Header] | None = None) -> tuple[Reference, ...]:
        """The first images, at most, of these or of the whole series."""
        chosen = self.headers if headers is None else headers
        return tuple(header.reference for header in chosen[:MOST_REFERENCES])


def text(ds: Dataset, keyword: str) -> str:
    """A value as stripped text, empty where absent or several."""
    value = ds.get(keyword)
    return "" if value is None else str(value).strip()


def images(count: int) -> str:
    """So many instances, in words."""
    return "1 instance" if count == 1 else f"{count} instances"


def integer(ds: Dataset, keyword: str) -> int | None:
    """A value as a whole number, None where it is absent or no number."""
    try:
        return int(ds.get(keyword))
    except (TypeError, ValueError):
        return None


def numbers(ds: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """A value as so many numbers, None where it is not."""
    try:
        values = tuple(float(value) for value in ds.get(keyword) or ())
    except (TypeError, ValueError):
        return None
    return values if len(values) == count else None


def read_series(series: Series, report: Progress) -> tuple[HeaderSeries, list[Refusal]]:
    """Read the images of a series; what is no image, or no DICOM, is refused with a reason."""
    headers: list[Header] = []
    refused: dict[str, list[Instance]] = {}
    for done, instance in enumerate(series.instances):
        if done % 16 == 0:
            report(done, "reading headers")
        reason = why_not(instance)
        if reason is None:
            header = _read(instance)
            if header is not None:
                headers.append(header)
                continue
            reason = "its attributes cannot be read as DICOM"
        refused.setdefault(reason, []).append(instance)
    whole = not headers and len(refused) == 1
    called = _called_series(series) if refused else ""
    return HeaderSeries(headers=tuple(headers)), [
        Refusal(
            of=called if whole else f"{called}, {images(len(instances))}",
            because=reason,
            references=tuple(refer(one) for one in instances[:MOST_REFERENCES]),
        )
        for reason, instances in refused.items()
    ]


def _called_series(series: Series) -> str:
    header = series.instances[0].header
    number = str(header.get("SeriesNumber", ""))
    return _called(int(number) if number.isdigit() else None, str(header.get("Modality") or ""))


def _called(number: int | None, modality: str) -> str:
    kind = f" ({modality})" if modality else ""
    return f"A series without number{kind}" if number is None else f"Series {number}{kind}"


def _read(instance: Instance) -> Header | None:
    try:
        with instance.path.open("rb") as file:
            ds = dcmread(file, stop_before_pixels=True, specific_tags=list(KEYWORDS))
            syntax = UID(ds.file_meta.TransferSyntaxUID)
            if syntax.is_deflated:
                return Header(instance=instance, ds=ds, pixels=None)
            return Header(instance=instance, ds=ds, pixels=pixel_element(file, syntax))
    except OSError as error:
        raise Retryable("a stored file cannot be read at the moment") from error
    except MALFORMED:
        return None


def pixel_element(file: BinaryIO, syntax: UID) -> PixelElement | None:
    """Read the start of the element that stopped the reading."""
    endian = "<" if syntax.is_little_endian else ">"
    start = file.read(8)
    if len(start) < 8:
        return None
    group, element = struct.unpack(f"{endian}HH", start[:4])
    keyword = _PIXELS.get((group, element))
    if keyword is None:
        return None
    VR, length_bytes = "OW", start[4:]
    if not syntax.is_implicit_VR:
        VR, length_bytes = start[4:6].decode("ascii"), file.read(4)
    (length,) = struct.unpack(f"{endian}L", length_bytes)
    return PixelElement(keyword=keyword, VR=VR, offset=file.tell(), length=length)


_PIXELS = {
    (0x7FE0, 0x0008): "FloatPixelData",
    (0x7FE0, 0x0009): "DoubleFloatPixelData",
    (0x7FE0, 0x0010): "PixelData",
}
