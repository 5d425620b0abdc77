"""Accepts connections and gives each a thread of its own; stops in good order."""

from __future__ import annotations

import os
import selectors
import threading
import time
from dataclasses import dataclass
from uuid import uuid4

from config.settings import Settings
from dicom_node import logs
from dicom_node.peers import peer_of, plain_address
from dicom_node.receiver.admission import Admission, Refusal, object_to
from dicom_node.receiver.connection import Connection, Cut, Lost
from dicom_node.receiver.ledger import Ending, Ledger
from dicom_node.receiver.listening import Listener
from dicom_node.receiver.negotiation import Request, decode_request, negotiate
from dicom_node.receiver.pdu import Control, ProtocolError
from dicom_node.receiver.seats import Seats
from dicom_node.receiver.session import Session, Terms
from dicom_node.receiver.storing import Shelf
from dicom_node.statuses import Abort, Rejection
from storage.inbox import Inbox
from storage.journal import Provenance
from storage.killpoints import reached
from storage.records import Association

A_ASSOCIATE_RQ = 0x01
_GLANCE = 0.1
"""Seconds between looks at whether to stop."""
_YIELD = 0.001
"""Seconds by which a process lets the others go first, for each association it has."""
_MOST_YIELD = 0.01
_SPARE_THREADS = 64
"""So many more connections than associations may be open, to be told that there are too many."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A connection before it is an association."""

    connection: Connection
    listener: Listener
    listening_on: str
    address: str
    settings: Settings
    admission: Admission


class Receiver:
    """The receiver of one process."""

    def __init__(
        self,
        listeners: list[Listener],
        settings: Settings,
        inbox: Inbox,
        ledger: Ledger,
        stop: threading.Event,
        *,
        name: str | None = None,
        seats: Seats | None = None,
    ) -> None:
        self.settings = settings
        self.name = name or f"receiver-{os.getpid()}"
        self._listeners = listeners
        self._inbox = inbox
        self._ledger = ledger
        self._stop = stop
        self._seats = seats or Seats()
        self._open: dict[threading.Thread, Connection] = {}
        self._lock = threading.Lock()

    def reload(self, settings: Settings) -> None:
        """Use other settings for associations that are opened from now on."""
        self.settings = settings
        for listener in self._listeners:
            listener.renew(settings)

    def run(self) -> None:
        """Serve until `stop` is set, then let open associations finish for `drain_seconds`."""
        with selectors.DefaultSelector() as selector:
            for listener in self._listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            while not self._stop.is_set():
                for key, _ in selector.select(_GLANCE):
                    self._let_others_first()
                    self._accept(key.data)
        for listener in self._listeners:
            listener.socket.close()
        self._drain()

    def _let_others_first(self) -> None:
        """Leave a new connection to the process with the fewest: all of them see it."""
        if self._open and self.settings.node.receivers > 1:
            time.sleep(min(_YIELD * len(self._open), _MOST_YIELD))

    def _accept(self, listener: Listener) -> None:
        try:
            sock, peer = listener.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            logs.log().error("a connection cannot be accepted", error=error.strerror)
            time.sleep(_GLANCE)  # out of file descriptors, most likely: some will come free
            return
        if len(self._open) >= self.settings.receiver.max_associations + _SPARE_THREADS:
            sock.close()
            return
        address = plain_address(str(peer[0]))
        caller = Caller(
            connection=Connection(sock, self.settings.receiver.max_pdu),
            listener=listener,
            listening_on=str(listener.socket.getsockname()[0]),
            address=address,
            settings=self.settings,
            admission=Admission(self._seats, self.settings, address),
        )
        thread = threading.Thread(target=self._serve, args=(caller,), name="association")
        with self._lock:
            self._open[thread] = caller.connection
        thread.start()

    def _serve(self, caller: Caller) -> None:
        try:
            request = self._greet(caller)
            if request is not None:
                self._associate(caller, request)
        except ProtocolError as error:
            logs.log().warning("connection refused", why=str(error), address=caller.address)
            caller.connection.abort(error.abort)
        except TimeoutError:
            caller.connection.abort(Abort.BY_USER)
        except Cut:
            caller.connection.abort(Abort.BY_USER)
        except (Lost, OSError) as error:
            # Port scanners and load balancers do this all day.
            logs.log().debug("connection lost", address=caller.address, error=str(error))
        finally:
            caller.admission.leave()
            caller.connection.close()
            with self._lock:
                del self._open[threading.current_thread()]

    def _greet(self, caller: Caller) -> Request | None:
        """Wait for the A-ASSOCIATE-RQ within one time limit for all of it; None if rejected."""
        connection = caller.connection
        deadline = time.monotonic() + caller.settings.receiver.association_seconds
        if caller.listener.context is not None:
            connection.secure(caller.listener.context, caller.settings.receiver.association_seconds)
        event = connection.parser.event()
        while event is None:
            connection.receive(max(deadline - time.monotonic(), 0.001))
            event = connection.parser.event()
        if not isinstance(event, Control) or event.pdu_type != A_ASSOCIATE_RQ:
            raise ProtocolError(Abort.UNEXPECTED_PDU, "it did not begin with an A-ASSOCIATE-RQ")
        request = decode_request(event.data)
        refusal = self._object(caller, request)
        if refusal is None:
            return request
        self._ledger.refused(
            reason=refusal.because,
            calling_ae=request.calling_ae,
            called_ae=request.called_ae,
            address=caller.address,
        )
        connection.reject(refusal.rejection)
        return None

    def _object(self, caller: Caller, request: Request) -> Refusal | None:
        settings = caller.settings
        refusal = object_to(
            request, settings, listening_on=caller.listening_on, address=caller.address
        )
        if refusal is not None:
            return refusal
        if not caller.admission.take(peer_of(settings, request.calling_ae, caller.address)):
            return Refusal(
                rejection=Rejection.LOCAL_LIMIT, because="too many associations are open"
            )
        return None

    def _associate(self, caller: Caller, request: Request) -> None:
        agreement = negotiate(request, caller.settings.receiver)
        association = Association(
            id=uuid4().hex,
            receiver=self.name,
            calling_ae=request.calling_ae,
            called_ae=request.called_ae,
            address=caller.address,
            opened_at=time.time(),
        )
        session = Session(
            caller.connection,
            Terms(
                contexts=agreement.contexts,
                peer_max_pdu=request.peer_max_pdu,
                settings=caller.settings,
                shelf=self._shelf(association, caller.settings),
            ),
        )
        self._ledger.opened(association)
        reached("receiver: association accepted")
        ending = Ending.FAILED
        try:
            ending = session.run(agreement.answer)
        finally:
            self._ledger.closed(association.id, time.time(), ending)
            if session.owed:
                self._ledger.let_go(session.owed)

    def _shelf(self, association: Association, settings: Settings) -> Shelf:
        origin = Provenance(
            association=association.id,
            calling_ae=association.calling_ae,
            called_ae=association.called_ae,
            address=association.address,
        )
        return Shelf(
            inbox=self._inbox,
            ledger=self._ledger,
            origin=origin,
            on_conflict=settings.receiver.on_conflict,
        )

    def _drain(self) -> None:
        deadline = time.monotonic() + self.settings.node.drain_seconds
        for thread in self._threads():
            thread.join(max(deadline - time.monotonic(), 0.0))
        with self._lock:
            left = dict(self._open)
        if left:
            logs.log().warning("associations are aborted because the node stops", count=len(left))
        for connection in left.values():
            connection.cut()
        for thread in left:
            thread.join()

    def _threads(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._open)


def serve(
    listeners: list[Listener],
    settings: Settings,
    inbox: Inbox,
    ledger: Ledger,
    stop: threading.Event,
    *,
    name: str | None = None,
    seats: Seats | None = None,
) -> None:
    """Receive until `stop` is set and open associations have ended."""
    Receiver(listeners, settings, inbox, ledger, stop, name=name, seats=seats).run()
