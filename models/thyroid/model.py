"""The shipped model: networks that outline nodules together, and one that judges each nodule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.opinion import Candidate, Opinion
from models.registry.card import Calibration, Card, Input
from models.registry.gradcam import WHY_FLAT, gradcam
from models.registry.keras_file import network_of
from models.registry.tensorflow import place
from models.thyroid.data import FEATURES
from models.thyroid.nodules import Nodule, nodules, scaled_shape
from models.thyroid.texture import LAST, LAYERS, REGISTERED, inputs
from models.thyroid.views import SHAPE, over_sight, shown

if TYPE_CHECKING:
    from models.registry.entries import Entry

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]
Outlined = Callable[[Any], Any]

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
NOWHERE = "No nodule is outlined in the picture."
EMPTY = "The picture shows no echoes."
FAINT = 1e-6
UNLIKELY = 0.97
"""The share of the echoes that is not looked at where no nodule is outlined."""


class Outliners:
    """Networks that outline together."""

    def __init__(self, networks: Sequence[Any], device: str = "cpu") -> None:
        self.networks, self.device = tuple(networks), device
        self._compiled = [_compiled(one) for one in networks]

    def outline(self, grey: Grey) -> Floats:
        """How likely each pixel of the echoes is inside of a nodule, as logits: the mean of all.

        Each looks at the picture and at its mirror image.
        """
        view = shown(grey) * 2 - 1
        both = tf.constant(np.stack([view, view[:, ::-1]])[..., None])
        with tf.device(place(self.device)):
            maps = np.mean([run(both).numpy()[..., 0] for run in self._compiled], axis=0)
        return over_sight((maps[0] + maps[1][:, ::-1]) / 2, grey)


def likeliest(outline: Floats) -> NDArray[np.bool_]:
    """Where a nodule is likeliest to be, where none is outlined."""
    return np.asarray(outline > np.quantile(outline, UNLIKELY))


@dataclass(frozen=True)
class Judged:
    """A nodule with what the judging network says of it."""

    nodule: Nodule
    logit: float
    features: dict[str, float]
    activation: Floats | None
    """Over what surrounds the nodule, for the class that is called."""


class Thyroid:
    """Looks for nodules among echoes, and says of each how suspicious it is."""

    def __init__(
        self, card: Card, outliners: Sequence[Any], judging: Any, device: str, layer: str = LAST
    ) -> None:
        self.card, self.device, self.layer = card, device, layer
        self.outliners, self.judging = Outliners(outliners, device), judging
        self.calibration = card.calibration or Calibration()
        self.cut = float(card.settings["cut"])
        self.usual = float(card.settings["usual"])
        self._explained = _explaining(judging, layer)

    def look(self, grey: Grey) -> Opinion:
        """Outline nodules in the echoes of a picture (rows, columns), and judge them."""
        if not (grey > 0).any():
            return Opinion(probability=self.calibration.probability(self.usual), refused=EMPTY)
        outline = self.outliners.outline(grey)
        found = nodules(grey, outline > self.cut)
        doubts = () if found else (NOWHERE,)
        # What is likeliest to be one is judged all the same: whoever asks gets a number.
        found = found or nodules(grey, likeliest(outline))
        judged = [self._judged(one) for one in found]
        logit = self._of_all(judged) if judged else self.usual
        return Opinion(
            probability=self.calibration.probability(logit),
            logit=logit,
            candidates=tuple(self._candidate(one, outline) for one in judged if not doubts),
            activation=_over(judged, scaled_shape(grey)),
            why_no_activation=WHY_FLAT if judged else NOWHERE,
            doubts=doubts,
        )

    def explain_at(self, layer: str) -> Thyroid:
        """The same model with its Grad-CAM at a layer; raises `ValueError` for an unknown one."""
        if layer not in LAYERS:
            raise ValueError(
                f"The model {self.card.name} has no layer {layer} with maps to show; those with "
                f"maps are: {', '.join(LAYERS)}."
            )
        return Thyroid(self.card, self.outliners.networks, self.judging, self.device, layer)

    def _of_all(self, judged: Sequence[Judged]) -> float:
        """The picture's logit: the mean over its nodules, the larger ones counting more."""
        areas = [int(one.nodule.mask.sum()) for one in judged]
        return float(np.average([one.logit for one in judged], weights=areas))

    def _judged(self, nodule: Nodule) -> Judged:
        with tf.device(place(self.device)):
            logits, maps, gradient = (
                one.numpy() for one in self._explained(*map(tf.constant, inputs(nodule)))
            )
        logit, chances = float(logits[0]), 1 / (1 + np.exp(-logits[1:].astype(np.float64)))
        called = self.calibration.probability(logit) >= self.card.threshold
        return Judged(
            nodule,
            logit,
            dict(zip(FEATURES, chances.tolist(), strict=True)),
            gradcam(maps, gradient if called else -gradient),
        )

    def _candidate(self, judged: Judged, outline: Floats) -> Candidate:
        mask = judged.nodule.mask
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return Candidate(
            left=float(columns[0]),
            top=float(rows[0]),
            right=float(columns[-1] + 1),
            bottom=float(rows[-1] + 1),
            score=float((1 / (1 + np.exp(-outline[mask]))).mean()),
            mask=mask,
            probability=self.calibration.probability(judged.logit),
            features=judged.features,
        )


def _compiled(outliner: Any) -> Outlined:
    """A network for a view and its mirror image."""

    def run(views: Any) -> Any:
        return outliner(views, training=False)

    taken = tf.TensorSpec((2, *SHAPE, 1), tf.float32)
    compiled: Outlined = tf.function(run, input_signature=[taken], autograph=False)
    return compiled


def _explaining(judging: Any, layer: str) -> Callable[..., Any]:
    """The judging network for a nodule of any size, with a layer's maps and their gradient."""
    both = keras.Model(judging.inputs, [judging.get_layer(layer).output, judging.output])
    near = tf.TensorSpec((1, None, None, 1), tf.float32)
    numbers = tf.TensorSpec((1, judging.inputs[2].shape[1]), tf.float32)

    def run(grey: Any, distance: Any, told: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(grey)
            maps, logits = both([grey, distance, told], training=False)
            score = logits[0, 0]
        return logits[0], maps[0], tape.gradient(score, maps)[0]

    taken = [near, near, numbers]
    compiled: Callable[..., Any] = tf.function(run, input_signature=taken, autograph=False)
    return compiled


def _over(judged: Sequence[Judged], shape: tuple[int, int]) -> Floats | None:
    """What spoke for each nodule's class, over the whole picture; None where nothing did."""
    whole = np.zeros(shape, np.float32)
    for one in judged:
        if one.activation is not None:
            rows, columns = one.activation.shape
            top, left = one.nodule.top, one.nodule.left
            part = whole[top : top + rows, left : left + columns]
            shown = one.activation[: part.shape[0], : part.shape[1]]
            np.maximum(part, shown, out=part)
    return whole if whole.max() > FAINT else None


def load(entry: Entry, device: str = "cpu") -> Thyroid:
    """The model of a registered entry, from the bytes whose digests were checked."""
    card = entry.card
    if card.input != CONTRACT or card.labels != LABELS:
        raise ValueError("the card's input or labels are others than the networks'")
    files = {file.name: entry.weights(file) for file in card.files}
    members = [OUTLINE.format(number) for number in range(int(card.settings["members"]))]
    if sorted(files) != sorted([*members, JUDGING]):
        raise ValueError(f"the card's files are not {', '.join(members)} and {JUDGING}")
    called = f"The file {{}} of {card.name}"
    outliners = [network_of(files[name], called.format(name), device) for name in members]
    judging = network_of(files[JUDGING], called.format(JUDGING), device, REGISTERED)
    return Thyroid(card, outliners, judging, device)
