"""The sockets the receivers listen on, made once and shared by all of them."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from config.settings import Settings
from dicom_node import logs

BACKLOG = 256


@dataclass(eq=False)
class Listener:
    """A listening socket, and what makes its connections secure, if anything does."""

    socket: socket.socket
    context: ssl.SSLContext | None = None

    def renew(self, settings: Settings) -> None:
        """Read the certificates again; where they cannot be used, the old ones stay."""
        if self.context is None:
            return
        from dicom_node import tls

        try:
            self.context = tls.server_context(settings.tls)
        except tls.Unusable as error:
            logs.log().error("the old certificates stay in use", why=str(error))


def listen(settings: Settings) -> list[socket.socket]:
    """Listen for DICOM: the plain port first where it is open, then the TLS port; or OSError."""
    ports = []
    if settings.tls.plain or not settings.tls.enabled:
        ports.append(settings.node.port)
    if settings.tls.enabled:
        ports.append(settings.tls.port)
    sockets: list[socket.socket] = []
    try:
        for port in ports:
            sockets.append(_listen(settings.node.host, port))
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def listeners(settings: Settings, sockets: list[socket.socket]) -> list[Listener]:
    """Say which of `listen`'s sockets speaks TLS; `tls.Unusable` where its files are bad."""
    if not settings.tls.enabled:
        return [Listener(sock) for sock in sockets]
    from dicom_node import tls

    *plain, secure = sockets
    return [*map(Listener, plain), Listener(secure, tls.server_context(settings.tls))]


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)  # several processes wait for it, one gets the connection
    except OSError:
        sock.close()
        raise
    return sock
