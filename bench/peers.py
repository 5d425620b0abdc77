"""What is measured: the whole node, and the stores others use, each a fresh process on a free port.

Peers get TCP_NODELAY=1 in their environment and take PDUs of 128 KB, or are started as they come.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import proc
from bench.wire import MOST_PDU
from config.show import toml
from tests.node import Node
from tests.peers.dcmtk import StoreSCP
from tests.peers.orthanc import Orthanc
from tests.peers.processes import Server, free_port, listening

NODE, DCMTK, ORTHANC, PYNETDICOM = "dicom-node", "DCMTK storescp", "Orthanc", "pynetdicom storescp"


class PynetdicomSCP(Server):
    """pynetdicom's own storescp, which writes what it receives to `received/` in its folder."""

    def __init__(self, folder: Path, *, nodelay: bool, options: Sequence[str]) -> None:
        super().__init__(folder, nodelay=nodelay, env={})
        self.port = free_port()
        self.options = options
        self.received = folder / "received"

    def command(self) -> Sequence[str]:
        """Its command line."""
        self.received.mkdir(exist_ok=True)
        program = [sys.executable, "-m", "pynetdicom", "storescp", "--quiet"]
        place = ["-ba", "127.0.0.1", "-od", str(self.received)]
        return [*program, *place, *self.options, str(self.port)]

    def ready(self) -> bool:
        """Whether it accepts connections."""
        return listening(self.port)


class DefaultNode(Node):
    """The node with its defaults: only folder and ports are its own, and what is named."""

    def __init__(self, folder: Path, more: str = "", *, port: int | None = None) -> None:
        self._more, self._port = more, port
        super().__init__(folder)

    def _toml(self) -> str:
        self.port = self._port or self.port
        node = f"[node]\nport = {self.port}\ndata_dir = {toml(str(self.data_dir))}\n"
        return f"{node}[http]\nport = {self.http_port}\n{self._more}"


@dataclass(frozen=True, kw_only=True)
class System:
    """A running store and how to look into it."""

    name: str
    port: int
    called: str
    pid: int
    count: Callable[[], int]
    """How many instances it holds, as it says itself."""
    receivers: Callable[[], list[int]]
    """The processes that receive, while associations are open."""


@contextmanager
def running(name: str, folder: Path, *, stock: bool = False) -> Iterator[System]:
    """Start a system with an empty store, and end it; `stock`: as it comes, without TCP_NODELAY."""
    server, called, count = _MAKERS[name](folder, stock)
    try:
        server.start()
        pid = server.pid or 0
        settle(pid)
        yield System(
            name=name,
            port=server.port,
            called=called,
            pid=pid,
            count=count,
            receivers=lambda: _receivers(name, pid),
        )
    finally:
        server.kill()


def warm_up(folder: Path) -> None:
    """Start every system once, so that programs are in memory and Python's are compiled."""
    for name in SYSTEMS:
        with running(name, folder):
            pass
        shutil.rmtree(folder, ignore_errors=True)


def settle(pid: int, seconds: float = 15.0) -> None:
    """Wait until a system's processes have finished starting, by the CPU they use."""
    deadline = time.monotonic() + seconds
    used = proc.cpu_seconds(proc.tree(pid))
    while time.monotonic() < deadline:
        time.sleep(0.3)
        before, used = used, proc.cpu_seconds(proc.tree(pid))
        if used - before <= 0.03:
            return


def _receivers(name: str, pid: int) -> list[int]:
    found = proc.tree(pid)
    if name == NODE:
        return [one for one in found if proc.command_line(one)[-1:] == ["receiver"]]
    # DCMTK's parent only forks.
    return found[1:] if name == DCMTK else found


Made = tuple[Any, str, Callable[[], int]]


def _node(folder: Path, stock: bool) -> Made:
    node = DefaultNode(folder)
    return node, node.ae_title, lambda: indexed(node.data_dir)


def _dcmtk(folder: Path, stock: bool) -> Made:
    options = ["--fork"] if stock else ["--fork", "--max-pdu", str(MOST_PDU)]
    scp = StoreSCP(folder, options=options, nodelay=not stock)
    return scp, scp.ae_title, lambda: len(scp.files())


def _orthanc(folder: Path, stock: bool) -> Made:
    settings: dict[str, object] = {"Plugins": [], "LuaScripts": []}
    if stock:
        settings["MaximumPduLength"] = 16384
    orthanc = Orthanc(folder, settings=settings, nodelay=not stock)
    return (
        orthanc,
        orthanc.ae_title,
        lambda: int(orthanc.get("/statistics").json()["CountInstances"]),
    )


def _pynetdicom(folder: Path, stock: bool) -> Made:
    options = [] if stock else ["--max-pdu", str(MOST_PDU)]
    scp = PynetdicomSCP(folder, nodelay=not stock, options=options)
    return scp, "STORESCP", lambda: sum(1 for _ in scp.received.iterdir())


_MAKERS: dict[str, Callable[[Path, bool], Made]] = {
    NODE: _node,
    DCMTK: _dcmtk,
    ORTHANC: _orthanc,
    PYNETDICOM: _pynetdicom,
}
SYSTEMS = tuple(_MAKERS)


def indexed(data_dir: Path) -> int:
    """How many instances the node's database counts to studies."""
    path = data_dir / "node.sqlite"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        (number,) = connection.execute("SELECT count(*) FROM instances").fetchone()
    finally:
        connection.close()
    return int(number)
