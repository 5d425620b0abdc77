"""Writes the tables of docs/conformance.md from the code: `python -m dicom_node.conformance`.

The text of the statement is written by hand; what the code decides is between its marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pydicom.uid import UID
from pynetdicom import sop_class
from pynetdicom.presentation import build_context

from config.layers import DEFAULTS
from config.reference import REFERENCE, read_tables
from dicom_node import statuses, uids
from dicom_node.fates import Fate, fate_of
from dicom_node.forms import NATIVE
from dicom_node.own_codes import own_codes
from dicom_node.receiver import ledger, session
from dicom_node.receiver.negotiation import STORAGE_CLASSES, TRANSFER_SYNTAXES
from dicom_node.statuses import Abort, Rejection, Status
from results.source import PATIENT_AND_STUDY
from storage import journal

PAGE = REFERENCE.with_name("conformance.md")
_PART = re.compile(r"(<!-- from the code: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

WHEN: Mapping[str, str] = {
    "SUCCESS": "the file and its folder are synced to disk, or the instance is here already; "
    "C-ECHO, N-ACTION and N-EVENT-REPORT: understood",
    "OUT_OF_RESOURCES": "C-STORE: too little free space, the quota is used up, or writing failed",
    "WRONG_CLASS": "C-STORE: seen in the first bytes of the data set",
    "WRONG_INSTANCE": "C-STORE: seen in the first bytes of the data set",
    "UNREADABLE": "C-STORE: empty, or not a data set in the agreed transfer syntax",
    "PROCESSING_FAILURE": "N-ACTION and N-EVENT-REPORT: the database did not take it; as a Failure "
    "Reason: the stored file cannot be read now",
    "DUPLICATE_INSTANCE": 'C-STORE with other bytes, where `receiver.on_conflict` is "refuse"',
    "NO_SUCH_INSTANCE": "as a Failure Reason only: the instance is not stored here",
    "NO_SUCH_EVENT": "N-EVENT-REPORT",
    "INVALID_ARGUMENT": "N-ACTION and N-EVENT-REPORT: unreadable, or without a Transaction UID "
    "or a reference",
    "UNKNOWN_TRANSACTION": "N-EVENT-REPORT",
    "INVALID_INSTANCE": "C-STORE",
    "CLASS_CONFLICT": "as a Failure Reason only: the instance is stored under another class",
    "CLASS_NOT_SUPPORTED": "C-STORE",
    "NO_SUCH_ACTION": "N-ACTION",
    "NOT_AUTHORIZED": "N-EVENT-REPORT of an AE title that is no configured peer; N-ACTION where "
    "we are not the provider",
    "UNRECOGNIZED_OPERATION": "any other request",
    "MISTYPED_ARGUMENT": "C-STORE without instance UID, Message ID or data set",
    "RESOURCE_LIMITATION": "N-ACTION and N-EVENT-REPORT with more than 8 MB",
}
"""When each status of `statuses` is given."""

DEFAULT_OF = (
    ("node", "ae_title port receivers drain_seconds uid_root"),
    ("receiver", "*"),
    ("tls", "enabled port plain require_client_certificate"),
    ("sender", "*"),
    (
        "peers",
        "commitment verify count results max_associations tls tls_verify_name timeout_seconds",
    ),
)
"""The settings that bear on conformance, by section."""


def render(text: str) -> str:
    """The page with each part between marks made anew from the code."""

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[3]}"

    return _PART.sub(made, text)


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    names = list(header)
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def identity() -> str:
    """Who we say we are, over the wire and in files."""
    return table(
        ("Implementation Class UID", "Implementation Version Name", "Private Information Creator"),
        (
            (
                f"`{journal.IMPLEMENTATION_CLASS_UID}`",
                f"`{journal.IMPLEMENTATION_VERSION_NAME}`",
                f"`{journal.JOURNAL_CREATOR_UID}`",
            ),
        ),
    )


def sop_classes() -> str:
    """Every storage SOP class that is accepted without configuration."""
    named = sorted((_name(uid), uid) for uid in STORAGE_CLASSES)
    rows = ((name, f"`{uid}`") for name, uid in named)
    return f"{len(named)} SOP classes.\n\n" + table(("SOP Class", "UID"), rows)


def _name(uid: str) -> str:
    """What the standard calls a SOP class; the newest are known to pynetdicom by keyword only."""
    name = UID(uid).name
    if name != uid:
        return name
    known: Mapping[str, str] = sop_class._STORAGE_CLASSES
    return next((keyword for keyword, found in known.items() if found == uid), uid)


def transfer_syntaxes() -> str:
    """Every transfer syntax that is accepted for storage without configuration."""
    known = sorted(map(UID, TRANSFER_SYNTAXES), key=lambda uid: [int(n) for n in uid.split(".")])
    rows = ((uid.name, f"`{uid}`", "retired" if uid.is_retired else "") for uid in known)
    return f"{len(known)} transfer syntaxes.\n\n" + table(("Transfer Syntax", "UID", ""), rows)


def answers() -> str:
    """Every status that is answered, with its meaning."""
    found = {name: item for name, item in vars(statuses).items() if isinstance(item, Status)}
    rows = (
        (f"{item.code:04X}", item.reference, item.comment or "none", WHEN[name])
        for name, item in sorted(found.items(), key=lambda pair: pair[1].code)
    )
    return table(("Status", "Meaning", "Error Comment (0000,0902)", "When"), rows)


def rejections() -> str:
    """Every reason an association is rejected for."""
    return _diagnoses(Rejection, ("Why", "Result", "Source", "Reason"))


def aborts() -> str:
    """Every reason an association is aborted for."""
    return _diagnoses(Abort, ("Why", "Source", "Reason"))


def _diagnoses(kinds: Iterable[Any], header: tuple[str, ...]) -> str:
    rows = ((kind.name.lower().replace("_", " "), *kind.value) for kind in kinds)
    return table(header, rows)


def fates() -> str:
    """What becomes of a result after each status of a peer."""
    kinds: dict[Fate, list[str]] = {fate: [] for fate in Fate}
    for fate, run in groupby(range(0x10000), fate_of):
        first, *rest = run
        link = " to " if len(rest) > 1 else ", "
        kinds[fate].append(link.join(f"{code:04X}" for code in (first, *rest[-1:])))
    kinds[Fate.REFUSED] = ["every other"]
    return table(
        ("Status", "What happens"), ((", ".join(kinds[fate]), FATE_WORDS[fate]) for fate in Fate)
    )


FATE_WORDS: Mapping[Fate, str] = {
    Fate.DONE: "the peer has the object; a warning is kept with the delivery and shown",
    Fate.LATER: "it is sent again after `sender.backoff_seconds`, doubling with jitter up to "
    "`sender.backoff_cap_seconds`, for as long as it takes",
    Fate.REFUSED: "it is sent again in the same way, up to `sender.max_attempts` times; then the "
    "delivery is dead and a person must look",
}
"""What each fate means for a delivery."""


def offers() -> str:
    """The presentation contexts that are proposed, besides those for objects of unknown kinds."""
    standard = ", ".join(UID(uid).name for uid in build_context(uids.VERIFICATION).transfer_syntax)
    native = ", ".join(UID(uid).name for uid in NATIVE)
    rows = (
        ("Verification", f"`{uids.VERIFICATION}`", standard),
        ("Study Root Query/Retrieve - FIND", f"`{uids.STUDY_ROOT_FIND}`", standard),
        ("Storage Commitment Push Model", f"`{uids.STORAGE_COMMITMENT}`", standard),
        ("that of the object", "", f"that of the object; and in a context of its own: {native}"),
    )
    return table(("Abstract Syntax", "UID", "Transfer Syntaxes"), rows)


def defaults() -> str:
    """The limits and time-outs, with their defaults."""
    return table(("Setting", "What it is", "Default"), _defaults())


def _defaults() -> Iterator[tuple[str, str, str]]:
    tables = {item.name: item for item in read_tables(DEFAULTS.read_text(encoding="utf-8"))}
    for section, names in DEFAULT_OF:
        prefix = "peers.NAME" if section == "peers" else section
        for entry in tables[section].entries:
            if names == "*" or entry.name in names.split():
                default = entry.default if entry.default == "none" else f"`{entry.default}`"
                yield f"`{prefix}.{entry.name}`", entry.help, default


def waits() -> str:
    """When a storage commitment report is brought to a modality."""
    return (
        f"- on the association it was asked over, after {session.REPORT_AFTER:.0f} s of silence;\n"
        "- over a new one, once that association has ended, or has not fallen silent for "
        f"{ledger.HOLD_SECONDS:.0f} s.\n"
    )


def private_codes() -> str:
    """Every code of our own scheme, with who writes it where."""
    rows = [
        (f"`{one.value}`", one.meaning, ", ".join(one.users) or "every pipeline", one.place)
        for one in own_codes()
    ]
    header = ("Code Value", "Code Meaning", "Used by", "Where it stands")
    return f"{len(rows)} codes.\n\n" + table(header, rows)


def copied() -> str:
    """The attributes that a result has in common with its source."""
    return ", ".join(f"`{keyword}`" for keyword in PATIENT_AND_STUDY) + ".\n"


TABLES: Mapping[str, Callable[[], str]] = {
    "identity": identity,
    "sop-classes": sop_classes,
    "transfer-syntaxes": transfer_syntaxes,
    "statuses": answers,
    "rejections": rejections,
    "aborts": aborts,
    "fates": fates,
    "offers": offers,
    "defaults": defaults,
    "waits": waits,
    "private-codes": private_codes,
    "copied-attributes": copied,
}
"""What may stand between marks."""


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
