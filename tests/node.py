"""The node itself as a process: a configuration in a temporary folder, `dicom-node serve`, an end.

    with Node(tmp_path / "node", peers={"pacs": {...}}) as node:
        storescu([path], node.port)
        node.cli("status", "--json")

Ports are chosen when the object is made and stay, so that peers can be told before it starts and
`kill()` followed by `start()` finds everything where it was.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from config.show import toml
from dicom_node.cli.following import look
from storage import audit
from storage.database import Database
from tests.peers.processes import PeerError, Server, free_port, listening, wait_for

ROOT = Path(__file__).parents[1]
"""The checkout: the node runs from it, whatever the working folder."""

READY = "The node is ready."
"""What `dicom-node serve` prints once it serves."""

QUICK: Mapping[str, Mapping[str, Any]] = {
    "receiver": {"min_free_mb": 0},
    "assembly": {"quiet_seconds": 0.5, "short_seconds": 2},
    "sender": {"backoff_seconds": 0.2, "backoff_cap_seconds": 1, "commitment_seconds": 5},
    "workers": {"backoff_seconds": 0.2, "backoff_cap_seconds": 1},
}
"""Waits that suit a test; what a test gives itself is laid over them, section by section."""

Tables = Mapping[str, Mapping[str, Any]]


class Node(Server):
    """A node on free ports whose data lives in `folder`; it survives `kill` and `start`.

    Keyword arguments are sections of the configuration (`node={"receivers": 1}`); `peers` and
    `pipelines` are tables of tables, `routes` is a list of tables.
    """

    def __init__(
        self,
        folder: Path,
        *,
        peers: Tables | None = None,
        routes: Sequence[Mapping[str, Any]] | None = None,
        pipelines: Tables | None = None,
        env: Mapping[str, str] | None = None,
        **sections: Mapping[str, Any],
    ) -> None:
        self.config = folder / "node.toml"
        self.data_dir = folder / "data"
        self.port = int(sections.get("node", {}).get("port", 0)) or free_port()
        self.http_port = free_port()
        self.ae_title = str(sections.get("node", {}).get("ae_title", "DICOM_NODE"))
        super().__init__(folder, nodelay=False, env={})
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # A developer's own settings are not the test's.
        inherited = {n: v for n, v in self._environment.items() if not n.startswith("DICOM_NODE_")}
        own_variables = {"DICOM_NODE_CONFIG": str(self.config), "PYTHONPATH": path}
        self._environment = {**inherited, **own_variables, **(env or {})}
        self.sections: dict[str, dict[str, Any]] = {}
        self.peers = {name: dict(peer) for name, peer in (peers or {}).items()}
        self.pipelines = {name: dict(own) for name, own in (pipelines or {}).items()}
        self.routes = [dict(route) for route in routes] if routes is not None else None
        own: Tables = {
            "node": {"port": self.port, "data_dir": str(self.data_dir), "drain_seconds": 5},
            "http": {"port": self.http_port},
        }
        layers: tuple[Tables, ...] = (QUICK, own, sections)
        for layer in layers:
            for section, values in layer.items():
                self.sections.setdefault(section, {}).update(values)
        self._mark = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.configure()

    def configure(self, text: str | None = None) -> None:
        """Write the configuration file: from `sections`, `peers`, `routes`, or as it is given."""
        self.config.write_text(self._toml() if text is None else text, encoding="utf-8")

    def _toml(self) -> str:
        blocks = [_block(f"[{name}]", values) for name, values in self.sections.items()]
        blocks += [_block(f"[peers.{name}]", peer) for name, peer in self.peers.items()]
        blocks += [_block(f"[pipelines.{name}]", own) for name, own in self.pipelines.items()]
        blocks += [_block("[[routes]]", route) for route in self.routes or []]
        return "\n".join(blocks)

    def command(self) -> Sequence[str]:
        """The command line of the node."""
        self._mark = self.log.stat().st_size if self.log.exists() else 0
        return [sys.executable, "-m", "dicom_node.cli", "serve"]

    def ready(self) -> bool:
        """Whether it has said that it is ready and its DICOM port answers."""
        return READY in self.said() and listening(self.port)

    def said(self) -> str:
        """What this start of the node has printed and logged so far."""
        with self.log.open("rb") as log:
            log.seek(self._mark)
            return log.read().decode("utf-8", "replace")

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a program finds this node."""
        return dict(self._environment)

    @property
    def url(self) -> str:
        """Where its page and API are."""
        return f"http://127.0.0.1:{self.http_port}"

    def cli(
        self, *args: str | Path, timeout: float = 60.0, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `dicom-node ARGS` with the node's configuration, whether it runs or not."""
        return subprocess.run(
            [sys.executable, "-m", "dicom_node.cli", *map(str, args)],
            env={**self._environment, **(env or {})},
            cwd=self.folder,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )

    def popen(self, *args: str | Path) -> subprocess.Popen[str]:
        """Start `dicom-node ARGS` and let it run; its output is piped to the test."""
        return subprocess.Popen(
            [sys.executable, "-m", "dicom_node.cli", *map(str, args)],
            env=self._environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def json(self, *args: str | Path, timeout: float = 60.0) -> Any:
        """What `dicom-node ARGS --json` prints; a failure of the command raises with its words."""
        done = self.cli(*args, "--json", timeout=timeout)
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise PeerError(
                f"dicom-node {' '.join(map(str, args))} ended with {done.returncode}:\n"
                f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
            ) from error

    def processes(self, role: str | None = None) -> list[int]:
        """The process ids of the running node, the oldest first; of one role where it is named."""
        found = self.json("status")["processes"]
        return [row["pid"] for row in found if role is None or row["role"] == role]

    def start_to_be_killed(self, point: str, marker: Path) -> None:
        """Start; the first process that comes to the point is killed there, and `marker` left.

        Returns once the node serves, or, where the supervisor is the one that dies, has died.
        """
        self._environment["NODE_KILL_AT"] = f"{point}:{marker}"
        try:
            self.start()
        except PeerError:
            if not marker.exists():
                raise
        finally:
            del self._environment["NODE_KILL_AT"]

    def kill_role(self, role: str) -> list[int]:
        """End every process of a role by SIGKILL; the supervisor starts them again."""
        ended = self.processes(role)
        for pid in ended:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return ended

    def kill(self) -> None:
        """End the supervisor at once by SIGKILL and wait until its children have noticed."""
        known = [self.pid] if self.pid else []
        children = _children(self.pid) if self.pid else []
        super().kill()
        wait_for(
            lambda: not any(map(_exists, (*known, *children))), 10.0, "the node's processes to end"
        )

    def story(self, uid: str) -> dict[str, Any]:
        """What `explain UID --json` would tell, read without starting a process; else nothing."""
        from dicom_node.cli.explain import facts

        path = self.data_dir / "node.sqlite"
        if not path.exists():
            return {}
        db = Database(f"sqlite:///{path}")
        try:
            progress = look(db, uid)
            return {} if progress is None else facts(db, progress)
        except OperationalError:  # the node has not made its tables yet
            return {}
        finally:
            db.close()

    def refusals(self) -> list[Mapping[str, Any]]:
        """What the receiver refused, from the audit trail."""
        db = Database(f"sqlite:///{self.data_dir / 'node.sqlite'}")
        try:
            return [line for line in audit.trail(db) if line["event"] == "refused"]
        finally:
            db.close()

    def wait_for_study(self, uid: str, seconds: float = 20.0) -> dict[str, Any]:
        """Wait until all is done about the current revision of a study; return its explanation."""
        seen: dict[str, Any] = {}

        def done() -> bool:
            seen.clear()
            seen.update(self.story(uid))
            return bool(seen.get("finished"))

        wait_for(done, seconds, f"the study {uid} to be finished; last seen: {seen.get('stage')}")
        return seen


def _block(header: str, values: Mapping[str, Any]) -> str:
    lines = [f"{json.dumps(name)} = {toml(value)}" for name, value in values.items()]
    return "\n".join([header, *lines, ""])


def _children(pid: int) -> list[int]:
    """The child processes of a process, by /proc."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(number) for number in tasks.read_text().split()]
    return found


def _exists(pid: int) -> bool:
    """Whether a process lives; one that nobody has waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
