"""What commands print, for people and for machines."""

from __future__ import annotations

import json

import pytest

from dicom_node.cli import out

UID = "2.25.329800735698586629295641978511506172918"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90000, "1 d 1 h"),
        (-2, "-2.0 s"),
    ],
)
def test_span(seconds: float, told: str) -> None:
    """A length of time in its two largest units."""
    assert out.span(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 B"), (999, "999 B"), (394_700, "394.7 kB"), (2.5e12, "2.5 TB")]
)
def test_size(count: float, told: str) -> None:
    """A number of bytes in the unit that suits it."""
    assert out.size(count) == told


def test_many() -> None:
    """One thing is singular."""
    assert out.many(1, "job") == "1 job"
    assert out.many(0, "delivery", "deliveries") == "0 deliveries"


def test_moments_are_told_twice() -> None:
    """A moment has its ISO time beside it, at every depth; other numbers have not."""
    found = out.with_times({"rows": [{"sent_at": 0.5, "ended_at": None, "size": 3}]})
    (row,) = found["rows"]
    assert row["sent_at"] == 0.5
    assert row["sent_at_iso"].endswith(("+00:00", row["sent_at_iso"][-6:]))
    assert row["ended_at_iso"] is None
    assert set(row) == {"sent_at", "sent_at_iso", "ended_at", "ended_at_iso", "size"}


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed can be read again."""
    out.as_json({"a": "ä", "b": {1: 2}})
    assert json.loads(capsys.readouterr().out) == {"a": "ä", "b": {"1": 2}}


def test_a_pipe_gets_whole_uids_and_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal nothing is cut, coloured or padded at the end."""
    out.show(out.table(("study", "text", "#count"), [(UID, "x" * 300, 7)] * 2, "Studies"), "end.")
    lines = capsys.readouterr().out.splitlines()
    assert sum(UID in line and "x" * 300 in line for line in lines) == 2
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)
    assert lines[-1] == "end."


def test_text_in_brackets_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A reason that looks like mark-up is printed as it is."""
    out.show(out.table(("why",), [("[red]no[/red] [http]",)]), "[bold]x")
    printed = capsys.readouterr().out
    assert "[red]no[/red] [http]" in printed
    assert "[bold]x" in printed
