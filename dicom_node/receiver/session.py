"""One association, from the peer's first byte to its last, in one thread that waits for bytes."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Settings
from dicom_node import logs
from dicom_node.receiver import service
from dicom_node.receiver.command import (
    C_CANCEL_RQ,
    C_STORE_RQ,
    Command,
    decode_command,
    fragments,
)
from dicom_node.receiver.connection import Connection, Cut, Lost
from dicom_node.receiver.ledger import Ending
from dicom_node.receiver.negotiation import Context
from dicom_node.receiver.pdu import Control, Fragment, ProtocolError
from dicom_node.receiver.service import Reply
from dicom_node.receiver.storing import Shelf, Store
from dicom_node.statuses import Abort
from storage.records import Asker

A_RELEASE_RQ = 0x05
A_ABORT = 0x07
_RELEASE_RP = b"\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00"
_MOST_COMMAND = 1 << 16
REPORT_AFTER = 1.0
"""Seconds of silence after which a commitment report is sent on the modality's own association."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for the whole of an association."""

    contexts: dict[int, Context]
    peer_max_pdu: int
    settings: Settings
    shelf: Shelf


class Session:
    """An accepted association: messages in, responses out, until somebody ends it."""

    def __init__(self, connection: Connection, terms: Terms) -> None:
        self._connection = connection
        self._terms = terms
        self._command = bytearray()
        self._context_id = 0
        self._message: Store | service.Gathered | None = None
        self._views: list[memoryview] = []
        self._service = service.Service(
            ledger=terms.shelf.ledger,
            inbox=terms.shelf.inbox,
            settings=terms.settings,
            asker=Asker(
                calling_ae=terms.shelf.origin.calling_ae, address=terms.shelf.origin.address
            ),
        )

    def run(self, acceptance: bytes) -> Ending:
        """Accept the association and serve it; it is at its end when this returns."""
        ending = Ending.FAILED
        abort: Abort | None = Abort.BY_USER
        try:
            self._connection.send(acceptance)
            ending, abort = self._serve(), None
        except ProtocolError as error:
            logs.log().warning("association aborted: the peer broke the protocol", why=str(error))
            ending, abort = Ending.PROTOCOL_ERROR, error.abort
        except TimeoutError:
            ending = Ending.TIMED_OUT
        except Cut:
            ending = Ending.DRAINED
        except Lost:
            ending, abort = Ending.LOST, None
        finally:
            if self._message is not None:
                self._message.discard()
            if abort is not None:
                self._connection.abort(abort)
        return ending

    @property
    def owed(self) -> list[str]:
        """The commitment reports that were promised on this association and not taken there."""
        return [owed.id for owed in self._service.owed]

    def _serve(self) -> Ending:
        event_of = self._connection.parser.event
        while True:
            event = event_of()
            if event is None:
                self._flush()
                self._wait()
            elif isinstance(event, Fragment):
                self._take(event)
            elif event.pdu_type == A_RELEASE_RQ and self._message is None:
                self._connection.send(_RELEASE_RP)
                return Ending.RELEASED
            else:
                return self._end(event)

    def _end(self, control: Control) -> Ending:
        if control.pdu_type == A_ABORT:
            return Ending.ABORTED
        raise ProtocolError(Abort.UNEXPECTED_PDU, "a PDU came at the wrong time")

    def _wait(self) -> None:
        receiver = self._terms.settings.receiver
        if self._message or self._command or not self._connection.parser.is_between_pdus:
            self._connection.receive(receiver.dimse_seconds)
            return
        if not self._service.has_unsent:
            self._connection.receive(receiver.network_seconds)
            return
        try:
            self._connection.receive(min(REPORT_AFTER, receiver.network_seconds))
        except TimeoutError:
            for reply in self._service.send_reports():
                self._send(reply)

    def _take(self, fragment: Fragment) -> None:
        if fragment.is_command:
            self._take_command(fragment)
            return
        if self._message is None:
            raise ProtocolError(Abort.UNEXPECTED_PDU, "a data set came that no command announced")
        if fragment.context_id != self._context_id:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a data set came on another context")
        if fragment.data:
            self._views.append(fragment.data)
        if fragment.is_end:
            self._flush()
            message, self._message = self._message, None
            self._finish(message)

    def _take_command(self, fragment: Fragment) -> None:
        if self._message is not None:
            raise ProtocolError(Abort.UNEXPECTED_PDU, "a command came within a message")
        if self._command and fragment.context_id != self._context_id:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a command came on two contexts")
        self._context_id = fragment.context_id
        self._command += fragment.data
        if len(self._command) > _MOST_COMMAND:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a command set is absurdly long")
        if fragment.is_end:
            command = decode_command(self._command)
            self._command.clear()
            self._begin(command)

    def _begin(self, command: Command) -> None:
        context = self._terms.contexts.get(self._context_id)
        if context is None:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a context was used that is not agreed on")
        field = command.CommandField
        if field is None:
            raise ProtocolError(Abort.INVALID_PARAMETER, "a command set does not say what it asks")
        if field == C_CANCEL_RQ:
            return  # nothing here takes long enough to be cancelled
        message: Store | service.Gathered
        if field == C_STORE_RQ and context.is_storage and context.as_scp:
            message = Store(self._terms.shelf, context, command)
        else:
            message = service.Gathered(context, command)
        if command.has_data_set:
            self._message = message
        else:
            self._finish(message)

    def _flush(self) -> None:
        """Hand on what was received, before the buffer it lies in is used again."""
        if self._views:
            if self._message is not None:
                self._message.write(self._views)
            self._views = []

    def _finish(self, message: Store | service.Gathered) -> None:
        try:
            if isinstance(message, Store):
                self._send(Reply(context_id=self._context_id, command=message.finish()))
            else:
                for reply in self._service.answer(message):
                    self._send(reply)
        finally:
            message.discard()

    def _send(self, reply: Reply) -> None:
        pdus = fragments(reply.context_id, reply.command, reply.data_set, self._terms.peer_max_pdu)
        self._connection.send(b"".join(pdus))
