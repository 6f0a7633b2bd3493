"""A pile's non-volatile store: one SQLite file, for one pile or for many.

What is committed survives a kill and a power cut (write-ahead log, ``synchronous=FULL``). A bill takes the
place of its order in one transaction, so an order is never in neither state and never in both.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from ohmstead.errors import DataError
from ohmstead.ykc.database import open_own
from ohmstead.ykc.messages.orders import TransactionRecord
from ohmstead.ykc.pile.facts import PileMemory
from ohmstead.ykc.pile.order import Order

_APPLICATION_ID = 0x4F684B50  # "OhKP"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (pile TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS open_order (
    pile TEXT NOT NULL, serial TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (pile, serial)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY,
    pile TEXT NOT NULL,
    serial TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'refused')),
    UNIQUE (pile, serial)
);
CREATE INDEX IF NOT EXISTS record_waiting ON record (pile, number) WHERE state = 'waiting';
"""
T = TypeVar("T")


class PileStore:
    """Args: the file, or :data:`IN_MEMORY` for a pile that need not survive its process.

    Raises:
        DataError: the file is no store of a pile, or cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._db = open_own(path, _APPLICATION_ID, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def memory(self, pile: str) -> PileMemory | None:
        """What a pile remembered.

        Raises:
            DataError: it cannot be read.
        """
        row = self._db.execute("SELECT value FROM memory WHERE pile = ?", (pile,)).fetchone()
        return None if row is None else self._decoded(row[0], PileMemory)

    def save_memory(self, pile: str, memory: PileMemory) -> None:
        """Keep what a pile is to remember."""
        self._db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (pile, msgspec.json.encode(memory)))

    def save_order(self, pile: str, order: Order) -> None:
        """Keep the present state of an open order."""
        value = msgspec.json.encode(order)
        self._db.execute("INSERT OR REPLACE INTO open_order VALUES (?, ?, ?)", (pile, order.serial, value))

    def open_orders(self, pile: str) -> list[Order]:
        """Orders that have no bill yet.

        Raises:
            DataError: one cannot be read.
        """
        rows = self._db.execute("SELECT value FROM open_order WHERE pile = ? ORDER BY serial", (pile,))
        return [self._decoded(row[0], Order) for row in rows.fetchall()]

    def save_record(self, record: TransactionRecord) -> None:
        """Keep a bill in place of its order. The first bill of an order stays."""
        key = (record.pile, record.serial)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute(
                "INSERT OR IGNORE INTO record (pile, serial, body, state) VALUES (?, ?, ?, 'waiting')",
                (*key, record.to_bytes()),
            )
            self._db.execute("DELETE FROM open_order WHERE pile = ? AND serial = ?", key)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def waiting(self, pile: str) -> list[TransactionRecord]:
        """Bills that nobody confirmed, oldest first."""
        query = "SELECT body FROM record WHERE pile = ? AND state = 'waiting' ORDER BY number"
        return [TransactionRecord.from_bytes(row[0]) for row in self._db.execute(query, (pile,)).fetchall()]

    def delivered(self, pile: str, serial: str, *, legal: bool) -> None:
        """A bill is confirmed; one that the platform calls illegal is kept for people to look at."""
        state = "delivered" if legal else "refused"
        self._db.execute("UPDATE record SET state = ? WHERE pile = ? AND serial = ?", (state, pile, serial))

    def _decoded(self, value: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(value, type=kind)
        except msgspec.DecodeError as error:
            raise DataError(f"{self._path}: a stored {kind.__name__} cannot be read: {error}") from error
