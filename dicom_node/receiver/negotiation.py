"""Agrees with a peer on what may be sent and how: PS3.8 section 9.3 and PS3.7 Annex D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom import AllStoragePresentationContexts
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
)
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor

from config.settings import Receiver
from dicom_node.garbage import UNDECODABLE
from dicom_node.receiver.pdu import ProtocolError
from dicom_node.statuses import Abort
from dicom_node.uids import STORAGE_COMMITMENT, VERIFICATION
from storage.journal import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"

_NEVER_SENT = ("StorageCommitment", "MediaStorageDirectory")
STORAGE_CLASSES = frozenset(
    [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    + [
        uid
        for uid, (_, kind, _, _, keyword) in UID_dictionary.items()
        if kind == "SOP Class" and "Storage" in keyword and not keyword.startswith(_NEVER_SENT)
    ]
)
"""Every storage SOP class that pydicom or pynetdicom knows, the retired ones too."""
TRANSFER_SYNTAXES = frozenset(
    uid for uid, (_, kind, *_) in UID_dictionary.items() if kind == "Transfer Syntax"
)
"""Every transfer syntax that pydicom knows."""
_NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
_MOST_OPERATIONS = 64
_STORAGE_ABILITIES = b"\x02\x00\x03\x00\x00\x00"
"""PS3.4 Table B.3-1: everything is stored, bit by bit with signatures, and nothing coerced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """An accepted presentation context."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    is_storage: bool
    as_scp: bool
    as_scu: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a peer asks for in its A-ASSOCIATE-RQ."""

    calling_ae: str
    called_ae: str
    application_context: str
    protocol_version: int
    peer_max_pdu: int
    primitive: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What was agreed on, and the A-ASSOCIATE-AC that says so."""

    contexts: dict[int, Context]
    answer: bytes


def decode_request(data: bytes) -> Request:
    """Read an A-ASSOCIATE-RQ, or raise `ProtocolError`."""
    try:
        pdu = A_ASSOCIATE_RQ()
        pdu.decode(data)
        primitive = pdu.to_primitive()
        proposed = primitive.presentation_context_definition_list
        if len({context.context_id for context in proposed}) < len(proposed):
            raise ValueError("two presentation contexts have the same ID")
        if not all(c.abstract_syntax and c.transfer_syntax for c in proposed):
            raise ValueError("a presentation context is incomplete")
        return Request(
            calling_ae=pdu.calling_ae_title.strip(),
            called_ae=pdu.called_ae_title.strip(),
            application_context=str(pdu.application_context_name or ""),
            protocol_version=pdu.protocol_version,
            peer_max_pdu=primitive.maximum_length_received or 0,
            primitive=primitive,
        )
    except UNDECODABLE as error:
        raise ProtocolError(
            Abort.INVALID_PARAMETER, "the request for an association cannot be read"
        ) from error


def negotiate(request: Request, settings: Receiver) -> Agreement:
    """Decide on every presentation context and every extended negotiation item."""
    primitive = request.primitive
    proposed = primitive.presentation_context_definition_list
    items = primitive.user_information
    roles = {
        item.sop_class_uid: (item.scu_role, item.scp_role)
        for item in items
        if isinstance(item, SCP_SCU_RoleSelectionNegotiation) and item.sop_class_uid
    }
    supported = _Supported(settings)
    results: list[PresentationContext] = []
    role_answers: dict[str, SCP_SCU_RoleSelectionNegotiation] = {}
    for context in proposed:
        # One by one, because each may be answered in the transfer syntax its sender prefers.
        result, answered = negotiate_as_acceptor([context], supported.answer_to(context), roles)
        results += result
        role_answers.update({str(role.sop_class_uid): role for role in answered})
    contexts = {
        result.context_id: Context(
            id=result.context_id,
            abstract_syntax=str(result.abstract_syntax),
            transfer_syntax=str(result.transfer_syntax[0]),
            is_storage=supported.is_storage(str(result.abstract_syntax)),
            as_scp=bool(result.as_scp),
            as_scu=bool(result.as_scu),
        )
        for result in results
        if result.result == 0 and result.context_id is not None
    }
    extended = _extended(items, supported, [c.abstract_syntax for c in contexts.values()])
    own = [*_who_we_are(settings), *role_answers.values(), *extended]
    return Agreement(contexts=contexts, answer=_encode(primitive, results, own))


class _Supported:
    """What the configuration lets in."""

    def __init__(self, settings: Receiver) -> None:
        self._any = settings.accept_any_sop_class
        self._extra = frozenset(settings.extra_sop_classes)
        self._syntaxes = TRANSFER_SYNTAXES.union(settings.extra_transfer_syntaxes)

    def is_storage(self, abstract_syntax: str) -> bool:
        if abstract_syntax in (VERIFICATION, STORAGE_COMMITMENT):
            return False
        return self._any or abstract_syntax in STORAGE_CLASSES or abstract_syntax in self._extra

    def answer_to(self, context: PresentationContext) -> list[PresentationContext]:
        """What we would take of one proposal, as pynetdicom wants to hear it."""
        abstract_syntax = str(context.abstract_syntax)
        is_storage = self.is_storage(abstract_syntax)
        if not is_storage and abstract_syntax not in (VERIFICATION, STORAGE_COMMITMENT):
            return []
        own = PresentationContext()
        own.abstract_syntax = context.abstract_syntax
        own.scu_role = True
        # A PACS that answers our own commitment request is the provider on its association.
        own.scp_role = abstract_syntax == STORAGE_COMMITMENT
        known = self._syntaxes if is_storage else frozenset(map(str, _NATIVE))
        chosen = _preferred([syntax for syntax in context.transfer_syntax if syntax in known])
        if chosen:
            own.transfer_syntax = [chosen]
        return [own]


def _preferred(syntaxes: Sequence[UID]) -> UID | None:
    """The first the peer names, but explicit little endian before the other native ones.

    A peer names the encoding its instances have first. Implicit VR would lose what the VR of
    private elements is, and big endian is retired.
    """
    if not syntaxes:
        return None
    if syntaxes[0] in _NATIVE and ExplicitVRLittleEndian in syntaxes:
        return ExplicitVRLittleEndian
    return syntaxes[0]


def _who_we_are(settings: Receiver) -> list[Any]:
    length = MaximumLengthNotification()
    length.maximum_length_received = settings.max_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return [length, implementation, version]


def _extended(items: Sequence[Any], supported: _Supported, accepted: list[str]) -> list[Any]:
    """Answers to the asynchronous window and to SOP class extended negotiation.

    A user identity is accepted without an answer, as PS3.7 D.3.3.7 wants it of those who make no
    use of it; SOP class common extended negotiation has no answer.
    """
    answers: list[Any] = []
    for item in items:
        if isinstance(item, AsynchronousOperationsWindowNegotiation):
            # Requests may queue up in the connection; they are answered in their order.
            window = AsynchronousOperationsWindowNegotiation()
            invoked = item.maximum_number_operations_invoked or _MOST_OPERATIONS
            window.maximum_number_operations_invoked = min(invoked, _MOST_OPERATIONS)
            window.maximum_number_operations_performed = 1
            answers.append(window)
        elif isinstance(item, SOPClassExtendedNegotiation):
            uid = str(item.sop_class_uid)
            if uid in accepted and supported.is_storage(uid):
                abilities = SOPClassExtendedNegotiation()
                abilities.sop_class_uid = item.sop_class_uid
                abilities.service_class_application_information = _STORAGE_ABILITIES
                answers.append(abilities)
    return answers


def _encode(asked: Any, results: list[PresentationContext], own: list[Any]) -> bytes:
    answer = A_ASSOCIATE()
    answer.application_context_name = UID(APPLICATION_CONTEXT)
    answer.calling_ae_title = asked.calling_ae_title
    answer.called_ae_title = asked.called_ae_title
    answer.result = 0x00
    answer.result_source = 0x01
    answer.presentation_context_definition_results_list = results
    answer.user_information = own
    encoded: bytes = A_ASSOCIATE_AC(answer).encode()
    return encoded
