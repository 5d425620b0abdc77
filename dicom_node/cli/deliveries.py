"""`dicom-node deliveries list|retry`: results on their way to their destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE
from dicom_node.cli.kinds import Commands, positive, with_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Any

STATUSES = ("waiting", "sent", "delivered", "dead")


def register(commands: Commands) -> None:
    """Add the commands to the parser."""
    noun = commands.add_parser("deliveries", help="list deliveries, or retry those given up")
    verbs = noun.add_subparsers(metavar="list|retry", required=True)
    lists = verbs.add_parser("list", help="the newest deliveries and what the peers answered")
    lists.add_argument("--to", metavar="PEER", help="only those to this destination")
    lists.add_argument("--status", choices=STATUSES, help="only those with this status")
    lists.add_argument("--limit", type=positive, default=100, help="at most so many (100)")
    with_json(lists)
    lists.set_defaults(run=listing, pixels=False)
    again = verbs.add_parser("retry", help="try the deliveries again that were given up")
    again.add_argument("--to", metavar="PEER", help="only those to this destination")
    again.set_defaults(run=retry)


def listing(args: Namespace) -> int:
    """List deliveries."""
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import as_json, show, table, when
    from storage import listings
    from storage.records import DeliveryStatus

    statuses = [DeliveryStatus(args.status)] if args.status else []
    with database(settings()) as db:
        rows = listings.sent(db, destination=args.to, statuses=statuses, limit=args.limit)
    if args.json:
        as_json({"deliveries": rows})
        return DONE
    columns = ("#id", "destination", "status", "#tries", "kind", "made", "answer", "object")
    show(table(columns, ((*_cells(row, when(row["created_at"])),) for row in rows)))
    return DONE


def _cells(row: Mapping[str, Any], made: str) -> tuple[object, ...]:
    return (
        row["id"],
        row["destination"],
        row["status"],
        row["attempts"],
        row["kind"],
        made,
        answer(row),
        row["SOPInstanceUID"],
    )


def answer(row: Mapping[str, Any]) -> str:
    """What a peer said to a delivery, in a few words: status, comment, and who vouches."""
    from dicom_node.sending import meaning

    parts = []
    if row["dimse_status"] is not None:
        parts.append(f"{row['dimse_status']:#06x} {meaning(row['dimse_status'])}")
    if row["comment"]:
        parts.append(str(row["comment"]))
    if row["evidence"] in ("commitment", "c-find"):
        how = {"commitment": "Storage Commitment", "c-find": "C-FIND"}[row["evidence"]]
        parts.append(f"confirmed by {how}")
    return "; ".join(parts)


def retry(args: Namespace) -> int:
    """Try deliveries again that were given up."""
    from dicom_node.cli.node import database, settings
    from dicom_node.cli.out import many
    from storage import outbox

    with database(settings()) as db:
        revived = outbox.revive(db, args.to)
    print(f"{many(revived, 'delivery', 'deliveries')} will be tried again.")
    return DONE
