"""DCMTK's programs: a stock store SCP, and stock SCUs that ask and send."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.peers.processes import Server, free_port, listening, peer_environment


class StoreSCP(Server):
    """DCMTK's storescp, which writes what it receives to `received/` in its folder."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        ae_title: str = "DICOM_NODE",
        options: Sequence[str] = ("--fork", "+xa"),
        nodelay: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder, nodelay=nodelay, env=env or {})
        self.port = port or free_port()
        self.ae_title = ae_title
        self.options = tuple(options)
        self.received = folder / "received"

    def command(self) -> Sequence[str]:
        """DCMTK's command line."""
        self.received.mkdir(exist_ok=True)
        place = ["--aetitle", self.ae_title, "--output-directory", str(self.received)]
        return ["storescp", *place, *self.options, str(self.port)]

    def ready(self) -> bool:
        """Whether it accepts connections."""
        return listening(self.port)

    def files(self) -> list[Path]:
        """What was received, one file an instance, sorted by name."""
        return sorted(path for path in self.received.iterdir() if path.is_file())


def storescu(
    paths: Iterable[Path],
    port: int,
    *,
    host: str = "127.0.0.1",
    calling: str = "MODALITY",
    called: str = "ANY-SCP",
    nodelay: bool = True,
    options: Sequence[str] = ("--no-halt", "--recurse", "--scan-directories"),
    timeout: float = 120.0,
) -> subprocess.CompletedProcess[str]:
    """Send files and folders over one association; `returncode` is 0 when all were accepted.

    `nodelay=False` shows what users of a stock DCMTK see.
    """
    names = [str(path) for path in paths]
    command = ["storescu", *options, "-aet", calling, "-aec", called, host, str(port), *names]
    return _run(command, nodelay=nodelay, timeout=timeout)


def echoscu(
    port: int, *, host: str = "127.0.0.1", calling: str = "MODALITY", called: str = "ANY-SCP"
) -> bool:
    """Whether the peer answers a C-ECHO with success."""
    command = ["echoscu", "-to", "5", "-aet", calling, "-aec", called, host, str(port)]
    return _run(command, nodelay=True, timeout=15).returncode == 0


def _run(
    command: Sequence[str], *, nodelay: bool, timeout: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=peer_environment(nodelay=nodelay),
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
