"""DCMTK as installed by hospitals: it sends, over TLS too, and reads back what we wrote."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.integration.receiver.conftest import Start
from tests.integration.receiver.running import RawPeer, Running, instance
from tests.peers import echoscu, storescu

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="DCMTK is not installed")


def write(folder: Path, count: int, size: int = 20000) -> list[Dataset]:
    """Some instances as files."""
    folder.mkdir()
    found = []
    for number in range(count):
        ds = instance(content=os.urandom(size))
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(folder / f"{number}.dcm", enforce_file_format=True)
        found.append(ds)
    return found


def test_echo(node: Running) -> None:
    """echoscu is answered."""
    assert echoscu(node.port)


def test_store(node: Running, tmp_path: Path) -> None:
    """What storescu sends is kept, and both pydicom and dcmdump read it."""
    sent = {ds.SOPInstanceUID: ds for ds in write(tmp_path / "send", 10)}
    assert storescu([tmp_path / "send"], node.port).returncode == 0
    assert len(node.files) == 10
    for path in node.files:
        ds = dcmread(path)
        assert ds.PixelData == sent[ds.SOPInstanceUID].PixelData
    dumped = subprocess.run(
        ["dcmdump", "-q", *map(str, node.files)], capture_output=True, text=True, check=True
    )
    assert dumped.stderr == ""


def test_a_stock_sender_is_not_slowed_down(node: Running, tmp_path: Path) -> None:
    """Without TCP_NODELAY in its environment DCMTK sends far more than 22 instances a second."""
    write(tmp_path / "send", 60, 2000)
    began = time.monotonic()
    assert storescu([tmp_path / "send"], node.port, nodelay=False).returncode == 0
    assert time.monotonic() - began < 60 * 0.045
    assert len(node.files) == 60


@pytest.mark.parametrize("option", ["-xi", "-xe", "-xb"])
def test_native_encodings(node: Running, tmp_path: Path, option: str) -> None:
    """storescu's own choice of encoding is taken as it comes."""
    (ds,) = write(tmp_path / "send", 1)
    options = ("-R", option, "+sd")
    assert storescu([tmp_path / "send"], node.port, options=options).returncode == 0
    (path,) = node.files
    assert dcmread(path).SOPInstanceUID == ds.SOPInstanceUID


@pytest.mark.parametrize("level", ["0", "9"])
def test_deflated(node: Running, tmp_path: Path, level: str) -> None:
    """A deflated data set is checked, and kept deflated."""
    (ds,) = write(tmp_path / "send", 1)
    options = ("-R", "-xd", "+cl", level, "+sd")
    ran = storescu([tmp_path / "send"], node.port, options=options)
    assert ran.returncode == 0, ran.stderr
    (path,) = node.files
    assert node.ledger.arrivals[0].TransferSyntaxUID == "1.2.840.10008.1.2.1.99"
    assert dcmread(path).PixelData == ds.PixelData


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a node and a modality it signed for, and a stranger."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    def make(name: str, *signed: str) -> None:
        subject = ("-subj", f"/CN={name}", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        openssl("req", "-x509", *subject, "-keyout", f"{name}.key", "-out", f"{name}.pem", *signed)

    make("authority")
    for name in ("node", "modality"):
        make(name, "-CA", "authority.pem", "-CAkey", "authority.key")
    make("stranger")
    return folder


def tls_settings(pki: Path, **changes: object) -> dict[str, object]:
    """A TLS listener on a free port."""
    return {
        "enabled": True,
        "port": 0,
        "certificate": str(pki / "node.pem"),
        "key": str(pki / "node.key"),
        "ca": str(pki / "authority.pem"),
        **changes,
    }


def secure_options(pki: Path, name: str) -> tuple[str, ...]:
    """storescu's options for TLS with somebody's certificate."""
    own = ("+tls", str(pki / f"{name}.key"), str(pki / f"{name}.pem"))
    return ("-R", "+sd", *own, "+cf", str(pki / "authority.pem"))


def test_tls(start: Start, pki: Path, tmp_path: Path) -> None:
    """storescu sends over TLS, and the plain port stays open beside it."""
    node = start(tls=tls_settings(pki))
    plain, secure = node.ports
    write(tmp_path / "send", 5)
    ran = storescu([tmp_path / "send"], secure, options=secure_options(pki, "modality"))
    assert ran.returncode == 0, ran.stderr
    assert len(node.files) == 5
    assert echoscu(plain)


def test_tls_wants_a_certificate(start: Start, pki: Path, tmp_path: Path) -> None:
    """A peer with a stranger's certificate, or none, or that speaks plainly, gets nowhere."""
    node = start(tls=tls_settings(pki))
    secure = node.ports[1]
    write(tmp_path / "send", 1)
    for options in (
        secure_options(pki, "stranger"),
        ("-R", "+sd", "--anonymous-tls", "+cf", str(pki / "authority.pem")),
        ("-R", "+sd"),
    ):
        assert storescu([tmp_path / "send"], secure, options=options).returncode != 0
    assert node.files == []
    ran = storescu([tmp_path / "send"], secure, options=secure_options(pki, "modality"))
    assert ran.returncode == 0


def test_tls_without_client_certificates(start: Start, pki: Path, tmp_path: Path) -> None:
    """Where it is not required, a peer without a certificate may come in."""
    node = start(tls=tls_settings(pki, require_client_certificate=False))
    write(tmp_path / "send", 1)
    options = ("-R", "+sd", "--anonymous-tls", "+cf", str(pki / "authority.pem"))
    assert storescu([tmp_path / "send"], node.ports[1], options=options).returncode == 0
    assert len(node.files) == 1


def test_tls_alone(start: Start, pki: Path) -> None:
    """The plain port can be closed; a handshake that stalls is ended like any silence."""
    node = start(tls=tls_settings(pki, plain=False), receiver={"association_seconds": 0.5})
    (secure,) = node.ports
    with RawPeer(secure) as silent:
        silent.sock.settimeout(5)
        silent.sock.recv(100)
        assert silent.sock.recv(100) == b""
    context = ssl.create_default_context(cafile=str(pki / "authority.pem"))
    context.check_hostname = False
    context.load_cert_chain(pki / "modality.pem", pki / "modality.key")
    with RawPeer(secure) as outer:
        inner = RawPeer(secure, context.wrap_socket(outer.sock))
        inner.associate([("1.2.840.10008.1.1", ["1.2.840.10008.1.2"])])
        inner.release()
        inner.sock.close()
