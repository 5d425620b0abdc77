"""Certificates and keys that cannot be used, or not for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from dicom_node import certificates, preflight
from tests.integration.receiver.running import make_settings
from tests.peers.certificates import Authority, Certificate

SECURE = {"pacs": {"ae_title": "PACS", "tls": True}}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs."""
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> Certificate:
    """A certificate of ours."""
    return authority.sign("ours")


def settings(authority: Authority, ours: Certificate, **changes: Any) -> Settings:
    """A node that listens and sends by TLS, with some of its files changed."""
    tls = ours.settings(**{"enabled": True, "ca": str(authority.pem), **changes})
    return make_settings(ours.pem.parent / "data", {"tls": tls, "peers": SECURE})


def test_good_files(authority: Authority, ours: Certificate) -> None:
    """Nothing is said of them."""
    assert preflight.problems(settings(authority, ours)) == []


def test_one_file_for_both(authority: Authority, ours: Certificate, tmp_path: Path) -> None:
    """Without `tls.key` the key is beside the certificate."""
    both = tmp_path / "both.pem"
    both.write_bytes(ours.pem.read_bytes() + ours.key.read_bytes())
    assert preflight.problems(settings(authority, Certificate(both, Path()), key="")) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("certificate", b"", "holds no certificate in PEM form"),
        ("certificate", b"\x30\x82\x01\x00garbage", "holds no certificate in PEM form"),
        ("key", b"", "holds no private key in PEM form"),
        ("ca", b"", "holds no certificate in PEM form"),
        ("ca", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no certificate"),
    ],
)
def test_what_is_no_pem(
    authority: Authority,
    ours: Certificate,
    tmp_path: Path,
    name: str,
    content: bytes,
    expected: str,
) -> None:
    """A sentence names the setting and the file, once, though both directions need it."""
    file = tmp_path / "bad.pem"
    file.write_bytes(content)
    (said,) = preflight.problems(settings(authority, ours, **{name: str(file)}))
    assert said.startswith(f'tls.{name} is "{file}", which ')
    assert expected in said


def test_a_key_of_another(authority: Authority, ours: Certificate) -> None:
    """The key must belong to the certificate."""
    key = str(authority.sign("other").key)
    (said,) = preflight.problems(settings(authority, ours, key=key))
    assert said.startswith(f'tls.key is "{key}", which does not belong to the certificate in ')


def test_a_key_with_a_password(authority: Authority, ours: Certificate) -> None:
    """Nobody is asked for it at the terminal."""
    (said,) = preflight.problems(settings(authority, ours, key=str(authority.lock(ours))))
    assert "protected by a password" in said


def test_a_file_that_cannot_be_read(authority: Authority, ours: Certificate) -> None:
    """The system's reason is told."""
    folder = str(ours.pem.parent)
    (said,) = preflight.problems(settings(authority, ours, certificate=folder))
    assert said == f'tls.certificate is "{folder}", which cannot be read: is a directory.'


def test_files_that_nobody_needs(authority: Authority, ours: Certificate) -> None:
    """Without TLS anywhere they are not looked at."""
    off = settings(authority, ours, enabled=False, key="nowhere")
    assert preflight.problems(off.model_copy(update={"peers": {}})) == []


def test_a_certificate_that_has_expired(authority: Authority, ours: Certificate) -> None:
    """It can be used, and is warned of, as is one that soon will; authorities likewise."""
    old = authority.sign("old", days=-1)
    (told,) = preflight.cautions(settings(authority, old))[:1]
    assert told.startswith(f'tls.certificate is "{old.pem}", which expired on ')
    assert preflight.problems(settings(authority, old)) == []
    said = list(certificates.warnings(settings(authority, authority.sign("new", days=90))))
    assert [text.split(" is ")[0] for text in said] == ["tls.ca"]  # the authority lives two days
    later = datetime.now(UTC) + timedelta(days=3)
    assert [
        "expired" in text for text in certificates.warnings(settings(authority, ours), later)
    ] == [True, True]


def test_an_old_authority_beside_its_successor(authority: Authority, tmp_path: Path) -> None:
    """Of several authorities the last to expire counts."""
    old, new = authority.sign("old-ca", days=-1), authority.sign("new-ca", days=90)
    both = tmp_path / "both.pem"
    both.write_bytes(old.pem.read_bytes() + new.pem.read_bytes())
    found = settings(authority, new, ca=str(both))
    assert list(certificates.warnings(found)) == []
    assert len(list(certificates.warnings(settings(authority, new, ca=str(old.pem))))) == 1
