"""A receiver in this process, and a peer that says exactly the bytes a test wants said."""

from __future__ import annotations

import socket
import struct
import threading
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import build_context
from pynetdicom.dsutils import decode
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)

import config
from config.settings import Settings
from dicom_node.receiver.ledger import Ending, NotWritten
from dicom_node.receiver.listening import listen, listeners
from dicom_node.receiver.messages import encode_command
from dicom_node.receiver.server import Receiver
from storage.inbox import Inbox
from storage.records import Arrival, Asker, Association, CommitmentReport
from tests.peers import wait_for


def make_settings(root: Path, changes: Mapping[str, Mapping[str, Any]]) -> Settings:
    """The default settings with a data folder of their own and some changes."""
    folder = Path(str(config.__file__)).parent
    found = tomllib.loads((folder / "node.toml").read_text())
    found["node"] |= {"data_dir": str(root), "port": 0, "drain_seconds": 2.0}
    found["receiver"]["min_free_mb"] = 0
    for section, values in changes.items():
        found[section] = found.get(section, {}) | dict(values)
    return Settings.model_validate(found)


class MemoryLedger:
    """Keeps in memory what the receiver reports."""

    def __init__(self) -> None:
        self.associations: list[Association] = []
        self.arrivals: list[Arrival] = []
        self.endings: list[Ending] = []
        self.refusals: list[str] = []
        self.results: list[CommitmentReport] = []
        self.transactions: set[str] = set()
        self.is_full = False
        """Whether nothing more can be written down."""
        self.owed: dict[str, CommitmentReport] = {}
        self.taken: list[str] = []
        self.left: list[str] = []

    def opened(self, association: Association) -> None:
        """Remember it."""
        self.associations.append(association)

    def stored(self, arrival: Arrival) -> None:
        """Remember it."""
        self.arrivals.append(arrival)

    def closed(self, association_id: str, closed_at: float, outcome: Ending) -> None:
        """Remember how it ended."""
        assert association_id in {association.id for association in self.associations}
        assert closed_at > 0
        self.endings.append(outcome)

    def refused(self, *, reason: str, calling_ae: str, called_ae: str, address: str) -> None:
        """Remember why."""
        assert isinstance(calling_ae, str)
        assert isinstance(called_ae, str)
        assert address == "127.0.0.1"
        self.refusals.append(reason)

    def commitment_result(self, report: CommitmentReport) -> bool:
        """Remember it if its transaction is known."""
        self._check()
        self.results.append(report)
        return report.transaction_uid in self.transactions

    def owe(self, asker: Asker, report: CommitmentReport) -> str:
        """Remember it."""
        assert asker.calling_ae
        assert asker.address == "127.0.0.1"
        self._check()
        id_ = str(len(self.owed) + len(self.taken) + 1)
        self.owed[id_] = report
        return id_

    def is_owed(self, id_: str) -> bool:
        """Whether nobody has taken it."""
        return id_ in self.owed

    def reported(self, id_: str) -> None:
        """Remember that it was taken."""
        del self.owed[id_]
        self.taken.append(id_)

    def let_go(self, ids: Collection[str]) -> None:
        """Remember that it is somebody else's to bring."""
        self.left += ids

    def _check(self) -> None:
        if self.is_full:
            raise NotWritten


class Running:
    """A receiver that runs in threads of this process."""

    def __init__(self, root: Path, changes: Mapping[str, Mapping[str, Any]]) -> None:
        self.settings = make_settings(root, changes)
        self.inbox = Inbox.of(self.settings)
        self.ledger = MemoryLedger()
        self.stopping = threading.Event()
        sockets = listen(self.settings)
        self.ports = [sock.getsockname()[1] for sock in sockets]
        self.port: int = self.ports[0]
        self.receiver = Receiver(
            listeners(self.settings, sockets),
            self.settings,
            self.inbox,
            self.ledger,
            self.stopping,
            name="receiver-1",
        )
        self.thread = threading.Thread(target=self.receiver.run)
        self.thread.start()

    def stop(self) -> None:
        """Drain and return when it has ended."""
        self.stopping.set()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def wait_ended(self, count: int = 1) -> list[Ending]:
        """How the first associations ended, waited for."""
        wait_for(lambda: len(self.ledger.endings) >= count, 10, "the association to end")
        return self.ledger.endings

    @property
    def files(self) -> list[Path]:
        """Every file in the inbox."""
        return sorted(self.inbox.path(key) for key, _ in self.inbox.scan())

    @property
    def half_written(self) -> list[Path]:
        """What lies in the folder of incoming files."""
        return list((self.inbox.root / "incoming").iterdir())


def instance(
    SOPClassUID: str = CTImageStorage, uid: str | None = None, content: bytes = b"\0" * 64
) -> Dataset:
    """A small instance without a file."""
    ds = Dataset()
    ds.SOPClassUID = UID(SOPClassUID)
    ds.SOPInstanceUID = UID(uid or generate_uid())
    ds.PatientID = "T1"
    ds.StudyInstanceUID = "1.2.3"
    ds.SeriesInstanceUID = "1.2.3.4"
    ds.Rows, ds.Columns, ds.BitsAllocated = 1, min(len(content) // 2, 512), 16
    ds.PixelData = content
    ds["PixelData"].VR = "OW"
    return ds


def encode(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A data set as it goes over the wire, but for compression."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = UID(syntax).is_implicit_VR
    buffer.is_little_endian = UID(syntax).is_little_endian
    write_dataset(buffer, ds)
    return buffer.getvalue()


def request_pdu(
    contexts: Sequence[tuple[str, Sequence[str]]],
    *,
    calling: str = "MODALITY",
    called: str = "DICOM_NODE",
    items: Iterable[Any] = (),
    application_context: str = "1.2.840.10008.3.1.1.1",
    max_pdu: int = 16384,
) -> bytes:
    """An A-ASSOCIATE-RQ for contexts numbered 1, 3, 5 and so on."""
    asked = A_ASSOCIATE()
    asked.application_context_name = UID(application_context)
    asked.calling_ae_title, asked.called_ae_title = calling, called
    proposed = []
    for number, (uid, syntaxes) in enumerate(contexts):
        context = build_context(uid, [UID(syntax) for syntax in syntaxes])
        context.context_id = number * 2 + 1
        proposed.append(context)
    asked.presentation_context_definition_list = proposed
    length = MaximumLengthNotification()
    length.maximum_length_received = max_pdu
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID("1.2.3")
    asked.user_information = [length, implementation, *items]
    encoded: bytes = A_ASSOCIATE_RQ(asked).encode()
    return encoded


def pdv(context_id: int, flags: int, data: bytes) -> bytes:
    """An encoded PDV."""
    return struct.pack(">IBB", len(data) + 2, context_id, flags) + data


def pdu(*pdvs: bytes) -> bytes:
    """An encoded P-DATA-TF."""
    body = b"".join(pdvs)
    return struct.pack(">BBI", 4, 0, len(body)) + body


def store_command(ds: Dataset, message_id: int = 1, **changes: Any) -> bytes:
    """The command set of a C-STORE-RQ."""
    elements: dict[str, Any] = {
        "AffectedSOPClassUID": ds.SOPClassUID,
        "CommandField": 1,
        "MessageID": message_id,
        "Priority": 2,
        "CommandDataSetType": 1,
        "AffectedSOPInstanceUID": ds.SOPInstanceUID,
    }
    return encode_command(**(elements | changes))


class RawPeer:
    """A peer that speaks in bytes."""

    def __init__(self, port: int, sock: socket.socket | None = None) -> None:
        self.sock = sock or socket.create_connection(("127.0.0.1", port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.accepted: dict[int, tuple[int, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Say these bytes."""
        self.sock.sendall(data)

    def read(self) -> tuple[int, bytes]:
        """The type and body of the next PDU; type 0 where the connection is closed."""
        header = self._exactly(6)
        if len(header) < 6:
            return 0, b""
        kind, _, length = struct.unpack(">BBI", header)
        return kind, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = b""
            with suppress(ConnectionResetError):
                piece = self.sock.recv(count - len(data))
            if not piece:
                return data
            data += piece
        return data

    def associate(
        self, contexts: Sequence[tuple[str, Sequence[str]]], **options: Any
    ) -> A_ASSOCIATE:
        """Ask for an association, which must be accepted; returns what was answered."""
        self.send(request_pdu(contexts, **options))
        kind, body = self.read()
        assert kind == 2, f"PDU type {kind} instead of an A-ASSOCIATE-AC"
        answer = A_ASSOCIATE_AC()
        answer.decode(struct.pack(">BBI", 2, 0, len(body)) + body)
        primitive = answer.to_primitive()
        for context in primitive.presentation_context_definition_results_list:
            syntax = str(context.transfer_syntax[0]) if context.transfer_syntax else ""
            assert context.context_id is not None
            assert context.result is not None
            self.accepted[context.context_id] = (context.result, syntax)
        return primitive

    def command(self) -> Dataset:
        """The next message's command set; it must fit in one PDU."""
        kind, body = self.read()
        assert kind == 4, f"PDU type {kind} instead of a message"
        return decode(BytesIO(body[6:]), True, True)

    def store(
        self, ds: Dataset, data: bytes | None = None, context_id: int = 1, **changes: Any
    ) -> Dataset:
        """Send one C-STORE, 16 KB a PDU, and return the response."""
        content = encode(ds) if data is None else data
        self.send(pdu(pdv(context_id, 3, store_command(ds, **changes))))
        for at in range(0, max(len(content), 1), 16000):
            last = 2 if at + 16000 >= len(content) else 0
            self.send(pdu(pdv(context_id, last, content[at : at + 16000])))
        return self.command()

    def release(self) -> None:
        """Release the association, which must be answered."""
        self.send(b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00")
        assert self.read()[0] == 6
