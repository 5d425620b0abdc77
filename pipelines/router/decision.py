"""What was decided about a study and why: frozen, and the same after a way through JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One rule of a route, whether it holds, and the values that were found."""

    rule: str
    holds: bool | None
    """None where it could not be told, or need not be."""
    found: tuple[str, ...] = ()
    """Values; of what identifies a patient only `present` or `absent`."""
    note: str = ""
    """The evidence, or what was in the way."""
    parts: tuple[Reason, ...] = ()

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Reason:
        """The reason that was stored."""
        return cls(
            rule=stored["rule"],
            holds=stored["holds"],
            found=tuple(stored["found"]),
            note=stored["note"],
            parts=tuple(cls.from_dict(part) for part in stored["parts"]),
        )


@dataclass(frozen=True, kw_only=True)
class Case:
    """The series or instances of which a route says the same, for the same reason."""

    matched: bool
    series: tuple[str, ...]
    """Their SeriesInstanceUIDs."""
    instances: int
    reason: Reason | None
    """None where the route has no conditions."""

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Case:
        """The case that was stored."""
        reason = stored["reason"]
        return cls(
            matched=stored["matched"],
            series=tuple(stored["series"]),
            instances=stored["instances"],
            reason=None if reason is None else Reason.from_dict(reason),
        )


@dataclass(frozen=True, kw_only=True)
class RouteOutcome:
    """What one route says of the study."""

    name: str
    enabled: bool
    level: str
    matched: bool
    selected: Mapping[str, tuple[str, ...] | None]
    """The series it takes: all their instances (None), or the named ones only."""
    cases: tuple[Case, ...]

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> RouteOutcome:
        """The outcome that was stored."""
        return cls(
            name=stored["name"],
            enabled=stored["enabled"],
            level=stored["level"],
            matched=stored["matched"],
            selected={
                uid: None if chosen is None else tuple(chosen)
                for uid, chosen in stored["selected"].items()
            },
            cases=tuple(Case.from_dict(case) for case in stored["cases"]),
        )


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One pipeline's work on the study, and where its results go."""

    pipeline: str
    series: Mapping[str, tuple[str, ...]]
    """The SOPInstanceUIDs to work on, by SeriesInstanceUID."""
    send_to: Mapping[str, tuple[str, ...] | None]
    """The kinds of results for each destination; None: those that the peer is set to want, or else
    those that the pipeline names."""
    besides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds that a destination gets besides those."""
    priority: str
    shadow: bool
    routes: tuple[str, ...]
    """The names of the routes that ask for it."""

    def to_dict(self) -> dict[str, Any]:
        """The assignment as it is stored with its job."""
        stored: dict[str, Any] = _listed(asdict(self))
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Assignment:
        """The assignment that was stored."""
        return cls(
            pipeline=stored["pipeline"],
            series={uid: tuple(chosen) for uid, chosen in stored["series"].items()},
            send_to={
                name: None if kinds is None else tuple(kinds)
                for name, kinds in stored["send_to"].items()
            },
            besides={name: tuple(kinds) for name, kinds in stored["besides"].items()},
            priority=stored["priority"],
            shadow=stored["shadow"],
            routes=tuple(stored["routes"]),
        )


@dataclass(frozen=True, kw_only=True)
class Unprocessed:
    """Something that is not done, and a sentence that says why."""

    what: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """All that the routes say of one revision of a study."""

    StudyInstanceUID: str
    revision: int
    routes: tuple[RouteOutcome, ...]
    assignments: tuple[Assignment, ...]
    unprocessed: tuple[Unprocessed, ...]

    def to_dict(self) -> dict[str, Any]:
        """The decision in what JSON can carry."""
        stored: dict[str, Any] = _listed(asdict(self))
        return stored

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Decision:
        """The decision that was stored."""
        return cls(
            StudyInstanceUID=stored["StudyInstanceUID"],
            revision=stored["revision"],
            routes=tuple(RouteOutcome.from_dict(item) for item in stored["routes"]),
            assignments=tuple(Assignment.from_dict(item) for item in stored["assignments"]),
            unprocessed=tuple(Unprocessed(**item) for item in stored["unprocessed"]),
        )


def _listed(value: Any) -> Any:
    """The same with lists for tuples, so that it equals what comes back from JSON."""
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    return value
