"""`dicom-node serve`: starts the node's processes, starts them again when they die, stops them.

It does no work of its own, so that nothing in it can hang or grow. What a process leaves behind
when it dies is cleared up here, because here it is known that it is dead.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import ConfigError
from config.loader import load
from config.reload import diff, reloaded
from config.settings import Settings
from dicom_node import logs
from dicom_node.child import Child, plain
from dicom_node.ground import claim, listen_http, patiently
from dicom_node.preflight import problems
from dicom_node.process import EXIT_OVER_LIMIT, new_id
from dicom_node.receiver.listening import listen
from dicom_node.receiver.seats import Seats
from storage.killpoints import reached

if TYPE_CHECKING:
    from storage.records import Job


class Supervisor:
    """The parent of the node's processes."""

    def __init__(self, settings: Settings, announce: Callable[[Settings, int, int], None]) -> None:
        self.settings = settings
        self.announce = announce
        self.log = logs.log()
        self.id = new_id()
        self.children: list[Child] = []
        self.unannounced: tuple[int, int] | None = None
        """The ports to announce as soon as a receiver serves them."""
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
        self.unannounced = (ports[0], ports[-1] if http else 0)
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
        from storage import crashes

        rules = self.settings.workers
        return crashes.reclaim(self.db, rules.max_crashes, self.settings.notices.dead, workers)

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
            self._announce()
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

    def _announce(self) -> None:
        """Say once that the node is ready, and not before somebody answers at its port."""
        receivers = [child for child in self.children if child.role == "receiver"]
        if self.unannounced and any(child.is_ready for child in receivers):
            ports, self.unannounced = self.unannounced, None
            self.announce(self.settings, *ports)

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
        from storage import audit

        try:
            found = load()
            wanted = reloaded(self.settings, found)
            # What is taken over now, and what the next start will find.
            wrong = dict.fromkeys([*problems(found), *problems(wanted)])
        except ConfigError as error:
            wrong = {str(error): None}
        if wrong:
            why = "\n".join(wrong)
            with self.db.transaction() as connection:
                audit.note(connection, "reload-refused", None, because=why)
            self.log.error("the new configuration is refused, the old one stays", why=why)
            return
        sentence = diff(self.settings, found).sentence
        self.settings = wanted
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


def serve(settings: Settings, announce: Callable[[Settings, int, int], None]) -> int:
    """Run the node in the foreground; returns the exit status."""
    logs.configure(settings.logging, "supervisor")
    Path(settings.node.data_dir).mkdir(parents=True, exist_ok=True)
    return Supervisor(settings, announce).run()
