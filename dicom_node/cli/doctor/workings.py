"""Checks of the node itself: its configuration, pipelines, database, processes and ports."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dicom_node.cli.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from config.settings import Settings
    from pipelines import Installed
    from storage.database import Database

AHEAD_SECONDS = 60.0
MODEL_ADVICE = "Mend the pipeline's options, or its model: `dicom-node models list` has them all."
OPTIONS_ADVICE = "Mend the pipeline's options in the configuration, then start the node again."


def configuration(settings: Settings) -> Iterator[Finding]:
    """What can be used and is doubtful all the same."""
    from dicom_node import preflight

    routes, files = preflight.route_problems(settings), preflight.tls_problems(settings)
    for text in routes:
        yield fail("routes", text, "Mend the route's `when`; `dicom-node config check` tries it.")
    options = preflight.option_problems(settings)
    for text in options:
        yield fail("options", text, OPTIONS_ADVICE)
    for text in files:
        yield fail("TLS", text, "Put the right PEM file there; `dicom-node config check` tries it.")
    doubtful = preflight.cautions(settings)
    for text in doubtful:
        yield warn("configuration", text, "Change it, if it is not meant so.")
    if not (routes or options or files or doubtful):
        yield ok("configuration", f"It can be used ({len(settings.routes)} routes).")


def pipelines(settings: Settings) -> Iterator[Finding]:
    """Whether the pipelines in use are here, can be made, take their options, and have models."""
    from dicom_node import preflight
    from pipelines import installed

    known = installed()
    for name in preflight.in_use(settings):
        what = f"pipeline {name}"
        if name not in known:
            yield warn(
                what,
                "It is not installed: its studies are recorded as not processed.",
                "Install it, or take it out of the routes.",
            )
        else:
            yield _pipeline(settings, what, known[name])


def _pipeline(settings: Settings, what: str, found: Installed) -> Finding:
    from pipelines import configure, problems

    try:
        made = found.make()
    except (ImportError, AttributeError) as error:
        return fail(what, f"It cannot be made: {error}.", "Install what it needs.")
    try:
        configure(made, settings.options_of(found.name), settings.models_folder)
    except ValueError as error:
        return fail(what, f"pipelines.{found.name}.options: {error}", OPTIONS_ADVICE)
    wrong = problems(made)
    if wrong:
        return fail(what, " ".join(wrong), MODEL_ADVICE)
    return ok(what, f"version {made.version} ({found.framework})")


def database(settings: Settings) -> Iterator[Finding]:
    """Whether the database answers, has this program's schema, and agrees about the time."""
    from sqlalchemy.exc import OperationalError

    from dicom_node.cli.exits import Stop
    from dicom_node.cli.node import must_exist, trouble_with_database
    from storage.database import HEAD, Database, SchemaError

    try:
        must_exist(settings)
    except Stop:
        yield ok("database", "There is none yet; the first `dicom-node serve` makes it.")
        return
    db = Database.of(settings)
    try:
        db.ping()
        version = db.version()
        if version != HEAD:
            told = f"It is at schema {version or 'none'}; this program needs {HEAD}."
            yield warn("database", told, "Run `dicom-node db upgrade`; `serve` does it too.")
            return
        yield ok("database", f"It answers and is at schema {version}.")
        yield from _time(db)
    except (OperationalError, SchemaError) as error:
        told = str(trouble_with_database(error))
        yield fail("database", told, "Is the server running, and node.database right?")
    finally:
        db.close()


def _time(db: Database) -> Iterator[Finding]:
    from dicom_node.cli.out import span
    from storage import listings

    newest = listings.newest_moment(db)
    if newest is not None and newest - time.time() > AHEAD_SECONDS:
        yield fail(
            "clock",
            f"The audit trail is {span(newest - time.time())} ahead of it: it was set back.",
            "Set the clock right before the node goes on; back-offs wait for the later time.",
        )


def node(settings: Settings) -> Iterator[Finding]:
    """Whether the node runs, and its ports: answering where it does, free where it does not."""
    running = _running(settings)
    if running is None:
        yield warn("node", "It is not running.", "Start it with `dicom-node serve`.")
        yield from (_free(*listener) for listener in _listeners(settings))
        return
    gone = [row["role"] for row in running if not row["alive"]]
    if gone:
        told = f"It runs, and these of its processes are gone: {', '.join(gone)}."
        yield warn("node", told, "The supervisor starts them again; its log says why they ended.")
    else:
        yield ok("node", f"It runs in {len(running)} processes.")
    yield from _answers(settings)


def _running(settings: Settings) -> list[dict[str, Any]] | None:
    from sqlalchemy.exc import OperationalError

    from dicom_node.cli import node as here
    from dicom_node.cli.exits import Stop
    from storage.database import SchemaError

    try:
        with here.database(settings) as db:
            return here.processes(db) if here.supervisor(db) is not None else None
    except (Stop, OperationalError, SchemaError):
        return None  # the database's own check says why


def _listeners(settings: Settings) -> list[tuple[str, str, int]]:
    found = []
    if settings.tls.plain:
        found.append(("DICOM port", settings.node.host, settings.node.port))
    if settings.tls.enabled:
        found.append(("TLS port", settings.node.host, settings.tls.port))
    if settings.http.enabled:
        found.append(("HTTP port", settings.http.host, settings.http.port))
    return found


def _free(what: str, host: str, port: int) -> Finding:
    """Whether a port can be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "Stop what uses it, or choose another port in the configuration."
            if error.errno == errno.EACCES:
                advice = "Ports below 1024 are the administrator's: choose a higher one."
            why = (error.strerror or str(error)).lower()
            return fail(what, f"{host}:{port} cannot be listened on: {why}.", advice)
    return ok(what, f"{host}:{port} is free.")


def _answers(settings: Settings) -> Iterator[Finding]:
    """Whether the running node answers a C-ECHO, and its page a connection."""
    from dicom_node import scu
    from dicom_node.cli.node import itself

    us = itself(settings).model_copy(update={"timeout_seconds": 5.0})
    try:
        scu.echo(settings, us)
    except scu.Unreachable as error:
        yield fail(
            "DICOM port",
            f"The node runs and does not answer: {error}",
            "If peers must be configured, that is right for its own AE title; else see its log.",
        )
    else:
        yield ok("DICOM port", f"{us.host}:{us.port} answers C-ECHO.")
    if settings.http.enabled and settings.http.port:
        yield _page(settings)


def _page(settings: Settings) -> Finding:
    from dicom_node.cli.node import EVERYWHERE

    host = "127.0.0.1" if settings.http.host in EVERYWHERE else settings.http.host
    try:
        socket.create_connection((host, settings.http.port), timeout=5).close()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        return fail("HTTP port", f"{host}:{settings.http.port}: {why}.", "See the node's log.")
    return ok("HTTP port", f"{host}:{settings.http.port} answers.")
