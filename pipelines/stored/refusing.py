"""The images of a series that are refused, those of one reason together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.contract import Instance, Refusal, Series, refer
from pipelines.intake_check.headers import MOST_REFERENCES, images
from pipelines.stored.headers import line, whole


def refusals(series: Series, reasons: Mapping[str, str | None]) -> list[Refusal]:
    """What is refused of a series; the reasons are by SOPInstanceUID, None for what is not."""
    found: dict[str, list[Instance]] = {}
    for item in series.instances:
        reason = reasons[item.SOPInstanceUID]
        if reason is not None:
            found.setdefault(reason, []).append(item)
    return [
        Refusal(
            of=_called(series, items),
            because=reason,
            references=tuple(refer(item) for item in items[:MOST_REFERENCES]),
        )
        for reason, items in found.items()
    ]


def _called(series: Series, items: Sequence[Instance]) -> str:
    """What to call them; without the series' description, which may hold a name."""
    header = series.instances[0].header
    number, modality = whole(header.get("SeriesNumber")), line(header.get("Modality"))
    called = "A series without number" if number is None else f"Series {number}"
    called += f" ({modality})" if modality else ""
    return called if len(items) == len(series.instances) else f"{called}, {images(len(items))}"
