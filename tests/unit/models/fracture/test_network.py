"""The network starts as the backbone it came from, and explains its own logit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from models.fracture.data import REGIONS
from models.fracture.losses import loss, targets
from models.fracture.model import seen_by
from models.fracture.network import STRIDE, TEXTURE, FractureNet, start_from
from models.fracture.picture import prepare
from models.fracture.windows import View
from models.vision import torchvision
from tests.unit.models.fracture.test_data import FRACTURED, HEALTHY


@pytest.fixture(scope="module")
def net() -> FractureNet:
    """An untrained network."""
    torch.manual_seed(0)
    return FractureNet().eval()


def _as_published() -> Any:
    """torchvision's network with random weights and normalisation, padded as the backbone's was."""
    torch.manual_seed(1)
    whole: nn.Module = torchvision().models.mobilenet_v2()
    for layer in whole.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for name in ("weight", "bias", "running_mean", "running_var"):
                nn.init.uniform_(getattr(layer, name), 0.5, 1.5)
        if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2):
            layer.padding = (0, 0)
            layer.register_forward_pre_hook(
                lambda _, given: (nn.functional.pad(given[0], (0, 1, 0, 1)),)
            )
    return whole.eval()


def test_the_backbone_is_folded_without_a_change() -> None:
    """The folded network sees of grey what the published one sees of three equal colours."""
    published, net = _as_published(), FractureNet().eval()
    start_from(net, published.state_dict())
    grey = torch.rand(2, 1, 96, 64) * 2 - 1
    with torch.no_grad():
        expected = published.features(grey.repeat(1, 3, 1, 1)).mean(dim=(2, 3))
        texture = net.texture(grey)
    assert texture.shape == (2, TEXTURE)
    assert torch.allclose(texture[:, -1280:], expected, rtol=1e-3, atol=1e-4)


def test_every_side_that_is_a_multiple_of_32_fits(net: FractureNet) -> None:
    """Maps are an eighth of the input; the rest is one value for each picture."""
    with torch.no_grad():
        seen = net(torch.zeros(2, 1, 96, 160))
    assert seen.heat.shape == (2, 1, 96 // STRIDE, 160 // STRIDE)
    assert seen.reach.shape == (2, 4, 96 // STRIDE, 160 // STRIDE)
    assert seen.logit.shape == (2,)
    assert seen.scene.shape == (2, len(REGIONS) + 1)


def test_the_activation_is_of_the_logit_and_changes_nothing(net: FractureNet) -> None:
    """Grad-CAM is between 0 and 1, covers the picture, and the logit is what forward gives."""
    grey = torch.randint(0, 255, (100, 70), dtype=torch.uint8).numpy()
    prepared = prepare(grey, 128)
    raw = seen_by([net], prepared)
    with torch.no_grad():
        assert raw.logit == pytest.approx(float(net(prepared.pixels).logit), abs=1e-5)
    assert raw.activation.shape == (prepared.rows, prepared.columns)
    assert raw.activation.min() >= 0
    assert raw.activation.max() <= 1
    assert all(parameter.grad is None for parameter in net.parameters())


def test_targets_are_hottest_in_the_middle_of_a_box() -> None:
    """The cell at a box's centre is 1, and knows how far the box's sides are."""
    view = View(torch.zeros(1, 64, 64), torch.tensor([[12.0, 20.0, 28.0, 52.0]]), FRACTURED)
    heat, reach = targets([view], 8, 8)
    row, column = divmod(int(heat[0].argmax()), 8)
    assert (row, column) == (4, 2)
    assert reach[0, :, row, column].tolist() == [8.0, 16.0, 8.0, 16.0]
    assert heat[0, 0, 7] < 0.01


def test_training_learns_where_a_bright_square_is() -> None:
    """A few steps on two pictures bring the loss down and the heat to the square."""
    torch.manual_seed(0)
    net = FractureNet().train()
    with_square, without = torch.full((1, 64, 64), -1.0), torch.full((1, 64, 64), -1.0)
    with_square[:, 16:32, 24:40] = 1.0
    views = [
        View(with_square, torch.tensor([[24.0, 16.0, 40.0, 32.0]]), FRACTURED),
        View(without, torch.zeros(0, 4), HEALTHY),
    ]
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    losses = []
    for _ in range(25):
        seen = net(torch.stack([view.pixels for view in views]))
        total = torch.stack(list(loss(seen, views, scenes=True).values())).sum()
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(total.detach()))
    assert losses[-1] < 0.5 * losses[0]
    row, column = divmod(int(seen.heat[0].argmax()), 64 // STRIDE)
    assert 24 <= (column + 0.5) * STRIDE <= 40
    assert 16 <= (row + 0.5) * STRIDE <= 32
