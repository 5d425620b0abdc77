"""Which kinds of results go to which destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from config.settings import Settings


def plan(
    assignment: Mapping[str, Any], settings: Settings, named: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """The kinds each destination gets: what the route says, else the peer, else the pipeline.

    `named` are the pipeline's. A shadow assignment sends nothing; neither does a destination that
    is configured no longer.
    """
    if assignment["shadow"]:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, kinds in assignment["send_to"].items():
        peer = settings.peers.get(name)
        if peer is not None:
            own = named if peer.results is None else peer.results
            wanted = own if kinds is None else kinds
            found[name] = tuple(dict.fromkeys([*wanted, *assignment["besides"].get(name, ())]))
    return found
