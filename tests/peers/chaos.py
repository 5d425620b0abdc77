"""A PACS that misbehaves by script: what our sender has to live with."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self, cast

from pydicom import Dataset
from pynetdicom import AE, AllStoragePresentationContexts, build_role, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.transport import ThreadedAssociationServer

from tests.peers.certificates import Certificate
from tests.peers.script import (
    ABORT,
    ACCEPT,
    COERCED,
    COMPRESSED_TOO,
    LOSE_ANSWER,
    OUT_OF_RESOURCES,
    UNCOMPRESSED,
    Script,
    Step,
    Stored,
    abort_after,
    busy,
    stall,
)

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"  # the well-known one, PS3.4 annex J
NO_SUCH_INSTANCE = 0x0112  # PS3.3 section C.14.1.1, Failure Reason
PROCESSING_FAILURE = 0x0110


class FaultyPACS:
    """A store SCP and storage commitment SCP that follows a `Script`; a context manager.

    `reply_to` says where a calling AE title wants its N-EVENT-REPORT: (host, port). With a
    certificate in `tls` it speaks TLS only, and asks its peers for none.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        ae_title: str = "FAULTY",
        port: int = 0,
        reply_to: dict[str, tuple[str, int]] | None = None,
        tls: Certificate | None = None,
    ) -> None:
        self.script = script or Script()
        self.ae_title, self.port = ae_title, port
        self.reply_to = reply_to or {}
        self.tls = tls
        self.stored: list[Stored] = []
        self.requests: list[Dataset] = []
        self.errors: list[str] = []
        self._accepted: dict[int, int] = {}
        self._rejections = 0
        self._turn = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._reports: list[threading.Thread] = []
        self._server: ThreadedAssociationServer | None = None

    # ---------------------------------------------------------------- life

    def start(self) -> Self:
        """Listen on the loopback address; `port` is then the real one."""
        ae = self._entity()
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_ACCEPTED, self._on_accepted),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_ECHO, lambda event: 0x0000),
            (evt.EVT_N_ACTION, self._on_action),
        ]
        self._stopping.clear()
        server = ae.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers, ssl_context=self._secure()
        )
        if server is None:  # pynetdicom says so only of a server that blocks
            raise RuntimeError("The faulty PACS could not be started.")
        self._server, self.port = server, int(server.server_address[1])
        return self

    def stop(self) -> None:
        """Abort what is open, stop listening and wait for reports that are under way."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server = None
        for report in self._reports:
            report.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _secure(self) -> ssl.SSLContext | None:
        if self.tls is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.tls.pem, self.tls.key)
        return context

    def _entity(self) -> AE:
        ae = AE(self.ae_title)
        ae.maximum_pdu_size = 131072
        ae.add_supported_context(VERIFICATION)
        for context in AllStoragePresentationContexts:
            uid = str(context.abstract_syntax)
            if uid not in self.script.refuse_classes:
                ae.add_supported_context(uid, list(self.script.transfer_syntaxes))
        ae.add_supported_context(STORAGE_COMMITMENT)
        return ae

    # ---------------------------------------------------------------- what was seen

    @property
    def kept(self) -> set[str]:
        """The SOP Instance UIDs of everything that the PACS has."""
        with self._lock:
            return {each.SOPInstanceUID for each in self.stored if each.kept}

    @property
    def associations(self) -> int:
        """How many associations were accepted."""
        with self._lock:
            return len(self._accepted)

    def times(self, uid: str) -> int:
        """How often an instance was sent, kept or not."""
        with self._lock:
            return sum(each.SOPInstanceUID == uid for each in self.stored)

    # ---------------------------------------------------------------- what is done

    def _on_requested(self, event: evt.Event) -> None:
        with self._lock:
            rejected = self._rejections < self.script.refuse_associations
            self._rejections += rejected
        if rejected:
            # Rejected, transient, by the service provider: local limit exceeded (PS3.8 9.3.4).
            event.assoc.acse.send_reject(0x02, 0x03, 0x02)
            event.assoc.kill()

    def _on_accepted(self, event: evt.Event) -> None:
        with self._lock:
            self._accepted[id(event.assoc)] = len(self._accepted) + 1

    def _next_step(self, uid: str) -> Step:
        if uid in self.script.by_instance:
            return self.script.by_instance[uid]
        with self._lock:
            turn, self._turn = self._turn, self._turn + 1
        steps = self.script.steps
        return steps[turn] if turn < len(steps) else self.script.then

    def _on_store(self, event: evt.Event) -> int:
        request = cast(C_STORE, event.request)
        step = self._next_step(str(request.AffectedSOPInstanceUID))
        self._stopping.wait(step.stall_seconds)
        answered = not (step.abort or step.lose_answer)
        # Warnings are successes: the instance is stored (PS3.7 annex C).
        kept = step.lose_answer or (answered and (step.status >> 12 in (0x0, 0xB)))
        with self._lock:
            self.stored.append(
                Stored(
                    SOPClassUID=str(request.AffectedSOPClassUID),
                    SOPInstanceUID=str(request.AffectedSOPInstanceUID),
                    TransferSyntaxUID=str(event.context.transfer_syntax),
                    calling_ae=str(event.assoc.requestor.ae_title).strip(),
                    association=self._accepted.get(id(event.assoc), 0),
                    status=step.status if answered else None,
                    kept=kept,
                )
            )
        if not answered:
            event.assoc.abort()
        return step.status

    def _on_action(self, event: evt.Event) -> tuple[int, None]:
        request = event.action_information
        with self._lock:
            self.requests.append(request)
        if self.script.commitment == "refuse":
            return PROCESSING_FAILURE, None
        if self.script.commitment != "silent":
            calling = str(event.assoc.requestor.ae_title).strip()
            self._later(lambda: self._report(calling, request))
        return 0x0000, None

    def _later(self, work: Callable[[], None]) -> None:
        def wait_and_work() -> None:
            if not self._stopping.wait(self.script.commitment_seconds):
                work()

        report = threading.Thread(target=wait_and_work, daemon=True)
        self._reports.append(report)
        report.start()

    def _report(self, calling: str, request: Dataset) -> None:
        """Send the N-EVENT-REPORT on an association of its own, in the SCP's role."""
        if calling not in self.reply_to:
            self.errors.append(f"Nobody said where {calling} listens.")
            return
        host, port = self.reply_to[calling]
        ae = AE(self.ae_title)
        ae.add_requested_context(STORAGE_COMMITMENT)
        role = build_role(STORAGE_COMMITMENT, scp_role=True)
        assoc = ae.associate(host, port, ae_title=calling, ext_neg=[role])
        if not assoc.is_established:
            self.errors.append("The N-EVENT-REPORT found nobody.")
            return
        committed, failed = self._split(request.ReferencedSOPSequence)
        status, _ = assoc.send_n_event_report(
            _event(request.TransactionUID, committed, failed),
            2 if failed else 1,  # PS3.4 section J.3.3: complete, or failures exist
            STORAGE_COMMITMENT,
            STORAGE_COMMITMENT_INSTANCE,
        )
        if status.get("Status") != 0x0000:
            self.errors.append(f"The N-EVENT-REPORT was answered {status.get('Status')}.")
        assoc.release()

    def _split(self, items: Iterable[Dataset]) -> tuple[list[Dataset], list[Dataset]]:
        kept = set() if self.script.commitment == "fail" else self.kept
        committed, failed = [], []
        for item in items:
            reference = Dataset()
            reference.ReferencedSOPClassUID = item.ReferencedSOPClassUID
            reference.ReferencedSOPInstanceUID = item.ReferencedSOPInstanceUID
            if item.ReferencedSOPInstanceUID in kept:
                committed.append(reference)
            else:
                reference.FailureReason = NO_SUCH_INSTANCE
                failed.append(reference)
        return committed, failed


def _event(uid: str, committed: list[Dataset], failed: list[Dataset]) -> Dataset:
    """The event information of PS3.4 table J.3-2."""
    event = Dataset()
    event.TransactionUID = uid
    if committed:
        event.ReferencedSOPSequence = committed
    if failed:
        event.FailedSOPSequence = failed
    return event


__all__ = [
    "ABORT",
    "ACCEPT",
    "COERCED",
    "COMPRESSED_TOO",
    "LOSE_ANSWER",
    "OUT_OF_RESOURCES",
    "STORAGE_COMMITMENT",
    "STORAGE_COMMITMENT_INSTANCE",
    "UNCOMPRESSED",
    "FaultyPACS",
    "Script",
    "Step",
    "Stored",
    "abort_after",
    "busy",
    "stall",
]
