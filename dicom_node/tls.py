"""TLS for the listener and for associations of our own: PS3.15 B.12, the BCP 195 profile."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.settings import Peer, Settings, Tls


class Unusable(Exception):
    """A file that TLS needs cannot be used; the message names the setting and says why."""


class _Protected(Exception):
    """A private key asks for a password, and nobody is there to type one."""


class _Socket(ssl.SSLSocket):
    """Leaves with its context why TLS failed, which pynetdicom only logs."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands."""
        with self._remembering():
            super().do_handshake(block)

    def read(self, *args: Any, **options: Any) -> Any:
        """Read; with TLS 1.3 a peer refuses our certificate only here."""
        with self._remembering():
            return super().read(*args, **options)

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except ssl.SSLError as error:
            if isinstance(self.context, ClientContext):
                self.context.trouble = error
            raise

    def shutdown(self, how: int) -> None:
        """Shut down; where the peer was faster, pynetdicom would else leave the socket open."""
        with contextlib.suppress(OSError):
            super().shutdown(how)


class ClientContext(ssl.SSLContext):
    """What we show and ask when we open an association, and why that failed, if it did."""

    sslsocket_class = _Socket
    trouble: ssl.SSLError | None = None


def server_context(settings: Tls) -> ssl.SSLContext:
    """What the listener shows and asks of its peers, or `Unusable`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _show(context, settings)
    if settings.ca:
        _trust(context, settings)
    if settings.require_client_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
    elif settings.ca:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(settings: Tls, *, verify_name: bool = True) -> ClientContext:
    """What we show and ask when we open an association to a peer, or `Unusable`.

    Only `tls.ca` says whom we trust: that a public authority knows a host makes it no PACS.
    """
    if not settings.ca:
        raise Unusable('tls.ca is "", so no peer\'s certificate can be checked.')
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = verify_name
    _trust(context, settings)
    if settings.certificate:
        _show(context, settings)
    return context


def in_words(error: ssl.SSLError) -> str:
    """Why TLS failed, for the end of a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message.rstrip('.').lower()}"
    return f"TLS failed: {(error.reason or 'no reason given').replace('_', ' ').lower()}"


def problems(settings: Settings) -> list[str]:
    """What is wrong with the files of TLS, found by using them as they will be."""
    wrong = []
    makers = (
        (settings.tls.enabled, server_context),
        (any(peer.tls for peer in settings.peers.values()), client_context),
    )
    for is_needed, make in makers:
        try:
            if is_needed:
                make(settings.tls)
        except Unusable as error:
            wrong.append(str(error))
    return list(dict.fromkeys(wrong))


def _trust(context: ssl.SSLContext, settings: Tls) -> None:
    _readable("ca", settings.ca)
    try:
        context.load_verify_locations(cafile=settings.ca)
    except ssl.SSLError:
        raise Unusable(
            f'tls.ca is "{settings.ca}", which holds no certificate in PEM form.'
        ) from None


def _show(context: ssl.SSLContext, settings: Tls) -> None:
    _readable("certificate", settings.certificate)
    _readable("key", settings.key or settings.certificate)
    try:
        context.load_cert_chain(
            settings.certificate, settings.key or None, password=_ask_for_password
        )
    except _Protected:
        raise Unusable(
            f"{_key(settings)}, and that key is protected by a password; allowed is one without, "
            "in a file that only the node's user can read."
        ) from None
    except ssl.SSLError as error:
        raise Unusable(_complaint(settings, error)) from None


def _readable(name: str, path: str) -> None:
    try:
        Path(path).read_bytes()
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Unusable(f'tls.{name} is "{path}", which cannot be read: {why}.') from None


def _ask_for_password() -> str:
    raise _Protected


def _complaint(settings: Tls, error: ssl.SSLError) -> str:
    """Which of the two files is wrong: OpenSSL's own words do not say."""
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{_key(settings)}, which does not belong to the certificate in tls.certificate."
    if error.reason is not None:  # a key that is too small, say
        why = error.reason.replace("_", " ").lower()
        return f'tls.certificate is "{settings.certificate}", which cannot be used: {why}.'
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(settings.certificate)
    except ssl.SSLError:
        return (
            f'tls.certificate is "{settings.certificate}", which holds no certificate in PEM form.'
        )
    return f"{_key(settings)}, which holds no private key in PEM form."


def _key(settings: Tls) -> str:
    name, path = ("key", settings.key) if settings.key else ("certificate", settings.certificate)
    return f'tls.{name} is "{path}"'


def secure(settings: Settings, peer: Peer) -> ClientContext | None:
    """The context for an association to a peer; None where it speaks plainly."""
    if not peer.tls:
        return None
    return client_context(settings.tls, verify_name=peer.tls_verify_name)
