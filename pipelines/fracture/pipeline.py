"""The pipeline: reads the radiographs of a study, has each judged, and says what that makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.contract import (
    Findings,
    Framework,
    Instance,
    Progress,
    Refusal,
    Rejected,
    Retryable,
    Series,
    Study,
    Verdict,
    refer,
)
from pipelines.fracture.doubts import doubts, elsewhere
from pipelines.fracture.options import Options, read
from pipelines.fracture.saying import findings
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph, chosen, square
from pipelines.radiographs import read as read_radiograph

if TYPE_CHECKING:
    from models.fracture.opinion import FractureModel

__all__ = ["Fracture"]

ALERT = "specificity-0.99"
"""The operating point of the card from which on somebody is told, unless the site says another."""


class Fracture:
    """Judges every radiograph of a study by itself; the likeliest one speaks for the study."""

    name = "fracture"
    version = "1.0.0"
    framework: Framework = "torch"

    def __init__(self) -> None:
        self.options = Options()
        self.models: Path | None = None

    def configure(self, options: Mapping[str, Any], models: Path) -> None:
        """Take the site's options and its folder of models."""
        self.options, self.models = read(options), models

    def accepts(self, series: Series) -> Verdict:
        """Take series of radiographs, unless their header names another part of the body."""
        study = Study(StudyInstanceUID="", revision=0, series=(series,))
        taken, refusals = chosen(study)
        if not taken:
            return Verdict.no(refusals[0].because if refusals else "it has no images")
        return Verdict.yes()

    def load(self, device: str) -> None:
        """Read the weights, checked against their digest."""
        from models.registry import Registry, RegistryError, load

        try:
            entry = Registry(site=self.models).find(self.options.model)
            self.model: FractureModel = load(entry, device, self.options.threads or None)
            self.threshold = self._threshold()
        except (RegistryError, ValueError) as error:
            # Somebody can mend that while the job waits.
            raise Retryable(f"The fracture model cannot be used: {error}") from error

    def run(self, study: Study, report: Progress) -> Findings:
        """Judge each radiograph, and say what that makes of the study."""
        taken, refusals = chosen(study)
        views: list[View] = []
        unread = 0
        for done, (instance, frame) in enumerate(taken):
            report(done / len(taken), f"looking at image {done + 1} of {len(taken)}")
            try:
                radiograph = read_radiograph(instance, frame)
            except Rejected as error:
                unread += 1
                refusals.append(_refusal(instance, frame, str(error)))
                continue
            if other := elsewhere(radiograph.body_parts):
                refusals.append(_refusal(instance, frame, other))
                continue
            views.append(self._view(len(views) + 1, radiograph))
        if not views:
            raise Rejected(_nothing(refusals))
        report(1.0, "writing down what was found")
        sources = [refer(instance) for instance in study.instances]
        return findings(self.model.card, views, refusals, sources, self._alert(), unread)

    def _view(self, number: int, radiograph: Radiograph) -> View:
        opinion = self.model.look(square(radiograph))
        said = (*opinion.reasons, *doubts(radiograph, self.options.unknown_age))
        return View(
            number=number,
            radiograph=radiograph,
            opinion=opinion,
            threshold=self.threshold,
            doubts=said,
        )

    def _threshold(self) -> float:
        card = self.model.card
        if self.options.threshold is not None:
            return self.options.threshold
        point = self.options.operating_point or card.operating_point
        if point not in card.thresholds:
            known = ", ".join(card.thresholds)
            raise ValueError(f"The model has no operating point {point}; it has {known}.")
        return card.thresholds[point]

    def _alert(self) -> float | None:
        if self.options.alert_threshold is not None:
            return self.options.alert_threshold
        return self.model.card.thresholds.get(ALERT)


def _refusal(instance: Instance, frame: int | None, because: str) -> Refusal:
    return Refusal(of="An image", because=because, references=(refer(instance, frame),))


def _nothing(refusals: Sequence[Refusal]) -> str:
    reasons = dict.fromkeys(one.because.rstrip(".") for one in refusals)
    return f"No image of the study can be judged: {'; '.join(reasons)}."
