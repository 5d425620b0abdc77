"""Read the configuration: lay its layers over each other, and refuse what is wrong, all at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from config.checks import Draft, contradictions
from config.errors import ConfigError
from config.layers import FILE_VARIABLE, Layers, read_layers
from config.origins import Key, Origins
from config.problems import Problem, model_problems, sentences
from config.settings import Route, Settings
from config.words import schema_at

OPEN_SECTIONS = ("peers", "pipelines", "routes")
"""Sections that hold as many entries as a site likes; the defaults say nothing needed of them."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The settings, who said each of them, and the site's file where there is one."""

    settings: Settings
    origins: Origins
    site_file: str | None


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings, or raise `ConfigError` with everything that is wrong with them."""
    return load_layers(environ).settings


def load_layers(environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read the settings and remember who said each of them."""
    layers = read_layers(environ)
    problems: list[Problem] = []
    try:
        Settings.model_validate(layers.tree)
    except ValidationError as error:
        problems = model_problems(error, layers.tree, layers.origins)
    draft = _draft(layers, [problem.key for problem in problems])
    problems += contradictions(draft)
    if problems or layers.problems:
        told = [*sentences(problems, layers.origins), *layers.problems]
        raise ConfigError(told, draft.settings)
    return Loaded(
        settings=_with_password(draft.settings),
        origins=layers.origins,
        site_file=environ.get(FILE_VARIABLE) or None,
    )


def _draft(layers: Layers, wrong: list[Key]) -> Draft:
    """The settings without their wrong parts: defaults in their place, or nothing."""
    tree = deepcopy(layers.tree)
    defaults = read_layers({}).tree if wrong else {}
    wrong = [key for key in wrong if not _forget_unknown(tree, key)]
    sections = frozenset(
        str(key[0]) for key in wrong if key[0] not in OPEN_SECTIONS or len(key) == 1
    )
    for section in sections:
        tree[section] = defaults.get(section, {})
    entries = {key[:2] for key in wrong}
    peers: dict[str, Any] = tree.get("peers", {})
    for section in ("peers", "pipelines"):
        kept = {n: v for n, v in tree.get(section, {}).items() if (section, n) not in entries}
        tree[section] = kept
    numbers = [n for n in range(len(tree["routes"])) if ("routes", n) not in entries]
    tree["routes"] = [tree["routes"][n] for n in numbers]
    settings = Settings.model_validate(tree)
    routes: dict[int, Route] = dict(zip(numbers, settings.routes, strict=True))
    return Draft(settings=settings, wrong=sections, peer_names=frozenset(peers), routes=routes)


def _forget_unknown(tree: dict[str, Any], key: Key) -> bool:
    """Take a key out of the tree that is no setting; the rest of its table stays as it is."""
    if schema_at(key) is not None:
        return False
    at: Any = tree
    for part in key[:-1]:
        at = at[part]
    del at[key[-1]]
    return True


def _with_password(settings: Settings) -> Settings:
    """Put the database's password into its address, so that who connects needs only that."""
    password = settings.node.database_password.get_secret_value()
    if not password:
        return settings
    scheme, _, rest = settings.node.database.partition("://")
    user, _, host = rest.rpartition("@")
    address = f"{scheme}://{user}:{quote(password, safe='')}@{host}"
    node = settings.node.model_copy(update={"database": address})
    return settings.model_copy(update={"node": node})
