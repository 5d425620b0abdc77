"""What pipelines that ask a model of the registry have in common: it is found, loaded and named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.registry import Card, Registry, RegistryError, load
from pipelines.choices import Choices, Rules, rules
from pipelines.contract import Algorithm, Retryable

if TYPE_CHECKING:
    from models.opinion import Model
    from models.registry.entries import Entry

NOT_A_DEVICE = "Not a medical device: for research, never for a diagnosis."
NO_GATE = "This model cannot tell pictures of other kinds from those that it is made for."


def problems(task: str, choices: Choices, models: Path | None) -> Iterator[str]:
    """A model that is not there, has no such operating point, or is not what its card says."""
    try:
        entry = _found(task, choices, models)
    except RegistryError as error:
        yield str(error)
        return
    try:
        rules(choices, entry.card)
    except ValueError as error:
        yield str(error)
    yield from entry.problems()


def loaded(task: str, choices: Choices, models: Path | None, device: str) -> Model:
    """The model that was chosen; its rules are looked at before its weights are read."""
    entry = _found(task, choices, models)
    rules(choices, entry.card)
    return load(entry, device, choices.threads or None)


def _found(task: str, choices: Choices, models: Path | None) -> Entry:
    entry = Registry(site=models).find(choices.model)
    if entry.card.task != task:
        raise RegistryError(
            f"The model {entry.card.name} is for {entry.card.task}, and not for {task}."
        )
    return entry


@contextmanager
def loading(name: str) -> Iterator[None]:
    """What is wrong with a model: somebody can mend that while the job waits."""
    try:
        yield
    except (RegistryError, ValueError) as error:
        raise Retryable(f"The {name} model cannot be used: {error}") from error


def algorithm(card: Card, by: Rules) -> Algorithm:
    """The model as a report names it."""
    return Algorithm(
        name=card.name,
        version=card.version,
        digest=card.digest,
        parameters={
            "architecture": card.architecture,
            "meaning_digest": card.meaning_digest,
            **by.to_dict(),
        },
    )
