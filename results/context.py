"""What a builder is given, and what all the objects of one run have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Protocol
from zlib import crc32

from pipelines.contract import Findings
from results.identity import Device, derive_uid
from results.source import Source
from results.text import Encodable, fitting, shortened

_OFFSET = re.compile("[+-](0[0-9]|1[0-4])[0-5][0-9]")
"""Hours and minutes from UTC; anything else is not a time zone, and is passed over."""

KINDS = ("sr", "seg", "overlay", "presentation", "heatmap", "key-objects", "report", "images")
"""In the order in which their series are to be listed."""


class NotMade(Exception):
    """An object of this kind cannot be had from this source; the message says why."""


class Predecessor(Protocol):
    """An earlier object of the same study, which a revision replaces."""

    @property
    def SOPClassUID(self) -> str:
        """Its class."""

    @property
    def SOPInstanceUID(self) -> str:
        """Its own UID."""

    @property
    def SeriesInstanceUID(self) -> str:
        """The series it is in."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a result is about besides its findings; with the source it decides every UID."""

    pipeline: str
    version: str
    """The pipeline's."""
    revision: int
    """Which revision of the study was looked at."""
    content_datetime: datetime
    """What the report is dated; part of its bytes, so it must be the same when built again."""
    root: str = "2.25"
    ae_title: str = ""
    predecessors: Mapping[str, Sequence[Predecessor]] = field(default_factory=dict)
    """For each kind, what the latest earlier revision gave."""
    series_numbers: frozenset[int] = frozenset()
    """The numbers that the study's series have, whether they were looked at or not."""
    device: Device = field(default_factory=Device)


@dataclass(frozen=True, kw_only=True)
class Making:
    """One run of a pipeline on the way to its objects: all that a builder needs to know."""

    source: Source
    findings: Findings
    context: Context

    def uid(self, kind: str, number: int = 1) -> str:
        """The SOP Instance UID of the object of a kind with this number."""
        return self._derived(str(self.context.revision), kind, str(number - 1))

    def series_uid(self, kind: str, series: str = "") -> str:
        """The series that the objects of a kind are in, revisions included.

        Those that lie on the images of a series are in one for that series: side and frame of
        reference are a series' own.
        """
        return self._derived(kind, "series", *([series] if series else []))

    def tracking_uid(self, name: str, space: str = "") -> str:
        """The UID of something that is followed by name, the same in every revision and version.

        Names are those of regions; what else is followed has them in a space of its own.
        """
        context = self.context
        study = self.source.StudyInstanceUID
        return derive_uid(context.root, study, context.pipeline, f"tracking {space}".strip(), name)

    def _derived(self, *parts: str) -> str:
        context = self.context
        study = self.source.StudyInstanceUID
        return derive_uid(context.root, study, context.pipeline, context.version, *parts)

    def instance_number(self, number: int = 1) -> int:
        """The number of an object in its series; those of later revisions come after."""
        return max(1, self.context.revision) + 1000 * (number - 1)

    def series_number(self, kind: str, series: str = "") -> int:
        """A number that sorts after the series it was made from: 3 gives one from 3010 to 3999.

        What is of no series in particular follows the first with findings. Pipelines seldom meet,
        kinds never do, and what the study has already is gone around.
        """
        here = {_number(ds.get("SeriesNumber")) for ds in self.source.images}
        taken = self.context.series_numbers | here
        base = self._numbers.get(series) or min(self._numbers_with_findings, default=0)
        base = base if 0 < base < 100_000 else 90
        slot = 1 + crc32(self.context.pipeline.encode()) % 99
        number = base * 1000 + slot * 10 + KINDS.index(kind)
        while number in taken:
            number += 10
        return number

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        """The number of each series of the source."""
        found: dict[str, int] = {}
        for ds in self.source.images:
            number = _number(ds.get("SeriesNumber"))
            uid = str(ds.SeriesInstanceUID)
            found[uid] = found.get(uid) or number
        return found

    @cached_property
    def _numbers_with_findings(self) -> list[int]:
        """The numbers of the series with findings, or of all where none has any."""
        named = set(self.findings.references()) - set(self.findings.sources)
        images = [self.source.image(on.SOPInstanceUID) for on in named] or self.source.images
        numbers = [self._numbers[str(ds.SeriesInstanceUID)] for ds in images]
        return [number for number in numbers if number > 0]

    def series_description(self, what: str) -> str:
        """What a series list shows: what it is, who made it, and that it is not a diagnosis."""
        name = shortened(self.fits(self.findings.algorithm.name), 20)
        return shortened(f"{name} {what}: AI, not for diagnosis", 64)

    @cached_property
    def fits(self) -> Encodable:
        """Makes our text fit the source's character set."""
        return fitting(self.source.patient.get("SpecificCharacterSet"))

    @cached_property
    def device(self) -> Device:
        """The node, named by its AE title."""
        device = self.context.device
        return replace(device, station=self.context.ae_title or device.station)

    @cached_property
    def device_uid(self) -> str:
        """Who the node is as the observer of what it reports."""
        device = self.device
        serial = device.serial_number or ""
        return derive_uid(self.context.root, device.name, device.model, serial)

    @cached_property
    def moment(self) -> datetime:
        """When the objects were made, on the clock that the source's times are on."""
        moment = self.context.content_datetime
        offset = str(self.source.patient.get("TimezoneOffsetFromUTC") or "").strip()
        if moment.tzinfo is None or not _OFFSET.fullmatch(offset):
            return moment
        minutes = int(offset[1:3]) * 60 + int(offset[3:])
        zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
        return moment.astimezone(zone)


def _number(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
