"""How a decision reads."""

from __future__ import annotations

from pipelines.router import explain
from tests.unit.router.studies import decided, route, series, study

DX = {"Modality": "DX", "Rows": None}
STUDY = study(
    series("1.2.3.1", {"SeriesDescription": "Thorax pa", "InstanceNumber": None} | DX),
    series(
        "1.2.3.2",
        {"BodyPartExamined": "Hand, left", "InstanceNumber": 1} | DX,
        {"BodyPartExamined": "Hand, left", "InstanceNumber": 2} | DX,
    ),
)

EXPECTED = """\
Study 1.2.3, revision 1

✓ everything is checked
    ✓ 2 series, 3 instances: the route has no conditions

✓ extremity X-ray
    ✓ series 1.2.3.2 (2 instances)
      ✓ Modality is "CR" or "DX": DX
      ✓ BodyPartExamined is not SKULL, HEAD or CHEST: HAND (BodyPartExamined says "Hand, left")
    ✗ series 1.2.3.1 (1 instance)
      ✓ Modality is "CR" or "DX": DX
      ✗ BodyPartExamined is not SKULL, HEAD or CHEST: CHEST (SeriesDescription has "thorax")

✗ second images of lungs (switched off)
    ✗ 2 series, 3 instances
      ✗ any of these:
        ✗ not:
          ✓ all of these:
            ✓ Modality is "DX": DX
            ✓ Rows is absent: absent
        ✗ InstanceNumber is at least 5: absent, 1, 2
      ✗ SeriesDescription is like "*lung*": Thorax pa, absent

What is done
  intake-check, routine: 2 series, 3 instances; results to pacs (its own kinds, else the pipeline's)
  fracture, urgent: 1 series, 2 instances; in shadow, so nothing is sent

What is not done
  pipeline nodule: The pipeline nodule, asked for by "extremity X-ray", is not installed here.
"""


def test_a_decision_reads_well() -> None:
    """Route by route, rule by rule, then what is done and what is not."""
    text = explain(
        decided(
            STUDY,
            route("everything is checked"),
            route(
                "extremity X-ray",
                when={
                    "Modality": ["CR", "DX"],
                    "BodyPartExamined": {"not": ["SKULL", "HEAD", "CHEST"]},
                },
                pipelines=["fracture", "nodule"],
                priority="urgent",
                shadow=True,
            ),
            route(
                "second images of lungs",
                level="instance",
                when={
                    "any": [
                        {"not": {"Modality": "DX", "Rows": {"exists": False}}},
                        {"InstanceNumber": {"min": 5}},
                    ],
                    "SeriesDescription": "*lung*",
                },
                enabled=False,
            ),
        )
    )
    assert text == EXPECTED


def test_many_values_are_cut_short() -> None:
    """The first five, and how many more there are."""
    what = study(series("1.2.3.1", *({"InstanceNumber": n} for n in range(1, 10))))
    text = explain(decided(what, route(level="instance", when={"InstanceNumber": {"min": 1}})))
    assert "✓ InstanceNumber is at least 1: 1, 2, 3, 4, 5, 4 more" in text


def test_what_each_destination_gets_is_said() -> None:
    """Named kinds, what it wants by itself, or both; and nobody, where nobody is named."""
    what = study(series("1.2.3.1", {}))
    text = explain(
        decided(
            what,
            route("a", send_to=["pacs", "archive"]),
            route("b", results=["seg"]),
            route("c", pipelines=["lung"], results=["sr", "seg"]),
            route("d", pipelines=["fracture"], send_to=[]),
        )
    )
    own = "its own kinds, else the pipeline's"
    assert f"results to pacs (seg besides {own}), archive ({own})" in text
    assert "lung, routine: 1 series, 1 instance; results to pacs (sr, seg)" in text
    assert "fracture, routine: 1 series, 1 instance; results are sent to nobody" in text


def test_a_study_without_instances_says_so() -> None:
    """Nothing is there that a route could take."""
    text = explain(decided(study(), route()))
    assert "✗ a route\n    The study has no instances." in text
