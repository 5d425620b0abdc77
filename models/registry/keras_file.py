"""Models in Keras: `.keras` files in safe mode, run by TensorFlow, with Grad-CAM."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.opinion import Opinion
from models.registry.card import Calibration, Card, Output
from models.registry.classifier import Array, logit
from models.registry.errors import RegistryError, in_short
from models.registry.gradcam import WHY_FLAT, Explained, explained, gradcam
from models.registry.keras_archive import check
from models.registry.preparing import Prepared, prepare
from models.registry.tensorflow import keras, place, tensorflow

WHY_NO_CONVOLUTION = "The network has no convolution whose maps could be shown."


def load(
    card: Card, file: bytes, device: str, layers: Mapping[str, Any] | None = None
) -> KerasClassifier:
    """A model in one `.keras` file that looks at pictures; `layers` as for `network_of`."""
    network = network_of(file, f"The file of {card.name}", device, layers)
    _check_ends(network, card)
    output = _without_its_end(network, card)
    maps = _maps(network)
    return _explaining(card, network, output, device, _last_convolution(network, maps))


def network_of(
    file: bytes, called: str, device: str = "cpu", layers: Mapping[str, Any] | None = None
) -> Any:
    """The network in a file's bytes, loaded in safe mode and without what it was trained with.

    `layers` are classes besides Keras's own, by the names that files have for them.
    """
    check(file, called, layers or {})
    with (
        tempfile.TemporaryDirectory(prefix="keras-") as folder,
        tensorflow().device(place(device)),
    ):
        path = Path(folder) / "model.keras"
        path.write_bytes(file)  # Keras reads files only; these bytes are what the digest is of
        try:
            return keras().saving.load_model(
                path, custom_objects=layers, compile=False, safe_mode=True
            )
        except (OSError, MemoryError, tensorflow().errors.OpError) as error:
            told = in_short(error)
            raise RegistryError(f"{called} cannot be loaded: {told}") from None


@dataclass(frozen=True)
class KerasClassifier:
    """A network behind its card."""

    card: Card
    network: Any = field(repr=False)
    output: Output
    """What the network gives: logits where a last sigmoid or softmax was taken off."""
    device: str
    layer: str | None
    """At whose output Grad-CAM is computed; None: there is no convolution."""
    seen: Explained = field(repr=False)

    def look(self, grey: NDArray[np.uint8]) -> Opinion:
        """Judge a picture (rows, columns)."""
        prepared = prepare(grey, self.card.input)
        try:
            given, gradients = self.seen(np.moveaxis(prepared.pixels, 1, -1))
        except tensorflow().errors.OpError as error:
            told = in_short(error)
            raise RegistryError(f"The Keras model {self.card.name} failed: {told}") from None
        found = logit(given[-1], self.card, self.output)
        probability = (self.card.calibration or Calibration()).probability(found)
        activation = None
        if self.layer is not None:
            # The maps of what it calls the picture: what speaks against is the score turned round.
            towards = 1 if probability >= self.card.threshold else -1
            activation = gradcam(given[0][0], gradients[0] * towards)
        why = WHY_FLAT if self.layer is not None else WHY_NO_CONVOLUTION
        return Opinion(
            probability=probability,
            logit=found,
            activation=None if activation is None else _over_picture(activation, prepared),
            why_no_activation=why if activation is None else "",
        )

    def explain_at(self, layer: str) -> KerasClassifier:
        """The same model with its Grad-CAM at a layer; raises `ValueError` where it has no maps."""
        maps = _maps(self.network)
        if layer not in maps:
            known = ", ".join(list(maps)[-10:]) or "none"
            raise ValueError(
                f"The model {self.card.name} has no layer {layer} with maps to show; the last that "
                f"have some are: {known}."
            )
        return _explaining(self.card, self.network, self.output, self.device, layer)


def _explaining(
    card: Card, network: Any, output: Output, device: str, layer: str | None
) -> KerasClassifier:
    # Without a convolution the outputs stand for the maps, and nobody looks at their gradient.
    shown = network.outputs[0] if layer is None else _maps(network)[layer]
    both = keras().Model(network.inputs, [shown, network.outputs[0]])
    rows, columns, channels = network.inputs[0].shape[1:]
    shape = (1, rows or card.input.height, columns or card.input.width, channels)
    seen = explained(both, lambda given: _score(given[-1], card, output), device, shape)
    return KerasClassifier(card, network, output, device, layer, seen)


def _score(values: Any, card: Card, output: Output) -> Any:
    """What `classifier.logit` makes of outputs, in TensorFlow's terms."""
    tf = tensorflow()
    values = tf.reshape(values, (-1,))
    if output == "probabilities":
        inside = tf.clip_by_value(values, 1e-7, 1 - 1e-7)
        values = tf.math.log(inside)
        if len(card.labels) == 1:
            values -= tf.math.log(1 - inside)
    others = [values[at] for at in range(len(card.labels)) if at != card.index]
    return values[card.index] - (tf.reduce_logsumexp(others) if others else 0.0)


def _over_picture(activation: Array, prepared: Prepared) -> Array:
    """The part of the maps that lies on the picture, as fine as the input."""
    rows, columns = prepared.pixels.shape[2:]
    fine = Image.fromarray(activation).resize((columns, rows), Image.Resampling.BILINEAR)
    return np.ascontiguousarray(prepared.picture_of(np.asarray(fine, np.float32)))


# ---------------------------------------------------------------- what a network is made of


def _check_ends(network: Any, card: Card) -> None:
    """Raise `RegistryError` where it takes or gives something else than its card says."""
    ends = [getattr(network, name, None) or [] for name in ("inputs", "outputs")]
    if [len(end) for end in ends] != [1, 1] or len(ends[0][0].shape) != 4:
        raise RegistryError(
            f"The Keras model {card.name} has to take one array, pictures x rows x columns x "
            "channels, and to give one, a value for each label."
        )
    takes = tuple(ends[0][0].shape[1:])
    shown = (card.input.height, card.input.width, card.input.channels)
    if any(its not in (None, ours) for its, ours in zip(takes, shown, strict=True)):
        raise RegistryError(
            f"The Keras model {card.name} takes {_sides(takes)}, and its card says {_sides(shown)}."
        )
    if ends[1][0].shape[1:] != (len(card.labels),):
        raise RegistryError(
            f"The Keras model {card.name} gives {_sides(ends[1][0].shape[1:])} values, and its "
            f"card has {len(card.labels)} labels."
        )


def _sides(shape: tuple[int | None, ...]) -> str:
    return " x ".join("any" if side is None else str(side) for side in shape)


def _without_its_end(network: Any, card: Card) -> Output:
    """Take the sigmoid of a single output, or the softmax of several, off; say what is given then.

    Before it the scores are as the training left them: near 0 and 1 they are lost after it.
    """
    activations = keras().activations
    squashing: Any = activations.sigmoid if len(card.labels) == 1 else activations.softmax
    end = network.outputs[0]._keras_history.operation
    if not hasattr(end, "activation") or end.activation is not squashing:
        return card.output
    if card.output != "probabilities":
        raise RegistryError(
            f"The Keras model {card.name} ends in a {squashing.__name__}: its outputs are "
            "probabilities, and its card says logits."
        )
    end.activation = activations.linear
    return "logits"


def _maps(network: Any) -> dict[str, Any]:
    """What its layers hand on, by their names and in their order, where that is maps.

    A layer may have been built more than once: what counts is what leads to the output.
    """
    found, waiting = {}, list(network.outputs)
    while waiting:
        tensor = waiting.pop()
        operation, at, _ = tensor._keras_history
        if operation.name not in found:
            found[operation.name] = tensor
            waiting.extend(operation._inbound_nodes[at].input_tensors)
    names = (layer.name for layer in network.layers if not _is_input(layer))
    return {name: found[name] for name in names if name in found and len(found[name].shape) == 4}


def _is_input(layer: Any) -> bool:
    return isinstance(layer, keras().layers.InputLayer)


def _last_convolution(network: Any, maps: Mapping[str, Any]) -> str | None:
    """The last layer with maps that has a kernel over rows and columns, in whatever it contains."""
    for layer in reversed(network.layers):
        if layer.name in maps and any(len(one.shape) == 4 for one in layer.weights):
            return str(layer.name)
    return None
