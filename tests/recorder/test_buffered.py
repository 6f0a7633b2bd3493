from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ohmstead.recorder import BufferedWriter, Recorder
from tests.recorder.samples import T0, at, minute, minutes


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with Recorder.open(tmp_path / "history.db") as opened:
        opened.commit_minute(minute(0))
        yield opened


def set_full(recorder: Recorder, *, full: bool) -> None:
    """Have SQLite answer "database or disk is full" to whatever needs a new page."""
    assert recorder._writer is not None
    with recorder._writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if full else 2**30}")


def big(index: int) -> dict[str, float | None]:
    return {f"series_{index}_{i}": 1.0 for i in range(200)}


def test_what_is_submitted_is_written_in_order_and_flushed_on_close(recorder: Recorder) -> None:
    with BufferedWriter(recorder) as writer:
        for m in minutes(200, first=1):
            writer.submit(m)
        writer.submit_plan(b"{}", at(5))
    assert recorder.costs(T0, at(500)).minutes == 201
    assert recorder.load_state("memory") == b"200"
    assert recorder.latest_plan() == b"{}"
    status = writer.status()
    assert (status.waiting, status.dropped, status.last_committed, status.error) == (0, 0, at(200), None)


def test_it_rolls_up_by_itself(recorder: Recorder) -> None:
    with BufferedWriter(recorder) as writer:
        for m in minutes(130, first=1):
            writer.submit(m)
    database = sqlite3.connect(recorder.path)
    assert database.execute("SELECT count(*) FROM quarter").fetchone()[0] >= 4
    database.close()


def test_a_full_disk_is_reported_once_and_made_good_when_there_is_room(recorder: Recorder) -> None:
    events: list[str] = []
    writer = BufferedWriter(recorder, on_event=lambda code, _: events.append(code), retry_s=0.01)
    set_full(recorder, full=True)
    for i in range(1, 40):
        writer.submit(minute(i, big(i)))
    assert not writer.flush(0.3)
    status = writer.status()
    assert status.error is not None
    assert "full" in status.error
    assert status.waiting > 0
    set_full(recorder, full=False)
    assert writer.flush(20)
    assert writer.close()
    assert recorder.costs(T0, at(40)).minutes == 40
    assert events == ["history_failing", "history_recovered"]
    assert writer.status().error is None


def test_a_full_buffer_gives_up_the_oldest_and_counts_them(recorder: Recorder) -> None:
    events: list[str] = []
    writer = BufferedWriter(recorder, capacity=5, on_event=lambda code, _: events.append(code), retry_s=0.01)
    set_full(recorder, full=True)
    for i in range(1, 31):
        writer.submit(minute(i, big(i)))
    stuck = writer.status()
    assert stuck.waiting <= 5
    assert stuck.dropped > 0
    assert events.count("history_dropped") == stuck.dropped
    set_full(recorder, full=False)
    assert writer.close()
    assert recorder.last_minute() == at(30)
    assert recorder.costs(T0, at(60)).minutes == 31 - stuck.dropped


def test_closing_gives_up_in_time_and_says_so(recorder: Recorder) -> None:
    events: list[str] = []
    writer = BufferedWriter(recorder, on_event=lambda code, _: events.append(code), retry_s=0.01)
    set_full(recorder, full=True)
    for i in range(1, 20):
        writer.submit(minute(i, big(i)))
    assert not writer.close(timeout_s=0.2)
    assert events == ["history_failing", "history_dropped"]


def test_a_minute_that_can_never_be_written_does_not_block_the_next(recorder: Recorder) -> None:
    events: list[str] = []
    database = sqlite3.connect(recorder.path, isolation_level=None)
    database.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON minute WHEN new.start % 3600 = 120 "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    database.close()
    with BufferedWriter(recorder, on_event=lambda code, _: events.append(code)) as writer:
        for m in minutes(4, first=1):
            writer.submit(m)
    assert recorder.costs(T0, at(10)).minutes == 4
    assert events == ["history_dropped"]
    assert writer.status().dropped == 1
