"""Answers every message that is not a C-STORE request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.settings import Settings
from dicom_node import logs, reports
from dicom_node.receiver import commitment
from dicom_node.receiver.command import IS_RESPONSE, Command
from dicom_node.receiver.ledger import Ledger, NotWritten
from dicom_node.receiver.messages import (
    C_ECHO_RQ,
    N_ACTION_RQ,
    N_EVENT_REPORT_RQ,
    BadDataSet,
    decode_data_set,
    encode_command,
    encode_data_set,
    encode_response,
)
from dicom_node.receiver.negotiation import Context
from dicom_node.statuses import (
    INVALID_ARGUMENT,
    NO_SUCH_ACTION,
    NOT_AUTHORIZED,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    SUCCESS,
    UNRECOGNIZED_OPERATION,
    Status,
)
from dicom_node.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, VERIFICATION
from storage.inbox import Inbox
from storage.records import Asker, CommitmentReport

_MOST_DATA = 1 << 23
"""A commitment request for fifty thousand instances is smaller."""
_ACTION_TYPE = 0x1008
_EVENT_TYPE = 0x1002
_WITH_DATA_SET = 0x0001


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A message of ours, encoded."""

    context_id: int
    command: bytes
    data_set: bytes | None = None


class Gathered:
    """A message whose data set is kept in memory, unless it is too long for that."""

    def __init__(self, context: Context, command: Command) -> None:
        self.context = context
        self.command = command
        self.data = bytearray()
        self.is_too_long = False

    def write(self, views: list[memoryview]) -> None:
        """Take the next bytes of the data set."""
        for view in views:
            self.is_too_long = self.is_too_long or len(self.data) + len(view) > _MOST_DATA
            if self.is_too_long:
                self.data.clear()
            else:
                self.data += view

    def discard(self) -> None:
        """Nothing is to be tidied up."""


@dataclass(kw_only=True)
class Owed:
    """A commitment report that the peer has not confirmed yet."""

    context: Context
    id: str
    report: CommitmentReport
    message_id: int = 0
    """The number under which it was sent on this association; 0 while it was not."""


@dataclass(kw_only=True)
class Service:
    """The rarer services of one association."""

    ledger: Ledger
    inbox: Inbox
    settings: Settings
    asker: Asker
    owed: list[Owed] = field(default_factory=list)
    _last_id: int = 0

    @property
    def has_unsent(self) -> bool:
        """Whether a commitment report waits for a quiet moment."""
        return any(not owed.message_id for owed in self.owed)

    def send_reports(self) -> Iterator[Reply]:
        """The reports that wait, as requests to the peer, without those it has got meanwhile."""
        waiting = [owed for owed in self.owed if not owed.message_id]
        gone = {owed.id for owed in waiting if not self.ledger.is_owed(owed.id)}
        self.owed = [owed for owed in self.owed if owed.id not in gone]
        for owed in waiting:
            if owed.id not in gone:
                self._last_id += 1
                owed.message_id = self._last_id
                yield _as_request(owed)

    def answer(self, message: Gathered) -> Iterator[Reply]:
        """What is answered to a message: nothing, or one response."""
        command, context = message.command, message.context
        number = command.CommandField or 0
        if number & IS_RESPONSE:
            self._confirmed(command)
            return
        extra: dict[str, int] = {}
        if number == C_ECHO_RQ and context.abstract_syntax == VERIFICATION:
            status = SUCCESS
        elif number == N_ACTION_RQ and context.abstract_syntax == STORAGE_COMMITMENT:
            status = self._asked_to_commit(message)
            extra = {"ActionTypeID": command.number(_ACTION_TYPE) or 0}
        elif number == N_EVENT_REPORT_RQ and context.abstract_syntax == STORAGE_COMMITMENT:
            status = self._told_of_commitment(message)
            extra = {"EventTypeID": command.number(_EVENT_TYPE) or 0}
        else:
            status = UNRECOGNIZED_OPERATION
        yield Reply(context_id=context.id, command=encode_response(command, status, **extra))

    def _confirmed(self, command: Command) -> None:
        """The peer has answered a report of ours; a failure is for the next association."""
        answered = command.number(0x0120)
        if command.number(0x0900) != SUCCESS.code:
            return
        for owed in [owed for owed in self.owed if owed.message_id == answered]:
            self.ledger.reported(owed.id)
            self.owed.remove(owed)

    def _asked_to_commit(self, message: Gathered) -> Status:
        if not message.context.as_scp:
            return NOT_AUTHORIZED
        if message.command.number(_ACTION_TYPE) != 1:
            return NO_SUCH_ACTION
        if message.is_too_long:
            return RESOURCE_LIMITATION
        try:
            request = decode_data_set(bytes(message.data), message.context)
            report = commitment.answer(request, self.inbox)
            id_ = self.ledger.owe(self.asker, report)
        except (BadDataSet, reports.Incomplete):
            return INVALID_ARGUMENT
        except NotWritten:
            return PROCESSING_FAILURE
        self.owed.append(Owed(context=message.context, id=id_, report=report))
        logs.log().info(
            "asked for storage commitment",
            calling_ae=self.asker.calling_ae,
            held=len(report.committed),
            missing=len(report.failed),
        )
        return SUCCESS

    def _told_of_commitment(self, message: Gathered) -> Status:
        if not self.settings.peers_by_ae(self.asker.calling_ae):
            return NOT_AUTHORIZED  # nobody else may say that a PACS has what we sent
        if message.is_too_long:
            return RESOURCE_LIMITATION
        try:
            return reports.take(
                message.command.number(_EVENT_TYPE),
                lambda: decode_data_set(bytes(message.data), message.context),
                self.ledger.commitment_result,
            )
        except NotWritten:
            return PROCESSING_FAILURE


def _as_request(owed: Owed) -> Reply:
    return Reply(
        context_id=owed.context.id,
        command=encode_command(
            AffectedSOPClassUID=STORAGE_COMMITMENT,
            CommandField=N_EVENT_REPORT_RQ,
            MessageID=owed.message_id,
            CommandDataSetType=_WITH_DATA_SET,
            AffectedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE,
            EventTypeID=reports.event_type(owed.report),
        ),
        data_set=encode_data_set(reports.data_set(owed.report), owed.context),
    )
