"""The shipped model: networks that outline nodules together, and one that judges each nodule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load as arrays

from models.domain import Domain
from models.opinion import Candidate, Opinion
from models.registry.card import Calibration, Card, Input
from models.registry.gradcam import WHY_FLAT, Explained, explained, shown
from models.registry.keras_file import network_of
from models.thyroid.data import FEATURES, FOLDS
from models.thyroid.gate import Gate, seeing
from models.thyroid.nodules import Nodule, scaled_shape
from models.thyroid.outlining import WAYS, Found, Outliners, found
from models.thyroid.texture import LAST, LAYERS, REGISTERED, inputs
from models.thyroid.views import SHAPE

if TYPE_CHECKING:
    from models.registry.entries import Entry

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

LABELS = ("benign", "suspicious")
CONTRACT = Input(
    aspect="padded",
    range="quantiles",
    channels=1,
    mean=(0.5,),
    std=(0.5,),
    height=SHAPE[0],
    width=SHAPE[1],
)
JUDGING = "judging.keras"
OUTLINE = "outline-{}.keras"
EYES, DOMAIN = "eyes.keras", "domain.safetensors"
MEMBERS = 2 * FOLDS
"""Each misses the fold of its number, counted round."""
NOWHERE = "No nodule is outlined in the picture."
EMPTY = "The picture shows no echoes."
FAINT = 1e-6
COARSE = 8
"""Pixels that are explained together, along a side."""


@dataclass(frozen=True)
class Judged:
    """A nodule with what the judging network says of it."""

    nodule: Nodule
    chance: float
    """How likely its pixels are inside."""
    logit: float
    features: dict[str, float]
    activation: Floats | None
    """Over what surrounds the nodule, in squares, for the class that is called."""


class Thyroid:
    """Looks for nodules among echoes, and says of each how suspicious it is."""

    method = "Grad-CAM (HiResCAM)"
    """How its heat maps are made."""

    def __init__(
        self,
        card: Card,
        outliners: Outliners,
        judging: Any,
        gate: Gate,
        layer: str = LAST,
    ) -> None:
        self.card, self.layer = card, layer
        self.outliners, self.judging, self.gate = outliners, judging, gate
        self.calibration = card.calibration or Calibration()
        self.usual = float(card.settings["usual"])
        self._explained = _explaining(judging, layer, outliners.device)

    def look(self, grey: Grey) -> Opinion:
        """Outline nodules in the echoes of a picture (rows, columns), and judge them."""
        if not (grey > 0).any():
            return Opinion(probability=self.calibration.probability(self.usual), refused=EMPTY)
        strangeness = self.gate.strangeness(grey)
        nodules, sure = found(grey, self.outliners.looks(grey))
        judged = [self._judged(one) for one in nodules]
        doubts = () if sure else (NOWHERE,)
        logit = self._of_all(judged) if judged else self.usual
        return Opinion(
            probability=self.calibration.probability(logit),
            logit=logit,
            candidates=tuple(self._candidate(one) for one in judged if sure),
            activation=_over(judged, scaled_shape(grey)),
            why_no_activation=WHY_FLAT if judged else NOWHERE,
            refused=self.gate.refused(strangeness),
            doubts=doubts,
            strangeness=strangeness,
        )

    def explain_at(self, layer: str) -> Thyroid:
        """The same model with its Grad-CAM at a layer; raises `ValueError` for an unknown one."""
        if layer not in LAYERS:
            raise ValueError(
                f"The model {self.card.name} has no layer {layer} with maps to show; those with "
                f"maps are: {', '.join(LAYERS)}."
            )
        return Thyroid(self.card, self.outliners, self.judging, self.gate, layer)

    def _of_all(self, judged: Sequence[Judged]) -> float:
        """The picture's logit: the mean over its nodules, the larger ones counting more."""
        areas = [int(one.nodule.mask.sum()) for one in judged]
        return float(np.average([one.logit for one in judged], weights=areas))

    def _judged(self, found: Found) -> Judged:
        """What is said of a nodule at each of its outlines, and which parts of it spoke for that.

        Grad-CAM weighs a map by its mean gradient, as if it were read everywhere alike. The judging
        network reads the nodule and its edge only: each place counts by its own gradient here
        (HiResCAM, Draelos 2020), which is the same where a network reads all places alike.
        """
        ((maps,), said), (gradient,) = self._explained(*inputs(found.nodule))
        logits = said.mean(axis=0)
        logit, chances = float(logits[0]), 1 / (1 + np.exp(-logits[1:].astype(np.float64)))
        called = self.calibration.probability(logit) >= self.card.threshold
        return Judged(
            found.nodule,
            found.chance,
            logit,
            dict(zip(FEATURES, chances.tolist(), strict=True)),
            shown(_coarse(np.sum(maps * gradient, axis=-1)) * (1 if called else -1)),
        )

    def _candidate(self, judged: Judged) -> Candidate:
        mask = judged.nodule.mask
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return Candidate(
            left=float(columns[0]),
            top=float(rows[0]),
            right=float(columns[-1] + 1),
            bottom=float(rows[-1] + 1),
            score=judged.chance,
            mask=mask,
            probability=self.calibration.probability(judged.logit),
            features=judged.features,
        )


def _explaining(judging: Any, layer: str, device: str) -> Explained:
    """The judging network for a nodule of any size, with a layer's maps and their gradient.

    What is explained is the mean over the nodule's outlines.
    """
    both = keras.Model(judging.inputs, [judging.get_layer(layer).output, judging.output])
    return explained(
        both,
        lambda given: keras.ops.mean(given[-1][:, 0]),
        device,
        (1, None, None, 1),
        (None, None, None, 1),
        (None, judging.inputs[2].shape[1]),
    )


def _over(judged: Sequence[Judged], shape: tuple[int, int]) -> Floats | None:
    """What spoke for each nodule's class, over the whole picture; None where nothing did."""
    whole = np.zeros(shape, np.float32)
    for one in judged:
        if one.activation is not None:
            rows, columns = one.nodule.grey.shape
            top, left = one.nodule.top, one.nodule.left
            part = whole[top : top + rows, left : left + columns]
            np.maximum(part, _fine(one.activation)[: part.shape[0], : part.shape[1]], out=part)
    return whole if whole.max() > FAINT else None


def _coarse(spoken: Floats) -> Floats:
    """Means of squares: what a single pixel says is grain."""
    beyond = [(0, -length % COARSE) for length in spoken.shape]
    whole = np.pad(spoken, beyond)
    rows, columns = (length // COARSE for length in whole.shape)
    squares = whole.reshape(rows, COARSE, columns, COARSE)
    return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def _fine(activation: Floats) -> Floats:
    """A map of such squares as one of pixels."""
    rows, columns = activation.shape
    size = columns * COARSE, rows * COARSE
    return np.asarray(Image.fromarray(activation).resize(size, Image.Resampling.BILINEAR))


def in_groups(members: Sequence[Any]) -> list[Sequence[Any]]:
    """The networks that look at a sight in each way."""
    return [members[at :: len(WAYS)] for at in range(len(WAYS))]


def load(entry: Entry, device: str = "cpu") -> Thyroid:
    """The model of a registered entry, from the bytes whose digests were checked."""
    card = entry.card
    if card.input != CONTRACT or card.labels != LABELS:
        raise ValueError("the card's input or labels are others than the networks'")
    members = [OUTLINE.format(number) for number in range(MEMBERS)]
    files = {file.name: entry.weights(file) for file in card.files}
    if sorted(files) != sorted([*members, JUDGING, EYES, DOMAIN]):
        raise ValueError("the card's files are others than the model's")

    def network(name: str) -> Any:
        return network_of(files[name], f"The file {name} of {card.name}", device, REGISTERED)

    domain, limit = Domain.of(arrays(files[DOMAIN])), float(card.settings["strange"])
    gate = Gate(seeing(network(EYES)), domain, limit)
    outliners = Outliners((map(network, group) for group in in_groups(members)), device)
    return Thyroid(card, outliners, network(JUDGING), gate)
