"""Decides that a study is complete, on evidence that is stored, and routes it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from config.settings import Assembly, Peer, Settings
from dicom_node import logs
from dicom_node.assembly.counting import Counting
from dicom_node.peers import peer_of
from dicom_node.scu import Unreachable, count_instances
from dicom_node.views import as_study
from pipelines import Installed, installed
from pipelines.router import Decision, compile_routes, decide
from storage import completion, outbox, studies
from storage.changes import Changes
from storage.database import Database, now
from storage.inbox import Inbox, Unreadable, read_journal
from storage.killpoints import reached
from storage.records import NewJob, Priority, StoredInstance, StudyRecord


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a study was taken to be complete."""

    kind: str
    because: str
    held: int
    expected: int | None
    expected_from: str | None
    quiet_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The evidence as it is stored and shown."""
        return {
            "kind": self.kind,
            "because": self.because,
            "held": self.held,
            "expected": self.expected,
            "expected_from": self.expected_from,
            "quiet_seconds": round(self.quiet_seconds, 3),
        }


def judge(
    study: StudyRecord, held: int, rules: Assembly, moment: float, listening_since: float
) -> Evidence | None:
    """Say on what evidence the study is complete; None while it should be waited for.

    Silence counts only while somebody listens: after a restart, peers get their time to return.
    """
    quiet = moment - max(study.last_at, listening_since)
    age = moment - study.opened_at
    expected = study.expected
    kind = because = ""
    if expected is not None and held >= expected:
        kind = "counted"
        because = f"{held} of {expected} instances are here, says {study.expected_from}."
    elif age >= rules.cap_seconds:
        kind = "cap"
        because = f"The study was open for {age:.0f} seconds, the longest that is waited."
    elif expected is not None and quiet >= rules.short_seconds:
        kind = "short"
        because = (
            f"Only {held} of {expected} instances came (says {study.expected_from}), "
            f"and nothing more for {quiet:.0f} seconds."
        )
    elif expected is None and quiet >= rules.quiet_seconds:
        kind = "quiet"
        because = f"Every association is closed and nothing came for {quiet:.1f} seconds."
    if not kind:
        return None
    return Evidence(
        kind=kind,
        because=because,
        held=held,
        expected=expected,
        expected_from=study.expected_from,
        quiet_seconds=quiet,
    )


class Completeness:
    """Looks at the studies that may be complete, again and again."""

    def __init__(self, db: Database, inbox: Inbox, settings: Settings) -> None:
        self.db, self.inbox = db, inbox
        self.log = logs.log()
        self.listening_since = now()
        self.changes = Changes(db)
        self.waiting = True
        self.counting = Counting()
        self.asking: dict[int, Future[int | None]] = {}
        self.reload(settings)

    def reload(self, settings: Settings) -> None:
        """Route by a new configuration from the next study on."""
        self.settings = settings
        self.routes = compile_routes(settings.routes)
        self.installed: dict[str, Installed] = installed()

    def step(self) -> int:
        """Close every study whose evidence suffices; returns how many."""
        if not self.changes.seen() and not self.waiting:
            return 0
        moment = now()
        rules = self.settings.assembly
        ripe = completion.ripe(self.db, moment - rules.quiet_seconds, moment - rules.cap_seconds)
        closed = sum(self._consider(study, moment) for study in ripe)
        # Only where no study is open does nothing fall due by the clock alone.
        self.waiting = completion.any_open(self.db)
        return closed

    def _consider(self, study: StudyRecord, moment: float) -> bool:
        stored = studies.held(self.db, study.id)
        theirs = [instance for instance in stored if not instance.ours]
        evidence = judge(study, len(theirs), self.settings.assembly, moment, self.listening_since)
        if (evidence is None or evidence.kind == "quiet") and self._ask(study, theirs):
            return False
        if evidence is None:
            return False
        reached("assembly: study judged complete")
        decision = self._route(study, theirs)
        new_jobs = [self._job(assignment) for assignment in decision.assignments]
        return completion.close(
            self.db,
            study,
            held=len(theirs),
            evidence=evidence.to_dict(),
            decision=decision.to_dict(),
            new_jobs=new_jobs,
            announced=bool(self.settings.notices.unrouted and not new_jobs),
        )

    def _ask(self, study: StudyRecord, theirs: list[StoredInstance]) -> bool:
        """Ask the sender how many instances there are; True while its answer is awaited."""
        if study.asked_at is not None and study.asked_at >= study.last_at:
            return False
        named = self._sender(theirs)
        if named is None:
            return False
        name, peer = named
        future = self.asking.get(study.id)
        if future is None:
            question = partial(count_instances, self.settings, peer, study.StudyInstanceUID)
            self.asking[study.id] = self.counting.ask(name, question)
        elif future.done():
            del self.asking[study.id]
            counted = self._counted(study, name, future)
            # A peer that cannot say takes nothing back of what the objects announced.
            known = (study.expected, study.expected_from or name)
            completion.expect(self.db, study.id, *(known if counted is None else (counted, name)))
        return True

    def _counted(self, study: StudyRecord, peer: str, answer: Future[int | None]) -> int | None:
        try:
            counted = answer.result()
        except Exception as error:  # noqa: BLE001 - no study waits for ever because of a question
            why = str(error) if isinstance(error, Unreachable) else type(error).__name__
            self.log.warning("no count of instances", peer=peer, why=why)
            return None
        if counted is None:
            return None
        # What we made and it holds is in its count and not in ours.
        return max(0, counted - outbox.delivered_of_peer(self.db, study.id, peer))

    def _sender(self, theirs: list[StoredInstance]) -> tuple[str, Peer] | None:
        if not theirs:
            return None
        named = peer_of(self.settings, theirs[-1].calling_ae, self._address(theirs[-1]))
        return named if named is not None and named[1].count else None

    def _address(self, instance: StoredInstance) -> str:
        """Where an instance came from; empty where its file does not say."""
        try:
            return read_journal(self.inbox.path(instance.key), instance.key).address
        except (OSError, Unreadable, ValueError):
            return ""

    def _route(self, study: StudyRecord, theirs: list[StoredInstance]) -> Decision:
        return decide(
            as_study(study, theirs, self.inbox, revision=study.revision),
            self.routes,
            self.installed,
        )

    def _job(self, assignment: Any) -> NewJob:
        pipeline = self.installed[assignment.pipeline]
        return NewJob(
            pipeline=pipeline.name,
            version=pipeline.version,
            framework=pipeline.framework,
            priority=Priority[assignment.priority.upper()],
            assignment=assignment.to_dict(),
        )
