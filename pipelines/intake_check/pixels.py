"""Can every frame be decoded? What is said about a series, from what `frames` counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.contract import Note, Progress, Refusal, Severity, refer
from pipelines.intake_check.counting import ranges
from pipelines.intake_check.frames import FrameCount, NotChecked, decode
from pipelines.intake_check.headers import MOST_REFERENCES, Header, HeaderSeries, images, integer


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """How much was looked at."""

    instances: int = 0
    frames: int = 0
    broken: int = 0

    def __add__(self, other: Decoded) -> Decoded:
        return Decoded(
            instances=self.instances + other.instances,
            frames=self.frames + other.frames,
            broken=self.broken + other.broken,
        )


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """What was found about the pixels of a series."""

    decoded: Decoded
    notes: tuple[Note, ...]
    refusals: tuple[Refusal, ...]


def check_pixels(series: HeaderSeries, report: Progress) -> Pixels:
    """Decode every frame of every image, one at a time."""
    notes: list[Note] = []
    decoded = Decoded()
    refused: dict[str, list[Header]] = {}
    doing = f"decoding {series.called}"
    for done, header in enumerate(series.headers):
        report(done, doing)
        count = FrameCount()
        try:
            for number in decode(header, count):
                report(done + min(1.0, number / header.frames), doing)
        except NotChecked as reason:
            refused.setdefault(str(reason), []).append(header)
        else:
            notes.extend(_notes(series.called, header, count))
        decoded += Decoded(instances=1, frames=count.good, broken=len(count.broken))
    return Pixels(decoded=decoded, notes=tuple(notes), refusals=tuple(_refusals(series, refused)))


def _refusals(series: HeaderSeries, refused: dict[str, list[Header]]) -> Iterator[Refusal]:
    for reason, headers in refused.items():
        yield Refusal(
            of=f"{series.called}, pixels of {images(len(headers))}",
            because=reason,
            references=series.references(headers),
        )


def _notes(called: str, header: Header, count: FrameCount) -> Iterator[Note]:
    if count.broken:
        single = header.frames == 1
        which = "the pixels" if single else f"frame {ranges(count.broken)}"
        frames = [None] if single else count.broken[:MOST_REFERENCES]
        yield Note(
            code="frame-broken",
            severity=Severity.ERROR,
            text=f"{called}: {which} of {header.called} cannot be decoded: {count.why}.",
            references=tuple(refer(header.instance, frame) for frame in frames),
        )
    if count.extra:
        yield Note(
            code="frame-extra",
            severity=Severity.WARNING,
            text=f"{called}: {header.called} holds more pixel data than its NumberOfFrames "
            f"({header.frames}) and size account for.",
            references=(header.reference,),
        )
    yield from _beyond_bits(called, header, count)


def _beyond_bits(called: str, header: Header, count: FrameCount) -> Iterator[Note]:
    """BitsStored says which values there can be; others mean that the description is wrong."""
    bits = integer(header.ds, "BitsStored")
    if bits is None or not count.good or not count.whole_numbers:
        return
    signed = integer(header.ds, "PixelRepresentation") == 1
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    if count.lowest < least or count.highest > most:
        yield Note(
            code="bits-contradictory",
            severity=Severity.WARNING,
            text=f"{called}: {header.called} has pixel values from {count.lowest:.0f} to "
            f"{count.highest:.0f}, outside the {bits} bits that BitsStored states.",
            references=(header.reference,),
        )
