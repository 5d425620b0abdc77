"""Trains the members of the fracture model, one after the other; goes on where it was stopped.

    python -m models.fracture.train --data DIR --backbone FILE [--out build/fracture]

The members differ by their seed. All see the training split without one fold, on which they are
calibrated together later (`models.fracture.finish`); nothing here ever reads the split called
`val`. Two stages: square windows around fractures and elsewhere, then whole pictures.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from models.evaluation import read_picture
from models.fracture.data import HELD_OUT, Case, read
from models.fracture.losses import loss
from models.fracture.network import FractureNet, channels_last, start_from
from models.fracture.picture import LONGEST, Grey
from models.fracture.windows import View, whole, window

MEMBERS = (0, 1)
"""The seeds of the members that are shipped."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of the schedule."""

    name: str
    epochs: int
    batch: int
    rate: float
    """The heads' learning rate at its height; the backbone's is a quarter of it."""
    healthy: float
    """How many pictures without a fracture are drawn for each one with."""


WINDOW = 416
SCHEDULE = (
    Stage(name="windows", epochs=24, batch=16, rate=8e-4, healthy=1.5),
    Stage(name="whole", epochs=8, batch=8, rate=2e-4, healthy=2.0),
)
DECAY = 0.998
WORKERS = 2


@dataclass(frozen=True)
class Making(Dataset[list[View]]):
    """The batches of an epoch: which cases, and the seed of what is made of them."""

    pictures: Mapping[str, Grey]
    stage: Stage
    batches: Sequence[tuple[Sequence[Case], int]]

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> list[View]:
        if number >= len(self):
            raise IndexError(number)
        cases, seed = self.batches[number]
        rng = np.random.default_rng(seed)
        if self.stage.name == "whole":
            return [whole(case, self.pictures[case.file], LONGEST, rng) for case in cases]
        return [window(case, self.pictures[case.file], WINDOW, LONGEST, rng) for case in cases]


class Run:
    """The training of one member: its state is a file, written after every epoch."""

    def __init__(
        self, cases: Sequence[Case], images: Path, backbone: Path, out: Path, member: int
    ) -> None:
        self.cases = [c for c in cases if c.split == "train" and c.fold != HELD_OUT]
        self.images, self.out, self.member = images, out, member
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(1000 + member)
        self.net = FractureNet()
        start_from(self.net, load_file(backbone))
        self.net.stem.requires_grad_(False)
        self.net = channels_last(self.net, self.device)
        self.average = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.done = 0
        self.state = out / f"member{member}.state"
        self.pictures: dict[str, Grey] = {}

    def train(self) -> Path:
        """Run what remains of the schedule, and write the averaged weights."""
        weights = self.out / f"member{self.member}.safetensors"
        if weights.exists():
            return weights
        with ThreadPoolExecutor(4) as pool:
            read_in = pool.map(lambda case: read_picture(self.images / case.file), self.cases)
            self.pictures = {c.file: g for c, g in zip(self.cases, read_in, strict=True)}
        first = 0
        for stage in SCHEDULE:
            self._stage(stage, first)
            first += stage.epochs
        save_file({n: v.cpu().contiguous() for n, v in self.average.items()}, weights)
        return weights

    def _stage(self, stage: Stage, first: int) -> None:
        fractured = sum(case.fractured for case in self.cases)
        each = math.ceil(fractured * (1 + stage.healthy) / stage.batch)
        optimizer = self._optimizer(stage.rate)
        if self.state.exists() and not self.done:
            self._resume()
        if self.done > first:  # the optimizer's memory belongs to this stage
            saved = torch.load(self.state, weights_only=True)
            if saved["stage"] == stage.name:
                optimizer.load_state_dict(saved["optimizer"])
        for epoch in range(max(self.done, first), first + stage.epochs):
            began, sums, count = time.monotonic(), dict[str, float](), 0
            for views in self._batches(stage, epoch):
                step = (epoch - first) * each + count
                _set_rate(optimizer, _rate(step, each * stage.epochs))
                for name, value in self._step(optimizer, views, stage).items():
                    sums[name] = sums.get(name, 0.0) + value
                count += 1
            self.done = epoch + 1
            self._save(stage, optimizer)
            told = " ".join(f"{name} {value / count:.4f}" for name, value in sums.items())
            spent = time.monotonic() - began
            print(
                f"member {self.member} {stage.name} {self.done}: {told} ({spent:.0f} s)", flush=True
            )

    def _step(
        self, optimizer: torch.optim.Optimizer, views: Sequence[View], stage: Stage
    ) -> dict[str, float]:
        self.net.train()
        pixels = _stacked(views).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device, torch.bfloat16):
            seen = self.net(pixels)
        parts = loss(seen, views, scenes=stage.name == "whole")
        optimizer.zero_grad()
        torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        optimizer.step()
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.average[name].lerp_(value, 1 - DECAY)
        return {name: float(value.detach()) for name, value in parts.items()}

    def _batches(self, stage: Stage, epoch: int) -> Iterator[list[View]]:
        """The epoch's batches: every fractured picture once, others drawn; made while we train."""
        rng = np.random.default_rng((self.member, epoch))
        fractured = [case for case in self.cases if case.fractured]
        healthy = [case for case in self.cases if not case.fractured]
        drawn = rng.choice(len(healthy), round(len(fractured) * stage.healthy), replace=False)
        order = [*fractured, *(healthy[number] for number in drawn)]
        order = [order[number] for number in rng.permutation(len(order))]
        if stage.name == "whole":  # alike shapes together, so that little is filled up
            order.sort(key=lambda case: round(case.height / case.width, 1))
        groups = [order[at : at + stage.batch] for at in range(0, len(order), stage.batch)]
        groups = [groups[number] for number in rng.permutation(len(groups))]
        seeds = rng.integers(2**62, size=len(groups)).tolist()
        making = Making(self.pictures, stage, list(zip(groups, seeds, strict=True)))
        # In processes of their own: their threads would stand in the way of the network's.
        return iter(DataLoader(making, batch_size=None, num_workers=WORKERS))

    def _optimizer(self, rate: float) -> torch.optim.Optimizer:
        backbone = [
            parameter
            for part in self.net.parts
            for parameter in part.parameters()
            if parameter.requires_grad
        ]
        known = {id(parameter) for parameter in backbone}
        heads = [
            parameter
            for parameter in self.net.parameters()
            if parameter.requires_grad and id(parameter) not in known
        ]
        groups: list[dict[str, Any]] = [
            {"params": backbone, "height": rate / 4},
            {"params": heads, "height": rate},
        ]
        return torch.optim.AdamW(groups, lr=rate, weight_decay=0.03)

    def _save(self, stage: Stage, optimizer: torch.optim.Optimizer) -> None:
        state = {
            "done": self.done,
            "stage": stage.name,
            "net": self.net.state_dict(),
            "average": self.average,
            "optimizer": optimizer.state_dict(),
            "chance": torch.get_rng_state(),
        }
        beside = self.state.with_suffix(".new")
        torch.save(state, beside)
        beside.replace(self.state)

    def _resume(self) -> None:
        saved = torch.load(self.state, weights_only=True)
        self.done = saved["done"]
        self.net.load_state_dict(saved["net"])
        self.average = {name: value.to(self.device) for name, value in saved["average"].items()}
        torch.set_rng_state(saved["chance"])


def _stacked(views: Sequence[View]) -> Tensor:
    """The views as one batch, filled up with black to the largest."""
    rows = max(view.pixels.shape[1] for view in views)
    columns = max(view.pixels.shape[2] for view in views)
    return torch.stack(
        [
            functional.pad(
                view.pixels,
                (0, columns - view.pixels.shape[2], 0, rows - view.pixels.shape[1]),
                value=-1.0,
            )
            for view in views
        ]
    )


def _rate(step: int, steps: int, warm: int = 100) -> float:
    """The share of the height: up in a hundred steps, down along a cosine."""
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2


def _set_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["height"] * share


def main() -> None:
    """Train what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("build/fracture"))
    parser.add_argument("--members", type=int, nargs="*", default=MEMBERS)
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    cases = read(chosen.data)
    for member in chosen.members:
        Run(cases, chosen.data / "images", chosen.backbone, chosen.out, member).train()


if __name__ == "__main__":
    main()
