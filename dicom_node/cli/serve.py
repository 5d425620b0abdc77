"""`dicom-node serve`: the node in the foreground."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dicom_node.cli.exits import USAGE, WRONG, Stop

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from config.settings import Settings
    from dicom_node.cli.kinds import Commands

READY = "The node is ready."


def register(commands: Commands) -> None:
    """Add the command to the parser."""
    command = commands.add_parser("serve", help="run the node in the foreground; Ctrl-C drains it")
    command.set_defaults(run=serve)


def serve(args: Namespace) -> int:
    """Run the node until it is told to stop."""
    from dicom_node import supervisor
    from dicom_node.cli.node import settings
    from dicom_node.ground import Occupied

    found = settings()
    _refuse(found)
    try:
        return supervisor.serve(found, announce)
    except Occupied as error:
        raise Stop(str(error), WRONG) from None
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise Stop(_no_port(found, error), WRONG) from None


def _refuse(found: Settings) -> None:
    """Stop on routes, options or certificates that cannot be used, before a port is opened."""
    from dicom_node.preflight import problems

    with without_pixel_libraries():
        wrong = problems(found)
    if wrong:
        raise Stop("\n".join(wrong), USAGE)


@contextmanager
def without_pixel_libraries() -> Iterator[None]:
    """Let pydicom be imported in half its time: this process never looks at a pixel."""
    from dicom_node.lean import PIXEL_LIBRARIES, hide_pixel_libraries

    hide_pixel_libraries()
    try:
        yield
    finally:
        for name in PIXEL_LIBRARIES:
            if sys.modules.get(name, ...) is None:
                del sys.modules[name]


def _no_port(found: Settings, error: OSError) -> str:
    ports = [f"DICOM {found.node.host}:{found.node.port}"]
    if found.tls.enabled:
        ports.append(f"TLS {found.node.host}:{found.tls.port}")
    if found.http.enabled:
        ports.append(f"HTTP {found.http.host}:{found.http.port}")
    return (
        f"The node cannot listen on one of its ports ({', '.join(ports)}): "
        f"{(error.strerror or str(error)).lower()}. Another program uses it, perhaps a node that "
        "runs already (`dicom-node status`), or the address is not this machine's. Choose others "
        "in the configuration: node.port, http.port, tls.port."
    )


def announce(found: Settings, port: int, http_port: int) -> None:
    """Say that the node is ready and what can be done next; note the ports for other commands."""
    from dicom_node.preflight import cautions
    from pipelines import installed
    from storage import fleet
    from storage.database import Database

    db = Database.of(found)
    fleet.describe(db, os.getpid(), {"port": port, "http_port": http_port})
    db.close()
    for text in cautions(found, installed()):
        print(f"Warning: {text}", file=sys.stderr)
    print(welcome(found, port, http_port), flush=True)


def welcome(found: Settings, port: int, http_port: int) -> str:
    """The three next steps."""
    from dicom_node.cli.node import EVERYWHERE, program

    ae_title, host = found.node.ae_title, found.node.host
    near = "127.0.0.1" if host in EVERYWHERE else host
    far = "this machine's address" if host in EVERYWHERE else host
    page_host = "127.0.0.1" if found.http.host in EVERYWHERE else found.http.host
    steps = [
        f"Send a file:      {program()} send FILE\n"
        f"                     or: storescu -aec {ae_title} {near} {port} FILE",
        f"Open the page:    http://{page_host}:{http_port}/"
        if http_port
        else "Open the page:    it is switched off ([http] enabled = false)",
        f'Point a PACS here: AE title "{ae_title}", host {far}, port {port} '
        "(see orthanc/README.md)",
    ]
    listed = "\n".join(f"  {number}. {step}" for number, step in enumerate(steps, 1))
    only = "" if host in EVERYWHERE or not _is_near(host) else _ONLY_NEAR
    return f"{READY}\n{listed}\n{only}{NOTICE}"


NOTICE = "This is not a medical device: its results are not for diagnosis."
_ONLY_NEAR = (
    "Only programs on this machine reach it; node.host in the configuration changes that.\n"
)


def _is_near(host: str) -> bool:
    from config.settings import is_loopback

    return is_loopback(host)
