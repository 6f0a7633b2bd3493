from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ohmstead.errors import ConfigError
from ohmstead.recorder import Recorder
from tests.recorder.samples import T0, at, minute, minutes

WEEK_MINUTES = 7 * 1440


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Half an hour of full minutes, a gap, and some minutes more than a week later."""
    with Recorder.open(tmp_path / "history.db") as opened:
        for m in minutes(30):
            opened.commit_minute(m)
        opened.commit_minute(minute(31, {"late.power_w": 0.1}))
        opened.commit_minute(minute(WEEK_MINUTES + 20, {"grid.power_w": -1.5}))
        yield opened


def read_csv(path: Path) -> dict[str, list[tuple[datetime, float]]]:
    found: dict[str, list[tuple[datetime, float]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            start = datetime.fromisoformat(row.pop("start"))
            for name, text in row.items():
                if text:
                    found.setdefault(name, []).append((start, float(text)))
    return found


@pytest.mark.parametrize("resolution_s", [60, 900, 3600, 86400])
def test_csv_holds_exactly_the_history(recorder: Recorder, tmp_path: Path, resolution_s: int) -> None:
    path, end = tmp_path / "out.csv", at(2 * WEEK_MINUTES)
    rows = recorder.export(path, file_format="csv", start=at(3), end=end, resolution_s=resolution_s)
    assert read_csv(path) == recorder.history(None, at(3), end, resolution_s)
    assert rows == len(path.read_text().splitlines()) - 1


def test_parquet_holds_exactly_the_history(recorder: Recorder, tmp_path: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path, end = tmp_path / "out.parquet", at(2 * WEEK_MINUTES)
    rows = recorder.export(path, file_format="parquet", start=T0, end=end, resolution_s=60)
    table = parquet.read_table(path)
    assert table.num_rows == rows == 32
    assert str(table.schema.field("start").type) == "timestamp[ms, tz=UTC]"
    starts = table["start"].to_pylist()
    for name, points in recorder.history(None, T0, end, 60).items():
        column = zip(starts, table[name].to_pylist(), strict=True)
        assert [(s, v) for s, v in column if v is not None] == points


def test_progress_runs_to_the_end(recorder: Recorder, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    recorder.export(
        tmp_path / "out.csv",
        file_format="csv",
        start=T0,
        end=at(2 * WEEK_MINUTES + 60),
        progress=lambda done, total: calls.append((done, total)),
    )
    total = (2 * WEEK_MINUTES + 60) * 60
    assert calls == [(7 * 86400, total), (14 * 86400, total), (total, total)]


def test_a_failing_export_leaves_the_old_file_and_no_piece(recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recorder.export(path, file_format="csv", start=T0, end=at(60), progress=interrupt)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


def test_what_is_not_allowed_is_named(recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(ConfigError, match="'xlsx': allowed are csv, parquet"):
        recorder.export(path, file_format="xlsx", start=T0, end=at(1))
    with pytest.raises(ConfigError, match="resolution 5 s: allowed are 60, 900"):
        recorder.export(path, file_format="csv", start=T0, end=at(1), resolution_s=5)
    with pytest.raises(ConfigError, match="before start"):
        recorder.export(path, file_format="csv", start=at(1), end=T0)
    with pytest.raises(ConfigError, match="cannot write"):
        recorder.export(tmp_path / "none" / "out", file_format="csv", start=T0, end=at(1))


def test_parquet_without_its_extra_says_what_to_install(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"ohmstead\[parquet\]"):
        recorder.export(tmp_path / "out", file_format="parquet", start=T0, end=at(1))
