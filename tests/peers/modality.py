"""A modality that asks for storage commitment and waits to be told: what our receiver promises."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import ThreadedAssociationServer

from tests.peers.chaos import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
from tests.peers.processes import free_port, wait_for


class Modality:
    """Listens for commitment reports while it is started; a context manager.

    `status` is what it answers them, after `stall_seconds`.
    """

    def __init__(self, ae_title: str = "MODALITY", *, status: int = 0x0000) -> None:
        self.ae_title, self.port, self.status = ae_title, free_port(), status
        self.stall_seconds = 0.0
        self.reports: list[tuple[int, Dataset]] = []
        self._server: ThreadedAssociationServer | None = None
        self._stopping = threading.Event()

    @property
    def as_peer(self) -> dict[str, Any]:
        """It as a peer in a node's configuration."""
        own = {"ae_title": self.ae_title, "port": self.port}
        return own | {"count": False, "timeout_seconds": 10}

    def start(self) -> Self:
        """Listen."""
        ae = AE(ae_title=self.ae_title)
        ae.add_supported_context(STORAGE_COMMITMENT, scu_role=False, scp_role=True)
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self._on_report)]
        server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        assert server is not None
        self._server = server
        return self

    def stop(self) -> None:
        """Listen no more."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _on_report(self, event: evt.Event) -> tuple[int, None]:
        self._stopping.wait(self.stall_seconds)
        self.reports.append((event.event_type or 0, event.event_information))
        return self.status, None

    # ---------------------------------------------------------------- what it asks

    def ask(
        self, port: int, instances: Iterable[Dataset], transaction: str | None = None
    ) -> tuple[str, Association]:
        """Ask a node to commit to instances; the association is left to the caller.

        Raises `ConnectionError` where the answer is not success.
        """
        ae = AE(ae_title=self.ae_title)
        ae.connection_timeout = ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
        ae.add_requested_context(STORAGE_COMMITMENT)
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self._on_report)]
        assoc = ae.associate("127.0.0.1", port, ae_title="DICOM_NODE", evt_handlers=handlers)
        ds = Dataset()
        ds.TransactionUID = transaction or str(generate_uid())
        ds.ReferencedSOPSequence = [_reference(one) for one in instances]
        status = Dataset()
        if assoc.is_established:
            status, _ = assoc.send_n_action(ds, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
        if status.get("Status") != 0x0000:
            raise ConnectionError
        return ds.TransactionUID, assoc

    def insist(self, port: int, instances: Iterable[Dataset], seconds: float = 30) -> str:
        """Ask until the answer is success, and end the association; returns the transaction."""
        transaction, deadline = str(generate_uid()), time.monotonic() + seconds
        asked = list(instances)
        while True:
            try:
                _, assoc = self.ask(port, asked, transaction)
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                assoc.release()
                return transaction

    def told(self, transaction: str) -> list[int]:
        """The event types of the reports about a transaction."""
        return [kind for kind, ds in self.reports if transaction == ds.TransactionUID]

    def wait_told(self, transaction: str, seconds: float = 15) -> int:
        """Wait for the report about a transaction; returns its event type."""
        wait_for(lambda: self.told(transaction), seconds, "a commitment report")
        return self.told(transaction)[0]


def _reference(ds: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = ds.SOPClassUID
    item.ReferencedSOPInstanceUID = ds.SOPInstanceUID
    return item
