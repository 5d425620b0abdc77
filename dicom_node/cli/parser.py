"""Puts the commands together into one parser."""

from __future__ import annotations

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from dicom_node.cli import (
    config,
    database,
    deliveries,
    doctor,
    echo,
    explain,
    jobs,
    models,
    reload,
    results,
    send,
    serve,
    status,
    studies,
)
from dicom_node.cli.exits import EPILOG

DESCRIPTION = (
    "A DICOM node between a PACS and image analysis. Settings come from the file that "
    "DICOM_NODE_CONFIG names and from variables DICOM_NODE_<SECTION>__<KEY>. "
    "Not a medical device."
)

NOUNS = (
    serve,
    send,
    status,
    explain,
    studies,
    jobs,
    results,
    deliveries,
    models,
    echo,
    doctor,
    config,
    database,
    reload,
)
"""The modules of the commands, in the order of the help."""


class _Version(Action):
    """Prints the version; importlib.metadata is imported only then."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("dicom-node")
        except PackageNotFoundError:
            found = "(run from a checkout that is not installed)"
        print(f"dicom-node {found}")
        parser.exit()


class _Command(ArgumentParser):
    """A parser of a command: its help ends with the exit statuses too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("epilog", EPILOG)
        kwargs.setdefault("description", kwargs.get("help"))
        super().__init__(*args, **kwargs)


def make() -> ArgumentParser:
    """The parser of `dicom-node`; what it returns has the command's function in `run`."""
    parser = ArgumentParser(prog="dicom-node", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_Command
    )
    for noun in NOUNS:
        noun.register(commands)
    return parser
