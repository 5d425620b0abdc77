"""The load generator, a process of its own: `python -m bench.load JOB.json`.

It opens all associations, warms each up, says "ready" and waits for a line; sends everything, says
how long it took, and keeps the associations open until a second line comes, so that whoever
measures can look at the receiver's processes meanwhile. A thread serves each association: all its
time is spent in system calls, outside the interpreter's lock.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.wire import Association, Message, encode

_BASE = 10**38
"""UIDs are "2.25." and 39 digits: always of one width, so that they can be patched."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """One encoded data set and the values in it that are each instance's own."""

    path: str
    SOPClassUID: str
    TransferSyntaxUID: str
    SOPInstanceUID: str
    SeriesInstanceUID: str
    StudyInstanceUID: str
    number: str
    """The encoded element (0020,0013) with a value six digits wide."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to send where; `token` makes the UIDs of this job its own."""

    port: int
    called: str
    associations: int
    count: int
    """Instances an association sends while the clock runs."""
    warm: int
    """Instances an association sends before that."""
    token: int
    template: Template


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What came of it."""

    instances: int
    seconds: float
    """From the word go to the last acknowledgement."""
    cpu_seconds: float
    """What the generator itself used meanwhile."""
    acknowledged_at: float
    """When the last acknowledgement came, in seconds since the epoch."""


def uid(token: int, association: int, number: int) -> bytes:
    """The UID of an instance, series or study; no two of a benchmark are the same."""
    return b"2.25.%d" % (_BASE + token % 10**24 * 10**14 + association * 10**10 + number)


def study_uid(token: int, association: int) -> str:
    """The Study Instance UID of what an association sends."""
    return uid(token, association, 1).decode()


class Sender(threading.Thread):
    """One association and its instances: a study of its own."""

    def __init__(self, job: Job, data_set: bytes, number: int, go: threading.Event) -> None:
        super().__init__(daemon=True)
        self.warmed, self.done = threading.Event(), 0.0
        self.failure: BaseException | None = None
        self._job, self._number, self._go = job, number, go
        template = job.template
        self.association = Association.open(
            job.port, job.called, template.SOPClassUID, template.TransferSyntaxUID
        )
        self._message = _message(template, data_set, self.association.most)

    def run(self) -> None:
        """Warm up, wait for the word go, send."""
        try:
            self._send(range(self._job.warm))
            self.warmed.set()
            self._go.wait()
            self._send(range(self._job.warm, self._job.warm + self._job.count))
        except Exception as error:  # noqa: BLE001 - main() raises it in its own thread
            self.failure = error
        finally:
            self.done = time.perf_counter()
            self.warmed.set()

    def _send(self, numbers: range) -> None:
        token, association = self._job.token, self._number
        study, series = uid(token, association, 1), uid(token, association, 2)
        for number in numbers:
            instance = uid(token, association, 10 + number)
            mark = self._job.template.number.encode()[:-6] + b"%06d" % (number + 1)
            self.association.store(self._message.of((instance, series, study, mark)))


def _message(template: Template, data_set: bytes, most: int) -> Message:
    names = (template.SOPInstanceUID, template.SeriesInstanceUID, template.StudyInstanceUID)
    needles = (*(name.encode() for name in names), template.number.encode())
    return encode(template.SOPClassUID, data_set, needles, 0, most)


def _line() -> None:
    if not sys.stdin.readline():
        sys.exit("Nobody told the load generator to go on.")


def _fail(senders: list[Sender]) -> None:
    for sender in senders:
        if sender.failure is not None:
            raise sender.failure


def run(job: Job) -> None:
    """Send what the job says, in step with the process that started this one."""
    data_set = Path(job.template.path).read_bytes()
    go = threading.Event()
    senders = [Sender(job, data_set, number, go) for number in range(job.associations)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.warmed.wait()
    _fail(senders)
    print("ready", flush=True)
    _line()
    cpu, begun = time.process_time(), time.perf_counter()
    go.set()
    for sender in senders:
        sender.join()
    seconds = max(sender.done for sender in senders) - begun
    sent = Sent(
        instances=job.associations * job.count,
        seconds=seconds,
        cpu_seconds=time.process_time() - cpu,
        acknowledged_at=time.time() - (time.perf_counter() - begun - seconds),
    )
    _fail(senders)
    print(json.dumps(asdict(sent)), flush=True)
    _line()
    for sender in senders:
        sender.association.release()


def main() -> None:
    """Read the job that the command line names and do it."""
    told = json.loads(Path(sys.argv[1]).read_text())
    run(Job(**{**told, "template": Template(**told["template"])}))


if __name__ == "__main__":
    main()
