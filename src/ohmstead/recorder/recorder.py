"""The history of a home in one SQLite file, and the state that the daemon resumes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from ohmstead.errors import DataError
from ohmstead.file_lock import FileLock
from ohmstead.recorder import history, rollup, write
from ohmstead.recorder.database import (
    locked,
    open_for_writing,
    reading_engine,
    refuse_unreadable,
    translated,
)
from ohmstead.recorder.export import Progress, export
from ohmstead.recorder.history import Costs, Points
from ohmstead.recorder.minute import DecisionRow, Minute
from ohmstead.recorder.rollup import Retention


class Recorder:
    """Writes minutes and answers questions about them.

    May be shared by threads: writers take turns, readers have their own connections and never wait
    for a writer. Every method that touches the file raises :class:`~ohmstead.recorder.HistoryError`
    (a ``DataError``) when the disk is full, the file locked, or the answer of the disk is wrong.
    """

    def __init__(
        self,
        *,
        path: Path,
        writer: Engine | None,
        lock: FileLock | None,
        quarantined: Path | None,
        retention: Retention,
    ) -> None:
        """Use :meth:`open` or :meth:`open_readonly`."""
        self.path = path
        self.quarantined = quarantined
        """Where a damaged file was moved to when this one was opened; ``None``: it was sound."""
        self._writer = writer
        self._lock = lock
        self._retention = retention
        self._reader = reading_engine(path)
        self._series_ids: dict[str, int] = {}

    @classmethod
    def open(cls, path: Path, *, retention: Retention | None = None) -> Recorder:
        """Open the history for writing; creates it where there is none.

        A damaged history is moved aside to ``NAME.corrupt-<time>`` and a fresh one is started
        (:attr:`quarantined` says so).

        Raises:
            DataError: the file is somebody else's, of a newer version, or another process writes it.
            HistoryError: it cannot be opened.
        """
        lock = locked(path)
        try:
            writer, quarantined = open_for_writing(path)
        except DataError:
            lock.release()
            raise
        return cls(
            path=path, writer=writer, lock=lock, quarantined=quarantined, retention=retention or Retention()
        )

    @classmethod
    def open_readonly(cls, path: Path) -> Recorder:
        """Open an existing history to read only, also while a daemon writes it.

        Raises:
            DataError: there is no such file, it is not ours, damaged, or of another version.
        """
        refuse_unreadable(path)
        return cls(path=path, writer=None, lock=None, quarantined=None, retention=Retention())

    def close(self) -> None:
        """Close the file. Closing again does nothing."""
        self._reader.dispose()
        if self._writer is not None:
            self._writer.dispose()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        """Close on leaving the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def commit_minute(self, minute: Minute) -> None:
        """Store a minute in one transaction: values, money, decisions and states agree for ever.

        A minute that is stored already is replaced as a whole. After the clock jumped back, the later
        minutes stay and are replaced one by one as their time comes again.

        Raises:
            HistoryError: it could not be stored; nothing of it was.
        """
        with self._writing() as connection:
            new_ids = write.write_minute(connection, minute, self._series_ids)
        self._series_ids.update(new_ids)

    def save_state(self, key: str, value: bytes) -> None:
        """Store a state blob on its own, outside any minute."""
        with self._writing() as connection:
            write.write_state(connection, key, value)

    def load_state(self, key: str) -> bytes | None:
        """The state blob stored last under a key, or ``None``."""
        with self._reading() as connection:
            return history.load_state(connection, key)

    def save_plan(self, plan_json: bytes, made_at: datetime) -> None:
        """Store a plan; plans are kept for a week."""
        with self._writing() as connection:
            write.write_plan(connection, plan_json, made_at)

    def latest_plan(self) -> bytes | None:
        """JSON of the plan made last, or ``None``."""
        with self._reading() as connection:
            return history.latest_plan(connection)

    def last_minute(self) -> datetime | None:
        """Start of the newest minute, or ``None`` in an empty history."""
        with self._reading() as connection:
            return history.last_minute(connection)

    def decisions(
        self, limit: int, before: datetime | None = None, asset: str | None = None
    ) -> list[DecisionRow]:
        """The newest decisions first: at most ``limit``, made before a moment, of one asset or all."""
        with self._reading() as connection:
            return history.decisions(connection, limit, before, asset)

    def history(
        self, series: Sequence[str] | None, start: datetime, end: datetime, resolution_s: int
    ) -> Points:
        """Means of series per bin; see :func:`ohmstead.recorder.history.history`."""
        with self._reading() as connection:
            return history.history(connection, series, start, end, resolution_s)

    def energy(self, start: datetime, end: datetime) -> dict[str, float]:
        """kWh of every power series; see :func:`ohmstead.recorder.history.energy`."""
        with self._reading() as connection:
            return history.energy(connection, start, end)

    def costs(self, start: datetime, end: datetime) -> Costs:
        """Energy through the meter and money over [start, end)."""
        with self._reading() as connection:
            return history.costs(connection, start, end)

    def export(
        self,
        path: Path,
        *,
        file_format: str,
        start: datetime,
        end: datetime,
        resolution_s: int = 900,
        progress: Progress | None = None,
    ) -> int:
        """Write [start, end) to a CSV or Parquet file; see :func:`ohmstead.recorder.export.export`."""
        return export(
            self,
            path,
            file_format=file_format,
            start=start,
            end=end,
            resolution_s=resolution_s,
            progress=progress,
        )

    def rollup(self, now: datetime) -> int:
        """Roll up finished quarters and throw away what is past its retention.

        Idempotent. Call it about once an hour; reads are right without it, only slower.

        Returns:
            How many quarters were rolled up.
        """
        with self._writing() as connection:
            done = rollup.roll_up(connection, now)
            rollup.prune(connection, now, self._retention)
        return done

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self._writer is None:
            raise DataError(f"{self.path}: opened to read only")
        with translated(self.path), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(self.path), self._reader.begin() as connection:
            yield connection
