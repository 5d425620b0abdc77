"""The history of the schema, by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from storage.turns import SCHEMA, take_turns


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database from wherever it is to a revision of the schema."""
    config = configuration()
    with engine.begin() as connection:
        take_turns(connection, SCHEMA)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def known() -> set[str]:
    """Every revision of the schema that this version of the node can come from or go to."""
    scripts = ScriptDirectory.from_config(configuration())
    return {script.revision for script in scripts.walk_revisions()}


def configuration() -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
