"""Trains the networks that outline nodules, two for each fold; goes on where it was stopped.

    python -m models.thyroid.train --data DIR --backbone FILE [--out build/thyroid]

Each member sees all cases but those of its fold: what it says of these is what the other parts of
the model are learnt and measured on (`models.thyroid.finish`). With `--folds 0 1` and the like,
several processes share the work.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.thyroid.data import FOLDS, Frame, frames
from models.thyroid.model import MEMBERS, OUTLINE
from models.thyroid.network import STRIDE, Weights, of_backbone, outliner, start_from
from models.thyroid.views import SHAPE, disturbed

EPOCHS, BATCH = 50, 8
RATE, SLOWER, WARM = 1.5e-3, 0.2, 80
"""The learning rate at its height, the backbone's share of it, and the steps until then."""
LAST = 0.01
"""The share of the rate that is left at the end."""
DECAY = 0.99
"""The weights that are kept are a mean over some hundred steps."""
SMOOTH = 30.0
Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


def train(known: Sequence[Frame], backbone: Weights, seed: int, epochs: int = EPOCHS) -> Any:
    """A network trained on frames whose nodules are outlined."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    network = outliner()
    start_from(network, backbone)
    training = Training(network, math.ceil(epochs * (len(known) // BATCH)))
    for epoch in range(epochs):
        began = time.monotonic()
        losses = [training.step(*batch) for batch in batches(known, rng)]
        print(
            f"member {seed}, epoch {epoch + 1}: {np.mean(losses):.3f}, "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
    training.settle()
    return network


class Training:
    """Two optimisers, one for what came from ImageNet, and the running mean of all weights."""

    def __init__(self, network: Any, steps: int) -> None:
        self.network, self.steps, self.done = network, steps, 0
        known = {id(variable) for variable in of_backbone(network)}
        every = network.trainable_variables
        self.groups = [
            [variable for variable in every if (id(variable) in known) is slow]
            for slow in (True, False)
        ]
        self.rates = (RATE * SLOWER, RATE)
        self.optimisers = [keras.optimizers.AdamW(rate, weight_decay=0.03) for rate in self.rates]
        for optimiser, group in zip(self.optimisers, self.groups, strict=True):
            optimiser.build(group)
        self.variables = [variable for group in self.groups for variable in group]
        self.means = [tf.Variable(variable) for variable in self.variables]
        self._run = tf.function(self._learn, autograph=False)

    def step(self, views: Any, masks: Any) -> float:
        """Learn from a batch; the loss."""
        warm = min(1.0, (self.done + 1) / WARM)
        falling = (1 + math.cos(math.pi * self.done / self.steps)) / 2
        for optimiser, rate in zip(self.optimisers, self.rates, strict=True):
            optimiser.learning_rate.assign(rate * warm * (LAST + (1 - LAST) * falling))
        decay = min(DECAY, (1 + self.done) / (10 + self.done))
        self.done += 1
        return float(self._run(*map(tf.constant, (views, masks)), tf.constant(decay, tf.float32)))

    def _learn(self, views: Any, masks: Any, decay: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = _loss(self.network(views, training=True), masks)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, self.variables), 3.0)
        slow = len(self.groups[0])
        for optimiser, group, part in zip(
            self.optimisers, self.groups, (gradients[:slow], gradients[slow:]), strict=True
        ):
            optimiser.apply(part, group)
        for mean, variable in zip(self.means, self.variables, strict=True):
            mean.assign(mean * decay + variable * (1 - decay))
        return loss

    def settle(self) -> None:
        """Let the network have the mean of its weights."""
        for mean, variable in zip(self.means, self.variables, strict=True):
            variable.assign(mean)


def _loss(logits: Any, masks: Any) -> Any:
    """Pixel by pixel, and by how much of the two areas is common to both (soft Dice)."""
    pixels = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(masks, logits))
    inside = tf.sigmoid(logits)
    common = tf.reduce_sum(inside * masks, (1, 2, 3))
    both = tf.reduce_sum(inside + masks, (1, 2, 3))
    return 1.5 * pixels + tf.reduce_mean(1 - (2 * common + SMOOTH) / (both + SMOOTH))


def batches(known: Sequence[Frame], rng: np.random.Generator) -> Iterator[Batch]:
    """The batches of an epoch, the next one made while the last one is learnt."""
    order = rng.permutation(len(known))
    groups = [
        [known[at] for at in order[start : start + BATCH]]
        for start in range(0, len(order) - BATCH + 1, BATCH)
    ]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_batch, groups[0], rng)
        for group in groups[1:]:
            batch = waiting.result()
            waiting = pool.submit(_batch, group, rng)
            yield batch
        yield waiting.result()


def _batch(group: Sequence[Frame], rng: np.random.Generator) -> Batch:
    made = [disturbed(one.sight.grey, one.inside, rng) for one in group if one.inside is not None]
    views = np.stack([view for view, _ in made])[..., None] * 2 - 1
    masks = np.stack([mask for _, mask in made])
    coarse = masks.reshape(len(made), SHAPE[0] // STRIDE, STRIDE, SHAPE[1] // STRIDE, STRIDE)
    return views.astype(np.float32), coarse.mean(axis=(2, 4))[..., None].astype(np.float32)


def main() -> None:
    """Train what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/thyroid"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    outlined = [one for one in frames(chosen.data) if one.inside is not None]
    for number in range(MEMBERS):
        fold, path = number % FOLDS, chosen.out / OUTLINE.format(number)
        if fold in chosen.folds and not path.exists():
            others = [one for one in outlined if one.case.fold != fold]
            network = train(others, load_file(chosen.backbone), number, chosen.epochs)
            network.save(path.with_suffix(".new.keras"))
            path.with_suffix(".new.keras").rename(path)


if __name__ == "__main__":
    main()
