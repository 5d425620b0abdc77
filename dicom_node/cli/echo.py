"""`dicom-node echo`: does a peer answer?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, NOT_RUNNING
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("echo", help="ask a peer by C-ECHO whether it answers")
    command.add_argument(
        "peer", metavar="PEER", help="a configured peer's name, HOST:PORT or HOST:PORT:AE"
    )
    with_json(command)
    command.set_defaults(run=echo, pixels=False)


def echo(args: Namespace) -> int:
    """Verify a peer by C-ECHO."""
    from dicom_node import scu
    from dicom_node.cli.node import peer, settings
    from dicom_node.cli.out import as_json

    found = settings()
    name, asked = peer(found, args.peer)
    began = time.monotonic()
    because = None
    try:
        scu.echo(found, asked)
    except scu.Unreachable as error:
        because = str(error)
    took = time.monotonic() - began
    if args.json:
        address = {"ae_title": asked.ae_title, "host": asked.host, "port": asked.port}
        told = {"ok": because is None, "because": because, "milliseconds": round(took * 1000, 1)}
        as_json({"peer": name, **address, **told})
    elif because is None:
        where = f"{asked.ae_title} at {asked.host}:{asked.port}"
        print(f"{name}: {where} answers C-ECHO with success ({took * 1000:.0f} ms).")
    else:
        print(f"{name}: {because}")
    return DONE if because is None else NOT_RUNNING
