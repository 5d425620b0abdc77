"""The codes of our own scheme, found in the code that writes them, for the conformance statement.

The pipelines' are read from their source: what no test happens to provoke is listed as well. A code
that cannot be followed to its text there is an error, so that none is missed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from highdicom.sr import CodedConcept

from pipelines import BUILT_IN
from results import codes

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"
KIND = "value of Kind of note"
MEASURED = "name of a measurement of the study"
PLACES: Mapping[str, str] = {
    "note-kind": "name of a code below a Finding that is a note",
    "not-processed": "name of a text: of what, and the reason",
    "limits": "name of a text",
    "threshold": "name of a number below a judgement",
    "calibrated": "name of a code below a probability: Yes or No",
    "heat-map": "name of the text on a heat map, and QuantityDefinitionSequence of a Parametric "
    "Map, where its method is neither Grad-CAM nor another saliency",
    "risk": "name of a code: the risk",
    "findings-drawn": "DerivationCodeSequence of a Secondary Capture",
    "severity-info": "value of Severity",
    "severity-warning": "value of Severity",
    "severity-error": "value of Severity",
    "suspicious": "name of the judgement of the study and of each nodule, and below its certainty; "
    "Finding of a heat map",
    "not-suspicious": "Finding of a heat map",
    "height-to-width": "name of a measurement of a nodule",
    "solid": "name of a judgement of a nodule, and below its certainty",
    "irregular-margin": "name of a judgement of a nodule, and below its certainty",
    "calcified": "name of a judgement of a nodule, and below its certainty",
    "microcalcified": "name of a judgement of a nodule, and below its certainty",
}
"""Where a code stands that is neither a kind of note nor made from a measurement's name."""


@dataclass(frozen=True, kw_only=True)
class OwnCode:
    """A code of our scheme, by whom it is written, and where."""

    value: str
    meaning: str
    users: tuple[str, ...]
    """Names of pipelines; none: every pipeline."""
    place: str


def own_codes() -> list[OwnCode]:
    """Every one, in the order of the statement: those of all pipelines, then those of each."""
    made = [
        OwnCode(value=one.value, meaning=one.meaning, users=(), place=PLACES[one.value])
        for one in codes.OWN
    ]
    users: dict[tuple[str, str, str], list[str]] = {}
    for pipeline in BUILT_IN:
        folder = PIPELINES / pipeline.source.split(":")[0].split(".")[1]
        for code in written(folder):
            users.setdefault(code, []).append(pipeline.name)
    made += [
        OwnCode(value=value, meaning=meaning, users=tuple(names), place=place)
        for (value, meaning, place), names in users.items()
    ]
    return made


def written(folder: Path) -> list[tuple[str, str, str]]:
    """Value, meaning and place of each code of ours that the modules of a folder write.

    A ValueError names the line where one cannot be followed, a KeyError a code without a place.
    """
    modules = [
        (path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.py"))
    ]
    kinds = {text for module in modules for text in _given(*module, "Note", "code")}
    names = {text for module in modules for text in _measured(*module)}
    made = [(codes.note_kind(kind), KIND) for kind in sorted(kinds)]
    made += [(codes.measure(name), MEASURED) for name in sorted(names)]
    made += [(one, PLACES[one.value]) for module in modules for one in _concepts(*module)]
    return [
        (one.value, one.meaning, place)
        for one, place in made
        if one.scheme_designator == codes.PRIVATE_SCHEME
    ]


def _calls(
    node: ast.AST, within: ast.FunctionDef | None = None
) -> Iterator[tuple[ast.FunctionDef | None, str, ast.Call]]:
    """Every call of something by its name, with the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name):
            yield within, child.func.id, child
        yield from _calls(child, child if isinstance(child, ast.FunctionDef) else within)


def _given(path: Path, module: ast.Module, made: str, keyword: str) -> Iterator[str]:
    """The texts that something of this name is made with under a keyword."""
    for within, name, call in _calls(module):
        if name == made:
            yield from _texts(path, module, within, _keywords(call).get(keyword, call))


def _texts(
    path: Path, module: ast.Module, within: ast.FunctionDef | None, given: ast.expr
) -> Iterator[str]:
    """The text, or all that the function's callers in this module give for that parameter."""
    if isinstance(given, ast.Constant):
        yield str(given.value)
        return
    parameters = [each.arg for each in within.args.args] if within else []
    if within is None or not isinstance(given, ast.Name) or given.id not in parameters:
        raise _lost(path, given)
    place = parameters.index(given.id)
    callers = [(where, call) for where, name, call in _calls(module) if name == within.name]
    if not callers:
        raise _lost(path, given)
    for where, call in callers:
        passed = call.args[place] if place < len(call.args) else _keywords(call).get(given.id, call)
        yield from _texts(path, module, where, passed)


def _measured(path: Path, module: ast.Module) -> Iterator[str]:
    """The names of measurements that have no concept: those become codes of ours."""
    for within, name, call in _calls(module):
        if name == "Measurement" and "concept" not in _keywords(call):
            yield from _texts(path, module, within, _keywords(call).get("name", call))


def _concepts(path: Path, module: ast.Module) -> Iterator[CodedConcept]:
    """The concepts of our scheme, which is named as it is or by a constant of the module."""
    named = {
        target.id: each.value
        for each in module.body
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
    for _, name, call in _calls(module):
        if name != "Concept":
            continue
        told = _keywords(call)
        scheme = told.get("scheme", call)
        scheme = named.get(scheme.id, scheme) if isinstance(scheme, ast.Name) else scheme
        (plain,) = _texts(path, module, None, scheme)
        if plain == codes.PRIVATE_SCHEME:
            pair = (_texts(path, module, None, told.get(key, call)) for key in ("value", "meaning"))
            value, meaning = (text for texts in pair for text in texts)
            yield CodedConcept(value, plain, meaning)


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {each.arg: each.value for each in call.keywords if each.arg}


def _lost(path: Path, given: ast.expr) -> ValueError:
    return ValueError(f"{path.name}, line {given.lineno}: a code of ours cannot be followed here")
