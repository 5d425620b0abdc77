"""Starts the load generator and keeps in step with it; makes what it sends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Any, Self

from pydicom import dcmread

from bench.load import Job, Sent, Template
from bench.peers import System
from bench.phantoms import ct_like, dx_like, small_like

KINDS = {"CT": ct_like, "small": small_like, "DX": dx_like}
ROOT = Path(__file__).parents[1]


def new_token() -> int:
    """A number that makes the UIDs of one job its own."""
    return SystemRandom().getrandbits(64)


def template(kind: str, folder: Path) -> Template:
    """Write one data set of a kind without its file meta information; say what is its own."""
    folder.mkdir(parents=True, exist_ok=True)
    data = next(iter(KINDS[kind](1)))
    ds = dcmread(BytesIO(data), stop_before_pixels=True)
    length = int(ds.file_meta.FileMetaInformationGroupLength)
    path = folder / f"{kind}.dataset"
    path.write_bytes(data[144 + length :])
    return Template(
        path=str(path),
        SOPClassUID=str(ds.SOPClassUID),
        TransferSyntaxUID=str(ds.file_meta.TransferSyntaxUID),
        SOPInstanceUID=str(ds.SOPInstanceUID),
        SeriesInstanceUID=str(ds.SeriesInstanceUID),
        StudyInstanceUID=str(ds.StudyInstanceUID),
        number=f"IS\x06\x00{int(ds.InstanceNumber):06}",
    )


class LoadGenerator:
    """A load generator whose associations to a system are open and warm."""

    def __init__(
        self,
        system: System,
        made: Template,
        folder: Path,
        *,
        associations: int,
        count: int,
        warm: int,
        token: int | None = None,
    ) -> None:
        self.token = new_token() if token is None else token
        self.job = Job(
            port=system.port,
            called=system.called,
            associations=associations,
            count=count,
            warm=warm,
            token=self.token,
            template=made,
        )
        self._path = folder / "job.json"
        self._process: subprocess.Popen[str] | None = None

    @property
    def instances(self) -> int:
        """How many instances the system must hold in the end."""
        return self.job.associations * (self.job.count + self.job.warm)

    def __enter__(self) -> Self:
        self._path.write_text(json.dumps(asdict(self.job)))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load", str(self._path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self._heard()
        except BaseException:
            self.__exit__()
            raise
        return self

    def send(self) -> Sent:
        """Send everything; the associations stay open."""
        self._tell()
        told: dict[str, Any] = json.loads(self._heard())
        return Sent(**told)

    def release(self) -> None:
        """Release the associations and end."""
        self._tell()
        if self._process is not None:
            self._process.wait(30)

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _tell(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def _heard(self) -> str:
        line = ""
        if self._process is not None and self._process.stdout is not None:
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The load generator ended early; what it printed says why.")
        return line
