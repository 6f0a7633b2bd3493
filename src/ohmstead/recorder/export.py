"""The history as a table in a file: one row per time, one column per series."""

from __future__ import annotations

import csv
import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from ohmstead.errors import ConfigError
from ohmstead.recorder.history import RESOLUTIONS_S, Points

FORMATS = ("csv", "parquet")
_CHUNK_S = 7 * 86400

Row = tuple[datetime, list[float | None]]
Progress = Callable[[int, int], None]
"""Called with (seconds of the range done, seconds in all)."""


class Readable(Protocol):
    """What has a history to read, as a recorder has."""

    def history(
        self, series: Sequence[str] | None, start: datetime, end: datetime, resolution_s: int
    ) -> Points:
        """Means per bin, see :func:`ohmstead.recorder.history.history`."""
        ...


class _Sink(Protocol):
    def write(self, rows: Sequence[Row]) -> None: ...

    def close(self) -> None: ...


def export(
    recorder: Readable,
    path: Path,
    *,
    file_format: str,
    start: datetime,
    end: datetime,
    resolution_s: int = 900,
    progress: Progress | None = None,
) -> int:
    """Write [start, end) to a file; the file appears whole or not at all.

    The first column is ``start`` (UTC, ISO 8601 in CSV), then one per series in the order of their
    names; a gap is an empty cell (CSV) or null (Parquet). Times without any value have no row.

    Args:
        recorder: what to export.
        path: where to; an existing file is replaced.
        file_format: ``csv`` or ``parquet`` (needs the extra ``ohmstead[parquet]``).
        start, end: aware times.
        resolution_s: 60, 900, 3600 or 86400.
        progress: see :data:`Progress`.

    Returns:
        How many rows were written.

    Raises:
        ConfigError: unknown format or resolution, an extra is missing, or ``path`` cannot be written.
        HistoryError: the history could not be read.
    """
    if file_format not in FORMATS:
        raise ConfigError(f"format {file_format!r}: allowed are {', '.join(FORMATS)}")
    if resolution_s not in RESOLUTIONS_S:
        allowed = ", ".join(map(str, RESOLUTIONS_S))
        raise ConfigError(f"resolution {resolution_s} s: allowed are {allowed}")
    if end < start:
        raise ConfigError(f"end {end.isoformat()} is before start {start.isoformat()}")
    open_sink = _csv_sink if file_format == "csv" else _parquet_sink()
    chunks = list(_chunks(start, end))
    names = sorted(
        {n for a, b in chunks for n, points in recorder.history(None, a, b, resolution_s).items() if points}
    )
    count = 0
    with _atomic(path) as temporary:
        sink = open_sink(temporary, names)
        try:
            for a, b in chunks:
                rows = _rows(recorder, names, a, b, resolution_s)
                sink.write(rows)
                count += len(rows)
                if progress is not None:
                    progress(int((b - start).total_seconds()), int((end - start).total_seconds()))
        finally:
            sink.close()
    return count


def _chunks(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of a week, cut on whole quarters so that no bin is split."""
    begin = start
    cut = start - timedelta(seconds=int(start.timestamp()) % 900, microseconds=start.microsecond)
    while begin < end:
        cut += timedelta(seconds=_CHUNK_S)
        yield begin, min(cut, end)
        begin = cut


def _rows(
    recorder: Readable, names: list[str], start: datetime, end: datetime, resolution_s: int
) -> list[Row]:
    rows: dict[datetime, list[float | None]] = {}
    for column, points in enumerate(recorder.history(names, start, end, resolution_s).values()):
        for at, mean in points:
            rows.setdefault(at, [None] * len(names))[column] = mean
    return sorted(rows.items())


@contextmanager
def _atomic(path: Path) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.part")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot write: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


class _CsvSink:
    def __init__(self, path: Path, names: list[str]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(["start", *names])

    def write(self, rows: Sequence[Row]) -> None:
        for at, values in rows:
            self._writer.writerow([at.isoformat(), *("" if v is None else repr(v) for v in values)])

    def close(self) -> None:
        self._file.close()


def _csv_sink(path: Path, names: list[str]) -> _Sink:
    return _CsvSink(path, names)


def _parquet_sink() -> Callable[[Path, list[str]], _Sink]:
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError("format parquet needs pyarrow: pip install 'ohmstead[parquet]'") from error

    class ParquetSink:
        def __init__(self, path: Path, names: list[str]) -> None:
            fields = [("start", pyarrow.timestamp("ms", tz="UTC")), *((n, pyarrow.float64()) for n in names)]
            self._schema = pyarrow.schema(fields)
            self._names = names
            self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

        def write(self, rows: Sequence[Row]) -> None:
            columns: dict[str, list[Any]] = {"start": [at for at, _ in rows]}
            for i, name in enumerate(self._names):
                columns[name] = [values[i] for _, values in rows]
            self._writer.write_table(pyarrow.table(columns, schema=self._schema))

        def close(self) -> None:
            self._writer.close()

    return ParquetSink
