"""Where a site's weights come from: a file, an https address, or a pinned file of Hugging Face.

What is fetched is hashed while it is written, and nothing reads it before the hash is right.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from models.registry.errors import RegistryError

LARGEST = 4_000_000_000
"""Bytes that one file of weights may have."""
SILENCE_SECONDS = 30.0
"""How long a server may send nothing."""
DOWNLOAD_SECONDS = 3600.0
HUGGING_FACE = "https://huggingface.co"
_PINNED = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[^/]*)/(?P<file>.+)")


@dataclass(frozen=True)
class Fetched:
    """A file that is here now."""

    path: Path
    address: str
    """Where it came from, without anything secret."""
    sha256: str


def fetch(source: str, sha256: str | None, folder: Path) -> Fetched:
    """Bring the source's file into a folder that is temporary, checked; raises `RegistryError`."""
    if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise RegistryError("A SHA-256 is 64 hexadecimal digits.")
    name, address, said = _located(source)
    if address is not None and sha256 is None:
        raise RegistryError(f"{said} is not on this machine: its SHA-256 has to be given.")
    to = folder / _safe(name)
    found = _downloaded(address, said, to) if address else _copied(Path(source), to)
    if sha256 is not None and found != sha256.lower():
        to.unlink()
        raise RegistryError(f"{said} has the SHA-256 {found}, and {sha256.lower()} is wanted.")
    return Fetched(to, said, found)


def _located(source: str) -> tuple[str, str | None, str]:
    """The file's name, the address where it is not a file here, and how to call it."""
    if source.startswith("hf:"):
        return _hugging_face(source)
    if "://" not in source:
        return Path(source).name, None, Path(source).name
    parts = urlsplit(source)
    if parts.scheme != "https" or not parts.hostname:
        raise RegistryError(f"{parts.scheme}:// is not taken, only https:// addresses are.")
    if parts.username or parts.password:
        raise RegistryError("An address with a user or a password in it is not taken.")
    # What follows the path may be a key to the file: it is used and never written down.
    said = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    return PurePosixPath(unquote(parts.path)).name, source, said


def _hugging_face(source: str) -> tuple[str, str, str]:
    match = _PINNED.fullmatch(source)
    if match is None:
        raise RegistryError("A source at Hugging Face is hf:ORG/REPO@REVISION/FILE.")
    if not re.fullmatch(r"[0-9a-f]{40}", match["revision"]):
        raise RegistryError(
            f"{source}: the revision has to be a whole commit, 40 hexadecimal digits; "
            "branches and tags move."
        )
    if {".", "..", ""} & set(f"{match['repo']}/{match['file']}".split("/")):
        raise RegistryError(f"{source}: a path with '.', '..' or nothing as a part is not taken.")
    endpoint = (os.environ.get("HF_ENDPOINT") or HUGGING_FACE).rstrip("/")
    if urlsplit(endpoint).scheme not in ("https", "http"):
        raise RegistryError(f"HF_ENDPOINT is {endpoint}, which is no http(s) address.")
    path = "/".join((match["repo"], "resolve", match["revision"], quote(match["file"])))
    return PurePosixPath(match["file"]).name, f"{endpoint}/{path}", source


def _safe(name: str) -> str:
    """A name for the file here that no address can make a path or an option of."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip("._-")[-80:] or "weights"


def _copied(path: Path, to: Path) -> str:
    try:
        with path.open("rb") as file:
            return _written(file, to, path.name)
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}.") from None


def _downloaded(address: str, said: str, to: Path) -> str:
    opener = urllib.request.build_opener(_Redirects(urlsplit(address).scheme))
    try:
        with opener.open(address, timeout=SILENCE_SECONDS) as answer:
            found = _written(answer, to, said)
    except urllib.error.HTTPError as error:
        error.close()
        raise RegistryError(f"{said}: the server answered {error.code} {error.reason}.") from None
    except (OSError, http.client.HTTPException) as error:
        because = getattr(error, "reason", None) or error
        raise RegistryError(f"{said} cannot be fetched: {because}.") from None
    return found


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect, but never from https to less."""

    def __init__(self, scheme: str) -> None:
        self._schemes = ("https",) if scheme == "https" else ("https", "http")

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage | Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request that follows, or an error."""
        if urlsplit(newurl).scheme not in self._schemes:
            raise urllib.error.URLError("it leads away from https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _written(file: IO[bytes], to: Path, said: str) -> str:
    """Write what is read, and say its SHA-256; stops at the limits of size and time."""
    until = time.monotonic() + DOWNLOAD_SECONDS
    digest, count = hashlib.sha256(), 0
    with to.open("xb") as out:
        while block := file.read(1 << 20):
            count += len(block)
            if count > LARGEST:
                raise RegistryError(f"{said} is larger than {LARGEST} bytes, which is the most.")
            if time.monotonic() > until:
                raise RegistryError(f"{said} took longer than {DOWNLOAD_SECONDS:.0f} s.")
            digest.update(block)
            out.write(block)
    length = getattr(file, "length", None)
    if length:  # http.client counts down what the server has promised
        raise RegistryError(f"{said} broke off {length} bytes before its end.")
    return digest.hexdigest()
