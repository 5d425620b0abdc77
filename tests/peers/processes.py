"""Real servers as child processes: started on free ports, waited for, and always ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class PeerError(Exception):
    """A peer did not start, did not answer or did not do what it was asked for."""


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts TCP connections there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def wait_for(predicate: Callable[[], object], seconds: float, what: str = "a condition") -> None:
    """Return as soon as `predicate` is true; raise `TimeoutError` when it never was."""
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:g} s for {what} in vain.")
        time.sleep(0.05)


def peer_environment(*, nodelay: bool, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment for a peer; without TCP_NODELAY Debian's DCMTK waits 45 ms an instance."""
    environment = {**os.environ, **(extra or {})}
    environment.pop("TCP_NODELAY", None)
    if nodelay:
        environment["TCP_NODELAY"] = "1"
    return environment


class Server:
    """A child process in a process group of its own; a context manager that starts and stops it.

    Subclasses say how it is started (`command`) and when it is ready (`ready`).
    """

    start_seconds = 20.0

    def __init__(self, folder: Path, *, nodelay: bool, env: Mapping[str, str]) -> None:
        self.folder = folder
        self.log = folder / f"{type(self).__name__.lower()}.log"
        self._environment = peer_environment(nodelay=nodelay, extra=env)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether the server answers."""
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        """The process id while the server runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start the process and return when it answers."""
        if self._process is not None:
            raise PeerError(f"{type(self).__name__} runs already.")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_for(self._ready_or_dead, self.start_seconds, f"{type(self).__name__} to answer")
        except BaseException:
            self.kill()
            raise
        return self

    def _ready_or_dead(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-1500:]
            raise PeerError(f"{type(self).__name__} ended while starting. Its log ends:\n{tail}")
        return self.ready()

    def stop(self, seconds: float = 10.0) -> None:
        """Ask the process to end, and end it by force when it takes too long."""
        self._end(signal.SIGTERM, seconds)

    def kill(self) -> None:
        """End the process and its children at once, without a chance to tidy up."""
        self._end(signal.SIGKILL, 5.0)

    def _end(self, number: signal.Signals, seconds: float) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        with suppress(ProcessLookupError):  # what is left of it ends by force
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
