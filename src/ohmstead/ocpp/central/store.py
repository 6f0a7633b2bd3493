"""What a central system must not forget, in one SQLite file.

What is told to a charger is committed before: after a kill or a power cut the charger repeats what was
not answered, and the repeat is known. Open transactions, chargers and tags are kept in memory too, so
that a message costs one write and no read.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ohmstead.errors import DataError
from ohmstead.file_lock import FileLock
from ohmstead.ocpp.central import store_schema as schema
from ohmstead.ocpp.central.charger import Charger, Tag, Transaction
from ohmstead.ocpp.central.committer import Committer, StoreError
from ohmstead.ocpp.central.decision import (
    AddEvent,
    AddSamples,
    Change,
    Ledger,
    OrphanStop,
    SaveCharger,
    SaveTransaction,
)
from ohmstead.ocpp.central.meter_values import MeterSample
from ohmstead.ocpp.central.open_transactions import OpenTransactions
from ohmstead.ocpp.central.store_port import Claim

CURVES_KEPT = timedelta(days=180)
EVENTS_KEPT = 1000
"""Per charger; a charger in a bad mood must not fill the disk."""
LONGEST_TEXT = 2000
LARGEST_BELIEVED = 1_000_000_000
"""Numbers that chargers name are not given again, in case a database got lost; larger ones are nonsense."""


class Store:
    """Chargers, tags and transactions: a :class:`~ohmstead.ocpp.central.store_port.TransactionStore`.

    To be used from one event loop, but for :meth:`transactions`, :meth:`samples` and :meth:`events`,
    which read the file.
    """

    def __init__(
        self, path: Path, reading: sqlite3.Connection, writing: sqlite3.Connection, lock: FileLock | None
    ) -> None:
        """Use :meth:`open`."""
        self.path = path
        self._lock = lock
        self._reading = reading
        self._committer = Committer(writing, path.name)
        self.chargers: dict[str, Charger] = {
            row["identity"]: schema.charger_of(row) for row in reading.execute("SELECT * FROM charger")
        }
        self._tags = {row["folded"]: schema.tag_of(row) for row in reading.execute("SELECT * FROM tag")}
        self._configured: dict[str, Tag] = {}
        self._passwords: dict[str, tuple[str, str | None]] = {
            row["identity"]: (row["hash"], row["next_hash"])
            for row in reading.execute("SELECT * FROM password")
        }
        self._open = OpenTransactions(
            schema.transaction_of(row)
            for row in reading.execute("SELECT * FROM charge_session WHERE stopped_at IS NULL ORDER BY id")
        )
        last = reading.execute(
            "SELECT max(coalesce((SELECT max(id) FROM charge_session), 0), "
            "coalesce((SELECT max(transaction_id) FROM orphan_stop WHERE transaction_id < ?), 0))",
            (LARGEST_BELIEVED,),
        ).fetchone()[0]
        self._last_id = int(last)

    @classmethod
    def open(cls, path: Path, *, exclusive: bool = True) -> Self:
        """Open or create the database.

        Args:
            exclusive: be the only process that writes it; without it nothing is to be written.

        Raises:
            DataError: the file is not ours, damaged, of a newer version, or cannot be opened; or another
                process writes it.
        """
        lock = _locked(path) if exclusive else None
        writing = None
        try:
            writing = _connect(path)
            writing.execute("PRAGMA journal_mode = WAL")
            writing.execute("PRAGMA synchronous = FULL")
            _prepare(writing, path)
            reading = _connect(path)
            reading.execute("PRAGMA query_only = ON")
            return cls(path, reading, writing, lock)
        except (sqlite3.Error, DataError) as error:
            if writing is not None:
                writing.close()
            if lock is not None:
                lock.release()
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path}: {error}; move the file away to begin anew") from error

    def close(self) -> None:
        """Write what waits, and close."""
        self._committer.close()
        self._reading.close()
        if self._lock is not None:
            self._lock.release()

    async def refresh(self, identity: str) -> None:
        """Nobody else writes this file: everything is known."""

    async def claim(self, identity: str) -> Claim | None:
        """All connections are this process's own; ``None`` where the charger is not known."""
        return Claim(number=0, identity=identity) if identity in self.chargers else None

    def ledger_at_hand(self, _action: str) -> Ledger:
        """This; nothing has to be waited for."""
        return self

    async def ledger(self, _identity: str, _action: str, _payload: Mapping[str, Any]) -> Ledger:
        """This; nothing has to be waited for."""
        return self

    def commit(self, changes: Sequence[Change], claim: Claim | None = None) -> asyncio.Future[None]:
        """Begin to keep changes; the future is done once they are on the disk.

        It fails with :class:`StoreError` where they could not be written; nothing was changed then.
        """
        del claim
        return self._committer.commit(lambda c: _apply(c, changes), lambda: self._remember(changes))

    def note(self, charger: Charger) -> None:
        """Remember what need not survive a restart: measurements, and when it was heard last."""
        self.chargers[charger.identity] = charger

    def _remember(self, changes: Sequence[Change]) -> None:
        for change in changes:
            match change:
                case SaveCharger(charger=charger):
                    self.chargers[charger.identity] = charger
                case SaveTransaction(transaction=transaction):
                    self._open.put(transaction)
                case _:
                    pass

    def tag(self, id_tag: str) -> Tag | None:
        """A tag by its identifier, without regard to case."""
        key = id_tag.casefold()
        return self._configured.get(key) or self._tags.get(key)

    def configure_tags(self, tags: Iterable[Tag]) -> None:
        """Tags of the configuration; they count together with the stored ones, and before them."""
        self._configured = {tag.id_tag.casefold(): tag for tag in tags}

    def tags(self) -> tuple[Tag, ...]:
        """All tags, by identifier."""
        found = self._tags | self._configured
        return tuple(found[key] for key in sorted(found))

    def any_tags(self) -> bool:
        """At least one tag is listed."""
        return bool(self._tags or self._configured)

    async def put_tag(self, tag: Tag) -> None:
        """List a tag, or change it."""
        await self._committer.commit(
            lambda c: c.execute(schema.TAG, schema.tag_row(tag)),
            lambda: self._tags.update({tag.id_tag.casefold(): tag}),
        )

    async def remove_tag(self, id_tag: str) -> bool:
        """Take a tag off the list; False where it is not on it."""
        key = id_tag.casefold()
        await self._committer.commit(lambda c: c.execute("DELETE FROM tag WHERE folded = ?", (key,)))
        return self._tags.pop(key, None) is not None

    def charging_with(self, id_tag: str, *, except_transaction: int | None = None) -> bool:
        """A transaction of that tag runs somewhere."""
        return self._open.charging_with(id_tag, except_transaction=except_transaction)

    def transaction(self, transaction_id: int) -> Transaction | None:
        """A transaction by its number."""
        running = self._open.get(transaction_id)
        if running is not None:
            return running
        if not 0 < transaction_id < 1 << 63:
            return None
        return self._one("SELECT * FROM charge_session WHERE id = ?", (transaction_id,))

    def same_start(
        self, identity: str, connector: int, id_tag: str, started: str, meter_start_wh: int
    ) -> Transaction | None:
        """The transaction that this start began already."""
        found = self._one(
            "SELECT * FROM charge_session WHERE identity = ? AND connector = ? AND id_tag = ? "
            "AND start_told = ? AND meter_start_wh = ?",
            (identity, connector, id_tag, started, meter_start_wh),
        )
        return found if found is None else self._open.get(found.id) or found

    def running(self, identity: str, connector: int | None = None) -> tuple[Transaction, ...]:
        """Transactions of a charger that are not stopped yet, oldest first."""
        return self._open.of(identity, connector)

    def next_transaction_id(self) -> int:
        """A number that no transaction had, positive; never given twice."""
        self._last_id += 1
        return self._last_id

    def transactions(
        self, *, limit: int = 100, before_id: int | None = None, identity: str | None = None
    ) -> tuple[Transaction, ...]:
        """Transactions, newest first."""
        rows = self._read(
            "SELECT * FROM charge_session WHERE id < ? AND (? IS NULL OR identity = ?) "
            "ORDER BY id DESC LIMIT ?",
            (before_id or 1 << 62, identity, identity, limit),
        )
        return tuple(schema.transaction_of(row) for row in rows)

    def samples(self, transaction_id: int) -> tuple[MeterSample, ...]:
        """The curve of a transaction, by time."""
        rows = self._read(
            "SELECT at, energy_wh, power_w, soc FROM sample WHERE transaction_id = ? ORDER BY at",
            (transaction_id,),
        )
        return tuple(
            MeterSample(
                at=schema.moment(row["at"]),
                energy_wh=row["energy_wh"],
                power_w=row["power_w"],
                soc=row["soc"],
            )
            for row in rows
        )

    def events(self, identity: str, limit: int = 100) -> tuple[AddEvent, ...]:
        """What happened at a charger, newest first."""
        rows = self._read(
            "SELECT * FROM event WHERE identity = ? ORDER BY id DESC LIMIT ?", (identity, limit)
        )
        return tuple(
            AddEvent(
                identity=row["identity"],
                at=datetime.fromtimestamp(row["at"], UTC),
                kind=row["kind"],
                text=row["text"],
            )
            for row in rows
        )

    def orphan_stops(self) -> int:
        """How many stops came whose transaction is not known."""
        return int(self._read("SELECT count(*) FROM orphan_stop")[0][0])

    def password(self, identity: str) -> tuple[str | None, str | None]:
        """The salted hash of a charger's password, and of the one that it is being given."""
        return self._passwords.get(identity, (None, None))

    async def put_password(self, identity: str, hashed: str, next_hash: str | None = None) -> None:
        """Keep the hash of a charger's password."""
        await self._committer.commit(
            lambda c: c.execute(
                "INSERT OR REPLACE INTO password VALUES (?,?,?)", (identity, hashed, next_hash)
            )
        )
        self._passwords[identity] = (hashed, next_hash)

    async def forget(self, identity: str) -> bool:
        """Forget a charger and its password; its transactions stay. False where it is not known."""

        def write(connection: sqlite3.Connection) -> None:
            for table in ("charger", "password", "event"):
                connection.execute(f"DELETE FROM {table} WHERE identity = ?", (identity,))  # noqa: S608

        await self._committer.commit(write)
        known = identity in self.chargers
        self.forgotten(identity)
        return known

    def forgotten(self, identity: str) -> None:
        """Remember it no longer; it is off the disk already."""
        self._passwords.pop(identity, None)
        self.chargers.pop(identity, None)

    def _one(self, query: str, values: Sequence[object]) -> Transaction | None:
        rows = self._read(query, values)
        return schema.transaction_of(rows[0]) if rows else None

    def _read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        try:
            return self._reading.execute(query, values).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise StoreError(f"{self.path}: {error}") from error


def _locked(path: Path) -> FileLock:
    try:
        return FileLock(path, "another central system is writing it; stop that one, or name another file")
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be made: {error.strerror}") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id == schema.APPLICATION_ID:
        if version > schema.VERSION:
            raise DataError(
                f"{path}: version {version} was written by a newer Ohmstead; this one knows versions up to "
                f"{schema.VERSION}: update it, or name another file"
            )
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise DataError(f"{path}: this file is another program's; name another one")
    connection.executescript(
        f"BEGIN IMMEDIATE; {schema.TABLES} PRAGMA application_id = {schema.APPLICATION_ID}; "
        f"PRAGMA user_version = {schema.VERSION}; COMMIT;"
    )


def _apply(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        match change:
            case SaveCharger(charger=charger):
                connection.execute(schema.CHARGER, schema.charger_row(charger))
            case SaveTransaction(transaction=transaction):
                connection.execute(schema.TRANSACTION, schema.transaction_row(transaction))
                if transaction.stopped_at is not None:
                    _prune_curves(connection, transaction.stopped_at)
            case AddSamples(transaction_id=transaction_id, samples=samples):
                connection.executemany(schema.SAMPLE, _sample_rows(transaction_id, samples))
            case OrphanStop():
                stop = change
                connection.execute(
                    schema.ORPHAN,
                    (
                        stop.identity,
                        stop.stopped_at.timestamp(),
                        stop.transaction_id,
                        stop.meter_stop_wh,
                        stop.id_tag,
                        stop.reason,
                    ),
                )
            case AddEvent(identity=identity, at=at, kind=kind, text=text):
                done = connection.execute(schema.EVENT, (identity, at.timestamp(), kind, text[:LONGEST_TEXT]))
                if (done.lastrowid or 0) % 100 == 0:
                    _prune_events(connection, identity)


def _prune_curves(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget what was measured in old sessions; the sessions themselves are kept for ever."""
    before = (now - CURVES_KEPT).timestamp()
    connection.execute(
        "DELETE FROM sample WHERE transaction_id < "
        "(SELECT min(id) FROM charge_session WHERE started_at >= ?)",
        (before,),
    )


def _prune_events(connection: sqlite3.Connection, identity: str) -> None:
    connection.execute(
        "DELETE FROM event WHERE identity = ?1 AND id <= "
        "(SELECT id FROM event WHERE identity = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        (identity, EVENTS_KEPT),
    )


def _sample_rows(transaction_id: int, samples: Sequence[MeterSample]) -> list[tuple[object, ...]]:
    return [
        (
            transaction_id,
            sample.at.timestamp(),
            sample.energy_wh,
            sample.power_w,
            sample.soc,
        )
        for sample in samples
        if sample.at is not None
    ]
