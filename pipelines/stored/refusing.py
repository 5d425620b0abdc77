"""What is said of images that are refused, and of a series or a study of which none is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.contract import Instance, Refusal, Rejected, Series, Verdict, refer
from pipelines.intake_check.headers import MOST_REFERENCES, images
from pipelines.stored.headers import line, whole

NO_IMAGES = "it has no images"


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


def verdict(elsewhere: Sequence[str], refused: Sequence[Refusal]) -> Verdict:
    """Whether a series is taken: not where all that can be read of it is elsewhere in the body.

    `elsewhere` says so of each image that can be read, and is empty for one that may be right.
    """
    if not elsewhere:
        return Verdict.no(refused[0].because if refused else NO_IMAGES)
    return Verdict.no(elsewhere[0]) if all(elsewhere) else Verdict.yes()


def nothing(refused: Sequence[Refusal]) -> Rejected:
    """What is said of a study of which no image is left."""
    reasons = dict.fromkeys(one.because.rstrip(".") for one in refused)
    return Rejected(f"No image of the study can be judged: {'; '.join(reasons) or NO_IMAGES}.")
