"""Certificates for tests, made by OpenSSL's own program: authorities and what they sign."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = "IP:127.0.0.1,DNS:localhost"
"""The names of a peer on this machine."""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    pem: Path
    key: Path

    def settings(self, **more: Any) -> dict[str, Any]:
        """The part of a [tls] section that names them."""
        return {"certificate": str(self.pem), "key": str(self.key), **more}


class Authority:
    """A certificate authority with a folder of its own."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.pem, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        new = ("-x509", *NEW_KEY, "-subj", f"/CN={name}", "-days", "2")
        self._openssl("req", *new, "-keyout", str(self._key), "-out", str(self.pem))

    def sign(self, name: str, *, names: str = HERE, days: int = 2) -> Certificate:
        """A certificate for these names; with -1 days it expired yesterday."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        asked = ("-subj", f"/CN={name}", "-addext", f"subjectAltName={names}")
        files = ("-keyout", str(made.key), "-out", str(request))
        self._openssl("req", "-new", *NEW_KEY, *asked, *files)
        signed = ("-CA", str(self.pem), "-CAkey", str(self._key), "-copy_extensions", "copy")
        to = ("-days", str(days), "-in", str(request), "-out", str(made.pem))
        self._openssl("x509", "-req", *signed, *to)
        return made

    def lock(self, certificate: Certificate) -> Path:
        """The private key again, protected by a password."""
        locked = certificate.key.with_suffix(".locked.key")
        how = ("-aes128", "-passout", "pass:secret", "-out", str(locked))
        self._openssl("ec", "-in", str(certificate.key), *how)
        return locked

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
