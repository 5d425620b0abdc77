"""`dicom-node config check|show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicom_node import config_cli
from dicom_node.cli.exits import DONE, USAGE
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace


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
    """Check the settings and the routes."""
    from dicom_node.cli.routes import problems
    from pipelines import installed

    return _status(config_cli.check(args, installed=installed, inspect=problems))


def show(args: Namespace) -> int:
    """Show the settings."""
    return _status(config_cli.show(args))


def _status(found: int) -> int:
    return DONE if found == config_cli.OK else USAGE
