"""A few connections to PostgreSQL, opened when they are needed and replaced when they break."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.store_port import StoreError
from ohmstead.ocpp.cluster.postgres_schema import SCHEMA
from ohmstead.ocpp.cluster.settings import DATABASE_SCHEMES

T = TypeVar("T")
Database = AsyncConnection[DictRow]
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 15
DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')"
)
"""What is answered to a charger must survive a power cut, however the server is set up."""


def conninfo_of(url: str) -> str:
    """Connection parameters out of a URL, with time-outs so that either end notices when the other died.

    Raises:
        ConfigError: it is no URL of a PostgreSQL database. Its password is not repeated.
    """
    if not url.startswith(DATABASE_SCHEMES):
        raise ConfigError("--database: found something else, allowed: postgresql://USER@HOST:PORT/NAME")
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise ConfigError(
            "--database: this URL cannot be read, allowed: postgresql://USER:PASSWORD@HOST:PORT/NAME, "
            "special characters of the password percent-encoded"
        ) from None
    options = " ".join(
        (
            str(given.pop("options", "") or ""),
            f"-c search_path={SCHEMA} -c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT_S}s",
            f"-c idle_in_transaction_session_timeout={STATEMENT_TIMEOUT_S}s",
            "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
        )
    ).strip()
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "tcp_user_timeout": STATEMENT_TIMEOUT_S * 1000,
        "application_name": "ohmstead",
        "client_encoding": "UTF8",
    }
    return make_conninfo("", **{**defaults, **given, "options": options})


def place_of(conninfo: str) -> str:
    """Where a database is, for messages: without user and password."""
    given = conninfo_to_dict(conninfo)
    host, port = given.get("host") or "localhost", given.get("port") or 5432
    return f"database {given.get('dbname') or ''!r} at {host}:{port}"


class Pool:
    """Connections for one event loop; the ones used last are used first."""

    def __init__(self, conninfo: str, size: int) -> None:
        self._conninfo = conninfo
        self.place = place_of(conninfo)
        self._slots: asyncio.LifoQueue[Database | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._slots.put_nowait(None)
        self._size = size

    async def run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        """Do work that may be done twice: it is repeated once where the connection turns out to be lost.

        Raises:
            StoreError: the database cannot be reached, or refused.
            psycopg.errors.UniqueViolation: as it is.
            psycopg.DatabaseError: with an ``sqlstate`` of ours (``OH…``), as it is.
        """
        for last in (False, True):
            slot = await self._slots.get()
            connection = slot
            try:
                connection = connection or await self._connect()
                return await work(connection)
            except psycopg.errors.UniqueViolation:
                raise
            except psycopg.Error as error:
                if (error.sqlstate or "").startswith("OH"):
                    raise
                lost = connection is not None and connection.broken
                if last or slot is None or not lost:
                    raise StoreError(f"{self.place}: {_words(error)}") from error
            finally:
                self._slots.put_nowait(await _kept(connection))
        raise AssertionError  # the second round returned or raised

    async def close(self) -> None:
        """Wait for what runs, and close all connections."""
        for _ in range(self._size):
            connection = await self._slots.get()
            if connection is not None:
                await connection.close()

    async def _connect(self) -> Database:
        connection = await AsyncConnection.connect(self._conninfo, autocommit=True, row_factory=dict_row)
        await connection.execute(DURABLE)
        return connection


async def _kept(connection: Database | None) -> Database | None:
    """A connection, if it can be used again."""
    if connection is None or connection.closed:
        return None
    if connection.info.transaction_status is TransactionStatus.IDLE:
        return connection
    await connection.close()
    return None


def _words(error: psycopg.Error) -> str:
    """An error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
