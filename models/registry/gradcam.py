"""Grad-CAM for networks in Keras (Selvaraju 2017): where a network looked to say what it said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.registry.tensorflow import place, tensorflow

Array = NDArray[np.float32]
Shape = tuple[int | None, ...]
Explained = Callable[..., tuple[list[Array], Array]]
"""What the network gives for its inputs, and the gradient of the score by the first of it."""

WHY_FLAT = "No part of the picture spoke more for what the model said than any other."


def explained(
    network: Any, score: Callable[[list[Any]], Any], device: str, *shapes: Shape
) -> Explained:
    """A network, whose first output are maps, with the gradient of a score of its outputs by them.

    It is compiled once for inputs of these shapes, the picture first, and run as for inference.
    """
    tf = tensorflow()
    takes = [tf.TensorSpec(shape, tf.float32) for shape in shapes]

    # Without AutoGraph: there is nothing for it to translate, and where it fails it logs what it
    # was given, the environment of the process too.
    @tf.function(input_signature=takes, autograph=False)  # type: ignore[untyped-decorator]
    def run(*inputs: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            # All that comes of it is watched too; what is run back is the way to the maps only.
            tape.watch(inputs[0])
            taken = inputs[0] if len(inputs) == 1 else list(inputs)
            given = [tf.cast(one, tf.float32) for one in network(taken, training=False)]
            told = score(given)
        return given, tape.gradient(told, given[0], unconnected_gradients="zero")

    def numbers(*inputs: Array) -> tuple[list[Array], Array]:
        with tf.device(place(device)):
            given, gradient = run(*(tf.constant(one, tf.float32) for one in inputs))
        return [one.numpy() for one in given], gradient.numpy()

    return numbers


def gradcam(maps: Array, gradients: Array) -> Array | None:
    """What speaks for a score, from its gradient by maps (rows, columns, channels)."""
    weights = gradients.mean(axis=(0, 1), dtype=np.float64)
    return shown(maps.astype(np.float64) @ weights)


def shown(spoken: NDArray[np.floating]) -> Array | None:
    """How much each part speaks for a score (rows, columns), as 0 to 1.

    None where no part speaks for it, or all parts do alike: there is nothing to show.
    """
    spoken = np.maximum(spoken, 0)
    highest = spoken.max()
    if not np.isfinite(highest) or highest - spoken.min() <= 1e-6 * max(highest, 1e-12):
        return None
    made: Array = (spoken / highest).astype(np.float32)
    return made
