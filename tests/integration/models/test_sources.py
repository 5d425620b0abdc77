"""Fetching weights from real servers on this machine."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.registry import Registry, RegistryError, add, load, sources
from models.registry.sources import fetch
from tests.peers.certificates import Authority
from tests.unit.models.making import FIELDS, onnx_file
from tests.unit.models.making_keras import KERAS, mean, saved

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONTENT = b"weights" * 100_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PATH = f"/org/repo/resolve/{COMMIT}"


class _Files(BaseHTTPRequestHandler):
    """Serves what the server holds; some names misbehave."""

    def do_GET(self) -> None:
        """Answer a request."""
        files: dict[str, bytes] = self.server.files  # type: ignore[attr-defined]
        name = self.path.partition("?")[0]
        if name.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", name.removeprefix("/to/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif name not in files:
            self.send_error(404)
        else:
            content = files[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if name.endswith("cut") else content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server:
    """A server of files on a free port, with TLS where it has a certificate."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
        if context is not None:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.files: dict[str, bytes] = {}
        self._http.files = self.files  # type: ignore[attr-defined]
        scheme = "http" if context is None else "https"
        self.address = f"{scheme}://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> _Server:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """A mirror of Hugging Face."""
    with _Server() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@pytest.fixture
def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    """A server with a certificate that this machine trusts."""
    authority = Authority(tmp_path / "ca")
    signed = authority.sign("server")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed.pem, signed.key)
    with _Server(context) as server:
        yield server


def hf(file: str, revision: str = COMMIT) -> str:
    """A source at Hugging Face."""
    return f"hf:org/repo@{revision}/{file}"


def empty(folder: Path) -> bool:
    """Whether nothing was left."""
    return not [path for path in folder.iterdir() if path.is_file()]


def test_a_pinned_file_is_fetched(mirror: _Server, tmp_path: Path) -> None:
    """A file of a commit comes from the endpoint, in a folder of the repository too."""
    mirror.files[f"{PATH}/sub/model.safetensors"] = CONTENT
    fetched = fetch(hf("sub/model.safetensors"), DIGEST.upper(), tmp_path)
    assert fetched.path.read_bytes() == CONTENT
    assert fetched.path.name == "model.safetensors"
    assert (fetched.address, fetched.sha256) == (hf("sub/model.safetensors"), DIGEST)


def test_a_redirect_is_followed(mirror: _Server, tmp_path: Path) -> None:
    """Hugging Face sends large files from elsewhere."""
    mirror.files["/cdn/blob"] = CONTENT
    moved = f"{mirror.address}/to"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", f"{moved}/{mirror.address}/cdn/blob?from=")
        assert fetch(hf("w.pth"), DIGEST, tmp_path).sha256 == DIGEST


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:7], COMMIT.upper()])
def test_a_revision_that_moves_is_refused(revision: str, mirror: _Server, tmp_path: Path) -> None:
    """Only a whole commit pins a file."""
    with pytest.raises(RegistryError, match="whole commit"):
        fetch(hf("w.pth", revision), DIGEST, tmp_path)


def test_what_is_fetched_needs_a_hash(tmp_path: Path) -> None:
    """Without a SHA-256 nothing is asked for, wherever it is."""
    for source in (hf("w.pth"), "https://127.0.0.1:9/w.pth"):
        with pytest.raises(RegistryError, match="has to be given"):
            fetch(source, None, tmp_path)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("hf:repo/w.pth", "hf:ORG/REPO@REVISION/FILE"),
        (f"hf:org/repo@{COMMIT}/../main/w.pth", "is not taken"),
        (f"hf:org/repo@{COMMIT}/sub/./w.pth", "is not taken"),
        (f"hf:org/repo@{COMMIT}//w.pth", "is not taken"),
        (f"hf:../repo@{COMMIT}/w.pth", "is not taken"),
        ("http://127.0.0.1/w.pth", "only https:// addresses"),
        ("file:///etc/passwd", "only https:// addresses"),
        ("https:///w.pth", "only https:// addresses"),
        ("https://me:secret@127.0.0.1/w.pth", "a user or a password"),
    ],
)
def test_other_sources_are_refused(source: str, told: str, tmp_path: Path) -> None:
    """What is no source is said so, and no password is repeated."""
    with pytest.raises(RegistryError, match=told) as error:
        fetch(source, DIGEST, tmp_path)
    assert "secret" not in str(error.value)


def test_other_bytes_are_thrown_away(mirror: _Server, tmp_path: Path) -> None:
    """A file with another hash, one that breaks off and one that is missing leave nothing."""
    mirror.files |= {f"{PATH}/w.pth": CONTENT[:-1], f"{PATH}/cut": CONTENT}
    with pytest.raises(RegistryError, match="is wanted"):
        fetch(hf("w.pth"), DIGEST, tmp_path)
    assert empty(tmp_path)
    with pytest.raises(RegistryError, match=r"broke off|cannot be fetched"):
        fetch(hf("cut"), DIGEST, tmp_path)
    with pytest.raises(RegistryError, match="the server answered 404"):
        fetch(hf("none"), DIGEST, tmp_path)


def test_a_file_that_is_too_large_is_given_up(
    mirror: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is larger than weights can be is not written to the end."""
    mirror.files[f"{PATH}/w.pth"] = CONTENT
    monkeypatch.setattr(sources, "LARGEST", 1000)
    with pytest.raises(RegistryError, match="larger than 1000 bytes"):
        fetch(hf("w.pth"), DIGEST, tmp_path)


def test_a_server_that_takes_too_long_is_given_up(
    mirror: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A download has a limit of time."""
    mirror.files[f"{PATH}/w.pth"] = CONTENT
    monkeypatch.setattr(sources, "DOWNLOAD_SECONDS", 0.0)
    with pytest.raises(RegistryError, match="took longer"):
        fetch(hf("w.pth"), DIGEST, tmp_path)


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is a sentence."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RegistryError, match=r"cannot be fetched: .*refused"):
        fetch(hf("w.pth"), DIGEST, tmp_path)


def test_https_with_a_key_in_the_address(secure: _Server, tmp_path: Path) -> None:
    """What follows the path is sent and never written down."""
    secure.files["/models/w.pth"] = CONTENT
    fetched = fetch(f"{secure.address}/models/w.pth?key=secret", DIGEST, tmp_path)
    assert fetched.address == f"{secure.address}/models/w.pth"
    assert fetched.path.name == "w.pth"


def test_https_does_not_lead_to_http(secure: _Server, mirror: _Server, tmp_path: Path) -> None:
    """A redirect to an address without TLS is not followed."""
    mirror.files["/w.pth"] = CONTENT
    with pytest.raises(RegistryError, match="away from https"):
        fetch(f"{secure.address}/to/{mirror.address}/w.pth", DIGEST, tmp_path)


def test_an_unknown_certificate_is_refused(
    secure: _Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that cannot prove who it is gets no request."""
    secure.files["/w.pth"] = CONTENT
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "other").pem))
    with pytest.raises(RegistryError, match=r"(?i)certificate verify failed"):
        fetch(f"{secure.address}/w.pth", DIGEST, tmp_path)


def test_a_model_from_a_mirror_is_added(mirror: _Server, tmp_path: Path) -> None:
    """From a pinned revision to an opinion, with the origin on the card."""
    content = onnx_file(tmp_path / "mean.onnx").read_bytes()
    mirror.files[f"{PATH}/mean.onnx"] = content
    digest = hashlib.sha256(content).hexdigest()
    registry = Registry(site=tmp_path / "models")
    entry = add(registry, {**FIELDS, "architecture": "mean"}, hf("mean.onnx"), digest)
    assert entry.card.source is not None
    assert entry.card.source.address == hf("mean.onnx")
    load(registry.find("theirs"))


def test_a_keras_model_from_a_mirror_is_added(mirror: _Server, tmp_path: Path) -> None:
    """As any other; what is no `.keras` file is fetched and refused, and nothing is left."""
    content = saved(mean(), tmp_path / "mean.keras").read_bytes()
    mirror.files |= {f"{PATH}/mean.keras": content, f"{PATH}/mean.h5": b"\x89HDF\r\n\x1a\n" * 9}
    registry = Registry(site=tmp_path / "models")
    with pytest.raises(RegistryError, match="is an HDF5 file"):
        add(
            registry,
            KERAS,
            hf("mean.h5"),
            hashlib.sha256(mirror.files[f"{PATH}/mean.h5"]).hexdigest(),
        )
    entry = add(registry, KERAS, hf("mean.keras"), hashlib.sha256(content).hexdigest())
    assert entry.card.source is not None
    assert entry.card.source.address == hf("mean.keras")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["theirs"]
    load(registry.find("theirs"))
