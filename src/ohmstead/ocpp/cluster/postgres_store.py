"""What a central system of several workers must not forget, in one PostgreSQL database.

The guarantees are those of the SQLite store, also across workers: an answer goes out after the commit, a
transaction's number is given once, a repeat is known wherever it arrives (a unique index decides when two
workers book the same start at once). Only the worker with a charger's newest connection can write for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import psycopg
from msgspec.structs import replace
from psycopg import Connection, errors
from psycopg.rows import DictRow, dict_row

from ohmstead.errors import DataError
from ohmstead.ocpp.central.charger import Charger, Tag, Transaction
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
from ohmstead.ocpp.central.store import CURVES_KEPT, EVENTS_KEPT
from ohmstead.ocpp.central.store_port import Claim, StaleClaim, StoreError
from ohmstead.ocpp.cluster import postgres_schema as schema
from ohmstead.ocpp.cluster.postgres_ledger import ASKS_NOTHING, EMPTY, LARGEST_ID, read_snapshot
from ohmstead.ocpp.cluster.postgres_pool import Database, Pool, conninfo_of

POOL_SIZE = 8
PRUNE_EVENTS_EVERY = 50
PRUNE_CURVES_EVERY = 500
"""Of what this worker wrote; old meter values and events are deleted then."""


class PostgresStore:
    """Chargers, tags and transactions: a :class:`~ohmstead.ocpp.central.store_port.TransactionStore`.

    The coroutines belong to one event loop. The other methods that read the database do so over a
    connection of their own and wait for it; they may be called from any thread.
    """

    def __init__(self, pool: Pool, conninfo: str) -> None:
        """Use :meth:`open`."""
        self._pool = pool
        self._conninfo = conninfo
        self._reader: Connection[DictRow] | None = None
        self._reader_lock = threading.Lock()
        self._events_added = 0
        self._stops_written = 0
        self._passwords: dict[str, tuple[str, str | None]] = {}
        self.chargers: dict[str, Charger] = {}

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect, and create the tables where there are none.

        Raises:
            ConfigError: it is no URL of a PostgreSQL database.
            DataError: the database cannot be reached, was written by a newer version, or is not in UTF-8.
        """
        conninfo = conninfo_of(url)
        pool = Pool(conninfo, POOL_SIZE)
        store = cls(pool, conninfo)
        try:
            await pool.run(_prepare)
            await store.reload()
        except (StoreError, DataError):
            await pool.close()
            raise
        return store

    async def close(self) -> None:
        """Wait for what is being written, and close."""
        await self._pool.close()
        with self._reader_lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    async def reload(self, but: Collection[str] = ()) -> None:
        """Learn what other workers wrote of chargers, ``but`` of those that are connected here.

        Raises:
            StoreError: the database cannot be read.
        """
        rows = await self._pool.run(lambda c: _all(c, schema.READ_CHARGER))
        found = {row["identity"]: schema.charger_of(row) for row in rows}
        for identity in self.chargers.keys() - found.keys():
            self.forgotten(identity)
        for identity in found.keys() - set(but):
            self.chargers[identity] = found[identity]

    async def refresh(self, identity: str) -> None:
        """Learn what other workers changed of a charger and its password.

        Raises:
            StoreError: the database cannot be read.
        """

        async def read(database: Database) -> tuple[list[DictRow], list[DictRow]]:
            async with database.pipeline():
                known = await database.execute(f"{schema.READ_CHARGER} WHERE identity = %s", (identity,))
                hashes = await database.execute("SELECT * FROM password WHERE identity = %s", (identity,))
            return await known.fetchall(), await hashes.fetchall()

        chargers, passwords = await self._pool.run(read)
        if chargers:
            found = schema.charger_of(chargers[0])
            self.chargers[identity] = replace(self.chargers.get(identity, found), admission=found.admission)
        else:
            self.chargers.pop(identity, None)
        self._passwords.pop(identity, None)
        for row in passwords:
            self._passwords[identity] = (row["hash"], row["next_hash"])

    async def claim(self, identity: str) -> Claim | None:
        """Take a charger over for a new connection; what other workers booked until now is known then.

        Raises:
            StoreError: the database cannot be written.
        """
        rows = await self._pool.run(lambda c: _all(c, schema.CLAIM, (identity,)))
        if not rows:
            return None
        self.chargers[identity] = schema.charger_of(rows[0])
        return Claim(number=rows[0]["claim"], identity=identity)

    def ledger_at_hand(self, action: str) -> Ledger | None:
        """For messages that ask for nothing."""
        return EMPTY if action in ASKS_NOTHING else None

    async def ledger(self, identity: str, action: str, payload: Mapping[str, Any]) -> Ledger:
        """What a decision about this message may need.

        Raises:
            StoreError: the database cannot be read.
        """
        if action in ASKS_NOTHING:
            return EMPTY
        return await self._pool.run(lambda c: read_snapshot(c, identity, action, payload))

    def commit(self, changes: Sequence[Change], claim: Claim | None = None) -> asyncio.Future[None]:
        """Begin to keep changes; the future is done once the database says that they survive a power cut.

        It fails with :class:`StaleClaim` where there is a newer connection, and nothing was changed; with
        :class:`StoreError` where they could not be written, or hold a start that is booked already; or
        where it is not known whether they were written.
        """
        return asyncio.ensure_future(self._commit(changes, claim))

    async def _commit(self, changes: Sequence[Change], claim: Claim | None) -> None:
        if not changes:
            return

        async def write(database: Database) -> None:
            # All in one batch, COMMIT included: the charger's row is not locked over a round trip.
            async with database.pipeline(), database.transaction():
                if claim is not None:
                    await database.execute("SELECT hold(%s, %s)", (claim.identity, claim.number))
                for change in changes:
                    await self._write(database, change, held=claim is not None)

        try:
            await self._pool.run(write)
        except errors.UniqueViolation as error:
            raise StoreError("this transaction was begun before, at another worker") from error
        except psycopg.DatabaseError as error:
            raise StaleClaim("this charger has a newer connection") from error
        for change in changes:
            if isinstance(change, SaveCharger):
                self.chargers[change.charger.identity] = change.charger

    async def _write(self, database: Database, change: Change, *, held: bool) -> None:
        match change:
            case SaveCharger(charger=charger):
                query = schema.CHARGER if held else schema.NEW_CHARGER
                await database.execute(query, schema.charger_row(charger))
            case SaveTransaction(transaction=transaction):
                await database.execute(schema.TRANSACTION, schema.transaction_row(transaction))
                if transaction.stopped_at is not None:
                    self._stops_written += 1
                    if self._stops_written % PRUNE_CURVES_EVERY == 0:
                        await database.execute(schema.PRUNE_CURVES, (transaction.stopped_at - CURVES_KEPT,))
            case AddSamples(transaction_id=transaction_id, samples=samples):
                for sample in samples:
                    values = (transaction_id, sample.at, sample.energy_wh, sample.power_w, sample.soc)
                    if sample.at is not None:
                        await database.execute(schema.SAMPLE, values)
            case OrphanStop() as stop:
                tag = None if stop.id_tag is None else schema.storable(stop.id_tag)
                reason = schema.storable(stop.reason)
                row = (
                    stop.identity,
                    stop.stopped_at,
                    stop.transaction_id,
                    stop.meter_stop_wh,
                    tag,
                    reason,
                )
                await database.execute(schema.ORPHAN, row)
            case AddEvent(identity=identity, at=at, kind=kind, text=text):
                await database.execute(schema.EVENT, (identity, at, kind, schema.storable(text)))
                self._events_added += 1
                if self._events_added % PRUNE_EVENTS_EVERY == 0:
                    await database.execute(schema.PRUNE_EVENTS, {"identity": identity, "kept": EVENTS_KEPT})

    def note(self, charger: Charger) -> None:
        """Remember what need not survive a restart: measurements, and when it was heard last."""
        self.chargers[charger.identity] = charger

    async def forget(self, identity: str) -> bool:
        """Forget a charger and its password; its transactions stay. False where it is not known."""

        async def write(database: Database) -> bool:
            async with database.transaction():
                gone = await database.execute("DELETE FROM charger WHERE identity = %s", (identity,))
                await database.execute("DELETE FROM password WHERE identity = %s", (identity,))
                await database.execute("DELETE FROM event WHERE identity = %s", (identity,))
            return gone.rowcount > 0

        known = await self._pool.run(write)
        self.forgotten(identity)
        return known

    def forgotten(self, identity: str) -> None:
        """Remember it no longer; it is out of the database already."""
        self._passwords.pop(identity, None)
        self.chargers.pop(identity, None)

    def password(self, identity: str) -> tuple[str | None, str | None]:
        """As of the last :meth:`refresh`."""
        return self._passwords.get(identity, (None, None))

    async def put_password(self, identity: str, hashed: str, next_hash: str | None = None) -> None:
        """Keep the hash of a charger's password."""
        values = (identity, hashed, next_hash)
        await self._pool.run(lambda c: c.execute(schema.HASH, values))
        self._passwords[identity] = (hashed, next_hash)

    async def put_tag(self, tag: Tag) -> None:
        """List a tag, or change it, for all workers."""
        await self._pool.run(lambda c: c.execute(schema.TAG, schema.tag_row(tag)))

    async def remove_tag(self, id_tag: str) -> bool:
        """Take a tag off the list of all workers; False where it is not on it."""
        folded = schema.key(id_tag.casefold())
        gone = await self._pool.run(lambda c: c.execute("DELETE FROM tag WHERE folded = %s", (folded,)))
        return gone.rowcount > 0

    def tag(self, id_tag: str) -> Tag | None:
        """A tag by its identifier, without regard to case."""
        rows = self._read(schema.FIND_TAG, (schema.key(id_tag.casefold()),))
        return schema.tag_of(rows[0]) if rows else None

    def tags(self) -> tuple[Tag, ...]:
        """All tags, by identifier."""
        return tuple(map(schema.tag_of, self._read('SELECT * FROM tag ORDER BY folded COLLATE "C"')))

    def any_tags(self) -> bool:
        """At least one tag is listed."""
        return bool(self._read(schema.ANY_TAGS)[0]["listed"])

    def charging_with(self, id_tag: str, *, except_transaction: int | None = None) -> bool:
        """A transaction of that tag runs somewhere."""
        rows = self._read(schema.OPEN_OF_TAG, (schema.key(id_tag.casefold()),))
        return any(row["id"] != except_transaction for row in rows)

    def transaction(self, transaction_id: int) -> Transaction | None:
        """A transaction by its number."""
        if not 0 < transaction_id <= LARGEST_ID:
            return None
        return self._one(f"{schema.READ_TRANSACTION} WHERE id = %s", (transaction_id,))

    def same_start(
        self, identity: str, connector: int, id_tag: str, started: str, meter_start_wh: int
    ) -> Transaction | None:
        """The transaction that this start began already."""
        values = (identity, connector, schema.key(id_tag), schema.key(started), meter_start_wh)
        return self._one(schema.SAME_START, values)

    def running(self, identity: str, connector: int | None = None) -> tuple[Transaction, ...]:
        """Transactions of a charger that are not stopped yet, oldest first."""
        found = map(schema.transaction_of, self._read(schema.RUNNING, (identity,)))
        return tuple(t for t in found if connector is None or t.connector == connector)

    def next_transaction_id(self) -> int:
        """A number that no transaction had, positive; never given twice, by no worker."""
        return int(self._read(schema.NEXT_ID)[0]["id"])

    def transactions(
        self, *, limit: int = 100, before_id: int | None = None, identity: str | None = None
    ) -> tuple[Transaction, ...]:
        """Transactions, newest first."""
        query = f"{schema.READ_TRANSACTION} WHERE id < %s"
        values: tuple[object, ...] = (before_id or 1 << 62,)
        if identity is not None:
            query, values = f"{query} AND identity = %s", (*values, identity)
        rows = self._read(f"{query} ORDER BY id DESC LIMIT %s", (*values, limit))
        return tuple(map(schema.transaction_of, rows))

    def samples(self, transaction_id: int) -> tuple[MeterSample, ...]:
        """The curve of a transaction, by time."""
        rows = self._read(
            "SELECT at, energy_wh, power_w, soc FROM sample WHERE transaction_id = %s ORDER BY at",
            (transaction_id,),
        )
        return tuple(MeterSample(**row) for row in rows)

    def events(self, identity: str, limit: int = 100) -> tuple[AddEvent, ...]:
        """What happened at a charger, newest first."""
        rows = self._read(
            "SELECT identity, at, kind, text FROM event WHERE identity = %s ORDER BY id DESC LIMIT %s",
            (identity, limit),
        )
        return tuple(AddEvent(**row) for row in rows)

    def orphan_stops(self) -> int:
        """How many stops came whose transaction is not known."""
        return int(self._read("SELECT count(*) AS stops FROM orphan_stop")[0]["stops"])

    def _one(self, query: str, values: tuple[object, ...]) -> Transaction | None:
        rows = self._read(query, values)
        return schema.transaction_of(rows[0]) if rows else None

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[DictRow]:
        with self._reader_lock:
            for last in (False, True):
                try:
                    if self._reader is None or self._reader.closed:
                        self._reader = Connection.connect(
                            self._conninfo, autocommit=True, row_factory=dict_row
                        )
                    return self._reader.execute(query, values).fetchall()
                except psycopg.Error as error:
                    lost = self._reader is not None and self._reader.closed
                    if last or not lost:
                        raise StoreError(f"{self._pool.place}: {error}") from error
        raise AssertionError  # the second round returned or raised


async def _all(database: Database, query: str, values: tuple[object, ...] = ()) -> list[DictRow]:
    return await (await database.execute(query, values)).fetchall()


async def _prepare(database: Database) -> None:
    encoding = (await _all(database, "SHOW server_encoding"))[0]["server_encoding"]
    if encoding != "UTF8":
        raise DataError(
            f"database {database.info.dbname!r}: its encoding is {encoding}, UTF8 is needed; make it with "
            "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'"
        )
    async with database.transaction():
        await database.execute("SELECT pg_advisory_xact_lock(%s)", (schema.CREATION_LOCK,))
        there = await _all(database, "SELECT to_regclass(%s) AS found", (f"{schema.SCHEMA}.version",))
        if there[0]["found"] is None:
            await database.execute(schema.TABLES)
            return
        version = (await _all(database, "SELECT max(number) AS number FROM version"))[0]["number"]
        if version > schema.VERSION:
            raise DataError(
                f"database schema {schema.SCHEMA}: version {version} was written by a newer Ohmstead; this "
                f"one knows versions up to {schema.VERSION}: update it, or name another database"
            )
