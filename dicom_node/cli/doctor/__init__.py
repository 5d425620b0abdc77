"""`dicom-node doctor`: checks everything the node needs and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, WRONG
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from dicom_node.cli.doctor.finding import Finding


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "doctor", help="check everything the node needs and say what to do; status 1 on a failure"
    )
    with_json(command)
    command.set_defaults(run=doctor)


def doctor(args: Namespace) -> int:
    """Check everything; each line is ok, warn or fail."""
    from dicom_node.cli.doctor.finding import Level
    from dicom_node.cli.out import as_json

    found = []
    for finding in findings():
        found.append(finding)
        if not args.json:
            _tell(finding)
    failed = sum(finding.level is Level.FAIL for finding in found)
    warned = sum(finding.level is Level.WARN for finding in found)
    if args.json:
        as_json({"ok": not failed, "findings": _plain(found)})
    elif failed or warned:
        print(f"{failed} failed, {warned} to be looked at, {len(found)} checks.")
    else:
        print(f"All {len(found)} checks are well.")
    return WRONG if failed else DONE


def findings() -> Iterator[Finding]:
    """Every check in order; those that need the configuration are left out where it is bad."""
    from config.errors import ConfigError
    from config.loader import load
    from dicom_node.cli.doctor import dependencies, machine, peers, workings
    from dicom_node.cli.doctor.finding import fail

    yield from dependencies.check()
    try:
        settings = load()
    except ConfigError as error:
        yield fail("configuration", str(error), "Mend what it says; `dicom-node config check`.")
        return
    yield from workings.configuration(settings)
    yield from workings.pipelines(settings)
    yield from machine.folder(settings)
    yield from machine.clock()
    yield from workings.database(settings)
    yield from workings.node(settings)
    yield from peers.check(settings)


def _tell(finding: Finding) -> None:
    from rich.text import Text

    from dicom_node.cli.out import console

    colour = {"ok": "green", "warn": "yellow", "fail": "bold red"}[finding.level]
    line = Text(f"{finding.level:<5}", style=colour)
    line.append(f"{finding.what}: {finding.told}", style="")
    if finding.advice:
        line.append(f"\n     -> {finding.advice}", style="")
    console().print(line)


def _plain(found: Iterable[Finding]) -> list[dict[str, str]]:
    from dataclasses import asdict

    return [{**asdict(finding), "level": str(finding.level)} for finding in found]
