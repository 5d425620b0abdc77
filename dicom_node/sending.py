"""Sends files as they are, without decoding them: what is behind `dicom-node send`.

Each file is offered in its own transfer syntax. An association has room for 128 presentation
contexts, so files of more kinds than that go in several groups; the files of a group are shared
out over as many associations as are asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.status import GENERAL_STATUS, STORAGE_SERVICE_CLASS_STATUS, code_to_category

from config.settings import Peer, Settings
from dicom_node.cli.files import Found, as_file
from dicom_node.fates import Fate, fate_of
from dicom_node.scu import Unreachable, associate

VERIFICATION = "1.2.840.10008.1.1"
MOST_KINDS = 127
"""PS3.8 section 9.3.2.2 leaves room for 128 presentation contexts, and one is for Verification."""
MOST_BREAKS = 3
"""After so many broken associations in a row, what is left is not tried."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file."""

    file: Found
    status: int | None
    """The peer's answer; None where it never answered."""
    comment: str
    """The peer's words, or why there was no answer."""

    @property
    def ok(self) -> bool:
        """Whether the peer has the object, perhaps with a warning."""
        return self.status is not None and fate_of(self.status) is Fate.DONE

    @property
    def reason(self) -> str:
        """The answer in words: the status with its meaning, and the peer's comment."""
        if self.status is None:
            return self.comment
        told = f"{self.status:#06x} {meaning(self.status)}"
        return f"{told}: {self.comment}" if self.comment else told


@cache
def meaning(status: int) -> str:
    """What a C-STORE status means (PS3.4 Table B.2-1, PS3.7 Annex C)."""
    table = {**GENERAL_STATUS, **STORAGE_SERVICE_CLASS_STATUS}
    category, text = table.get(status, (code_to_category(status), ""))
    if status == 0x0000:
        return "Success"
    return f"{category}, {text}" if text else str(category)


def groups(files: Sequence[Found]) -> Iterator[list[Found]]:
    """The files in groups that one association can offer, in the order they came."""
    kinds: dict[tuple[str, str], int] = {}
    parts: dict[int, list[Found]] = {}
    for file in files:
        kind = kinds.setdefault((file.SOPClassUID, file.TransferSyntaxUID), len(kinds))
        parts.setdefault(kind // MOST_KINDS, []).append(file)
    yield from parts.values()


def contexts(files: Sequence[Found]) -> list[PresentationContext]:
    """One presentation context for each kind of file, with that transfer syntax alone.

    Verification is offered too, which everybody takes: an association on which nothing is
    accepted would be aborted, and the peer would seem not to be there.
    """
    kinds = dict.fromkeys((file.SOPClassUID, file.TransferSyntaxUID) for file in files)
    offered = [build_context(UID(sop_class), UID(syntax)) for sop_class, syntax in kinds]
    return [*offered, build_context(VERIFICATION)]


def send(
    settings: Settings,
    peer: Peer,
    files: Sequence[Found],
    *,
    jobs: int = 1,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Send files to a peer; what became of each is returned and told as it happens.

    Raises `Unreachable` where the first association cannot be had; later breaks are outcomes.
    """
    sent: list[Outcome] = []
    for group in groups(files):
        _Group(settings, peer, group, sent, on_outcome).send(jobs)
    return sent


class _Group:
    """Files that share their presentation contexts, and the associations that share them."""

    def __init__(
        self,
        settings: Settings,
        peer: Peer,
        files: list[Found],
        sent: list[Outcome],
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.settings, self.peer = settings, peer
        self.contexts = contexts(files)
        self.queue = deque(files)
        self.sent, self.on_outcome = sent, on_outcome
        self.lock = threading.Lock()

    def send(self, jobs: int) -> None:
        """Send everything over so many associations at once."""
        lanes = min(jobs, len(self.queue))
        with ThreadPoolExecutor(lanes, thread_name_prefix="send") as pool:
            running = [pool.submit(self._lane) for _ in range(lanes)]
            try:
                for lane in running:
                    lane.result()
            except BaseException:
                # Ctrl-C, or nobody is there: what is on its way ends, nothing else is begun.
                self.queue.clear()
                raise

    def _lane(self) -> None:
        """Send files one after the other, over a new association where the last one broke."""
        breaks, why = 0, f"{self.peer.ae_title} broke off again and again."
        while self.queue and breaks < MOST_BREAKS:
            try:
                assoc = associate(self.settings, self.peer, self.contexts)
            except Unreachable as error:
                if not self.sent:
                    raise
                breaks, why = breaks + 1, str(error)
                continue
            try:
                breaks = 0 if self._send_over(assoc) else breaks + 1
            finally:
                if assoc.is_established:
                    assoc.release()
        while file := self._next():
            self._tell(Outcome(file=file, status=None, comment=f"Not tried: {why}"))

    def _next(self) -> Found | None:
        try:
            return self.queue.popleft()
        except IndexError:
            return None

    def _send_over(self, assoc: Association) -> bool:
        """Send until the queue is empty or the association broke; whether anything got through."""
        some = False
        while assoc.is_established and (file := self._next()):
            outcome = self._send_one(assoc, file)
            some |= outcome.status is not None
            self._tell(outcome)
        return some

    def _send_one(self, assoc: Association, file: Found) -> Outcome:
        kind = (file.SOPClassUID, file.TransferSyntaxUID)
        accepted = {(c.abstract_syntax, c.transfer_syntax[0]) for c in assoc.accepted_contexts}
        if kind not in accepted:
            sop_class, syntax = (UID(uid).name for uid in kind)
            comment = f"{self.peer.ae_title} takes no {sop_class} in {syntax}."
            return Outcome(file=file, status=None, comment=comment)
        try:
            with as_file(file) as path:
                response = assoc.send_c_store(path, priority=0)
        except (OSError, RuntimeError) as error:
            return Outcome(file=file, status=None, comment=_could_not(error))
        if "Status" not in response:
            comment = f"{self.peer.ae_title} broke off or fell silent while it was sent."
            return Outcome(file=file, status=None, comment=comment)
        comment = str(response.get("ErrorComment", "") or "")
        return Outcome(file=file, status=int(response.Status), comment=comment)

    def _tell(self, outcome: Outcome) -> None:
        with self.lock:
            self.sent.append(outcome)
            self.on_outcome(outcome)


def _could_not(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"The file could not be read: {error.strerror}."
    return "The association was over before it was sent."
