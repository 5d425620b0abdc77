"""Grad-CAM for networks in Keras (Selvaraju 2017): where a network looked to say what it said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.registry.tensorflow import place, tensorflow

Array = NDArray[np.float32]
Explained = Callable[[Array], tuple[list[Array], Array]]
"""What the network gives for an input, and the gradient of the score by the first of it."""

WHY_FLAT = "No part of the picture spoke more for what the model said than any other."


def explained(
    network: Any, score: Callable[[list[Any]], Any], shape: tuple[int | None, ...], device: str
) -> Explained:
    """A network, whose first output are maps, with the gradient of a score of its outputs by them.

    It is compiled once for inputs of a shape, and run as for inference.
    """
    tf = tensorflow()
    takes = [tf.TensorSpec(shape, tf.float32)]

    # Without AutoGraph: there is nothing for it to translate, and where it fails it logs what it
    # was given, the environment of the process too.
    @tf.function(input_signature=takes, autograph=False)  # type: ignore[untyped-decorator]
    def run(pixels: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            # All that comes of it is watched too; what is run back is the way to the maps only.
            tape.watch(pixels)
            given = [tf.cast(one, tf.float32) for one in network(pixels, training=False)]
            told = score(given)
        return given, tape.gradient(told, given[0], unconnected_gradients="zero")

    def numbers(pixels: Array) -> tuple[list[Array], Array]:
        with tf.device(place(device)):
            given, gradient = run(tf.constant(pixels, tf.float32))
        return [one.numpy() for one in given], gradient.numpy()

    return numbers


def gradcam(maps: Array, gradients: Array) -> Array | None:
    """What speaks for a score, from its gradient by maps (rows, columns, channels), 0 to 1.

    None where no part speaks for it, or all parts do alike: there is nothing to show.
    """
    weights = gradients.mean(axis=(0, 1), dtype=np.float64)
    spoken = np.maximum(maps.astype(np.float64) @ weights, 0)
    highest = spoken.max()
    if not np.isfinite(highest) or highest - spoken.min() <= 1e-6 * max(highest, 1e-12):
        return None
    shown: Array = (spoken / highest).astype(np.float32)
    return shown
