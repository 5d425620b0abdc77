"""Whether anything was written to the database since one looked last: what makes waiting cheap.

Every process of the node waits for rows that another one writes. Asking for the rows twenty
times a second costs a core some per cent each; asking whether anything changed at all costs
nothing worth measuring.
"""

from __future__ import annotations

import time

from storage.database import Database

AT_LEAST_EVERY = 0.5
"""Also what nobody writes falls due, by the clock: so often one looks without being told, in
seconds."""


class Changes:
    """Tells one thread when it is worth looking into the database again."""

    def __init__(self, db: Database) -> None:
        # SQLite counts the commits of all others for each connection: this one is kept for that.
        self._connection = (
            db.engine.raw_connection() if db.engine.dialect.name == "sqlite" else None
        )
        self._version = -1
        self._looked_at = float("-inf")

    def seen(self) -> bool:
        """Whether to look again: something was written, or the last look is a while ago.

        A database that cannot say so is looked into each time.
        """
        moment = time.monotonic()
        version = self._ask()
        if version == self._version and moment - self._looked_at < AT_LEAST_EVERY:
            return False
        self._version, self._looked_at = version, moment
        return True

    def _ask(self) -> int:
        if self._connection is None:
            return self._version - 1
        cursor = self._connection.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
        finally:
            cursor.close()
        return int(row[0]) if row else self._version - 1

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
