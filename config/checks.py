"""What the settings must not say together, and what they had better not say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from config.origins import Key, key_text
from config.problems import Problem
from config.settings import Peer, Route, Settings, is_loopback


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Settings whose wrong parts were left out, so that the rest can be checked all the same."""

    settings: Settings
    """Wrong sections hold the defaults; wrong peers and routes are absent."""
    wrong: frozenset[str]
    """The sections that hold the defaults because what was written is wrong."""
    peer_names: frozenset[str]
    """Every peer that was named, wrong or not."""
    routes: Mapping[int, Route]
    """The routes that are right, by their place in the file."""

    def has(self, *sections: str) -> bool:
        """Whether these sections are as they were written."""
        return self.wrong.isdisjoint(sections)


def contradictions(draft: Draft) -> list[Problem]:
    """Everything in a configuration that cannot be true together."""
    return [
        *_unknown_receivers(draft),
        *_same_routes(draft.routes),
        *_same_peers(draft.settings.peers),
        *_tls(draft),
        *_tls_files(draft),
        *_ports(draft),
        *_addresses(draft),
    ]


def _unknown_receivers(draft: Draft) -> Iterator[Problem]:
    if not draft.has("peers"):
        return
    known = ", ".join(sorted(draft.peer_names)) or "none"
    for number, route in draft.routes.items():
        for name in route.send_to:
            if name not in draft.peer_names:
                text = (
                    f'routes[{number}].send_to of the route "{route.name}" names the peer '
                    f'"{name}", which is not configured; configured peers: {known}.'
                )
                yield Problem(key=("routes", number, "send_to"), text=text)


def _same_routes(routes: Mapping[int, Route]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, route in routes.items():
        if first.setdefault(route.name, number) != number:
            text = (
                f'routes[{number}].name is "{route.name}", as is that of '
                f"routes[{first[route.name]}]; allowed is a name of its own for each route."
            )
            yield Problem(key=("routes", number, "name"), text=text)


def _same_peers(peers: Mapping[str, Peer]) -> Iterator[Problem]:
    for (one, a), (other, b) in combinations(peers.items(), 2):
        if (a.ae_title.strip(), a.host, a.port) == (b.ae_title.strip(), b.host, b.port):
            keys: list[Key] = [("peers", other), ("peers", one)]
            text = (
                f"{key_text(keys[0])} is the same peer as {key_text(keys[1])}: both are "
                f'"{a.ae_title.strip()}" at {a.host}, port {a.port}.'
            )
            yield Problem(key=keys[0], others=(keys[1],), text=text)


def _tls(draft: Draft) -> Iterator[Problem]:
    if not draft.has("tls"):
        return
    tls = draft.settings.tls
    if not tls.plain and not tls.enabled:
        text = (
            "tls.plain is false and tls.enabled is false, so the node would listen nowhere; "
            "allowed is one of them true, or both."
        )
        yield Problem(key=("tls", "plain"), others=(("tls", "enabled"),), text=text)


def _tls_files(draft: Draft) -> Iterator[Problem]:
    """Files that are missing; whether those that are there can be used is for TLS to say."""
    if not draft.has("tls"):
        return
    tls, peers = draft.settings.tls, draft.settings.peers
    speakers: list[Key] = [("peers", name, "tls") for name, peer in peers.items() if peer.tls]
    listener: list[Key] = [("tls", "enabled")] if tls.enabled else []
    needed_by = {
        "certificate": listener,
        "key": listener,
        "ca": [*(listener if tls.require_client_certificate else []), *speakers],
    }
    for name, whose in needed_by.items():
        path = getattr(tls, name)
        if whose and not path:
            because = " and ".join(f"{key_text(key)} is true" for key in whose)
            text = f'tls.{name} is ""; a PEM file is needed because {because}.'
            yield Problem(key=("tls", name), others=tuple(whose), text=text)
        elif (listener or speakers) and path and not Path(path).is_file():
            yield Problem(
                key=("tls", name), text=f'tls.{name} is "{path}", and there is no such file.'
            )


def _ports(draft: Draft) -> Iterator[Problem]:
    if not draft.has("node", "tls", "http"):
        return
    settings = draft.settings
    listeners = {
        "http": settings.http.port if settings.http.enabled else 0,
        "tls": settings.tls.port if settings.tls.enabled else 0,
        "node": settings.node.port if settings.tls.plain else 0,
    }
    for one, other in combinations(listeners, 2):
        if listeners[one] and listeners[one] == listeners[other]:
            text = (
                f"{one}.port is {listeners[one]} and so is {other}.port; "
                "allowed is a port of its own for each."
            )
            yield Problem(key=(one, "port"), others=((other, "port"),), text=text)


def _addresses(draft: Draft) -> Iterator[Problem]:
    node = draft.settings.node
    webhook = draft.settings.notices.webhook.get_secret_value()
    if draft.has("notices") and webhook and not _is_web_address(webhook):
        text = (
            "notices.webhook is something else (it is a secret and not shown); allowed is "
            'an address that begins with http:// or https://, or "" for none.'
        )
        yield Problem(key=("notices", "webhook"), text=text)
    if draft.has("node") and not node.data_dir.is_absolute():
        yield Problem(key=("node", "data_dir"), text='node.data_dir is ""; allowed is a folder.')
    because = _takes_no_password(node.database)
    if draft.has("node") and node.database_password.get_secret_value() and because:
        text = f"node.database_password is set, but {because}."
        keys: list[Key] = [("node", "database_password"), ("node", "database")]
        yield Problem(key=keys[0], others=(keys[1],), text=text)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _takes_no_password(database: str) -> str | None:
    """Why a password cannot be put into a database address, or None where it can."""
    if database.startswith("sqlite"):
        return "node.database is SQLite, which has no passwords"
    user, at, _ = database.partition("://")[2].rpartition("@")
    if not at or not user:
        return "node.database names no user: postgresql+psycopg://USER@HOST/NAME"
    return (
        "node.database has a password in it as well; set only one of them" if ":" in user else None
    )


# ---------------------------------------------------------------- warnings


def warnings(settings: Settings, installed: Collection[str] | None = None) -> list[str]:
    """What is allowed but probably not meant; `installed` are the names of the pipelines here."""
    return [
        *_not_installed(settings, installed),
        *_open_doors(settings),
        *_low_ports(settings),
        *_namesakes(settings.peers),
    ]


def _not_installed(settings: Settings, installed: Collection[str] | None) -> Iterator[str]:
    if installed is None:
        return
    for route in settings.routes:
        for name in route.pipelines if route.enabled else ():
            if name not in installed:
                yield (
                    f"route {route.name}: pipeline {name} is not installed; "
                    "its studies are recorded as not processed."
                )
    for name in settings.pipelines:
        if name not in installed:
            yield f"[pipelines.{name}] changes nothing: pipeline {name} is not installed."


def _open_doors(settings: Settings) -> Iterator[str]:
    host = settings.node.host
    if is_loopback(host):
        return
    if settings.receiver.check_called_ae is False:
        yield (
            f"receiver.check_called_ae is false and the node listens on {host}: "
            "it answers to every AE title."
        )
    if settings.receiver.check_calling_ae is False:
        yield (
            f"receiver.check_calling_ae is false and the node listens on {host}: "
            "everybody who reaches it can send to it."
        )
    if host in ("0.0.0.0", "::") and not settings.peers:  # noqa: S104 - we warn of it, we don't bind
        then = (
            "every association is refused" if settings.checks_calling_ae else "nobody is told apart"
        )
        yield f"node.host is {host} and no [peers.NAME] is configured: {then}."


def _low_ports(settings: Settings) -> Iterator[str]:
    listeners = {
        "node.port": settings.node.port if settings.tls.plain else 0,
        "tls.port": settings.tls.port if settings.tls.enabled else 0,
        "http.port": settings.http.port if settings.http.enabled else 0,
    }
    for name, port in listeners.items():
        if 0 < port < 1024:
            yield f"{name} is {port}: most systems reserve ports below 1024 for the administrator."


def _namesakes(peers: Mapping[str, Peer]) -> Iterator[str]:
    """Peers that call by one title from one address: which of them calls cannot be known."""
    for (one, a), (other, b) in combinations(peers.items(), 2):
        title = a.ae_title.strip()
        if (title, a.host.casefold()) == (b.ae_title.strip(), b.host.casefold()):
            yield (
                f'peers.{one} and peers.{other} are both "{title}" at {a.host} and cannot be told '
                f"apart when they call: both are taken for peers.{one}, with its limits, counts "
                "and reports."
            )
