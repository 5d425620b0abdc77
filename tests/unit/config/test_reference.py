"""The annotated defaults, the model and the reference say the same."""

from __future__ import annotations

import pytest

from config.layers import DEFAULTS
from config.reference import REFERENCE, REQUIRED, Entry, documented, known, read_tables, render
from config.settings import Peer, Pipelines, Route, Section
from config.show import toml

TEXT = DEFAULTS.read_text(encoding="utf-8")
ENTRIES = [entry for table in read_tables(TEXT) for entry in table.entries]
EXAMPLES = [entry for entry in ENTRIES if entry.is_example]
MODELS: dict[str, type[Section]] = {"peers": Peer, "pipelines": Pipelines, "routes": Route}


def test_the_reference_is_fresh() -> None:
    """docs/configuration.md is what `python -m config.reference` writes."""
    assert REFERENCE.read_text(encoding="utf-8") == render(TEXT), "run python -m config.reference"


def test_every_setting_has_a_line_of_help() -> None:
    """No setting of the model is without an explanation in node.toml."""
    assert [key for key in known() if key not in documented(read_tables(TEXT))] == []


def test_every_key_is_a_setting() -> None:
    """node.toml, its examples included, knows no key that the model lacks."""
    assert [entry.key for entry in ENTRIES if entry.key not in set(known())] == []


def test_examples_are_there() -> None:
    """The tables a site writes by itself are shown as examples."""
    assert {entry.table for entry in EXAMPLES} == set(MODELS)


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: f"{entry.table}.{entry.name}")
def test_an_example_states_the_default(entry: Entry) -> None:
    """The default that an example states is the model's."""
    field = MODELS[entry.table].model_fields[entry.name]
    default = field.get_default(call_default_factory=True, validated_data={})
    stated = REQUIRED if field.is_required() else "none" if default is None else toml(default)
    assert entry.default == stated


def test_the_examples_can_be_used() -> None:
    """With their comment marks taken away, the examples are a valid configuration."""
    for entry in EXAMPLES:
        MODELS[entry.table].model_validate(
            {other.name: other.value for other in EXAMPLES if other.table == entry.table}
        )


def test_the_reference_names_every_variable() -> None:
    """Each row says which environment variable sets it, and secrets which file does."""
    text = render(TEXT)
    assert "| `port` | its DICOM port | a whole number from 0 to 65535 | `104` |" in text
    assert "`DICOM_NODE_PEERS__NAME__PORT`" in text
    assert "`DICOM_NODE_NOTICES__WEBHOOK_FILE`" in text
