"""What is done by the clock, by APScheduler: closing studies, notices, retention, health.

When anything is due stands in the database, not in the scheduler: a restart neither skips nor
repeats it.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from dicom_node import logs
from dicom_node.assembly.completeness import Completeness
from dicom_node.process import Orders
from storage import fleet, notices, retention
from storage.backoff import delay
from storage.database import Database, now
from storage.inbox import Inbox


class Chores:
    """The periodic work of a node."""

    def __init__(
        self, db: Database, inbox: Inbox, orders: Orders, completeness: Completeness
    ) -> None:
        self.db, self.inbox, self.orders = db, inbox, orders
        self.log = logs.log()
        self.scheduler = BackgroundScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self.scheduler.add_listener(self._failed, EVENT_JOB_ERROR)
        for seconds, chore in (
            (0.1, completeness.step),
            (1.0, self.notify),
            (60.0, self.retain),
            (30.0, self.check_room),
        ):
            self.scheduler.add_job(chore, "interval", seconds=seconds, id=chore.__qualname__)

    def _failed(self, event: JobExecutionEvent) -> None:
        # The chore is tried again at its next time; what it could not do is still due.
        self.log.error("a chore failed", chore=event.job_id, trace=event.traceback)

    def notify(self) -> None:
        """Send the notices that are due to the webhook, if there is one."""
        webhook = self.orders.settings.notices.webhook.get_secret_value()
        if not webhook:
            return
        for notice in notices.due(self.db):
            if self.orders.stop.is_set():
                return
            body = {"event": notice["event"], "at": notice["created_at"], **notice["body"]}
            request = urllib.request.Request(  # noqa: S310 - config allows http and https only
                webhook,
                data=json.dumps(body).encode(),
                headers={"Content-Type": "application/json", "Idempotency-Key": str(notice["id"])},
            )
            try:
                urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - as above
            except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
                self.log.warning("a notice was not taken", error=type(error).__name__)
                wait = delay(notice["attempts"] + 1, 5, 600)
                notices.postpone(self.db, notice["id"], now() + wait)
            else:
                notices.sent(self.db, notice["id"])

    def retain(self) -> None:
        """Once a day, at the configured time, remove studies that are done with."""
        rules = self.orders.settings.retention
        if not rules.enabled or not self._is_time(rules.at):
            return
        removed = 0
        while found := retention.removable(self.db, now() - rules.days * 86400):
            for study_id, _ in found:
                retention.remove(self.db, study_id, self.inbox.remove, self._unlink_result)
                removed += 1
        fleet.has_run(self.db, "retention")
        self.log.info("retention ran", studies_removed=removed)

    def _unlink_result(self, key: str) -> None:
        folder = Path(self.orders.settings.node.data_dir) / "results"
        (folder / key).unlink(missing_ok=True)

    def _is_time(self, at: str) -> bool:
        hour, minute = map(int, at.split(":"))
        moment = datetime.now().astimezone()
        due = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if due > moment:
            due -= timedelta(days=1)
        last = fleet.last_run(self.db, "retention")
        return last is None or last < due.timestamp()

    def check_room(self) -> None:
        """Say in the log when instances are about to be refused for want of space."""
        if not self.inbox.has_room():
            self.log.error("no room: new instances are refused until space is freed")

    def start(self) -> None:
        """Begin; the chores run in threads of the scheduler."""
        self.scheduler.start()

    def stop(self) -> None:
        """Let what runs finish."""
        self.scheduler.shutdown(wait=True)
