"""Who a peer is that we send to over TLS: known by its authority, and by its name."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import Peer
from dicom_node import scu
from tests.integration.receiver.running import make_settings
from tests.peers.certificates import Authority
from tests.peers.chaos import FaultyPACS
from tests.peers.dcmtk import StoreSCP


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs."""
    return Authority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Somebody else who signs."""
    return Authority(Path(tmp_path_factory.mktemp("stranger")), "stranger")


@pytest.fixture(scope="module")
def pacs(authority: Authority) -> Iterator[FaultyPACS]:
    """A peer whose certificate is for this machine."""
    with FaultyPACS(tls=authority.sign("pacs")) as pacs:
        yield pacs


@pytest.fixture(scope="module")
def misnamed(authority: Authority) -> Iterator[FaultyPACS]:
    """A peer whose certificate is for another host."""
    with FaultyPACS(tls=authority.sign("other", names="DNS:other.example")) as pacs:
        yield pacs


def echo(tls: dict[str, Any], pacs: FaultyPACS | StoreSCP, **peer: Any) -> None:
    """Ask a peer whether it answers, with a [tls] section of ours."""
    settings = make_settings(Path("unused"), {"tls": tls})
    told = {"ae_title": pacs.ae_title, "port": pacs.port, "tls": True, "timeout_seconds": 5.0}
    scu.echo(settings, Peer(**{**told, **peer}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_peer_with_the_right_authority_and_name(
    authority: Authority, pacs: FaultyPACS, host: str
) -> None:
    """By address or by name, it is talked to."""
    echo({"ca": str(authority.pem)}, pacs, host=host)


def test_a_peer_that_another_authority_signed(stranger: Authority, pacs: FaultyPACS) -> None:
    """It is not talked to, and the sentence says why; its name does not help."""
    for verify in (True, False):
        with pytest.raises(scu.Unreachable, match=r"certificate is not accepted: .*certificate"):
            echo({"ca": str(stranger.pem)}, pacs, tls_verify_name=verify)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_peer_with_a_certificate_for_another_host(
    authority: Authority, misnamed: FaultyPACS, host: str
) -> None:
    """It is talked to only where the configuration says that names do not matter."""
    with pytest.raises(scu.Unreachable, match=rf"not accepted: .*mismatch.*'{host}'"):
        echo({"ca": str(authority.pem)}, misnamed, host=host)
    echo({"ca": str(authority.pem)}, misnamed, host=host, tls_verify_name=False)


def test_nobody_is_trusted_without_an_authority(pacs: FaultyPACS) -> None:
    """The authorities of the operating system do not stand in for `tls.ca`."""
    with pytest.raises(scu.Unreachable, match=r"tls\.ca is \"\""):
        echo({}, pacs)


def test_a_peer_that_speaks_plainly(authority: Authority) -> None:
    """Nothing is sent to it in the clear."""
    with FaultyPACS() as plain, pytest.raises(scu.Unreachable, match="cannot be reached"):
        echo({"ca": str(authority.pem)}, plain, timeout_seconds=1.0)


@pytest.mark.skipif(shutil.which("storescp") is None, reason="DCMTK is not installed")
def test_a_peer_that_wants_our_certificate(authority: Authority, tmp_path: Path) -> None:
    """DCMTK's storescp lets in who shows one that its authority signed."""
    theirs, ours = authority.sign("storescp"), authority.sign("ours")
    options = ("+tls", str(theirs.key), str(theirs.pem), "+cf", str(authority.pem), "-rc")
    with StoreSCP(tmp_path / "scp", ae_title="STOCK", options=options) as scp:
        echo(ours.settings(ca=str(authority.pem)), scp)
        with pytest.raises(scu.Unreachable):
            echo({"ca": str(authority.pem)}, scp)
