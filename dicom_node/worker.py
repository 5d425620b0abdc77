"""A worker: takes jobs for one framework, runs their pipelines, hands the results to the outbox.

It may die between any two lines. Until `jobs.finish` commits, the job is another worker's once
the lease is over; result files written before are written again with the same bytes under the
same names; after it commits, the outbox has everything.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dicom_node import logs
from dicom_node.delivery_plan import plan
from dicom_node.process import EXIT_OVER_LIMIT, Orders
from dicom_node.remaking import context, material
from pipelines import Installed, configure, installed
from pipelines.contract import Cancelled, Findings, Pipeline, Rejected, Retryable, Study
from results.build import Result, build_results
from storage import crashes, jobs, objects
from storage.backoff import delay
from storage.changes import Changes
from storage.database import Database, now
from storage.inbox import Inbox
from storage.job import LeaseLost
from storage.killpoints import reached
from storage.records import Job, JobStatus, NewResult

POLL = 0.05


@dataclass
class Watch:
    """Watches one job from a thread: renews the lease, and ends what goes over its limits."""

    db: Database
    job: Job
    orders: Orders
    fraction: float = 0.0
    doing: str = "starting"
    cancelled: bool = False
    over: threading.Event = field(default_factory=threading.Event)
    started: float = field(default_factory=time.monotonic)

    def __call__(self, fraction: float, doing: str) -> None:
        """What pipelines report their progress to."""
        self.fraction, self.doing = fraction, doing
        if self.cancelled:
            raise Cancelled

    def __enter__(self) -> Watch:
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()

    def _watch(self) -> None:
        settings = self.orders.settings.workers
        own = self.orders.settings.pipelines.get(self.job.pipeline)
        timeout = own.timeout_seconds if own and own.timeout_seconds else settings.timeout_seconds
        beaten = cancelled_at = 0.0
        while not self.over.wait(0.25):
            moment = time.monotonic()
            if moment - self.started > timeout:
                self._end_process(f"The job took longer than {timeout:.0f} seconds.")
            if resident_mb() > settings.memory_mb:
                self._end_process(f"The job needed more than {settings.memory_mb} MB of memory.")
            if cancelled_at and moment - cancelled_at > 5:
                self._end_process("Cancelled on request.")
            if moment - beaten > min(1.0, settings.lease_seconds / 4):
                beaten = moment
                if self._beat(settings.lease_seconds) and not cancelled_at:
                    self.cancelled, cancelled_at = True, moment

    def _beat(self, lease_seconds: float) -> bool:
        try:
            return jobs.beat(self.db, self.job, lease_seconds, self.fraction, self.doing)
        except LeaseLost:
            # Another worker has it by now; what runs here must not go on beside it.
            os._exit(EXIT_OVER_LIMIT)

    def _end_process(self, reason: str) -> None:
        # Native code cannot be interrupted from here: ending the process is the sure way.
        settings = self.orders.settings
        most = settings.workers.max_crashes
        crashes.crashed(self.db, self.job, reason, most, settings.notices.dead)
        os._exit(EXIT_OVER_LIMIT)


def resident_mb() -> float:
    """How much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Worker:
    """Runs jobs one after the other; each pipeline is loaded once."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.framework: str = orders.extra["framework"]
        self.db = Database.of(orders.settings)
        self.inbox = Inbox.of(orders.settings)
        self.log = logs.log()
        self.loaded: dict[str, tuple[Installed, Pipeline]] = {}

    def prepare(self) -> None:
        """Load what the routes name, so that the first job need not wait for it.

        What cannot be loaded is left to its jobs, which say so; and where the last worker died
        before it was ready, nothing is, so that one pipeline cannot keep the others from work.
        """
        if self.orders.extra.get("deaths", 0) > 1:
            return
        routes = [route for route in self.orders.settings.routes if route.enabled]
        known = installed()
        for name in sorted({name for route in routes for name in route.pipelines}):
            found = known.get(name)
            if found is None or found.error or found.framework != self.framework:
                continue
            try:
                self._load(name)
            except Exception as error:  # noqa: BLE001 - its jobs meet the same, and decide their fate
                why = str(error) if isinstance(error, Retryable) else type(error).__name__
                self.log.error("a pipeline cannot be loaded", pipeline=name, error=why)

    def step(self) -> bool:
        """Run the next job, if one is due."""
        settings = self.orders.settings
        if not jobs.waiting(self.db, self.framework):
            return False
        limits = {
            name: own.concurrency for name, own in settings.pipelines.items() if own.concurrency
        }
        job = jobs.claim(
            self.db, self.orders.id, self.framework, settings.workers.lease_seconds, limits
        )
        if job is None:
            return False
        reached("worker: job claimed")
        with Watch(db=self.db, job=job, orders=self.orders) as watch:
            self._run(job, watch)
        return True

    def _run(self, job: Job, watch: Watch) -> None:
        """Run one job; the family of what goes wrong decides its fate, here and nowhere else."""
        announced = self.orders.settings.notices.dead
        try:
            self._work(job, watch)
        except LeaseLost:
            self.log.warning("the job was taken over by another worker", job=job.id)
        except Cancelled:
            jobs.fail(self.db, job, JobStatus.CANCELLED, "Cancelled on request.")
        except Rejected as error:
            jobs.fail(self.db, job, JobStatus.REJECTED, str(error))
            self.log.info("job rejected", job=job.id, pipeline=job.pipeline)
        except Retryable as error:
            self._later(job, str(error), announced)
        except Exception as error:  # noqa: BLE001 - a bug's fate is decided here: dead, with its trace
            trace = traceback.format_exc()
            name = type(error).__name__
            jobs.fail(self.db, job, JobStatus.DEAD, f"A bug in the node: {name}.", trace, announced)
            # The message may quote the data set; the trace is in the database, not in the log.
            self.log.error("job is dead", job=job.id, pipeline=job.pipeline, error=name)

    def _later(self, job: Job, reason: str, announced: bool) -> None:
        settings = self.orders.settings.workers
        if job.attempts >= settings.max_attempts:
            given_up = f"{reason} It was tried {job.attempts} times."
            jobs.fail(self.db, job, JobStatus.DEAD, given_up, announced=announced)
            return
        wait = delay(job.attempts, settings.backoff_seconds, settings.backoff_cap_seconds)
        jobs.put_back(self.db, job, reason, now() + wait)

    def _work(self, job: Job, watch: Watch) -> None:
        study, closed_at = material(self.db, self.inbox, job)
        found, pipeline = self._load(job.pipeline)
        _meant_for(pipeline, study)
        findings = pipeline.run(study, watch)
        reached("worker: pipeline ran")
        watch(0.95, "writing results")
        wanted = plan(job.assignment, self.orders.settings, found.results)
        made, not_made = self._results(job, study, findings, closed_at, wanted)
        reached("worker: results written, not recorded")
        # What runs in shadow is nobody's business yet.
        alert = "" if job.assignment["shadow"] else findings.alert
        announced = self.orders.settings.notices.alert
        jobs.finish(self.db, job, findings.to_dict(), made, not_made, alert, announced)
        self.log.info("job done", job=job.id, pipeline=job.pipeline, results=len(made))

    def _load(self, name: str) -> tuple[Installed, Pipeline]:
        """The pipeline, ready to run; made and told its options once."""
        if name not in self.loaded:
            found = installed().get(name)
            if found is None:
                raise Retryable(f"The pipeline {name} is not installed here any more.")
            pipeline = found.make()
            settings = self.orders.settings
            try:
                configure(pipeline, settings.options_of(name), settings.models_folder)
            except ValueError as error:
                raise Retryable(f"pipelines.{name}.options: {error}") from error
            pipeline.load(settings.workers.device)
            self.loaded[name] = found, pipeline
        return self.loaded[name]

    def _results(
        self,
        job: Job,
        study: Study,
        findings: Findings,
        closed_at: float,
        wanted: Mapping[str, Sequence[str]],
    ) -> tuple[list[NewResult], tuple[str, ...]]:
        # A shadow job's report is made and kept, and sent to nobody.
        kinds = sorted({kind for kinds in wanted.values() for kind in kinds}) or ["sr"]
        built = build_results(
            kinds,
            study,
            findings,
            context(self.db, self.orders.settings, job, kinds, closed_at),
        )
        return [self._keep(result, wanted) for result in built.results], built.reasons

    def _keep(self, result: Result, wanted: Mapping[str, Sequence[str]]) -> NewResult:
        folder = Path(self.orders.settings.node.data_dir) / "results"
        key, size = objects.write(folder, result.SOPInstanceUID, result.dataset)
        return NewResult(
            kind=result.kind,
            SOPClassUID=str(result.SOPClassUID),
            SOPInstanceUID=str(result.SOPInstanceUID),
            SeriesInstanceUID=str(result.dataset.SeriesInstanceUID),
            TransferSyntaxUID=str(result.dataset.file_meta.TransferSyntaxUID),
            key=key,
            size=size,
            destinations=tuple(name for name, kinds in wanted.items() if result.kind in kinds),
        )


def _meant_for(pipeline: Pipeline, study: Study) -> None:
    """Raise `Rejected` where the pipeline takes none of the study's series, by their headers."""
    refusals = []
    for series in study.series:
        verdict = pipeline.accepts(series)
        if verdict.accepted:
            return
        refusals.append(verdict.reason.rstrip("."))
    reasons = "; ".join(dict.fromkeys(refusals)) or "the study has no series"
    raise Rejected(f"Not processed, because: {reasons}.")


def run(orders: Orders) -> None:
    """Work until told to stop."""
    worker = Worker(orders)
    worker.prepare()
    orders.ready()
    changes = Changes(worker.db)
    while not orders.stop.is_set():
        if not (changes.seen() and worker.step()):
            orders.stop.wait(POLL)
