"""Whatever is written, the answer is settings or sentences."""

from __future__ import annotations

import string
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import ConfigError
from config.loader import load
from config.reference import known
from config.show import toml

LETTERS = string.printable + "äß\x7f\x85\u2028\U0001f600"
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_infinity=False, allow_nan=False),
    st.text(LETTERS, max_size=8),
    st.sampled_from(["sr", "pacs", "auto", "sqlite", "http://[", "stat"]),
)
NAMES = st.sampled_from([str(part) for key in known() for part in key] + ["zz", "a b", "0"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
SECTIONS = st.sampled_from([str(key[0]) for key in known()])
ENTRY = st.dictionaries(NAMES, VALUES, max_size=3)
CONTENT = st.one_of(
    VALUES, ENTRY, st.lists(ENTRY, max_size=3), st.dictionaries(NAMES, ENTRY, max_size=3)
)


@settings(deadline=None)  # a busy machine is no mistake
@given(st.dictionaries(SECTIONS, CONTENT, max_size=4))
def test_any_file_is_loaded_or_refused(tree: Mapping[str, Any]) -> None:
    """A valid TOML file never ends in anything but settings or a `ConfigError`."""
    text = "\n".join(f"{name} = {toml(value)}" for name, value in tree.items())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        path.write_text(text, encoding="utf-8")
        _load({"DICOM_NODE_CONFIG": str(path)})


@settings(deadline=None)  # a busy machine is no mistake
@given(
    st.dictionaries(
        st.lists(NAMES | st.just(""), min_size=1, max_size=4).map("__".join),
        st.text(LETTERS, max_size=8) | VALUES.map(toml),
        max_size=4,
    )
)
def test_any_environment_is_loaded_or_refused(variables: Mapping[str, str]) -> None:
    """Variables with any name and value end in settings or a `ConfigError`."""
    _load({f"DICOM_NODE_{name.upper()}": value for name, value in variables.items()})


def _load(environ: Mapping[str, str]) -> None:
    with suppress(ConfigError):
        load(environ)
