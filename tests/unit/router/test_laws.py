"""Conditions keep the laws of logic, whatever they are made of."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.router.studies import matches

HEADERS = st.fixed_dictionaries(
    {
        "Modality": st.sampled_from(["CT", "MR", "", None]),
        "Rows": st.sampled_from([1, 5, 9, None]),
        "ImageType": st.sampled_from([["ORIGINAL", "PRIMARY"], ["DERIVED"], "ORIGINAL", None]),
        "BodyPartExamined": st.sampled_from(["HAND", "Skull", "CHESTABDPELVIS", "odd", None]),
        "SeriesDescription": st.sampled_from(["Thorax pa", "Knie", "MPR", None]),
    }
)
LEAVES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"Modality": "CT"},
        {"Modality": {"exists": True}},
        {"Rows": {"range": [2, 6]}},
        {"Rows": {"min": 5, "max": 9}},
        {"ImageType": ["DER*", "PRIMARY"]},
        {"BodyPartExamined": ["HEAD", "ABDOMEN"]},
        {"BodyPartExamined": {"not": "EXTREMITY"}},
        {"SeriesDescription": "*a*", "Modality": "MR"},
    ]
)
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda x: {"not": x}, inner),
        st.builds(lambda xs: {"any": xs}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda xs: {"all": xs}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@given(CONDITIONS, HEADERS)
def test_a_double_negation_is_none(x: dict[str, Any], header: dict[str, Any]) -> None:
    """not(not x) is x, and not x is the contrary of x."""
    assert matches({"not": {"not": x}}, **header) is matches(x, **header)
    assert matches({"not": x}, **header) is not matches(x, **header)


@given(CONDITIONS, CONDITIONS, HEADERS)
def test_any_and_all(x: dict[str, Any], y: dict[str, Any], header: dict[str, Any]) -> None:
    """`any` is or, `all` is and, in either order, and De Morgan's laws hold between them."""
    one, other = matches(x, **header), matches(y, **header)
    assert (
        matches({"any": [x, y]}, **header) is matches({"any": [y, x]}, **header) is (one or other)
    )
    assert matches({"all": [x, y]}, **header) is (one and other)
    assert matches({"any": [x]}, **header) is matches({"all": [x]}, **header) is one
    neither = {"all": [{"not": x}, {"not": y}]}
    assert matches({"not": {"any": [x, y]}}, **header) is matches(neither, **header)


@given(
    st.sampled_from(["CT", "MR", "CR", None]), st.lists(st.sampled_from(["CT", "MR"]), min_size=1)
)
def test_a_list_is_any_of_its_values(value: str | None, wanted: list[str]) -> None:
    """`[a, b]` is `any` of `a` and `b`, and its `not` is neither of them."""
    spread = {"any": [{"Modality": one} for one in wanted]}
    assert matches({"Modality": wanted}, Modality=value) is matches(spread, Modality=value)
    assert matches({"Modality": {"not": wanted}}, Modality=value) is not matches(
        spread, Modality=value
    )
