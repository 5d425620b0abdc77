"""`dicom-node config check` and `dicom-node config show`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from config.settings import Settings

# config.loader is imported inside the functions: it brings pydantic, which --help needs not.

OK = 0
BAD_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h, so that a service manager can tell it from a crash."""

Installed = Collection[str] | Callable[[], Collection[str]] | None


def check(
    args: Namespace,
    installed: Installed = None,
    inspect: Callable[[Settings], Iterable[str]] | None = None,
) -> int:
    """Say everything that is wrong with the configuration, and what is probably not meant.

    `installed` are the names of the pipelines here; `inspect` returns what other rooms find
    wrong with the settings, such as conditions of routes that cannot be understood.
    """
    from config.checks import warnings
    from config.errors import ConfigError
    from config.loader import load

    errors: list[str] = []
    cautions: list[str] = []
    try:
        settings = load()
    except ConfigError as error:
        errors = list(error.problems)
    else:
        errors = list(inspect(settings)) if inspect is not None else []
        cautions = warnings(settings, installed() if callable(installed) else installed)
    if args.json:
        print(json.dumps({"ok": not errors, "errors": errors, "warnings": cautions}, indent=2))
    else:
        _print_check(errors, cautions)
    return BAD_CONFIGURATION if errors else OK


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
        return BAD_CONFIGURATION
    if args.json:
        shown = show_json(loaded.settings, loaded.origins)
        print(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        print(show_toml(loaded.settings, loaded.origins), end="")
    return OK


def _print_check(errors: Collection[str], cautions: Collection[str]) -> None:
    for text in errors:
        print(f"Error: {text}", file=sys.stderr)
    for text in cautions:
        print(f"Warning: {text}", file=sys.stderr)
    if errors:
        print("The configuration cannot be used.", file=sys.stderr)
    else:
        print("The configuration can be used.")
