"""The pipeline: looks at frames of a study's ultrasound, and says what the nodules on them are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import asking
from pipelines.contract import (
    Findings,
    Framework,
    Instance,
    Progress,
    Refusal,
    Series,
    Study,
    Verdict,
    refer,
)
from pipelines.stored import nothing, refusals, verdict, whole
from pipelines.thyroid.choosing import chosen as choice_of
from pipelines.thyroid.judging import judged
from pipelines.thyroid.looking import Looked, look
from pipelines.thyroid.options import Options, read, rules
from pipelines.thyroid.quality import compared
from pipelines.thyroid.sampling import sampled
from pipelines.thyroid.saying import findings
from pipelines.thyroid.tracking import tracks
from pipelines.ultrasound import Loop, chosen, why_not_neck

if TYPE_CHECKING:
    from models.opinion import Model

__all__ = ["Thyroid"]

TOO_MANY = "the study has more images than are looked at"


class Thyroid:
    """Judges the nodules on the best frames; the gravest one speaks for the study."""

    name = "thyroid"
    version = "1.0.0"
    framework: Framework = "tensorflow"

    def __init__(self) -> None:
        self.options = Options()
        self.models: Path | None = None

    def configure(self, options: Mapping[str, Any], models: Path) -> None:
        """Take the site's options and its folder of models."""
        self.options, self.models = read(options), models

    def accepts(self, series: Series) -> Verdict:
        """Take series of ultrasound, unless their header names another part of the body."""
        taken, refusals = chosen(Study(StudyInstanceUID="", revision=0, series=(series,)))
        return verdict([why_not_neck(loop) for loop in taken], refusals)

    def problems(self) -> Iterator[str]:
        """A model that is not there, has no such operating point, or is not what its card says."""
        return asking.problems(self.name, self.options, self.models)

    def load(self, device: str) -> None:
        """Read the weights, checked against their digest."""
        layer = self.options.grad_cam_layer
        with asking.loading(self.name):
            model = asking.loaded(self.name, self.options, self.models, device)
            self.rules = rules(self.options, model.card)
            self.model = explained_at(model, layer) if layer else model

    def run(self, study: Study, report: Progress) -> Findings:
        """Look at frames, follow nodules over them, judge the best, and say what that makes."""
        study = _ordered(study)
        taken, refused = chosen(study)
        reasons = {loop.instance.SOPInstanceUID: why_not_neck(loop) for loop in taken}
        necks = [loop for loop in taken if not reasons[loop.instance.SOPInstanceUID]]
        looked = self._look(necks, report)
        none = [one for one in looked if not one.views]
        reasons |= {one.loop.instance.SOPInstanceUID: one.why_none or TOO_MANY for one in none}
        refused += _refused(study, reasons)
        views = compared([view for one in looked for view in one.views])
        if not views:
            raise nothing(refused)
        report(1.0, "writing down what was found")
        choice = choice_of(views, tracks(views), self.rules.kept_frames, self.rules.threshold)
        unread = sum(one.unread > 0 for one in none)
        made = judged(choice, self.rules.threshold, len(views), unread)
        sources = [refer(instance) for instance in study.instances]
        model = self.model
        heat = getattr(model, "method", "Grad-CAM"), getattr(model, "layer", None) or ""
        return findings(model.card, self.rules, made, looked, refused, sources, heat)

    def _look(self, loops: Sequence[Loop], report: Progress) -> list[Looked]:
        options = self.options
        counts = [loop.count for loop in loops]
        numbers = sampled(counts, options.most_frames, options.most_looks)
        total, done = sum(map(len, numbers)), count()

        def step() -> None:
            at = next(done)
            report(at / total, f"looking at frame {at + 1} of {total}")

        pairs = enumerate(zip(loops, numbers, strict=True), start=1)
        return [look(self.model, loop, number, some, step) for number, (loop, some) in pairs]


def explained_at(model: Model, layer: str) -> Model:
    """The model with heat maps made of that layer; a ValueError says why it has none such."""
    explain_at: Callable[[str], Model] | None = getattr(model, "explain_at", None)
    if explain_at is None:
        raise ValueError(f"The layer that the model {model.card.name} looks at cannot be chosen.")
    return explain_at(layer)


def _ordered(study: Study) -> Study:
    """The same study, whatever order it came in: findings are not to depend on that."""
    series = [
        replace(one, instances=tuple(sorted(one.instances, key=_place))) for one in study.series
    ]
    return replace(study, series=tuple(sorted(series, key=lambda one: one.SeriesInstanceUID)))


def _place(instance: Instance) -> tuple[int, str]:
    return whole(instance.header.get("InstanceNumber")) or 0, instance.SOPInstanceUID


def _refused(study: Study, reasons: Mapping[str, str]) -> list[Refusal]:
    """What is not judged of each series; no reason, or an empty one: it is."""
    told = {item.SOPInstanceUID: reasons.get(item.SOPInstanceUID) for item in study.instances}
    whys = {uid: because or None for uid, because in told.items()}
    return [one for series in study.series for one in refusals(series, whys)]
