"""What a charge point must not forget, in SQLite: messages, transactions, settings.

One file holds any number of charge points, told apart by identity, so that thousands share one
connection. Every change of a transaction and the messages about it are one commit: after kill −9 or a
power cut there is either all of it or nothing.

Transaction messages are kept without their ``transactionId``: it is filled in when they are sent, by
what StartTransaction.conf gave meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ohmstead.errors import DataError
from ohmstead.ocpp.frames import Payload

SCHEMA_VERSION: Final = 1
APPLICATION_ID: Final = 0x4F435050
_SCHEMA: Final = """
CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL,
    action TEXT NOT NULL,
    payload BLOB NOT NULL,
    local_id INTEGER,
    transmissions INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX message_of ON message (identity, seq);
CREATE INDEX message_about ON message (local_id);
CREATE TABLE tx (
    local_id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL,
    connector_id INTEGER NOT NULL,
    transaction_id INTEGER,
    running INTEGER NOT NULL,
    record BLOB NOT NULL
);
CREATE INDEX tx_of ON tx (identity, running);
CREATE TABLE setting (
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (identity, name)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Queued:
    """A transaction message that waits to be sent."""

    seq: int
    action: str
    payload: Payload
    local_id: int | None
    transmissions: int


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction. ``record``: the host's own data about it, as JSON."""

    local_id: int
    connector_id: int
    transaction_id: int | None
    record: bytes


class Store:
    """The file. One per process; all charge points in it share its connection."""

    def __init__(
        self,
        path: Path | str = ":memory:",
        *,
        durable: bool = True,
        on_commit: Callable[[], None] | None = None,
    ) -> None:
        """Open or create the file.

        Args:
            durable: wait for the disk at each commit; off for simulations of many charge points.
            on_commit: called before each commit: tests cut the power there.

        Raises:
            DataError: this is no file of a charge point, or one of a newer version.
        """
        self._path = path
        self._on_commit = on_commit
        self._depth = 0
        try:
            if path != ":memory:":
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).touch(mode=0o600)  # it holds keys and passwords
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise DataError(f"{path}: cannot be opened: {error}") from error
        try:
            self._prepare(path, durable)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise DataError(f"{path}: not a charge point's file: {error}") from error
        except DataError:
            self._db.close()
            raise

    def _prepare(self, path: Path | str, durable: bool) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version > SCHEMA_VERSION or (tables and application != APPLICATION_ID):
            raise DataError(
                f"{path}: not a charge point's file of version {SCHEMA_VERSION}; name another file"
            )
        if not tables:
            self._db.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

    def close(self) -> None:
        """Close the file; what was not committed is not kept."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; may be nested, the outermost commits."""
        if self._depth:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            if self._on_commit is not None:
                self._on_commit()
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise DataError(f"{self._path}: {error}") from error
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._depth = 0

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def enqueue(self, identity: str, action: str, payload: Payload, local_id: int | None) -> int:
        """Append a message; returns its place in the order."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO message (identity, action, payload, local_id) VALUES (?, ?, ?, ?)",
                (identity, action, msgspec.json.encode(payload), local_id),
            )
        assert cursor.lastrowid is not None  # noqa: S101 - a row was inserted
        return cursor.lastrowid

    def head(self, identity: str) -> Queued | None:
        """The oldest message."""
        row = self._db.execute(
            "SELECT seq, action, payload, local_id, transmissions FROM message"
            " WHERE identity = ? ORDER BY seq LIMIT 1",
            (identity,),
        ).fetchone()
        return row and Queued(row[0], row[1], msgspec.json.decode(row[2]), row[3], row[4])

    def queue_length(self, identity: str) -> int:
        """How many messages wait."""
        row = self._db.execute("SELECT count(*) FROM message WHERE identity = ?", (identity,)).fetchone()
        return int(row[0])

    def count_transmission(self, seq: int) -> None:
        """The central system failed on this message once more."""
        with self.transaction():
            self._db.execute("UPDATE message SET transmissions = transmissions + 1 WHERE seq = ?", (seq,))

    def remove(self, message: Queued) -> None:
        """The message is delivered, or given up; a transaction without any left is forgotten."""
        with self.transaction():
            self._db.execute("DELETE FROM message WHERE seq = ?", (message.seq,))
            self._db.execute(
                "DELETE FROM tx WHERE local_id = ?1 AND NOT running"
                " AND NOT EXISTS (SELECT 1 FROM message WHERE local_id = ?1)",
                (message.local_id,),
            )

    def thin_out(self, identity: str) -> int:
        """Drop every second MeterValues that waits; returns how many. Start and stop are never dropped."""
        with self.transaction():
            dropped = self._db.execute(
                "DELETE FROM message WHERE seq IN (SELECT seq FROM (SELECT seq, row_number() OVER"
                " (ORDER BY seq) AS place FROM message WHERE identity = ? AND action = 'MeterValues')"
                " WHERE place % 2 = 0)",
                (identity,),
            )
        return dropped.rowcount

    def begin(self, identity: str, connector_id: int, record: bytes) -> int:
        """Note that a transaction runs; returns its local id."""
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO tx (identity, connector_id, running, record) VALUES (?, ?, 1, ?)",
                (identity, connector_id, record),
            )
        assert cursor.lastrowid is not None  # noqa: S101 - a row was inserted
        return cursor.lastrowid

    def update(self, local_id: int, record: bytes) -> None:
        """Keep what is new about a transaction."""
        with self.transaction():
            self._db.execute("UPDATE tx SET record = ? WHERE local_id = ?", (record, local_id))

    def end(self, local_id: int) -> None:
        """Note that a transaction is over; its id is kept until its messages are sent."""
        with self.transaction():
            self._db.execute("UPDATE tx SET running = 0, record = x'' WHERE local_id = ?", (local_id,))

    def set_transaction_id(self, local_id: int, transaction_id: int) -> None:
        """StartTransaction.conf came."""
        with self.transaction():
            self._db.execute(
                "UPDATE tx SET transaction_id = ? WHERE local_id = ?", (transaction_id, local_id)
            )

    def transaction_id(self, local_id: int) -> int | None:
        """The central system's id of a transaction; ``None``: not known (yet)."""
        row = self._db.execute("SELECT transaction_id FROM tx WHERE local_id = ?", (local_id,)).fetchone()
        return None if row is None else row[0]

    def running(self, identity: str) -> list[StoredTransaction]:
        """Transactions that run."""
        rows = self._db.execute(
            "SELECT local_id, connector_id, transaction_id, record FROM tx"
            " WHERE identity = ? AND running ORDER BY local_id",
            (identity,),
        )
        return [StoredTransaction(*row) for row in rows]

    def get(self, identity: str, name: str, default: Any) -> Any:
        """A setting, as JSON data."""
        row = self._db.execute(
            "SELECT value FROM setting WHERE identity = ? AND name = ?", (identity, name)
        ).fetchone()
        return default if row is None else msgspec.json.decode(row[0])

    def put(self, identity: str, name: str, value: Any) -> None:
        """Keep a setting."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO setting (identity, name, value) VALUES (?, ?, ?)",
                (identity, name, msgspec.json.encode(value)),
            )
