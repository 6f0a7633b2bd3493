"""Measures three shapes of the minute table: python tests/recorder/measure_tables.py [DAYS].

Size per year, time to write a minute, pages written per minute, time to read one series over a day
and over everything. The figures of docs/decisions/0002 come from here.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SERIES = 40
MINUTES_PER_DAY = 1440


def _values(rng: random.Random) -> list[float]:
    return [round(rng.uniform(-5000, 5000), 1) for _ in range(SERIES)]


class Narrow:
    """One row per value, clustered by time or by series."""

    def __init__(self, key: str) -> None:
        self.schema = f"CREATE TABLE v(start INT, series INT, value REAL, PRIMARY KEY({key})) WITHOUT ROWID"

    def write(self, db: sqlite3.Connection, start: int, values: list[float]) -> None:
        db.executemany("INSERT INTO v VALUES(?,?,?)", [(start, i, v) for i, v in enumerate(values)])

    def read(self, db: sqlite3.Connection, start: int, end: int) -> int:
        sql = "SELECT start, value FROM v WHERE start>=? AND start<? AND series=7"
        return len(db.execute(sql, (start, end)).fetchall())


class Wide:
    """One row per minute, one column per series."""

    schema = f"CREATE TABLE v(start INTEGER PRIMARY KEY, {', '.join(f'c{i} REAL' for i in range(SERIES))})"

    def write(self, db: sqlite3.Connection, start: int, values: list[float]) -> None:
        db.execute(f"INSERT INTO v VALUES({','.join('?' * (SERIES + 1))})", [start, *values])

    def read(self, db: sqlite3.Connection, start: int, end: int) -> int:
        return len(db.execute("SELECT start, c7 FROM v WHERE start>=? AND start<?", (start, end)).fetchall())


def _timed_ms(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3


def measure(name: str, shape: Narrow | Wide, days: int, folder: Path) -> str:
    """One line of the table of the decision record."""
    path = folder / f"{name}.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    db.execute(shape.schema)
    rng = random.Random(1)
    minutes = days * MINUTES_PER_DAY
    db.execute("BEGIN")
    for m in range(minutes):
        shape.write(db, m * 60, _values(rng))
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size_mb_per_year = path.stat().st_size / 1e6 / days * 365

    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA wal_autocheckpoint=0")
    spent_s = 0.0
    count = 200
    for m in range(minutes, minutes + count):
        values = _values(rng)
        begin = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        shape.write(db, m * 60, values)
        db.execute("COMMIT")
        spent_s += time.perf_counter() - begin
    wal_kb = Path(f"{path}-wal").stat().st_size / 1e3 / count
    day_ms = min(_timed_ms(lambda: shape.read(db, 0, 86400)) for _ in range(5))
    all_ms = min(_timed_ms(lambda: shape.read(db, 0, minutes * 60)) for _ in range(3))
    check_ms = _timed_ms(lambda: db.execute("PRAGMA quick_check").fetchall())
    db.close()
    return (
        f"{name:24} {size_mb_per_year:7.0f} MB/year {spent_s / count * 1e6:7.0f} µs/minute "
        f"{wal_kb:6.0f} kB/minute   day {day_ms:6.1f} ms   {days} days {all_ms:7.1f} ms   "
        f"quick_check {check_ms:6.0f} ms\n"
    )


def main() -> None:
    """Measure every shape in a fresh folder."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    shapes: dict[str, Narrow | Wide] = {
        "narrow, by time": Narrow("start, series"),
        "narrow, by series": Narrow("series, start"),
        "wide": Wide(),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in shapes.items():
            sys.stdout.write(measure(name, shape, days, Path(folder)))


if __name__ == "__main__":
    main()
