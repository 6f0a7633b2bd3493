"""Opening the database file: one writer, many readers, and what to do with a file that is not right.

- WAL journal: readers never wait for the writer, nor it for them.
- ``synchronous=FULL``: a commit returns after its WAL frames are on the disk. Killing the process
  loses nothing that was acknowledged, and neither does a power cut as far as the disk keeps its
  word. At one commit a minute this costs nothing (SQLite manual, "Write-Ahead Logging" §2.3).
- One process writes: it holds ``NAME.lock`` until it ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ohmstead.errors import DataError
from ohmstead.file_lock import FileLock
from ohmstead.recorder.errors import HistoryError
from ohmstead.recorder.migrations import create, migrate, newest_version
from ohmstead.recorder.schema import APPLICATION_ID

log = structlog.get_logger(__name__)

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID_AT = slice(68, 72)
_BUSY_MS = 5000
_READERS = 4


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLAlchemy raises into :class:`HistoryError` naming the file."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        transient = isinstance(error, OperationalError)
        raise HistoryError(f"{path}: {cause}", transient=transient) from error


def reading_engine(path: Path) -> Engine:
    """Connections that can only read, each transaction on one snapshot."""
    return _engine(path, begin="BEGIN", size=_READERS, pragmas=("query_only = ON",))


def open_for_writing(path: Path) -> tuple[Engine, Path | None]:
    """The engine with the one writing connection, after creating, checking and migrating the file.

    Returns:
        The engine, and where a damaged file was moved to (``None``: it was sound).

    Raises:
        DataError: the file is not ours, or was written by a newer version.
        HistoryError: it cannot be opened (rights, disk).
    """
    moved_to = None
    if _is_damaged(path):
        moved_to = _quarantine(path)
        log.warning("history_damaged", file=str(path), moved_to=str(moved_to), started="a fresh history")
    pragmas = ("journal_mode = WAL", "synchronous = FULL", "journal_size_limit = 16777216")
    engine = _engine(path, begin="BEGIN IMMEDIATE", size=1, pragmas=pragmas)
    try:
        with translated(path), engine.begin() as connection:
            fresh = _prepare(connection, path)
        if fresh:
            # The header must reach the main file: it tells later whose a damaged file was.
            with translated(path), engine.connect() as connection:
                _driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except DataError:
        engine.dispose()
        raise
    return engine, moved_to


def refuse_unreadable(path: Path) -> None:
    """Check a file that will only be read.

    Raises:
        DataError: it does not exist, is not ours, damaged, or of another version.
    """
    if not path.is_file():
        raise DataError(f"{path}: there is no such history file")
    if _is_damaged(path):
        raise DataError(f"{path}: the history is damaged; the daemon starts a fresh one at its next start")
    engine = reading_engine(path)
    try:
        with translated(path), engine.connect() as connection:
            ours, version = _identity(connection)
    finally:
        engine.dispose()
    if not ours:
        raise _foreign(path)
    if version != newest_version():
        raise DataError(
            f"{path}: schema version {version}, this program reads {newest_version()}; "
            "start the daemon of this version once, it brings the file up to date"
        )


def locked(path: Path) -> FileLock:
    """The lock of the one process that writes.

    Raises:
        DataError: another process has it.
        HistoryError: the folder or the lock file cannot be made.
    """
    try:
        return FileLock(path, "another Ohmstead is writing this history; stop it first")
    except OSError as error:
        raise HistoryError(f"{error.filename or path}: cannot be made: {error.strerror}") from error


def _engine(path: Path, *, begin: str, size: int, pragmas: tuple[str, ...]) -> Engine:
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=60,
        connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver would begin transactions only before some statements; we begin them ourselves.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _prepare(connection: Connection, path: Path) -> bool:
    """Create or migrate; True when the tables were created just now."""
    ours, version = _identity(connection)
    if not ours:
        create(connection)
        return True
    if version > newest_version():
        raise DataError(
            f"{path}: schema version {version} was written by a newer Ohmstead; "
            f"this one knows versions up to {newest_version()}: update it, or name another file"
        )
    if version < newest_version():
        log.info("history_migrated", file=str(path), version_from=version, version_to=newest_version())
        migrate(connection, version)
    return False


def _identity(connection: Connection) -> tuple[bool, int]:
    application_id = connection.execute(text("PRAGMA application_id")).scalar_one()
    version = connection.execute(text("PRAGMA user_version")).scalar_one()
    return application_id == APPLICATION_ID, int(version)


def _is_foreign(connection: Connection) -> bool:
    """It holds tables, and they are not ours. A file without any is as good as new."""
    ours, _ = _identity(connection)
    return not ours and bool(connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one())


def _foreign(path: Path) -> DataError:
    return DataError(f"{path}: this file is not an Ohmstead history; name another file")


def _is_damaged(path: Path) -> bool:
    """Whether the file is ours and broken. Nothing is written to it.

    Raises:
        DataError: it is somebody else's: it must not be touched.
        HistoryError: it cannot be read.
    """
    try:
        if not path.exists() or path.stat().st_size == 0:
            return False
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise HistoryError(f"{path}: {error.strerror}") from error
    if not header.startswith(_MAGIC):
        if header.strip(b"\0"):
            raise _foreign(path)
        return True
    ours = int.from_bytes(header[_APPLICATION_ID_AT], "big") == APPLICATION_ID
    engine = _engine(path, begin="BEGIN", size=1, pragmas=())
    try:
        with engine.connect() as connection:
            sound = connection.execute(text("PRAGMA quick_check(1)")).scalar_one() == "ok"
            if sound and _is_foreign(connection):
                raise _foreign(path)
    except OperationalError as error:
        raise HistoryError(f"{path}: {error.orig}") from error
    except DatabaseError:
        sound = False
    finally:
        engine.dispose()
    if not sound and not ours:
        raise _foreign(path)
    return not sound


def _quarantine(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    target = path.with_name(f"{path.name}.corrupt-{stamp}")
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(target.with_name(target.name + suffix))
    return target
