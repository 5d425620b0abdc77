"""The gateway as the supervisor runs it: a process of its own on a socket that it was handed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.loader import load_layers
from config.settings import Settings
from dicom_node.process import CONTROL_FD

REPOSITORY = Path(__file__).parents[3]


def settings_for(folder: Path, **variables: str) -> Settings:
    """The default configuration with its data in a folder."""
    named = {f"DICOM_NODE_{name}": value for name, value in variables.items()}
    loaded = load_layers({"DICOM_NODE_NODE__DATA_DIR": str(folder), **named})
    return loaded.settings


class Gateway:
    """A running gateway; a context manager that stops it by an order, as the supervisor does."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.settings, self.log = settings, log
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with self.log.open("wb") as log, theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dicom_node.process", "gateway"],
                cwd=REPOSITORY,
                pass_fds=[theirs.fileno(), self.listener.fileno()],
                env=os.environ | {CONTROL_FD: str(theirs.fileno())},
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self.channel = ours
        self.channel.settimeout(20)
        self.tell(id="gateway-1", settings=self.plain(), fds=[self.listener.fileno()], extra={})
        said = self.channel.recv(100)
        assert said == b'{"ready": true}\n', self.log.read_text()
        return self

    def tell(self, **order: Any) -> None:
        """Send an order."""
        self.channel.sendall(json.dumps(order).encode() + b"\n")

    def plain(self) -> Any:
        """The settings as the supervisor sends them."""

        def spell(value: Any) -> Any:
            return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)

        return json.loads(json.dumps(self.settings.model_dump(), default=spell))

    def drain(self) -> int:
        """Order it to stop and return its exit status."""
        self.tell(order="drain")
        return self.process.wait(15)

    def peak_mb(self) -> float:
        """The most memory the process held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)
        self.channel.close()
        self.listener.close()
