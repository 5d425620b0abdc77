"""What must be well, beyond what the settings say by themselves, before a configuration is used.

Routes must mean something to the router, options to their pipelines, and the files of TLS must be
what they are said to be.
"""

from __future__ import annotations

from collections.abc import Collection

from config.settings import Settings


def problems(settings: Settings) -> list[str]:
    """Why the configuration cannot be used, in sentences; empty where it can."""
    return [
        *route_problems(settings),
        *option_problems(settings),
        *tls_problems(settings),
    ]


def route_problems(settings: Settings) -> list[str]:
    """What is wrong with the routes, each told of once."""
    # Most routes have no conditions, and the router that reads them brings pydicom.
    doubtful = [route for route in settings.routes if route.when or not route.name.strip()]
    if not doubtful:
        return []
    from pipelines.router import RouteError, compile_routes

    wrong = []
    for route in doubtful:
        try:
            compile_routes([route])
        except RouteError as error:
            wrong.append(str(error))
    return wrong


def option_problems(settings: Settings) -> list[str]:
    """What is wrong with the options of our pipelines; a worker hears what another's say."""
    from pipelines import check

    wrong = []
    for name, own in settings.pipelines.items():
        try:
            check(name, own.options)
        except ValueError as error:
            wrong.append(f"pipelines.{name}.options: {error}")
    return wrong


def pipeline_problems(settings: Settings) -> list[str]:
    """What the pipelines in use say will keep them from work, such as a model that is not there.

    Nothing that a node is stopped for: images can be taken in meanwhile, and their jobs wait.
    """
    from pipelines import configure, installed, problems

    wrong, known = [], installed()
    for name in in_use(settings):
        found = known.get(name)
        if found is None or found.error:
            continue
        try:
            pipeline = found.make()
            configure(pipeline, settings.options_of(name), settings.models_folder)
        except (ImportError, AttributeError) as error:
            wrong.append(f"pipeline {name} cannot be made: {error}.")
        except ValueError as error:
            wrong.append(f"pipelines.{name}.options: {error}")
        else:
            wrong += [f"pipeline {name}: {text}" for text in problems(pipeline)]
    return wrong


def in_use(settings: Settings) -> list[str]:
    """The pipelines that routes lead to, and those that have settings of their own."""
    routed = (name for route in settings.routes if route.enabled for name in route.pipelines)
    return list(dict.fromkeys([*routed, *settings.pipelines]))


def tls_problems(settings: Settings) -> list[str]:
    """What is wrong with the files of TLS, where it is used."""
    if not _uses_tls(settings):
        return []
    from dicom_node import tls

    return tls.problems(settings)


def cautions(settings: Settings, installed: Collection[str] | None = None) -> list[str]:
    """What is allowed and probably not meant, and certificates that have run out."""
    from config.checks import warnings

    found = warnings(settings, installed)
    if _uses_tls(settings):
        from dicom_node import certificates

        found += certificates.warnings(settings)
    return found


def _uses_tls(settings: Settings) -> bool:
    return settings.tls.enabled or any(peer.tls for peer in settings.peers.values())
