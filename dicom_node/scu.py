"""Associations that we ask for: to send results, to request commitment, to query, to echo."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from config.settings import Peer, Settings
from dicom_node import tls
from dicom_node.uids import STUDY_ROOT_FIND, VERIFICATION
from storage.journal import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

# Files are sent as they lie on disk, piece by piece, never decoded.
_config.STORE_SEND_CHUNKED_DATASET = True


_AROUND_WAITS = (evt.EVT_CONN_OPEN, evt.EVT_DATA_SENT, evt.EVT_DATA_RECV)


class Unreachable(Exception):
    """The peer could not be talked to; nothing is wrong with what was to be sent."""


class NothingAccepted(Unreachable):
    """The peer can be talked to, and does nothing of what was asked for."""


def associate(
    settings: Settings,
    peer: Peer,
    contexts: Iterable[PresentationContext],
    *,
    roles: Iterable[Any] = (),
    on_report: Callable[[Any], tuple[int, None]] | None = None,
) -> Association:
    """Open an association with a peer, or raise `Unreachable` saying why in a sentence."""
    handlers: list[Any] = [(event, _without_delay) for event in _AROUND_WAITS]
    handlers += [(evt.EVT_N_EVENT_REPORT, on_report)] if on_report else []
    where = f"{peer.ae_title} cannot be reached at {peer.host}:{peer.port}"
    try:
        secure = tls.secure(settings, peer)
        assoc = _entity(settings, peer).associate(
            peer.host,
            peer.port,
            contexts=list(contexts),
            ae_title=peer.ae_title,
            evt_handlers=handlers,
            max_pdu=settings.receiver.max_pdu,
            tls_args=(secure, peer.host) if secure else None,
            ext_neg=list(roles) or None,
        )
    except tls.Unusable as error:
        raise Unreachable(f"{where}: {error}") from error
    except OSError as error:  # its name has no address, most likely
        why = (error.strerror or type(error).__name__).lower()
        raise Unreachable(f"{where}: {why}.") from error
    except UnicodeError as error:
        raise Unreachable(f"{where}: that is not the name of a host.") from error
    if not assoc.is_established:
        raise _refusal(assoc, peer, where, secure.trouble if secure else None)
    return assoc


def _entity(settings: Settings, peer: Peer) -> AE:
    """Who we are and how long we wait for this peer."""
    ae = AE(ae_title=settings.node.ae_title)
    ae.connection_timeout = min(peer.timeout_seconds, 10.0)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = peer.timeout_seconds
    ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    return ae


def _refusal(
    assoc: Association, peer: Peer, where: str, trouble: ssl.SSLError | None
) -> Unreachable:
    """Why there is no association, in a sentence."""
    if assoc.is_rejected:
        reason = assoc.acceptor.primitive.reason_str if assoc.acceptor.primitive else "no reason"
        return Unreachable(f"{peer.ae_title} rejected the association: {reason}.")
    if assoc.rejected_contexts:
        return NothingAccepted(f"{peer.ae_title} answers, and accepts nothing of what it is asked.")
    return Unreachable(f"{where}: {tls.in_words(trouble)}." if trouble else f"{where}.")


def _without_delay(event: Any) -> None:
    """Keep Nagle's algorithm, theirs and ours, from stalling each message for 40 ms.

    TCP_QUICKACK is no lasting state, so it is asked for again around every read and write.
    """
    sock = event.assoc.dul.socket.socket if event.assoc.dul.socket else None
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


@contextlib.contextmanager
def association(
    settings: Settings, peer: Peer, contexts: Iterable[PresentationContext]
) -> Iterator[Association]:
    """An association for the length of a block; raises `Unreachable` where it ends before that."""
    assoc = associate(settings, peer, contexts)
    try:
        yield assoc
    except RuntimeError as error:
        if assoc.is_established:
            raise
        # pynetdicom's way to say that the association has ended
        raise Unreachable(f"{peer.ae_title} broke off before it was asked.") from error
    finally:
        if assoc.is_established:
            assoc.release()


def echo(settings: Settings, peer: Peer) -> None:
    """Verify a peer by C-ECHO; raises `Unreachable` where it does not answer success."""
    with association(settings, peer, [build_context(VERIFICATION)]) as assoc:
        status = assoc.send_c_echo()
        if not status or status.Status != 0x0000:
            raise Unreachable(f"{peer.ae_title} did not answer the C-ECHO with success.")


def count_instances(settings: Settings, peer: Peer, StudyInstanceUID: str) -> int | None:
    """How many instances a peer says a study has, by C-FIND; None where it does not say."""
    found = _find(
        settings,
        peer,
        {
            "QueryRetrieveLevel": "STUDY",
            "StudyInstanceUID": StudyInstanceUID,
            "NumberOfStudyRelatedInstances": "",
        },
    )
    counts = [ds.get("NumberOfStudyRelatedInstances") for ds in found]
    return next((int(count) for count in counts if count not in (None, "")), None)


def has_instance(
    settings: Settings,
    peer: Peer,
    StudyInstanceUID: str,
    SeriesInstanceUID: str,
    SOPInstanceUID: str,
) -> bool:
    """Whether a peer says, by C-FIND, that it holds an instance."""
    identifier = {
        "QueryRetrieveLevel": "IMAGE",
        "StudyInstanceUID": StudyInstanceUID,
        "SeriesInstanceUID": SeriesInstanceUID,
        "SOPInstanceUID": SOPInstanceUID,
    }
    return any(
        ds.get("SOPInstanceUID") == SOPInstanceUID for ds in _find(settings, peer, identifier)
    )


def _find(settings: Settings, peer: Peer, identifier: dict[str, str]) -> list[Any]:
    from pydicom import Dataset

    ds = Dataset()
    for keyword, value in identifier.items():
        setattr(ds, keyword, value)
    with association(settings, peer, [build_context(STUDY_ROOT_FIND)]) as assoc:
        if not assoc.accepted_contexts:
            raise Unreachable(f"{peer.ae_title} offers no C-FIND for studies.")
        answers = list(assoc.send_c_find(ds, STUDY_ROOT_FIND))
    if not answers or answers[-1][0].get("Status") != 0x0000:
        raise Unreachable(f"{peer.ae_title} did not finish its answer to the C-FIND.")
    return [match for status, match in answers if status.Status in (0xFF00, 0xFF01) and match]
