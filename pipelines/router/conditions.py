"""Compiled conditions: each says of a subject that it holds, that it doesn't, or that it can't.

A condition on values holds when any of the subject's values passes its test. What cannot be
evaluated is None, and spreads as ignorance does: `not` of it is None too, `any` may still hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipelines.router.attributes import Attribute
from pipelines.router.comparing import Test
from pipelines.router.decision import Reason
from pipelines.router.subjects import Found, Subject

_MORE = 5


@dataclass(frozen=True)
class Answer:
    """What a condition says of a subject, and each of its parts."""

    holds: bool | None
    parts: tuple[Answer, ...] = ()
    seen: bool = True
    problem: str = ""


_UNSEEN = Answer(holds=None, seen=False)


class Condition(Protocol):
    """Something that holds of a subject or does not."""

    def ask(self, subject: Subject) -> Answer:
        """Say whether it holds, and why."""

    def leaves(self) -> Iterator[Leaf]:
        """Every test of an attribute in it, in the order they are written."""

    def explain(self, answer: Answer, subjects: Sequence[Subject]) -> Reason:
        """The reason in words, with the values of all these subjects of one answer."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Leaf:
    """A test of one attribute, or where `test` is None, whether it is there."""

    attribute: Attribute
    test: Test | None
    negated: bool = False
    whole: bool = False
    """The test is on multiple values in one piece."""

    def ask(self, subject: Subject) -> Answer:
        """Say whether any value passes."""
        found = subject.found(self.attribute)
        if found.error:
            return Answer(None, problem=found.error)
        if self.test is None:
            return Answer(bool(found.values) is not self.negated)
        try:
            values = found.wholes if self.whole else found.values
            return Answer(any(map(self.test.passes, values)) is not self.negated)
        except (ValueError, TypeError, OverflowError):
            return Answer(None, problem=f"has a value that is not {self.attribute.kind.value}")

    def leaves(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def says(self) -> str:
        """The test in words; what identifies a patient is not quoted even from the rule."""
        if self.test is None:
            return f"{self.attribute} is {'absent' if self.negated else 'present'}"
        if self.attribute.identifying:
            return f"{self.attribute} is {'not ' if self.negated else ''}as the rule says"
        return f"{self.attribute} {self.test.says(negated=self.negated)}"

    def explain(self, answer: Answer, subjects: Sequence[Subject]) -> Reason:
        """The rule and the values that were found."""
        if not answer.seen:
            return Reason(rule=self.says(), holds=None, note="not looked at: the rest decides")
        if answer.problem:
            return Reason(rule=self.says(), holds=None, note=answer.problem)
        founds = [subject.found(self.attribute) for subject in subjects]
        return Reason(
            rule=self.says(), holds=answer.holds, found=_values(founds), note=_notes(founds)
        )


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

    def ask(self, subject: Subject) -> Answer:
        """Say the contrary; what is not known stays so."""
        inner = self.part.ask(subject)
        return Answer(None if inner.holds is None else not inner.holds, (inner,))

    def leaves(self) -> Iterator[Leaf]:
        """Every test in it."""
        yield from self.part.leaves()

    def explain(self, answer: Answer, subjects: Sequence[Subject]) -> Reason:
        """The reason, and that of its condition."""
        inner = self.part.explain(answer.parts[0], subjects)
        return Reason(rule="not:", holds=answer.holds, parts=(inner,))


@dataclass(frozen=True, eq=False)
class Several:
    """All of its conditions hold, or any of them does."""

    parts: tuple[Condition, ...]
    every: bool

    def ask(self, subject: Subject) -> Answer:
        """Ask the parts that the index can answer, and the files only where they still matter."""
        answers: list[Answer] = [_UNSEEN] * len(self.parts)
        settled = False
        for cheap in (True, False):
            for number, part in enumerate(self.parts):
                is_cheap = all(subject.indexed(leaf.attribute) for leaf in part.leaves())
                if is_cheap is cheap and (cheap or not settled):
                    answers[number] = part.ask(subject)
                    settled = settled or answers[number].holds is (not self.every)
        return Answer(self._together(answers, settled=settled), tuple(answers))

    def _together(self, answers: list[Answer], *, settled: bool) -> bool | None:
        if settled:
            return not self.every
        return None if any(answer.holds is None for answer in answers) else self.every

    def leaves(self) -> Iterator[Leaf]:
        """Every test in it."""
        for part in self.parts:
            yield from part.leaves()

    def explain(self, answer: Answer, subjects: Sequence[Subject]) -> Reason:
        """The reason, and that of each part."""
        pairs = zip(self.parts, answer.parts, strict=True)
        return Reason(
            rule="all of these:" if self.every else "any of these:",
            holds=answer.holds,
            parts=tuple(
                part.explain(each, subjects)
                if each.seen
                else part.explain(_unseen(part), subjects)
                for part, each in pairs
            ),
        )


def _unseen(part: Condition) -> Answer:
    """The answer of a part that was not asked, in the part's shape."""
    inner: tuple[Condition, ...] = ()
    if isinstance(part, Not):
        inner = (part.part,)
    elif isinstance(part, Several):
        inner = part.parts
    return Answer(holds=None, seen=False, parts=tuple(map(_unseen, inner)))
