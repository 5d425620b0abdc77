"""One peer's connection: bytes in and out, with a time limit on every wait."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time

from dicom_node.receiver.pdu import Parser
from dicom_node.statuses import Abort, Rejection

BUFFER = 1 << 18
"""Read at most so much at once; measured: more brings nothing, less costs."""
LINGER = 2.0
"""How long the peer may take to read our last words and close."""
_ABORT = struct.Struct(">BxIxxBB")
_REJECT = struct.Struct(">BxIxBBB")


class Lost(Exception):
    """The connection is gone, or the peer closed it without a word."""


class Cut(Exception):
    """The node has to stop and this connection with it."""


class Connection:
    """A connected socket and what was read from it and not yet understood."""

    def __init__(self, sock: socket.socket, max_pdu: int) -> None:
        self.sock = sock
        self.parser = Parser(max_pdu, BUFFER)
        self._timeout = -1.0
        self._cut = threading.Event()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def secure(self, context: ssl.SSLContext, seconds: float) -> None:
        """Become TLS, or raise OSError."""
        self.sock.settimeout(seconds)
        self._timeout = seconds
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def receive(self, seconds: float) -> None:
        """Wait for bytes and give them to the parser; raise TimeoutError, `Lost` or `Cut`."""
        if seconds != self._timeout:
            self.sock.settimeout(seconds)
            self._timeout = seconds
        try:
            count = self.sock.recv_into(self.parser.room())
            # Senders without TCP_NODELAY wait for our acknowledgement before they send on, and
            # the kernel falls back to delaying it unless it is told again after each read.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except TimeoutError:
            if self._cut.is_set():
                raise Cut from None
            raise
        except OSError as error:
            raise Lost from error
        if self._cut.is_set():
            raise Cut
        if not count:
            raise Lost
        self.parser.received(count)

    def send(self, data: bytes) -> None:
        """Send everything, or raise TimeoutError or `Lost`."""
        try:
            self.sock.sendall(data)
        except TimeoutError:
            raise
        except OSError as error:
            raise Lost from error

    def abort(self, reason: Abort) -> None:
        """Send an A-ABORT (PS3.8 9.3.8) and let the peer read it."""
        self._last_words(_ABORT.pack(0x07, 4, *reason.value))

    def reject(self, reason: Rejection) -> None:
        """Send an A-ASSOCIATE-RJ (PS3.8 9.3.4) and let the peer read it."""
        self._last_words(_REJECT.pack(0x03, 4, *reason.value))

    def _last_words(self, data: bytes) -> None:
        """Closing with bytes unread would reset the connection and take our words with it."""
        deadline = time.monotonic() + LINGER
        with contextlib.suppress(OSError):
            self.sock.settimeout(LINGER)
            self.sock.sendall(data)
            if not isinstance(self.sock, ssl.SSLSocket):
                self.sock.shutdown(socket.SHUT_WR)
            while time.monotonic() < deadline and not self._cut.is_set():
                if not self.sock.recv(BUFFER):
                    break

    def cut(self) -> None:
        """Make the thread that serves this connection raise `Cut` at once; for other threads."""
        self._cut.set()
        # Past the TLS layer, which belongs to the other thread.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.sock, socket.SHUT_RD)

    def close(self) -> None:
        """Close without another word."""
        self.sock.close()
