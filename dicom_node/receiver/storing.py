"""C-STORE: from the first byte of a data set to its file, safe on disk, and the status."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from dicom_node import logs
from dicom_node.receiver.command import Command, encode_store_response
from dicom_node.receiver.header import LONG_PREFIX, PREFIX, CutShort, Encoding, NotADataSet, is_uid
from dicom_node.receiver.ledger import Ledger
from dicom_node.receiver.negotiation import Context
from dicom_node.statuses import (
    CLASS_NOT_SUPPORTED,
    DUPLICATE_INSTANCE,
    INVALID_INSTANCE,
    MISTYPED_ARGUMENT,
    OUT_OF_RESOURCES,
    SUCCESS,
    UNREADABLE,
    WRONG_CLASS,
    WRONG_INSTANCE,
    Status,
)
from storage.inbox import Inbox, Incoming, NoRoom, OnConflict
from storage.journal import MetaTemplate, Provenance
from storage.killpoints import reached
from storage.records import Arrival, Outcome


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where an association's instances go."""

    inbox: Inbox
    ledger: Ledger
    origin: Provenance
    on_conflict: OnConflict
    _known: dict[int, tuple[MetaTemplate, Encoding]] = field(default_factory=dict)
    _told: set[Status] = field(default_factory=set)

    def of(self, context: Context) -> tuple[MetaTemplate, Encoding]:
        """What is the same for every instance of a presentation context."""
        found = self._known.get(context.id)
        if found is None:
            found = (
                MetaTemplate(context.abstract_syntax, context.transfer_syntax, self.origin),
                Encoding(context.transfer_syntax),
            )
            self._known[context.id] = found
        return found

    def refuse(self, status: Status) -> None:
        """Have a refusal noted, once per association: a full disk refuses thousands."""
        if status not in self._told:
            self._told.add(status)
            self.ledger.refused(
                reason=f"C-STORE {status.code:04X}: {status.comment}",
                calling_ae=self.origin.calling_ae,
                called_ae=self.origin.called_ae,
                address=self.origin.address,
            )


class Store:
    """One C-STORE request on its way; what cannot be kept is read and dropped."""

    def __init__(self, shelf: Shelf, context: Context, command: Command) -> None:
        self._shelf = shelf
        self._context = context
        self._command = command
        self._uid = command.AffectedSOPInstanceUID
        self._template, self._encoding = shelf.of(context)
        self._incoming: Incoming | None = None
        self._meta = b""
        self._received_at = time.time()
        self._refusal = self._objection()
        if self._refusal is None:
            self._open()

    def _objection(self) -> Status | None:
        if not self._uid or self._command.MessageID is None or not self._command.has_data_set:
            return MISTYPED_ARGUMENT
        if self._command.AffectedSOPClassUID != self._context.abstract_syntax:
            return CLASS_NOT_SUPPORTED
        if not is_uid(self._uid):
            return INVALID_INSTANCE
        return None

    def _open(self) -> None:
        try:
            self._incoming = self._shelf.inbox.incoming()
        except (NoRoom, OSError) as error:
            self._fail(error)
        reached("receiver: instance announced")
        self._meta = self._template.fill(self._uid, self._received_at)

    def write(self, views: Sequence[memoryview]) -> None:
        """Take the next bytes of the data set."""
        if self._incoming is None:
            return
        try:
            if self._incoming.size:
                self._incoming.write(views)
            else:
                self._incoming.write([self._meta, *views])
            reached("receiver: data half written")
        except (NoRoom, OSError) as error:
            self._fail(error)

    def finish(self) -> bytes:
        """Keep the instance if it is in order; return the response's command set."""
        status = self._keep()
        if status is not SUCCESS:
            self.discard()
            self._shelf.refuse(status)
        return encode_store_response(self._command, status)

    def discard(self) -> None:
        """Drop what was received so far."""
        if self._incoming is not None:
            self._incoming.discard()
            self._incoming = None

    def _fail(self, error: OSError | NoRoom) -> None:
        self.discard()
        self._refusal = OUT_OF_RESOURCES
        if isinstance(error, OSError):
            logs.log().error("the inbox cannot be written to", error=error.strerror)

    def _keep(self) -> Status:
        if self._refusal is None:
            self._refusal = self._contradiction()
        if self._refusal is not None or self._incoming is None:
            return self._refusal or OUT_OF_RESOURCES
        size = self._incoming.size
        try:
            key, outcome = self._incoming.keep(self._uid, self._shelf.on_conflict)
        except (NoRoom, OSError) as error:
            self._fail(error)
            return OUT_OF_RESOURCES
        self._incoming = None
        self._shelf.ledger.stored(self._arrival(key, size, outcome))
        reached("receiver: instance safe, peer not told")
        return DUPLICATE_INSTANCE if outcome is Outcome.REFUSED else SUCCESS

    def _contradiction(self) -> Status | None:
        """Compare the command with the first bytes of the data set, as they lie in the file."""
        if self._incoming is None or not self._encoding.is_known:
            return None
        begin = len(self._meta)
        if self._incoming.size <= begin:
            return UNREADABLE
        try:
            try:
                identity = self._encoding.identity(self._incoming.read(PREFIX, begin))
            except CutShort:
                identity = self._encoding.identity(self._incoming.read(LONG_PREFIX, begin))
        except NotADataSet:
            return UNREADABLE
        if identity.SOPClassUID != self._command.AffectedSOPClassUID:
            return WRONG_CLASS
        return WRONG_INSTANCE if identity.SOPInstanceUID != self._uid else None

    def _arrival(self, key: str, size: int, outcome: Outcome) -> Arrival:
        return Arrival(
            key=key,
            SOPClassUID=self._context.abstract_syntax,
            SOPInstanceUID=self._uid,
            TransferSyntaxUID=self._context.transfer_syntax,
            size=size,
            association=self._shelf.origin.association,
            calling_ae=self._shelf.origin.calling_ae,
            address=self._shelf.origin.address,
            received_at=self._received_at,
            outcome=outcome,
        )
