"""What is wrong with a configuration, in sentences that name the place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.settings import Settings


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says everything that is wrong with it.

    `draft` is what is right in it, where that much could be read: others may find more wrong there.
    """

    def __init__(self, problems: Sequence[str], draft: Settings | None = None) -> None:
        self.problems = tuple(problems)
        self.draft = draft
        super().__init__(*self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return self.problems[0]
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        return f"{len(self.problems)} things are wrong in the configuration:\n{listed}"

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[str, ...]]]:
        """Let the error cross from one process to another whole."""
        return type(self), (self.problems,)
