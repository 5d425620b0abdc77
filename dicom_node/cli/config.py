"""`dicom-node config check|show`."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, USAGE
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace

# config.loader is imported inside the functions: it brings pydantic, which --help needs not.


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    noun = commands.add_parser("config", help="check or show the configuration")
    verbs = noun.add_subparsers(metavar="check|show", required=True)
    check_it = verbs.add_parser("check", help="say what is wrong with it, and what is doubtful")
    check_it.set_defaults(run=check)
    with_json(check_it)
    show_it = verbs.add_parser("show", help="print every setting and who said it; secrets masked")
    show_it.set_defaults(run=show)
    with_json(show_it)


def check(args: Namespace) -> int:
    """Say all that is wrong with settings and routes, and what is probably not meant."""
    from config.errors import ConfigError
    from config.loader import load
    from dicom_node import preflight
    from pipelines import installed

    cautions: list[str] = []
    try:
        settings = load()
    except ConfigError as error:
        errors = list(error.problems)
        if error.draft is not None:
            errors += preflight.route_problems(error.draft)
            errors += preflight.option_problems(error.draft)
    else:
        errors = preflight.problems(settings)
        errors += [one for one in preflight.pipeline_problems(settings) if one not in errors]
        cautions = preflight.cautions(settings, installed())
    if args.json:
        print(json.dumps({"ok": not errors, "errors": errors, "warnings": cautions}, indent=2))
    else:
        _print_check(errors, cautions)
    return USAGE if errors else DONE


def show(args: Namespace) -> int:
    """Print every setting with who said it; secrets are masked."""
    from config.errors import ConfigError
    from config.loader import load_layers
    from config.show import show as show_toml
    from config.show import show_json

    try:
        loaded = load_layers()
    except ConfigError as error:
        if args.json:
            print(json.dumps({"ok": False, "errors": error.problems}, indent=2))
        else:
            print(error, file=sys.stderr)
        return USAGE
    if args.json:
        shown = show_json(loaded.settings, loaded.origins)
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print(show_toml(loaded.settings, loaded.origins), end="")
    return DONE


def _print_check(errors: Collection[str], cautions: Collection[str]) -> None:
    for text in errors:
        print(f"Error: {text}", file=sys.stderr)
    for text in cautions:
        print(f"Warning: {text}", file=sys.stderr)
    if errors:
        print("The configuration cannot be used.", file=sys.stderr)
    else:
        print("The configuration can be used.")
