"""`dicom-node models list|show|verify|add`; `bench` and `eval` are in `model_runs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicom_node.cli import model_runs
from dicom_node.cli.exits import DONE, USAGE, WRONG, Stop
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from models.registry import Entry

# models.registry is imported inside the functions: it brings pydantic and the framework.


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    noun = commands.add_parser("models", help="list, check, add, time and evaluate models")
    verbs = noun.add_subparsers(metavar="list|show|verify|add|bench|eval", required=True)
    lists = verbs.add_parser("list", help="the models that came with the node, and the site's own")
    with_json(lists)
    lists.set_defaults(run=listing)
    one = verbs.add_parser("show", help="a model's card")
    one.add_argument("name", metavar="NAME")
    with_json(one)
    one.set_defaults(run=show_one)
    check = verbs.add_parser("verify", help="check that the weights are what the cards say")
    check.add_argument("name", metavar="NAME", nargs="?", help="this one only")
    with_json(check)
    check.set_defaults(run=verify)
    _register_add(verbs.add_parser("add", help="add a model of the site's own"))
    model_runs.register(verbs)


def _register_add(adds: ArgumentParser) -> None:
    adds.add_argument("name", metavar="NAME", help="what it will be called")
    adds.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="a file, https://..., or hf:ORG/REPO@COMMIT/FILE",
    )
    adds.add_argument("--sha256", metavar="HEX", help="of the source; needed where it is fetched")
    adds.add_argument("--card", type=Path, metavar="FILE", help="JSON with fields of its card")
    adds.add_argument("--task", metavar="TASK", help="fracture or thyroid (fracture)")
    adds.add_argument("--framework", help="torch, onnx, torchscript or keras (by the file's name)")
    adds.add_argument(
        "--architecture",
        help="resnet18, resnet34, resnet50 or fibonacci; any word where the file says it all",
    )
    adds.add_argument("--labels", metavar="A,B", help="the outputs, in their order")
    adds.add_argument("--positive", metavar="LABEL", help="which of them is the finding")
    adds.add_argument("--licence", metavar="TEXT", help="under which it may be used")
    adds.add_argument("--data", metavar="TEXT", help="what it was trained on")
    adds.add_argument("--model-version", metavar="TEXT", help="its version (1)")
    adds.add_argument("--output", help="logits or probabilities (logits)")
    adds.add_argument("--size", type=positive, metavar="N", help="its input is N x N (224)")
    adds.add_argument("--threshold", type=float, metavar="X", help="present from here on (0.5)")
    adds.set_defaults(run=add)


def listing(args: Namespace) -> int:
    """List the models."""
    from dicom_node.cli.out import as_json, show, table

    entries, broken = model_runs.registry().listing()
    if args.json:
        as_json(
            {
                "models": [plain(entry) for entry in entries],
                "broken": [{"name": one.name, "reason": one.reason} for one in broken],
            }
        )
        return WRONG if broken else DONE
    columns = ("name", "version", "task", "framework", "from", "#threshold", "digest", "licence")
    rows = (
        (
            *(entry.card.name, entry.card.version, entry.card.task, entry.card.framework),
            *(entry.origin, entry.card.threshold, entry.card.digest[:12], entry.card.licence),
        )
        for entry in entries
    )
    show(table(columns, rows))
    for one in broken:
        print(f"Cannot be used: {one.name}: {one.reason}")
    return WRONG if broken else DONE


def plain(entry: Entry) -> dict[str, Any]:
    """A model as JSON carries it."""
    where = {"from": entry.origin, "folder": str(entry.folder)}
    return {**entry.card.to_dict(), **model_runs.digests(entry.card), **where}


def show_one(args: Namespace) -> int:
    """Show everything on a model's card."""
    import json

    from dicom_node.cli.out import as_json, show, table

    told = plain(model_runs.found(args.name))
    if args.json:
        as_json(told)
        return DONE
    cells = (
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in told.items()
    )
    show(table(("field", "value"), cells))
    return DONE


def verify(args: Namespace) -> int:
    """Read all weights and compare them with the cards."""
    from dicom_node.cli.out import as_json

    told = list(_verified(args.name))
    ok = all(one["ok"] for one in told)
    if args.json:
        as_json({"ok": ok, "models": told})
        return DONE if ok else WRONG
    for one in told:
        said = " ".join(one["problems"]) or "its weights are what its card says."
        print(f"{one['name']}: {said}")
        if one["ok"]:
            print(f"  weights  {one['digest']}\n  meaning  {one['meaning_digest']}")
    if not told:
        print("There are no models.")
    return DONE if ok else WRONG


def _verified(name: str | None) -> Iterator[dict[str, Any]]:
    """What is found of one model, or of all."""
    entries, broken = model_runs.registry().listing() if name is None else ([], [])
    for entry in entries if name is None else [model_runs.found(name)]:
        problems = list(entry.problems())
        told = {"name": entry.card.name, "ok": not problems, "problems": problems}
        yield told | model_runs.digests(entry.card)
    for one in broken:
        yield {"name": one.name, "ok": False, "problems": [one.reason]}


def add(args: Namespace) -> int:
    """Fetch, convert, try and register a model."""
    from models.registry import RegistryError
    from models.registry import add as add_model

    try:
        entry = add_model(model_runs.registry(), _fields(args), args.source, args.sha256)
    except RegistryError as error:
        raise Stop(f"{args.name} was not added. {error}") from None
    print(f"{entry.card.name} is in {entry.folder}, its digest is {entry.card.digest}.")
    return DONE


def _fields(args: Namespace) -> dict[str, Any]:
    """The fields of the card: of the file that is given, with the options laid over them."""
    side = args.size or 224
    imagenet = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    fields: dict[str, Any] = {
        "version": "1",
        "task": "fracture",
        "data": "not stated",
        "input": {"aspect": "padded", "width": side, "height": side, **imagenet},
        **_card_file(args.card),
    }
    for name in ("task", "framework", "architecture", "positive", "licence", "data", "output"):
        if getattr(args, name) is not None:
            fields[name] = getattr(args, name)
    if args.size is not None:
        fields["input"] = {**fields["input"], "width": side, "height": side}
    if args.labels is not None:
        fields["labels"] = [label.strip() for label in args.labels.split(",")]
    if args.model_version is not None:
        fields["version"] = args.model_version
    if args.threshold is not None or "thresholds" not in fields:
        value = 0.5 if args.threshold is None else args.threshold
        fields |= {"thresholds": {"default": value}, "operating_point": "default"}
    return {**fields, "name": args.name}


def _card_file(path: Path | None) -> dict[str, Any]:
    import json

    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Stop(f"{path} cannot be read: {error.strerror}.", USAGE) from None
    except ValueError as error:
        raise Stop(f"{path} is no JSON: {error}", USAGE) from None
    if not isinstance(found, dict):
        raise Stop(f"{path} holds no fields of a card.", USAGE)
    return found
