"""Compiled conditions: each says of a subject that it holds, that it doesn't, or that it can't.

A condition on values holds when any of the subject's values passes its test. What cannot be
told is None, and spreads as ignorance does: `not` of it is None too, `any` may still hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from pipelines.router.attributes import Attribute
from pipelines.router.comparing import Test
from pipelines.router.decision import Reason
from pipelines.router.subjects import Found

_MORE = 5
ALL = "all of these:"

FoundOf = Callable[[Attribute], list[Found]]
"""What was found of an attribute in all the subjects that a reason is given for."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a condition says of a subject, and each of its parts; the same one for the same."""

    holds: bool | None
    parts: tuple[Answer, ...] = ()
    seen: bool = True
    problem: str = ""


UNSEEN = Answer(holds=None, seen=False)
"""The answer of a test that was not made."""


YES, NO = Answer(holds=True), Answer(holds=False)


@cache
def _problem(text: str) -> Answer:
    return Answer(holds=None, problem=text)


class Condition(Protocol):
    """Something that holds of a subject or does not."""

    def leaves(self) -> Iterator[Leaf]:
        """Every test of an attribute in it, in the order they are written."""

    def answer(self, answers: Iterator[Answer]) -> Answer:
        """Say whether it holds, by the answers of its leaves in their order."""

    def explain(self, answer: Answer, found: FoundOf) -> Reason:
        """The reason in words, with the values that were found."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Leaf:
    """A test of one attribute, or where `test` is None, whether it is there."""

    attribute: Attribute
    test: Test | None
    negated: bool = False
    whole: bool = False
    """The test is on multiple values in one piece."""

    def leaves(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def answer(self, answers: Iterator[Answer]) -> Answer:
        """Its own answer, which is the next."""
        return next(answers)

    def ask(self, found: Found) -> Answer:
        """Say whether any of the values passes."""
        passed: bool | None = bool(found.values)
        if self.test is not None:
            passed = _any_passes(self.test, found.wholes if self.whole else found.values)
        if found.error and not passed:
            return _problem(found.error)  # the value that could not be read might pass
        if passed is None:
            return _problem(f"has a value that is not {self.attribute.kind.value}")
        return YES if passed is not self.negated else NO

    def says(self) -> str:
        """The test in words; what identifies a patient is not quoted even from the rule."""
        if self.test is None:
            return f"{self.attribute} is {'absent' if self.negated else 'present'}"
        if self.attribute.identifying:
            return f"{self.attribute} is {'not ' if self.negated else ''}as the rule says"
        return f"{self.attribute} {self.test.says(negated=self.negated)}"

    def explain(self, answer: Answer, found: FoundOf) -> Reason:
        """The rule and the values that were found."""
        if not answer.seen:
            return Reason(rule=self.says(), holds=None, note="not looked at, the rest decides")
        if answer.problem:
            return Reason(rule=self.says(), holds=None, note=answer.problem)
        founds = found(self.attribute)
        return Reason(
            rule=self.says(), holds=answer.holds, found=_values(founds), note=_notes(founds)
        )


def _any_passes(test: Test, values: tuple[Any, ...]) -> bool | None:
    """Whether any value passes; None where none does and one cannot be understood."""
    passed: bool | None = False
    for value in values:
        try:
            if test.passes(value):
                return True
        except (ValueError, TypeError, OverflowError):
            passed = None
    return passed


def _values(founds: list[Found]) -> tuple[str, ...]:
    """The values of all, the first few of them; `absent` where one has none."""
    shown = dict.fromkeys(value for found in founds for value in found.shown or ("absent",))
    more = len(shown) - _MORE
    return (*list(shown)[:_MORE], f"{more} more") if more > 0 else tuple(shown)


def _notes(founds: list[Found]) -> str:
    return "; ".join(list(dict.fromkeys(found.note for found in founds if found.note))[:3])


@dataclass(frozen=True, eq=False)
class Not:
    """Holds where its condition does not."""

    part: Condition

    def leaves(self) -> Iterator[Leaf]:
        """Every test in it."""
        yield from self.part.leaves()

    def answer(self, answers: Iterator[Answer]) -> Answer:
        """Say the contrary; what is not known stays so."""
        inner = self.part.answer(answers)
        return Answer(None if inner.holds is None else not inner.holds, (inner,))

    def explain(self, answer: Answer, found: FoundOf) -> Reason:
        """The reason, and that of its condition."""
        inner = self.part.explain(answer.parts[0], found)
        return Reason(rule="not:", holds=answer.holds, parts=(inner,))


@dataclass(frozen=True, eq=False)
class Several:
    """All of its conditions hold, or any of them does."""

    parts: tuple[Condition, ...]
    every: bool

    def leaves(self) -> Iterator[Leaf]:
        """Every test in it."""
        for part in self.parts:
            yield from part.leaves()

    def answer(self, answers: Iterator[Answer]) -> Answer:
        """One part settles it; otherwise all must be known."""
        inner = tuple(part.answer(answers) for part in self.parts)
        said = {part.holds for part in inner}
        settled = not self.every
        holds = settled if settled in said else None if None in said else self.every
        return Answer(holds, inner)

    def explain(self, answer: Answer, found: FoundOf) -> Reason:
        """The reason, and that of each part."""
        pairs = zip(self.parts, answer.parts, strict=True)
        return Reason(
            rule=ALL if self.every else "any of these:",
            holds=answer.holds,
            parts=tuple(part.explain(each, found) for part, each in pairs),
        )
