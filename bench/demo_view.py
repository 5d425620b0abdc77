"""The phantom studies of the demonstration on their way, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dicom_node.cli.following import Progress
from dicom_node.cli.out import console, many, size, span

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(kw_only=True)
class Study:
    """A phantom study on its way."""

    kind: str
    uid: str
    instances: int
    bytes: int
    sent: int = 0
    refused: list[str] = field(default_factory=list)
    progress: Progress | None = None
    finished_after: float | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return bool(self.refused) or (self.progress is not None and self.progress.finished)

    @property
    def well(self) -> bool:
        """Whether everything came and went as it should."""
        seen = self.progress
        is_whole = seen is not None and seen.finished and seen.held == self.instances
        return is_whole and not self.refused and seen is not None and not seen.failed

    @property
    def stage(self) -> str:
        """What happens to it now, in a word."""
        if self.refused:
            return "refused"
        if self.progress is None:
            return "sent" if self.sent else "to be sent"
        return self.progress.stage

    @property
    def sentence(self) -> str:
        """What happens to it now, with numbers."""
        if self.refused:
            return self.refused[0]
        return self.progress.sentence if self.progress else many(self.instances, "instance")


class Refresh:
    """Shows how far all are: a live table on a terminal, a line for each step elsewhere."""

    def __init__(self, studies: list[Study]) -> None:
        self.studies = studies
        self.told: dict[str, str] = {}

    def __call__(self) -> None:
        """Tell what changed."""
        for study in self.studies:
            told = f"{study.stage}: {study.sentence}"
            if self.told.get(study.kind) != told and study.sent + len(study.refused):
                self.told[study.kind] = told
                print(f"{study.kind}: {told}", flush=True)


@contextmanager
def view(studies: list[Study], *, live: bool) -> Iterator[Refresh]:
    """Show the studies until the block ends: live on a terminal where wanted, else by lines."""
    from rich.live import Live

    out = console()
    if not live or not out.is_terminal:
        yield Refresh(studies)
        return
    with Live(table_of(studies), console=out, auto_refresh=False) as shown:

        class _Live(Refresh):
            def __call__(self) -> None:
                shown.update(table_of(self.studies), refresh=True)

        yield _Live(studies)


def table_of(studies: list[Study]) -> Table:
    """A line for each study."""
    from dicom_node.cli.out import table

    columns = ("phantom", "#sent", "#size", "#received", "#after", "now")
    return table(
        columns,
        (
            (
                study.kind,
                f"{study.sent}/{study.instances}",
                size(study.bytes),
                study.progress.held if study.progress else 0,
                span(study.finished_after) if study.finished_after is not None else "",
                f"{study.stage}: {study.sentence}",
            )
            for study in studies
        ),
    )
