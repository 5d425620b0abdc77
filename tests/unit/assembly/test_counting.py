"""Questions to peers: in parallel, each peer by itself, and not to one that hangs."""

from __future__ import annotations

import threading
import time

import pytest

from dicom_node.assembly.counting import THREADS, Counting
from dicom_node.scu import Unreachable


def test_an_answer_comes_with_its_future() -> None:
    """A question's answer is the future's result, None included."""
    counting = Counting()
    assert counting.ask("pacs", lambda: 7).result(5) == 7
    assert counting.ask("pacs", lambda: None).result(5) is None


def test_a_peer_that_hangs_keeps_no_other_from_being_asked() -> None:
    """However many questions to one peer are stuck, another's are asked at once."""
    counting, stuck = Counting(), threading.Event()
    waiting = [counting.ask("slow", lambda: stuck.wait(10) or 1) for _ in range(THREADS + 3)]
    assert counting.ask("quick", lambda: 3).result(5) == 3
    assert not any(future.done() for future in waiting)
    stuck.set()
    for future in waiting:
        future.result(5)


def test_a_peer_that_did_not_answer_is_left_alone_for_a_while() -> None:
    """Every question after the one that failed is given up without being asked."""
    counting, asked = Counting(), 0

    def fail() -> int:
        nonlocal asked
        asked += 1
        raise Unreachable("PACS cannot be reached.")

    for _ in range(4):
        with pytest.raises(Unreachable):
            counting.ask("pacs", fail).result(5)
        time.sleep(0.01)
    assert asked == 1


def test_a_bug_comes_out_where_the_answer_is_read() -> None:
    """Any other exception is not swallowed, and the peer can be asked again."""
    counting = Counting()

    def fail() -> int:
        raise KeyError("no")

    with pytest.raises(KeyError):
        counting.ask("pacs", fail).result(5)
    assert counting.ask("pacs", lambda: 2).result(5) == 2
