"""What can be wrong with a registered model, said so that whoever registered it can mend it."""

from __future__ import annotations

import re
from textwrap import shorten


class RegistryError(Exception):
    """A model that is not there, that cannot be used, or that cannot be added; says why."""


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""Frameworks write for terminals."""


def in_short(error: BaseException) -> str:
    """What a framework said, on one line."""
    return shorten(_COLOURS.sub("", str(error)), 300, placeholder=" ...")
