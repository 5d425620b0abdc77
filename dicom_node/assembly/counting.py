"""Asks senders how many instances a study has, without one that hangs holding up the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from dicom_node.scu import Unreachable

THREADS = 2
"""How many questions one peer is asked at the same time."""
MUTE_SECONDS = 30.0
"""How long a peer that did not answer is not asked again."""

Question = Callable[[], int | None]


class Asked:
    """One peer: its queue of questions and the threads that ask them."""

    def __init__(self, name: str) -> None:
        self.questions: SimpleQueue[tuple[Future[int | None], Question]] = SimpleQueue()
        self.mute_until = 0.0
        # Daemons: an answer that never comes does not keep the node from stopping.
        for number in range(THREADS):
            threading.Thread(target=self._serve, name=f"count {name} {number}", daemon=True).start()

    def _serve(self) -> None:
        while True:
            future, question = self.questions.get()
            if time.monotonic() < self.mute_until:
                future.set_exception(Unreachable("It did not answer a moment ago."))
                continue
            try:
                future.set_result(question())
            except Unreachable as error:
                self.mute_until = time.monotonic() + MUTE_SECONDS
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is read
                future.set_exception(error)


class Counting:
    """Questions to peers, each in threads of its peer's own."""

    def __init__(self) -> None:
        self._peers: dict[str, Asked] = {}

    def ask(self, peer: str, question: Question) -> Future[int | None]:
        """Put a question to a peer; the future has its answer, or `Unreachable`."""
        if peer not in self._peers:
            self._peers[peer] = Asked(peer)
        future: Future[int | None] = Future()
        self._peers[peer].questions.put((future, question))
        return future
