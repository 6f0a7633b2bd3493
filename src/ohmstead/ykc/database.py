"""An SQLite file that one side of a charging protocol keeps to itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ohmstead.errors import DataError

IN_MEMORY = ":memory:"


def open_own(path: Path | str, application_id: int, schema: str) -> sqlite3.Connection:
    """Open a file, or make it; what is committed survives a kill and a power cut.

    Args:
        path: the file, or :data:`IN_MEMORY`.
        application_id: by which it is known whose file this is (``PRAGMA application_id``).
        schema: statements that make what is not there yet.

    Raises:
        DataError: it belongs to another program, is damaged, or cannot be opened.
    """
    try:
        database = sqlite3.connect(path, isolation_level=None)
        try:
            owner = database.execute("PRAGMA application_id").fetchone()[0]
            if owner not in (0, application_id):
                raise DataError(f"{path}: belongs to another program (application id {owner:#x})")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(f"PRAGMA application_id = {application_id}")
            database.executescript(schema)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        raise DataError(f"{path}: {error}") from error
    return database
