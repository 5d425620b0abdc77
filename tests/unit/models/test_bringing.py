"""What a site brings: how it is kept, what it says, and what is refused."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from models.registry import Registry, RegistryError, add, load
from models.vision import torchvision
from tests.unit.models.making import FIELDS, SLOPE, onnx_file, resnet, torchscript_file

GREY = np.full((64, 64), 255, np.uint8)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    """A state dict of the seed's kind."""
    return resnet()


def files(registry: Registry) -> list[str]:
    """Everything in the site's folder, leftovers included."""
    assert registry.site is not None
    if not registry.site.exists():
        return []
    return sorted(str(path.relative_to(registry.site)) for path in registry.site.rglob("*"))


# ---------------------------------------------------------------- what a site brings


def test_a_checkpoint_becomes_safetensors(
    registry: Registry, weights: Mapping[str, Tensor], tmp_path: Path
) -> None:
    """A pickled state dict is kept as safetensors, and says what the network says."""
    torch.save(weights, tmp_path / "theirs.pth")
    entry = add(registry, FIELDS, str(tmp_path / "theirs.pth"))
    assert files(registry) == ["theirs", "theirs/card.json", "theirs/model.safetensors"]
    assert registry.find("theirs") == entry
    net: nn.Module = torchvision().models.resnet18(num_classes=2)
    net.load_state_dict(weights)
    with torch.inference_mode():
        logits = net.eval()(torch.ones(1, 3, 64, 64))[0]
    opinion = load(entry).look(GREY)
    assert opinion.probability == pytest.approx(float(logits.softmax(0)[0]), abs=1e-5)
    assert opinion.candidates == ()
    assert opinion.reasons == ()


@pytest.mark.parametrize("wrapped", ["plain", "state_dict", "module", "half", "safetensors"])
def test_every_form_of_a_state_dict_is_the_same(
    wrapped: str, registry: Registry, weights: Mapping[str, Tensor], tmp_path: Path
) -> None:
    """Wrapped, from several GPUs, halved or as safetensors: the weights are found."""
    brought = tmp_path / "w.pt"
    if wrapped == "safetensors":
        save_file(dict(weights), brought)
    elif wrapped == "half":
        halved = {n: v.half() if v.is_floating_point() else v for n, v in weights.items()}
        torch.save(halved, brought)
    else:
        prefix = "module." if wrapped == "module" else ""
        named = {prefix + name: value for name, value in weights.items()}
        torch.save(named if wrapped == "plain" else {"state_dict": named, "epoch": 3}, brought)
    entry = add(registry, FIELDS, str(brought))
    kept = load_file(entry.folder / "model.safetensors")
    assert set(kept) == set(weights)
    assert torch.allclose(kept["fc.weight"].float(), weights["fc.weight"], atol=1e-3)
    load(entry)


def test_grad_cam_is_that_of_autograd(
    registry: Registry, weights: Mapping[str, Tensor], tmp_path: Path
) -> None:
    """The activation is what gradients of the positive logit give, cut to the picture."""
    torch.save(weights, tmp_path / "w.pth")
    entry = add(registry, FIELDS, str(tmp_path / "w.pth"))
    grey = np.random.default_rng(0).integers(0, 255, (64, 32), np.uint8)
    activation = load(entry).look(grey).activation
    assert activation is not None
    assert activation.shape == (64, 32)
    assert activation.max() <= 1
    net: nn.Module = torchvision().models.resnet18(num_classes=2)
    net.load_state_dict(weights)
    net.eval()
    pixels = torch.zeros(1, 3, 64, 64)
    pixels[..., 16:48] = torch.from_numpy(grey) / 255
    maps = nn.Sequential(*list(net.children())[:-2])(pixels).detach().requires_grad_()
    logit = net.fc(net.avgpool(maps).flatten(1))[0, 0]  # type: ignore[operator]
    (gradient,) = torch.autograd.grad(logit, maps)
    cam = (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu()
    cam = nn.functional.interpolate(cam, size=(64, 64), mode="bilinear", align_corners=False)
    wanted = (cam / cam.max())[0, 0, :, 16:48].detach().numpy()
    assert np.allclose(activation, wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16"])
def test_an_onnx_model_looks(kind: str, registry: Registry, tmp_path: Path) -> None:
    """An ONNX file is taken as it is, and says why it shows no activation."""
    made = onnx_file(tmp_path / "mean.onnx", getattr(onnx.TensorProto, kind))
    entry = add(registry, {**FIELDS, "architecture": "a mean"}, str(made))
    assert (entry.card.framework, files(registry)[-1]) == ("onnx", "theirs/model.onnx")
    opinion = load(entry, threads=1).look(GREY)
    assert opinion.probability == pytest.approx(1 / (1 + np.exp(1 - SLOPE)), abs=1e-3)
    assert opinion.activation is None
    assert "ONNX" in opinion.why_no_activation


def test_a_torchscript_model_looks(registry: Registry, tmp_path: Path) -> None:
    """A TorchScript file is taken as it is, and says why it shows no activation."""
    fields = {**FIELDS, "framework": "torchscript", "architecture": "a mean"}
    entry = add(registry, fields, str(torchscript_file(tmp_path / "mean.pt")))
    opinion = load(entry, threads=1).look(GREY)
    assert opinion.probability == pytest.approx(1 / (1 + np.exp(1 - SLOPE)), abs=1e-6)
    assert "TorchScript" in opinion.why_no_activation


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there(registry: Registry, tmp_path: Path) -> None:
    """Where torch finds no GPU, asking for one is answered with a sentence."""
    fields = {**FIELDS, "framework": "torchscript", "architecture": "a mean"}
    entry = add(registry, fields, str(torchscript_file(tmp_path / "mean.pt")))
    with pytest.raises(RegistryError, match="finds no GPU"):
        load(entry, "cuda")


@pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="it knows CUDA"
)
def test_an_onnx_model_does_not_leave_the_gpu_unnoticed(registry: Registry, tmp_path: Path) -> None:
    """Where onnxruntime knows no CUDA, asking for a GPU is answered with a sentence."""
    made = onnx_file(tmp_path / "mean.onnx")
    entry = add(registry, {**FIELDS, "architecture": "a mean"}, str(made))
    with pytest.raises(RegistryError, match="this onnxruntime knows no CUDA"):
        load(entry, "cuda:1")


# ---------------------------------------------------------------- what is refused


class _Evil:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def refused(registry: Registry, source: Path, told: str, **fields: Any) -> None:
    """Adding fails with these words and leaves nothing behind."""
    with pytest.raises(RegistryError, match=told):
        add(registry, {**FIELDS, **fields}, str(source))
    assert files(registry) == []


def test_a_pickle_is_never_run(registry: Registry, tmp_path: Path) -> None:
    """Checkpoints that would run code are refused, in torch's format and as bare pickles."""
    torch.save({"state_dict": _Evil(tmp_path / "pwned")}, tmp_path / "evil.pth")
    (tmp_path / "bare.pth").write_bytes(pickle.dumps(_Evil(tmp_path / "pwned")))
    for name in ("evil.pth", "bare.pth"):
        refused(registry, tmp_path / name, "weights only")
    assert not (tmp_path / "pwned").exists()


def test_what_holds_no_weights_is_refused(
    registry: Registry, weights: Mapping[str, Tensor], tmp_path: Path
) -> None:
    """Whole networks, garbage, other data and another kind of network are each told apart."""
    torch.save(torchvision().models.resnet18(), tmp_path / "network.pth")
    refused(registry, tmp_path / "network.pth", "ResNet")
    (tmp_path / "garbage.pth").write_bytes(b"garbage" * 100)
    refused(registry, tmp_path / "garbage.pth", "weights only")
    torch.save({"epoch": 3}, tmp_path / "epoch.pth")
    refused(registry, tmp_path / "epoch.pth", "more than tensors: epoch")
    torch.save([1], tmp_path / "list.pth")
    refused(registry, tmp_path / "list.pth", "no state dict")
    torch.save(weights, tmp_path / "w.pth")
    refused(registry, tmp_path / "w.pth", "not the weights of a resnet34", architecture="resnet34")
    labels = ["fractured", "healed", "none"]
    refused(registry, tmp_path / "w.pth", "resnet18 with 3 outputs", labels=labels)
    refused(registry, tmp_path / "w.pth", "vgg is not one", architecture="vgg")
    refused(registry, tmp_path / "none.pth", "No such file")


def test_a_file_of_another_kind_is_refused(registry: Registry, tmp_path: Path) -> None:
    """TorchScript that is not called so, and files that are no model of what they are called."""
    script = torchscript_file(tmp_path / "script.pt")
    refused(registry, script, "TorchScript: say so")
    (tmp_path / "garbage.onnx").write_bytes(b"garbage" * 100)
    refused(registry, tmp_path / "garbage.onnx", "no ONNX model", architecture="any")
    torchscript = {"framework": "torchscript", "architecture": "any"}
    refused(registry, tmp_path / "garbage.onnx", "no TorchScript model", **torchscript)
    (tmp_path / "cut.safetensors").write_bytes((100).to_bytes(8, "little") + b'{"a":')
    refused(registry, tmp_path / "cut.safetensors", "Safetensor")


def test_onnx_with_weights_in_another_file_is_refused(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has a digest of that file, not even where it could be found."""
    monkeypatch.chdir(tmp_path)
    model = onnx.load(onnx_file(tmp_path / "mean.onnx"))
    onnx.save(
        model, tmp_path / "split.onnx", save_as_external_data=True, location="w.bin",
        size_threshold=0,
    )  # fmt: skip
    assert (tmp_path / "w.bin").exists()
    refused(registry, tmp_path / "split.onnx", "keeps weights in other files", architecture="any")


def test_a_model_that_does_not_fit_its_card_is_not_added(
    registry: Registry, tmp_path: Path
) -> None:
    """It has to look at a picture before it is there."""
    made = onnx_file(tmp_path / "mean.onnx")
    one = {**FIELDS, "architecture": "a mean"}
    refused(registry, made, "2 outputs and its card 1 labels", **{**one, "labels": ["fractured"]})
    grey = {**one["input"], "channels": 1, "mean": [0.0], "std": [1.0]}
    refused(registry, made, "failed", **{**one, "input": grey})


def test_a_wrong_hash_is_refused(registry: Registry, tmp_path: Path) -> None:
    """A file on this machine is checked too where its SHA-256 is given."""
    made = onnx_file(tmp_path / "mean.onnx")
    with pytest.raises(RegistryError, match="is wanted"):
        add(registry, {**FIELDS, "architecture": "a mean"}, str(made), "0" * 64)
    with pytest.raises(RegistryError, match="64 hexadecimal digits"):
        add(registry, {**FIELDS, "architecture": "a mean"}, str(made), "0")
    assert files(registry) == []
