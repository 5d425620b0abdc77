"""On what evidence a study is complete, by numbers and moments alone."""

from __future__ import annotations

import pytest

from config.settings import Assembly
from dicom_node.assembly.completeness import judge
from storage.records import StudyRecord, StudyStatus

RULES = Assembly(quiet_seconds=10, short_seconds=60, cap_seconds=600)


def record(
    *, expected: int | None = None, opened_at: float = 1000, last_at: float = 1000
) -> StudyRecord:
    """An open study."""
    return StudyRecord(
        id=1,
        StudyInstanceUID="1.2.3",
        status=StudyStatus.OPEN,
        revision=1,
        opened_at=opened_at,
        last_at=last_at,
        expected=expected,
        expected_from="pacs" if expected else None,
        asked_at=None,
    )


@pytest.mark.parametrize(
    ("held", "expected", "moment", "kind"),
    [
        (3, None, 1009, None),
        (3, None, 1010, "quiet"),
        (3, 3, 1000, "counted"),
        (4, 3, 1000, "counted"),
        (2, 3, 1059, None),
        (2, 3, 1060, "short"),
        (2, 3, 1600, "cap"),
        (2, None, 1600, "cap"),
        (3, 3, 1600, "counted"),
    ],
)
def test_the_best_evidence_there_is_decides(
    held: int, expected: int | None, moment: float, kind: str | None
) -> None:
    """Counted before the cap, the cap before short, and quiet where nobody gave a number."""
    found = judge(record(expected=expected), held, RULES, moment, 0)
    assert (found.kind if found else None) == kind


def test_silence_while_nobody_listened_does_not_count() -> None:
    """After a restart the quiet period begins anew: peers get their time to return."""
    assert judge(record(), 3, RULES, 1500, 1495) is None
    found = judge(record(), 3, RULES, 1506, 1495)
    assert found is not None
    assert found.quiet_seconds == 11


def test_the_evidence_says_in_a_sentence_what_was_missing() -> None:
    """A person reads how many came, how many should have, and who says so."""
    found = judge(record(expected=5), 2, RULES, 1100, 0)
    assert found is not None
    assert (
        found.because == "Only 2 of 5 instances came (says pacs), and nothing more for 100 seconds."
    )
    assert found.to_dict()["expected"] == 5
