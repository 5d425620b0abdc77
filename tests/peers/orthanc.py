"""A real Orthanc, started from this repository's `orthanc/` folder."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.peers import dcmtk
from tests.peers.processes import PeerError, Server, free_port, wait_for

CONFIGURATION = Path(__file__).parents[2] / "orthanc" / "orthanc.json"


def _resolved(text: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """The configuration as Orthanc reads it: comments left out, variables substituted."""
    plain = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    value = re.sub(
        r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: environment.get(m[1]) or m[2] or "", plain
    )
    settings: dict[str, Any] = json.loads(value)
    return settings


class Orthanc(Server):
    """An Orthanc on free ports whose database lives in `folder`; it survives `stop` and `start`.

    Without `settings` it reads the repository's own file; `settings` are laid over a copy of it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        node_port: int = 11112,
        node_ae: str = "DICOM_NODE",
        ae_title: str = "ORTHANC",
        stable_age: int = 1,
        settings: Mapping[str, Any] | None = None,
        nodelay: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.ae_title, self.node_ae, self.node_port = ae_title, node_ae, node_port
        self.port, self.http_port = free_port(), free_port()
        own = {
            "ORTHANC_NAME": "test bench",
            "ORTHANC_DATA": str(folder / "db"),
            "ORTHANC_AE_TITLE": ae_title,
            "ORTHANC_DICOM_PORT": str(self.port),
            "ORTHANC_HTTP_PORT": str(self.http_port),
            "ORTHANC_STABLE_AGE": str(stable_age),
            "NODE_AE_TITLE": node_ae,
            "NODE_HOST": "127.0.0.1",
            "NODE_PORT": str(node_port),
        }
        super().__init__(folder, nodelay=nodelay, env={**own, **(env or {})})
        self._settings = settings

    def command(self) -> Sequence[str]:
        """Orthanc's command line."""
        if self._settings is None:
            return ["Orthanc", str(CONFIGURATION)]
        merged = _resolved(CONFIGURATION.read_text(), self._environment)
        scripts = [str(CONFIGURATION.parent / name) for name in merged["LuaScripts"]]
        path = self.folder / "orthanc.json"
        path.write_text(json.dumps({**merged, "LuaScripts": scripts, **self._settings}, indent=2))
        return ["Orthanc", str(path)]

    def ready(self) -> bool:
        """Whether both its HTTP API and its DICOM port answer."""
        try:
            answer = httpx.get(f"{self.url}/system", timeout=2)
        except httpx.TransportError:
            return False
        return answer.status_code in (200, 401) and dcmtk.echoscu(self.port, called=self.ae_title)

    def __exit__(self, *_: object) -> None:
        """End at once: a graceful stop takes four seconds, and the data is a test's."""
        self.kill()

    @property
    def url(self) -> str:
        """Where its HTTP API is."""
        return f"http://127.0.0.1:{self.http_port}"

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """The answer of its HTTP API to a GET; an error status raises."""
        answer = httpx.get(f"{self.url}{path}", params=query or None, timeout=30)
        answer.raise_for_status()
        return answer

    def send(
        self, paths: Iterable[Path], calling: str = "MODALITY"
    ) -> subprocess.CompletedProcess[str]:
        """Send files to it as a modality would, over C-STORE; a refusal raises."""
        done = dcmtk.storescu(paths, self.port, calling=calling, called=self.ae_title)
        if done.returncode:
            raise PeerError(f"storescu to Orthanc failed:\n{done.stderr[-1500:]}")
        return done

    def studies(self) -> list[str]:
        """Orthanc's identifiers of the studies it holds."""
        return list(self.get("/studies").json())

    def series(self, study: str | None = None) -> list[str]:
        """Orthanc's identifiers of the series it holds, of one study or all."""
        return self._children("series", study)

    def instances(self, study: str | None = None) -> list[str]:
        """Orthanc's identifiers of the instances it holds, of one study or all."""
        return self._children("instances", study)

    def _children(self, level: str, study: str | None) -> list[str]:
        if study is None:
            return list(self.get(f"/{level}").json())
        return [child["ID"] for child in self.get(f"/studies/{study}/{level}").json()]

    def dicom_tags(self, instance: str) -> dict[str, Any]:
        """The attributes of an instance by keyword, sequences as lists."""
        tags: dict[str, Any] = self.get(f"/instances/{instance}/simplified-tags").json()
        return tags

    def file(self, instance: str) -> bytes:
        """The instance as a DICOM file."""
        return self.get(f"/instances/{instance}/file").content

    def metadata(self, instance: str, level: str = "instances") -> dict[str, str]:
        """What Orthanc and forward.lua remember about an instance, or a study or series."""
        values: dict[str, str] = self.get(f"/{level}/{instance}/metadata", expand=1).json()
        return values

    def find(self, level: str = "Instance", **query: str) -> list[str]:
        """Orthanc's identifiers of what matches, by keyword."""
        answer = httpx.post(
            f"{self.url}/tools/find", json={"Level": level, "Query": query}, timeout=30
        )
        answer.raise_for_status()
        return list(answer.json())

    def jobs(self) -> list[dict[str, Any]]:
        """Orthanc's jobs, finished ones too, oldest first."""
        jobs: list[dict[str, Any]] = self.get("/jobs", expand=1).json()
        return sorted(jobs, key=lambda job: str(job["CreationTime"]))

    def wait_for(self, predicate: Callable[[Orthanc], object], seconds: float = 10.0) -> None:
        """Return as soon as `predicate(self)` is true; raise `TimeoutError` when it never was."""
        wait_for(lambda: predicate(self), seconds, "Orthanc")
