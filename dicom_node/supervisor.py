"""`dicom-node serve`: starts the node's processes, starts them again when they die, stops them.

It does no work of its own, so that nothing in it can hang or grow. What a process leaves behind
when it dies is cleared up here, because here it is known that it is dead.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.errors import ConfigError
from config.loader import load
from config.reload import diff, reloaded
from config.settings import Settings
from dicom_node import logs
from dicom_node.process import CONTROL_FD, EXIT_OVER_LIMIT, new_id
from dicom_node.receiver.listening import listen
from dicom_node.receiver.seats import Seats
from storage.killpoints import reached

if TYPE_CHECKING:
    from storage.records import Job


class Occupied(Exception):
    """Another node works on the data folder; two on one would take each other's jobs for lost."""


BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The waits before a process that keeps dying is started again, in seconds."""

ORDER_SECONDS = 2.0
"""How long a child may take to read an order that no longer fits in between."""


@dataclass(kw_only=True)
class Child:
    """One process of the node."""

    role: str
    sockets: tuple[socket.socket, ...] = ()
    fds: tuple[int, ...] = ()
    """Other descriptors it inherits, under the same numbers."""
    extra: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    popen: subprocess.Popen[bytes] | None = None
    channel: socket.socket | None = None
    is_ready: bool = False
    draining: bool = False
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = 0.0

    def spawn(self) -> None:
        """Start the process; it imports what it needs and waits for its first order."""
        ours, theirs = socket.socketpair()
        self.id, self.is_ready, self.started_at = new_id(), False, time.monotonic()
        self.popen = subprocess.Popen(
            # -P: the folder we are started in may hold a `config` or a `storage` of its own.
            [sys.executable, "-P", "-m", "dicom_node.process", self.role],
            pass_fds=[theirs.fileno(), *(s.fileno() for s in self.sockets), *self.fds],
            env=os.environ | {CONTROL_FD: str(theirs.fileno())},
            # Not in the terminal's group: Ctrl-C is the supervisor's to answer.
            start_new_session=True,
        )
        theirs.close()
        ours.setblocking(False)
        self.channel = ours

    def brief(self, settings: Settings) -> None:
        """Give the first order: who it is, the settings, its sockets."""
        self.tell(
            id=self.id,
            settings=plain(settings),
            fds=[s.fileno() for s in self.sockets],
            extra=self.extra | {"deaths": self.deaths},
        )

    def tell(self, **order: object) -> None:
        """Send an order; a dead child is noticed elsewhere, one that reads no orders is ended."""
        if self.channel is None or self.popen is None:
            return
        try:
            self.channel.settimeout(ORDER_SECONDS)
            self.channel.sendall(json.dumps(order).encode() + b"\n")
            self.channel.setblocking(False)
        except TimeoutError:
            # Half an order is under way: nothing that follows it would be understood.
            self.popen.kill()
        except OSError:
            return

    def hear(self) -> None:
        """Notice that the child is ready."""
        if self.channel is not None and not self.is_ready:
            try:
                self.is_ready = bool(self.channel.recv(4096))
            except OSError:
                return

    def dead(self) -> int | None:
        """The exit status of a child that ended, else None."""
        return None if self.popen is None else self.popen.poll()

    def bury(self) -> None:
        """Forget the process that ended."""
        if self.channel is not None:
            self.channel.close()
        self.popen = self.channel = None
        # A child that lived for a minute is not one that cannot start.
        self.deaths = 1 if time.monotonic() - self.started_at > 60 else self.deaths + 1
        self.start_at = time.monotonic() + BACKOFF[min(self.deaths, len(BACKOFF)) - 1]


def plain(settings: Settings) -> dict[str, Any]:
    """The settings as JSON can carry them, secrets included: only for our own children."""

    def spell(value: Any) -> Any:
        return value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)

    text = json.dumps(settings.model_dump(), default=spell)
    found: dict[str, Any] = json.loads(text)
    return found


class Supervisor:
    """The parent of the node's processes."""

    def __init__(self, settings: Settings, announce: Callable[[Settings, int, int], None]) -> None:
        self.settings = settings
        self.announce = announce
        self.log = logs.log()
        self.id = new_id()
        self.children: list[Child] = []
        self.stopping = 0
        self.hangups = 0

    def run(self) -> int:
        """Serve until told to stop."""
        alone = claim(Path(self.settings.node.data_dir))
        dicom = patiently(lambda: listen(self.settings))
        http = patiently(lambda: listen_http(self.settings))
        seats = Seats()
        receivers = [
            Child(
                role="receiver",
                sockets=tuple(dicom),
                fds=(seats.fd,),
                extra={"seats": seats.fd},
            )
            for _ in range(self.settings.node.receivers)
        ]
        # They import for most of a second; the database is made ready meanwhile.
        for child in receivers:
            child.spawn()
        self._prepare()
        for child in receivers:
            child.brief(self.settings)
        self.children = receivers
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hangup)
        self._wait_ready(receivers, 10.0)
        self._start_others(http)
        reached("supervisor: everything started")
        ports = [s.getsockname()[1] for s in (*dicom, *http)]
        self.announce(self.settings, ports[0], ports[-1] if http else 0)
        try:
            return self._watch()
        finally:
            os.close(alone)

    def _prepare(self) -> None:
        """Make the database ready and clear up after whatever ran here before."""
        from storage import arrivals, fleet
        from storage.database import Database
        from storage.inbox import Inbox

        self.db = Database.of(self.settings)
        self.db.upgrade()
        Inbox.of(self.settings).recover()
        gone = [row["id"] for row in fleet.clear(self.db)]
        arrivals.abandon(self.db)
        self._reclaim(gone)
        fleet.enrol(self.db, self.id, "supervisor")
        reached("supervisor: database ready")

    def _reclaim(self, workers: list[str]) -> list[Job]:
        """Take back the jobs of these workers, which are dead, and of those that fell silent."""
        from storage import jobs

        rules = self.settings.workers
        return jobs.reclaim(self.db, rules.max_crashes, self.settings.notices.dead, workers)

    def _start_others(self, http: list[socket.socket]) -> None:
        others = [Child(role="assembly"), Child(role="sender")]
        if http:
            others.append(Child(role="gateway", sockets=tuple(http)))
        for child in (*others, *self._workers()):
            self._start(child)

    def _workers(self) -> list[Child]:
        from pipelines import installed

        known = installed()
        wanted = {name for route in self.settings.routes for name in route.pipelines}
        frameworks = {known[name].framework for name in wanted if name in known}
        running = {child.extra["framework"] for child in self.children if child.role == "worker"}
        return [
            Child(role="worker", extra={"framework": framework})
            for framework in sorted(frameworks - running)
            for _ in range(self.settings.workers.count)
        ]

    def _start(self, child: Child) -> None:
        from storage import fleet

        if child not in self.children:
            self.children.append(child)
        child.spawn()
        child.brief(self.settings)
        assert child.popen is not None  # noqa: S101 - spawn has just made it
        fleet.enrol(self.db, child.id, child.role, child.popen.pid)

    def _wait_ready(self, children: Iterable[Child], seconds: float) -> None:
        from storage import fleet

        deadline = time.monotonic() + seconds
        waiting = list(children)
        while waiting and time.monotonic() < deadline and not self.stopping:
            for child in waiting:
                child.hear()
            waiting = [c for c in waiting if not c.is_ready and c.dead() is None]
            time.sleep(0.01)
        for child in children:
            if child.popen is not None:
                fleet.enrol(self.db, child.id, child.role, child.popen.pid)

    def _watch(self) -> int:
        from storage import fleet

        beaten = 0.0
        while not self.stopping:
            time.sleep(0.05)
            for child in self.children:
                child.hear()
                self._revive(child)
            if self.hangups:
                self.hangups = 0
                self._reload()
            if time.monotonic() - beaten > 2.0:
                beaten = time.monotonic()
                fleet.beat(self.db, [self.id, *(child.id for child in self.children)])
                self._end_silent_workers()
        return self._drain()

    def _revive(self, child: Child) -> None:
        status = child.dead()
        if status is not None:
            self.log.error("process died", role=child.role, pid=child.popen.pid, status=status)  # type: ignore[union-attr] # dead() says there is one
            child.bury()
            if self._clear_up(child) or status == EXIT_OVER_LIMIT:
                # It died of its job, and jobs that do that are counted: the next goes on at once.
                child.deaths, child.start_at = 0, 0.0
        if child.popen is None and time.monotonic() >= child.start_at:
            self._start(child)

    def _clear_up(self, child: Child) -> bool:
        """Undo what only the dead process could have finished; returns whether it had a job."""
        from storage import arrivals, fleet

        fleet.dismiss(self.db, [child.id])
        if child.role == "receiver":
            arrivals.abandon(self.db, [child.id])
            for other in self.children:
                if other.role == "assembly":
                    other.tell(order="take-up")
        return child.role == "worker" and bool(self._reclaim([child.id]))

    def _end_silent_workers(self) -> None:
        """Kill workers whose lease ran out: their job is another's now."""
        silent = {job.worker for job in self._reclaim([])}
        for child in self.children:
            if child.id in silent and child.popen is not None:
                self.log.error("worker fell silent and is killed", pid=child.popen.pid)
                child.popen.kill()

    def _reload(self) -> None:
        """Take over a changed configuration; a bad one is refused whole and the old one stays."""
        from pipelines.router import RouteError, compile_routes
        from storage import audit

        try:
            found = load()
            compile_routes(found.routes)
        except (ConfigError, RouteError) as error:
            with self.db.transaction() as connection:
                audit.note(connection, "reload-refused", None, because=str(error))
            self.log.error("the new configuration is refused, the old one stays", why=str(error))
            return
        sentence = diff(self.settings, found).sentence
        self.settings = reloaded(self.settings, found)
        for child in self.children:
            child.tell(settings=plain(self.settings))
        for child in self._workers():
            self._start(child)
        with self.db.transaction() as connection:
            audit.note(connection, "reloaded", None, changed=sentence)
        self.log.info("configuration reloaded", changed=sentence)

    def _drain(self) -> int:
        """Stop in the order of the way through: nothing new comes in, what is begun is ended."""
        from storage import fleet

        self.log.info("stopping: open associations and running jobs may finish")
        clean = True
        for roles in (("receiver", "gateway"), ("assembly", "worker", "sender")):
            leaving = [c for c in self.children if c.role in roles and c.popen is not None]
            for child in leaving:
                child.tell(order="drain")
            clean &= self._await_end(leaving)
        fleet.dismiss(self.db, [self.id, *(child.id for child in self.children)])
        self.db.close()
        self.log.info("stopped" if clean else "stopped; some processes had to be killed")
        return 0 if clean else 1

    def _await_end(self, leaving: list[Child]) -> bool:
        deadline = time.monotonic() + self.settings.node.drain_seconds + 2
        while any(child.dead() is None for child in leaving):
            if time.monotonic() > deadline or self.stopping > 1:
                for child in leaving:
                    if child.dead() is None and child.popen is not None:
                        child.popen.kill()
                        child.popen.wait()
                return False
            time.sleep(0.02)
        return True

    def _on_stop(self, *_: object) -> None:
        self.stopping += 1

    def _on_hangup(self, *_: object) -> None:
        self.hangups += 1


def listen_http(settings: Settings) -> list[socket.socket]:
    """Listen for the page and the API, where they are wanted."""
    if not settings.http.enabled:
        return []
    return [socket.create_server((settings.http.host, settings.http.port))]


def claim(data_dir: Path) -> int:
    """Be the only node on a data folder for as long as the returned descriptor is open.

    The kernel lets go of it when the process ends, however it ends.
    """
    folder = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise Occupied(f"Another node runs on the data folder {data_dir}.") from None
    return folder


def patiently(listening: Callable[[], list[socket.socket]]) -> list[socket.socket]:
    """Listen, waiting a moment where a predecessor that was killed still holds the port."""
    deadline = time.monotonic() + 3
    while True:
        try:
            return listening()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def serve(settings: Settings, announce: Callable[[Settings, int, int], None]) -> int:
    """Run the node in the foreground; returns the exit status."""
    logs.configure(settings.logging, "supervisor")
    Path(settings.node.data_dir).mkdir(parents=True, exist_ok=True)
    return Supervisor(settings, announce).run()
