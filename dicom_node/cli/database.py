"""`dicom-node db upgrade|version`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, WRONG, Stop
from dicom_node.cli.kinds import Commands, with_json

if TYPE_CHECKING:
    from argparse import Namespace

    from storage.database import Database


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    noun = commands.add_parser("db", help="upgrade the database or say its schema version")
    verbs = noun.add_subparsers(metavar="upgrade|version", required=True)
    upgrade_it = verbs.add_parser(
        "upgrade", help="make the database, or bring it to this program's schema; `serve` does too"
    )
    upgrade_it.set_defaults(run=upgrade)
    version_it = verbs.add_parser(
        "version", help="print the schema version; status 1 where it is not this program's"
    )
    version_it.set_defaults(run=version)
    with_json(version_it)


def upgrade(args: Namespace) -> int:
    """Bring the schema to the newest version; never while a node of another version runs."""
    from dicom_node.cli.node import settings
    from storage.database import HEAD, Database

    db = Database.of(settings())
    try:
        before = db.version()
        if before not in (None, HEAD):
            _nobody_runs(db)
        db.upgrade()
    finally:
        db.close()
    if before == HEAD:
        print(f"The database is at schema {HEAD} already.")
    else:
        print(f"The database is now at schema {HEAD} (before: {before or 'empty'}).")
    return DONE


def _nobody_runs(db: Database) -> None:
    from dicom_node.cli.node import supervisor

    if supervisor(db) is not None:
        raise Stop("The node runs on this database. Stop it first, then upgrade.")


def version(args: Namespace) -> int:
    """Say the schema version of the database and the one this program needs."""
    from dicom_node.cli.node import must_exist, settings
    from dicom_node.cli.out import as_json
    from storage.database import HEAD, Database

    found = settings()
    must_exist(found)
    db = Database.of(found)
    try:
        at = db.version()
    finally:
        db.close()
    if args.json:
        as_json({"version": at, "needed": HEAD, "ok": at == HEAD})
    elif at == HEAD:
        print(f"The database is at schema {at}, as this program needs.")
    else:
        print(f"The database is at schema {at or 'none'}; this program needs {HEAD}.")
        print("Run `dicom-node db upgrade`.")
    return DONE if at == HEAD else WRONG
