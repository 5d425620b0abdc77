"""The pipeline: reads the radiographs of a study, has each judged, and says what that makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines import asking
from pipelines.contract import (
    Findings,
    Framework,
    Instance,
    Progress,
    Refusal,
    Rejected,
    Series,
    Study,
    Verdict,
    refer,
)
from pipelines.fracture.doubts import doubts, elsewhere
from pipelines.fracture.options import Options, read, rules
from pipelines.fracture.saying import findings
from pipelines.fracture.viewing import View
from pipelines.radiographs import Radiograph, body_parts, chosen, square
from pipelines.radiographs import read as read_radiograph
from pipelines.stored import nothing, verdict

__all__ = ["Fracture"]


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
        return verdict([elsewhere(body_parts(item, frame)) for item, frame in taken], refusals)

    def problems(self) -> Iterator[str]:
        """A model that is not there, has no such operating point, or is not what its card says."""
        return asking.problems(self.name, self.options, self.models)

    def load(self, device: str) -> None:
        """Read the weights, checked against their digest."""
        with asking.loading(self.name):
            self.model = asking.loaded(self.name, self.options, self.models, device)
            self.rules = rules(self.options, self.model.card)

    def run(self, study: Study, report: Progress) -> Findings:
        """Judge each radiograph, and say what that makes of the study."""
        taken, refusals = chosen(study)
        views: list[View] = []
        unread = 0
        for done, (instance, frame) in enumerate(taken):
            report(done / len(taken), f"looking at image {done + 1} of {len(taken)}")
            try:
                if other := elsewhere(body_parts(instance, frame)):
                    refusals.append(_refusal(instance, frame, other))
                    continue
                radiograph = read_radiograph(instance, frame)
            except Rejected as error:
                unread += 1
                refusals.append(_refusal(instance, frame, str(error)))
                continue
            views.append(self._view(len(views) + 1, radiograph))
        if not views:
            raise nothing(refusals)
        report(1.0, "writing down what was found")
        sources = [refer(instance) for instance in study.instances]
        return findings(self.model.card, self.rules, views, refusals, sources, unread)

    def _view(self, number: int, radiograph: Radiograph) -> View:
        opinion = self.model.look(square(radiograph))
        said = (*opinion.reasons, *doubts(radiograph, self.rules.unknown_age))
        return View(
            number=number,
            radiograph=radiograph,
            opinion=opinion,
            threshold=self.rules.threshold,
            doubts=said,
        )


def _refusal(instance: Instance, frame: int | None, because: str) -> Refusal:
    return Refusal(of="An image", because=because, references=(refer(instance, frame),))
