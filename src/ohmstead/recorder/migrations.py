"""Versions of the schema, and the steps from one to the next.

``PRAGMA user_version`` holds the version. A step writes its statements out in full: it must go on
working after the tables in :mod:`ohmstead.recorder.schema` have changed again.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateIndex, CreateTable

from ohmstead.recorder.schema import APPLICATION_ID, metadata

Step = Callable[[Connection], None]

STEPS: tuple[Step, ...] = ()
"""``STEPS[i]`` leads from version i + 1 to version i + 2."""


def newest_version() -> int:
    """The version that this program writes."""
    return 1 + len(STEPS)


def create(connection: Connection) -> None:
    """Create every table in an empty file, at the newest version."""
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            connection.execute(CreateIndex(index))
    connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
    connection.execute(text(f"PRAGMA user_version = {newest_version()}"))


def migrate(connection: Connection, version: int) -> None:
    """Bring a file of an older version (≥ 1) up to the newest, inside the caller's transaction."""
    for step in STEPS[version - 1 :]:
        step(connection)
    connection.execute(text(f"PRAGMA user_version = {newest_version()}"))
