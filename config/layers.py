"""The layers of the configuration: the package's node.toml, a site's file, the environment."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.origins import Key, Origin, keys_in, lines
from config.words import is_secret, schema_at, types_of

DEFAULTS = Path(__file__).with_name("node.toml")
PREFIX = "DICOM_NODE_"
FILE_VARIABLE = "DICOM_NODE_CONFIG"


@dataclass(kw_only=True)
class Layers:
    """The values laid over each other so far, who gave each, and what could not be read."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[Key, Origin] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def overlay(self, layer: Mapping[str, Any], origin: Callable[[Key], Origin]) -> None:
        """Lay a layer over what is there: tables key by key, everything else whole."""
        self._merge(self.tree, layer, (), origin)

    def _merge(
        self,
        under: dict[str, Any],
        over: Mapping[str, Any],
        at: Key,
        origin: Callable[[Key], Origin],
    ) -> None:
        for name, value in over.items():
            key = (*at, name)
            if isinstance(value, dict) and isinstance(under.get(name, {}), dict):
                under.setdefault(name, {})
                if key not in self.origins or self.origins[key].kind == "default":
                    self.origins[key] = origin(key)
                self._merge(under[name], value, key, origin)
                continue
            for old in [old for old in self.origins if old[: len(key)] == key]:
                del self.origins[old]
            under[name] = value
            for inner in (key, *keys_in(value, key)):
                self.origins[inner] = origin(inner)


def read_layers(environ: Mapping[str, str]) -> Layers:
    """Lay the defaults, the site's file and the environment over each other."""
    layers = Layers()
    layers.overlay(*_file(DEFAULTS, kind_default=True))
    if site := environ.get(FILE_VARIABLE):
        layers.overlay(*_file(Path(site)))
    _lay_variables(layers, environ)
    _resolve_paths(layers)
    return layers


def _file(
    path: Path, *, kind_default: bool = False
) -> tuple[dict[str, Any], Callable[[Key], Origin]]:
    """Read a TOML file, and tell of each of its keys where it stands."""
    try:
        # Editors on Windows begin UTF-8 files with a byte order mark, which TOML forbids.
        text = path.read_bytes().decode("utf-8-sig")
        tree = tomllib.loads(text)
    except OSError as error:
        because = error.strerror or type(error).__name__
        raise ConfigError(
            [f"{path}: this file, named by {FILE_VARIABLE}, cannot be read: {because}."]
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}, line {line}: this is not UTF-8 text."]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(path, text, str(error))]) from None
    numbers = lines(text.replace("\r\n", "\n"))

    def origin(key: Key) -> Origin:
        line = next((numbers[key[:n]] for n in range(len(key), 0, -1) if key[:n] in numbers), None)
        return Origin(kind="default" if kind_default else "file", name=str(path), line=line)

    return tree, origin


def _syntax(path: Path, text: str, message: str) -> str:
    """Say where a file is not TOML, from the parser's own message."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.S)
    if match is None:
        return f"{path}: this is not valid TOML: {message}."
    line = match[2] or text.rstrip().count("\n") + 1
    column = f", column {match[3]}" if match[3] else ""
    return f"{path}, line {line}{column}: this is not valid TOML: {match[1]}."


# ---------------------------------------------------------------- the environment


def _lay_variables(layers: Layers, environ: Mapping[str, str]) -> None:
    names = sorted(name for name in environ if name.startswith(PREFIX) and name != FILE_VARIABLE)
    for name in names:
        key = _key(name, layers.tree)
        if not all(key):
            layers.problems.append(
                f"{name}: this is not the name of a setting; "
                f"a setting is {PREFIX}, a section, two underscores and a key."
            )
            continue
        text: str | None = environ[name]
        bare = (*key[:-1], str(key[-1]).removesuffix("_file"))
        if bare != key and schema_at(key) is None and _may_be_in_file(bare):
            key = bare
            text = _secret_file(name, environ, layers.problems)
        if text is None:
            continue
        value = text if name.endswith("_FILE") and bare == key else _value(text, schema_at(key))
        _lay_one(layers, key, value, Origin(kind="variable", name=name))


def _lay_one(layers: Layers, key: Key, value: Any, origin: Origin) -> None:
    for part in reversed(key):
        value = {part: value}
    layers.overlay(value, lambda _: origin)


def _key(variable: str, tree: Mapping[str, Any]) -> tuple[str, ...]:
    """The key a variable names; a name that is there already is meant however it is spelt."""
    key: list[str] = []
    at: Any = tree
    for part in variable.removeprefix(PREFIX).lower().split("__"):
        known = at if isinstance(at, dict) else {}
        alike = [name for name in known if re.sub("[.-]", "_", name.lower()) == part]
        name = part if part in known or len(alike) != 1 else alike[0]
        key.append(name)
        at = known.get(name)
    return tuple(key)


def _value(text: str, schema: Mapping[str, Any] | None) -> Any:
    """A variable's value as TOML where that fits the setting, else the text as it is."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    if set(parsed) != {"value"}:  # several lines, of which the first happens to be TOML
        return text
    types = types_of(schema or {})
    if "string" in types and not _fits(parsed["value"], types):
        return text
    return parsed["value"]


def _fits(value: Any, types: frozenset[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value)) in types or (isinstance(value, int) and "number" in types)


def _may_be_in_file(key: Key) -> bool:
    return is_secret(key) or key == ("node", "database")


def _secret_file(name: str, environ: Mapping[str, str], problems: list[str]) -> str | None:
    """The secret in the file a variable names, without the newline at its end."""
    if (other := name.removesuffix("_FILE")) in environ:
        problems.append(f"{name}: {other} is set as well; set only one of the two.")
        return None
    path = Path(environ[name])
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        problems.append(f"{name}: the file {path} cannot be read: {error.strerror}.")
    except UnicodeDecodeError:
        problems.append(f"{name}: the file {path} is not UTF-8 text.")
    return None


# ---------------------------------------------------------------- paths


def _resolve_paths(layers: Layers) -> None:
    """Make paths absolute: TLS files from the file that names them, the data from where we run."""
    here = Path.cwd()
    paths = {
        "node": ("data_dir",),
        "models": ("folder",),
        "tls": ("certificate", "key", "ca"),
    }
    for table, name in ((table, name) for table, names in paths.items() for name in names):
        section = layers.tree.get(table)
        value = section.get(name) if isinstance(section, dict) else None
        if isinstance(section, dict) and isinstance(value, str) and value:
            origin = layers.origins[table, name]
            beside = table == "tls" and origin.kind == "file"
            base = Path(origin.name).absolute().parent if beside else here
            section[name] = str(base / value)
