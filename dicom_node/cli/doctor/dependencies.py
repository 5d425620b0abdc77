"""Checks that what the node is built on can be imported, and that our names are ours."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

from dicom_node.cli.doctor.finding import Finding, fail, ok

NEEDED = {
    "pydicom": "pydicom",
    "pynetdicom": "pynetdicom",
    "highdicom": "highdicom",
    "pylibjpeg": "pylibjpeg",
    "openjpeg": "pylibjpeg-openjpeg",
    "rle": "pylibjpeg-rle",
    "jpeg_ls": "pyjpegls",
    "gdcm": "python-gdcm",
    "numpy": "numpy",
    "PIL": "pillow",
    "sqlalchemy": "sqlalchemy",
    "psycopg": "psycopg",
    "alembic": "alembic",
    "apscheduler": "apscheduler",
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "jinja2": "jinja2",
    "pydantic": "pydantic",
    "structlog": "structlog",
    "rich": "rich",
}
"""What requirements.in names, by the module that is imported."""
OURS = ("config", "storage", "models", "results", "pipelines", "gateway")
INSTALL = "Run `make run` in the checkout, which installs what is missing."


def check() -> Iterator[Finding]:
    """Every dependency, then our own packages."""
    for module, package in NEEDED.items():
        yield _one(module, package)
    yield _names()


def _one(module: str, package: str) -> Finding:
    try:
        import_module(module)
        version = metadata.version(package)
    except ImportError as error:  # PackageNotFoundError is one of them
        return fail(package, f"It cannot be imported: {error}.", INSTALL)
    return ok(package, version)


def _names() -> Finding:
    """Names like `config` are common: another package of that name would be taken for ours."""
    home = Path(__file__).parents[3]
    strangers = []
    for name in OURS:
        place = import_module(name).__file__
        if place is None or Path(place).parents[1] != home:
            strangers.append(f"{name} from {place}")
    if strangers:
        return fail(
            "packages",
            f"Another package has the name of ours: {', '.join(strangers)}.",
            "Remove it from this environment, or start the node from another folder.",
        )
    return ok("packages", f"All are from {home}.")
