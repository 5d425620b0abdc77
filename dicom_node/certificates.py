"""Until when certificates are valid, as far as the node must know it to warn in time.

`ssl` tells this of certificates it has verified only, so their dates are read here (RFC 5280 4.1).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.settings import Settings

SOON = timedelta(days=21)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_VERSION, _SHORT_TIME = 0xA0, 0x17
"""The tags of the version, which need not be there, and of a moment with a year of two digits."""


def warnings(settings: Settings, moment: datetime | None = None) -> Iterator[str]:
    """Certificates of the TLS settings that have expired or soon will; those that can be read."""
    tls, moment = settings.tls, moment or datetime.now(UTC)
    # Ours is the first of its chain. Of the authorities, an old one beside its successor is usual.
    for name, path, all_of_them in (
        ("certificate", tls.certificate, False),
        ("ca", tls.ca, True),
    ):
        ends = _ends(path)
        if not ends:
            continue
        end = max(ends) if all_of_them else ends[0]
        if end < moment:
            yield f'tls.{name} is "{path}", which expired on {end:%Y-%m-%d}: TLS fails.'
        elif end < moment + SOON:
            yield f'tls.{name} is "{path}", which expires on {end:%Y-%m-%d}.'


def _ends(path: str) -> list[datetime]:
    """The last moment of each certificate in a PEM file."""
    try:
        text = Path(path).read_text(encoding="ascii", errors="replace") if path else ""
        return [_end(ssl.PEM_cert_to_DER_cert(pem)) for pem in _PEM.findall(text)]
    except (OSError, ValueError, IndexError):
        return []  # that it cannot be used is said elsewhere


def _end(certificate: bytes) -> datetime:
    (_, whole), *_ = _parts(certificate)
    fields = _parts(_parts(whole)[0][1])
    if fields[0][0] == _VERSION:
        fields = fields[1:]
    _, (tag, end) = _parts(fields[3][1])  # after serial number, algorithm and issuer: validity
    text = end.decode("ascii")
    if tag == _SHORT_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The elements of a DER sequence: tag and content."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size]), at + size
        found.append((tag, data[at : at + length]))
        at += length
    return found
