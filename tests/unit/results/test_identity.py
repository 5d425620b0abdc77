"""UIDs that come out the same every time, and the mark."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import UID

from results.identity import derive_uid, is_ours, mark

ROOTS = ("2.25", "1.2.826.0.1.3680043.10.1234", "1." + "2" * 38)


def test_the_value_never_changes() -> None:
    """A UID that was derived years ago is derived today: the PACS must see the same object."""
    assert derive_uid("2.25", "a", "b") == "2.25.333375932222144786100406631515634020217"


@given(st.sampled_from(ROOTS), st.lists(st.text(max_size=80), max_size=6))
def test_any_parts_give_a_valid_uid(root: str, parts: list[str]) -> None:
    """Whatever it is derived from, a UID is valid, under its root and at most 64 characters."""
    uid = UID(derive_uid(root, *parts))
    assert uid.is_valid
    assert uid.startswith(root + ".")
    assert uid == derive_uid(root, *parts)


def test_under_2_25_it_is_a_uuid() -> None:
    """PS3.5 B.2: what follows 2.25 is the number of a UUID."""
    number = int(derive_uid("2.25", "study").removeprefix("2.25."))
    assert uuid.UUID(int=number).variant == uuid.RFC_4122


def test_an_organisation_root_gets_the_same_number() -> None:
    """The root decides only what comes before the number, where there is room."""
    short, ours = derive_uid("1.2.840.99999", "x"), derive_uid("2.25", "x")
    assert short.rsplit(".", 1)[1] == ours.rsplit(".", 1)[1]


def test_parts_do_not_run_into_each_other() -> None:
    """'ab', 'c' and 'a', 'bc' are different things."""
    assert derive_uid("2.25", "ab", "c") != derive_uid("2.25", "a", "bc")


def test_a_root_without_room_is_refused() -> None:
    """A root that leaves no room for a unique number is an error, not a collision."""
    with pytest.raises(ValueError, match="too long"):
        derive_uid("1." + "2" * 50, "x")


def test_marked_is_ours() -> None:
    """What was marked is recognised, whatever equipment contributed before."""
    ds = Dataset()
    assert not is_ours(ds)
    other = Dataset()
    other.Manufacturer = "Somebody"
    ds.ContributingEquipmentSequence = [other]
    assert not is_ours(ds)
    mark(ds, version="1")
    assert is_ours(ds)
    assert len(ds.ContributingEquipmentSequence) == 2
