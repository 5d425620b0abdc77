"""The network that outlines: how it starts, and that it learns."""

from __future__ import annotations

import numpy as np
import torch

from models.thyroid.network import KEPT, backbone, outliner, start_from
from models.thyroid.train import BATCH, Training, batches
from models.thyroid.views import SHAPE
from tests.unit.models.fracture.test_network import _as_published as as_published
from tests.unit.models.thyroid.phantoms import frame


def test_the_backbone_starts_as_what_imagenet_taught() -> None:
    """The folded network sees of grey what the published one sees of three equal colours."""
    published, base = as_published(), backbone()
    start_from(base, {name: value.numpy() for name, value in published.state_dict().items()})
    grey = np.random.default_rng(0).uniform(-1, 1, (1, *SHAPE, 1)).astype(np.float32)
    found = base(grey, training=False)
    seen = torch.from_numpy(np.repeat(grey.transpose(0, 3, 1, 2), 3, axis=1))
    with torch.no_grad():
        for number, layer in enumerate(published.features[:18]):
            seen = layer(seen)
            if number in KEPT:
                ours = np.asarray(found[KEPT[number]]).transpose(0, 3, 1, 2)
                assert np.allclose(ours, seen.numpy(), rtol=1e-3, atol=1e-3)


def test_every_frame_is_in_one_batch_of_an_epoch() -> None:
    """Batches are full, and what is left over waits for the next epoch."""
    known = [frame(number, suspicious=None) for number in range(BATCH + 3)]
    made = list(batches(known, np.random.default_rng(0)))
    assert [views.shape for views, _ in made] == [(BATCH, *SHAPE, 1)]
    assert [masks.shape for _, masks in made] == [(BATCH, SHAPE[0] // 2, SHAPE[1] // 2, 1)]


def test_it_learns() -> None:
    """After some steps the loss is lower, and the mean of the weights is what is kept."""
    known = [frame(number, suspicious=None, dark=0.3) for number in range(BATCH)]
    rng = np.random.default_rng(0)
    network = outliner()
    training = Training(network, 30)
    losses = [training.step(*batch) for _ in range(6) for batch in batches(known, rng)]
    assert losses[-1] < 0.95 * losses[0]
    before = network.get_weights()
    training.settle()
    assert any(
        not np.array_equal(one, other)
        for one, other in zip(before, network.get_weights(), strict=True)
    )
