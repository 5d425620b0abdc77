"""`dicom-node models bench|eval`: the commands that run a model."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, USAGE, WRONG, Stop
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from models.evaluation import Beside
    from models.opinion import Model
    from models.registry import Card, Entry, Registry

BETWEEN_LINES = 10.0
"""Seconds between two lines that say how far it is, where nobody watches a bar."""


def register(verbs: Commands) -> None:
    """Add the commands to the parser."""
    times = verbs.add_parser("bench", help="how long a model takes for a picture")
    times.add_argument("name", metavar="NAME")
    times.add_argument("--pictures", type=positive, default=50, metavar="N", help="how many (50)")
    _with_machine(times)
    with_json(times)
    times.set_defaults(run=bench)
    judges = verbs.add_parser("eval", help="score a set of pictures, and say how good that is")
    judges.add_argument("name", metavar="NAME")
    judges.add_argument(
        "--index", type=Path, required=True, metavar="CSV", help="with columns file and label"
    )
    judges.add_argument(
        "--images", type=Path, metavar="DIR", help="the pictures (images beside the index)"
    )
    judges.add_argument(
        "--json", type=Path, required=True, metavar="OUT", dest="out", help="what is written"
    )
    judges.add_argument(
        "--boxes", type=Path, metavar="CSV", help="true boxes (boxes.csv beside the index)"
    )
    judges.add_argument(
        "--masks", type=Path, metavar="DIR", help="true outlines (masks beside the index)"
    )
    judges.add_argument("--split", metavar="NAME", help="only the lines of this split")
    _with_machine(judges)
    judges.set_defaults(run=evaluate)


def _with_machine(command: ArgumentParser) -> None:
    command.add_argument("--threads", type=positive, metavar="N", help="threads for one picture")
    command.add_argument("--device", help="cpu, cuda or cuda:N (what workers.device says)")


def registry() -> Registry:
    """The registry with the site's own models, by the configuration."""
    from dicom_node.cli.node import settings
    from models.registry import Registry

    return Registry(site=settings().models_folder)


def found(name: str) -> Entry:
    """The registered model with a name; stops the command where there is none."""
    from models.registry import RegistryError

    try:
        return registry().find(name)
    except RegistryError as error:
        raise Stop(str(error)) from None


def digests(card: Card) -> dict[str, str]:
    """What tells this model from every other: its weights, and what is made of their outputs."""
    return {"digest": card.digest, "meaning_digest": card.meaning_digest}


def bench(args: Namespace) -> int:
    """Time a model on a synthetic picture, one after the other."""
    import os

    from dicom_node.cli.out import as_json
    from models.timing import timed

    model = _loaded(args)
    timing = timed(model.look, args.pictures, args.threads or os.cpu_count() or 1)
    if args.json:
        card = model.card
        told = {"name": card.name, "version": card.version}
        as_json({"model": told | digests(card), **timing.to_dict()})
        return DONE
    print(
        f"{model.card.name}: {timing.per_second:.1f} pictures a second; one takes "
        f"{timing.median * 1000:.0f} ms (median), 95 of 100 less than {timing.p95 * 1000:.0f} ms. "
        f"Threads: {timing.threads}."
    )
    return DONE


def _loaded(args: Namespace) -> Model:
    from dicom_node.cli.node import settings
    from models.registry import RegistryError, load

    entry = found(args.name)
    try:
        return load(entry, args.device or settings().workers.device, args.threads)
    except RegistryError as error:
        raise Stop(str(error)) from None


def evaluate(args: Namespace) -> int:
    """Score a set and write what came of it; status 1 where a picture could not be read."""
    from models.evaluation import BadSet, read_index
    from models.registry import RegistryError
    from models.registry.known import TASKS, imported

    images = args.images or args.index.with_name("images")
    for folder in filter(None, (images, args.masks)):
        if not folder.is_dir():
            raise Stop(f"{folder} is no folder.", USAGE)
    try:
        rows = read_index(args.index, args.split)
        beside = _beside(args)
        model = _loaded(args)
        with _progress(len(rows)) as report:
            judged = imported(TASKS[model.card.task])
            told = judged(model, rows, images, beside, report)
    except BadSet as error:
        raise Stop(str(error), USAGE) from None
    except RegistryError as error:
        raise Stop(str(error)) from None
    _write(args.out, told)
    for line in _summary(told["metrics"]):
        print(line)
    broken = list(_broken(told["images"]))
    for line in broken:
        print(line)
    return WRONG if broken else DONE


def _beside(args: Namespace) -> Beside:
    """What else is known of the pictures; what lies beside the index need not be named."""
    from models.evaluation import Beside, read_boxes

    boxes, masks = args.index.with_name("boxes.csv"), args.index.with_name("masks")
    listed = args.boxes or (boxes if boxes.exists() else None)
    return Beside(
        boxes=read_boxes(listed) if listed else {},
        masks=args.masks or (masks if masks.is_dir() else None),
    )


def _broken(images: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The pictures and outlines that could not be read, each in a sentence."""
    for one in images:
        if "error" in one:
            yield f"Not scored: {one['file']}: {one['error']}."
        elif "mask_error" in one:
            yield f"Without Dice: {one['file']}: {one['mask_error']}."


def _summary(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The figures as people read them."""
    plain = {name: told for name, told in metrics.items() if isinstance(told, int | float)}
    yield ", ".join(f"{name} {told:.4g}" for name, told in plain.items())
    for name, told in metrics.items():
        if isinstance(told, dict) and "value" in told:
            figures = f"{told['value']:.3f} ({told['low']:.3f} to {told['high']:.3f})"
            yield f"  {name.replace('_', ' ')}: {figures} of {told['count']}"


def _write(path: Path, told: Mapping[str, Any]) -> None:
    import json

    from models.files import write_whole

    try:
        write_whole(path, json.dumps(told, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise Stop(f"{path} cannot be written: {error.strerror}.") from None


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line now and then in a pipe; both on stderr."""
    from rich.progress import Progress

    from dicom_node.cli.out import console

    out = console(stderr=True)
    last = time.monotonic()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("Looking at pictures", total=total)

        def report(done: int) -> None:
            nonlocal last
            bar.update(task, completed=done)
            if not out.is_terminal and time.monotonic() - last > BETWEEN_LINES:
                last = time.monotonic()
                out.print(f"{done} of {total} pictures")

        yield report
