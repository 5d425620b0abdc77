"""Threads that are started again by themselves where a bug ended them, and nothing else is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dicom_node import logs
from storage.backoff import delay

LONG_SECONDS = 60.0
"""A thread that lived so long is not one that cannot start."""


class Tended:
    """One thread; what ended it is in the log already, as every bug is."""

    def __init__(self, name: str, target: Callable[[], None]) -> None:
        self.name, self.target = name, target
        self._thread: threading.Thread | None = None
        self._ends = 0
        self._started_at = self._rest_until = 0.0

    def tend(self, first: float, cap: float) -> None:
        """See to it that it runs, unless it rests: from `first` seconds, doubling, to `cap`."""
        if self._thread is not None and self._thread.is_alive():
            return
        moment = time.monotonic()
        if self._thread is not None:
            self._thread = None
            self._ends = 1 if moment - self._started_at > LONG_SECONDS else self._ends + 1
            wait = delay(self._ends, first, cap)
            self._rest_until = moment + wait
            logs.log().error("a bug: it rests", thread=self.name, wait_seconds=round(wait, 1))
        if moment >= self._rest_until:
            self._thread = threading.Thread(target=self.target, name=self.name, daemon=True)
            self._started_at = moment
            self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        if self._thread is not None:
            self._thread.join(seconds)
