from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ohmstead.errors import DataError
from ohmstead.recorder import Minute, Recorder
from tests.recorder.samples import T0, at, minute, minutes


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with Recorder.open(tmp_path / "new folder" / "history.db") as opened:
        yield opened


def test_an_empty_history_knows_nothing(recorder: Recorder) -> None:
    assert recorder.last_minute() is None
    assert recorder.latest_plan() is None
    assert recorder.load_state("memory") is None
    assert recorder.decisions(10) == []
    assert recorder.history(["grid.power_w"], T0, at(60), 900) == {"grid.power_w": []}
    assert recorder.history(None, T0, at(60), 60) == {}
    assert recorder.energy(T0, at(60)) == {}
    costs = recorder.costs(T0, at(60))
    assert (costs.minutes, costs.import_kwh, costs.cost_eur, costs.saved_eur) == (0, None, None, None)


def test_everything_of_a_minute_comes_back(recorder: Recorder) -> None:
    for m in minutes(3):
        recorder.commit_minute(m)
    assert recorder.last_minute() == at(2)
    assert recorder.load_state("memory") == b"2"
    assert recorder.history(["pv.power_w"], T0, at(3), 60) == {
        "pv.power_w": [(at(0), 0.0), (at(1), -2.0), (at(2), -4.0)]
    }
    assert recorder.decisions(10) == [d for i in (2, 1, 0) for d in minute(i).decisions]
    costs = recorder.costs(T0, at(3))
    assert costs.minutes == 3
    assert costs.import_kwh == pytest.approx(0.03)
    assert costs.cost_eur == pytest.approx(3 * 0.0029)
    assert costs.saved_eur == pytest.approx(3 * 0.0021)


def test_everything_survives_closing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with Recorder.open(path) as recorder:
        recorder.commit_minute(minute(0))
        recorder.save_plan(b'{"id": 1}', T0)
        recorder.save_state("token", b"\0\1")
    with Recorder.open(path) as recorder:
        assert recorder.quarantined is None
        recorder.commit_minute(minute(1))
        assert recorder.latest_plan() == b'{"id": 1}'
        assert recorder.load_state("token") == b"\0\1"
        assert recorder.history(["grid.power_w"], T0, at(9), 60)["grid.power_w"] == [
            (at(0), 0.0),
            (at(1), 1.0),
        ]


def test_gaps_are_not_stored_and_not_zero(recorder: Recorder) -> None:
    values = {"a": math.nan, "b": None, "c": math.inf, "d": 0.0}
    recorder.commit_minute(Minute(start=T0, values=values, import_kwh=math.nan))
    found = recorder.history(["a", "b", "c", "d"], T0, at(1), 60)
    assert found == {"a": [], "b": [], "c": [], "d": [(T0, 0.0)]}
    assert recorder.costs(T0, at(1)).import_kwh is None


def test_a_minute_committed_again_replaces_the_first_as_a_whole(recorder: Recorder) -> None:
    recorder.commit_minute(minute(0, {"a": 1.0, "b": 2.0}))
    recorder.commit_minute(minute(0, {"a": 3.0}))
    assert recorder.history(["a", "b"], T0, at(1), 60) == {"a": [(T0, 3.0)], "b": []}
    assert len(recorder.decisions(10)) == 1
    assert recorder.costs(T0, at(1)).import_kwh == pytest.approx(0.01)


def test_a_clock_that_jumps_back_keeps_later_minutes_and_replaces_its_own(recorder: Recorder) -> None:
    for m in minutes(30):
        recorder.commit_minute(m)
    recorder.rollup(at(30))
    recorder.commit_minute(minute(5, {"grid.power_w": 1005.0}))
    values = dict(recorder.history(["grid.power_w"], T0, at(30), 60)["grid.power_w"])
    assert len(values) == 30
    assert values[at(5)] == 1005.0
    expected = (sum(range(15)) + 1000) / 15
    for _ in range(2):
        ((start, mean),) = recorder.history(["grid.power_w"], T0, at(15), 900)["grid.power_w"]
        assert start == T0
        assert mean == pytest.approx(expected)
        recorder.rollup(at(30))
    assert recorder.last_minute() == at(29)


def test_the_newest_plan_counts_whatever_the_order(recorder: Recorder) -> None:
    recorder.save_plan(b"new", at(10))
    recorder.save_plan(b"old", at(5))
    assert recorder.latest_plan() == b"new"


def test_decisions_page_back_in_time_and_by_asset(recorder: Recorder) -> None:
    for m in minutes(5):
        recorder.commit_minute(m)
    page = recorder.decisions(2)
    assert [d.setpoint_w for d in page] == [4.0, 3.0]
    assert [d.setpoint_w for d in recorder.decisions(9, before=page[-1].at)] == [2.0, 1.0, 0.0]
    assert recorder.decisions(9, asset="boiler") == []
    assert len(recorder.decisions(9, asset="battery")) == 5


def test_a_failed_commit_leaves_nothing_behind(recorder: Recorder) -> None:
    recorder.commit_minute(minute(0))
    unstorable = Minute(start=at(1), values={"new.series_w": 1.0}, states={"memory": {}})  # type: ignore[dict-item]
    with pytest.raises(DataError, match="history"):
        recorder.commit_minute(unstorable)
    assert recorder.last_minute() == at(0)
    assert recorder.load_state("memory") == b"0"
    recorder.commit_minute(minute(1, {"new.series_w": 7.0}))
    assert recorder.history(["new.series_w"], T0, at(2), 60) == {"new.series_w": [(at(1), 7.0)]}


def test_readers_see_whole_minutes_while_the_writer_writes(recorder: Recorder) -> None:
    stop = threading.Event()
    torn: list[object] = []

    def read() -> None:
        while not stop.is_set():
            found = recorder.history(["grid.power_w", "pv.power_w"], T0, at(1000), 60)
            if len(found["grid.power_w"]) != len(found["pv.power_w"]):
                torn.append(found)

    recorder.commit_minute(minute(0))
    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for m in minutes(60, first=1):
        recorder.commit_minute(m)
    stop.set()
    for reader in readers:
        reader.join()
    assert torn == []


def test_a_long_read_does_not_hold_up_the_writer(recorder: Recorder) -> None:
    recorder.commit_minute(minute(0))
    reader = sqlite3.connect(recorder.path, isolation_level=None)
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM minute").fetchone()
    for m in minutes(5, first=1):
        recorder.commit_minute(m)
    assert reader.execute("SELECT count(*) FROM minute").fetchone() == before
    reader.close()
    assert recorder.last_minute() == at(5)


def test_only_one_process_writes(recorder: Recorder) -> None:
    program = (
        "import sys; from pathlib import Path; from ohmstead.recorder import Recorder\n"
        "Recorder.open(Path(sys.argv[1]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(recorder.path)], capture_output=True, text=True, check=False
    )
    assert "another Ohmstead is writing this history" in other.stderr
    with Recorder.open_readonly(recorder.path) as reader:
        recorder.commit_minute(minute(0))
        assert reader.last_minute() == T0
        with pytest.raises(DataError, match="read only"):
            reader.commit_minute(minute(1))


def test_naive_times_backward_ranges_and_odd_resolutions_are_refused(recorder: Recorder) -> None:
    with pytest.raises(ValueError, match="before start"):
        recorder.history(None, at(1), T0, 60)
    with pytest.raises(ValueError, match=r"one of \(60, 900, 3600, 86400\), found 300"):
        recorder.history(None, T0, at(1), 300)
    with pytest.raises(ValueError, match="aware"):
        recorder.costs(T0.replace(tzinfo=None), (T0 + timedelta(1)).replace(tzinfo=None))


def test_the_disk_refusing_is_reported_as_such(tmp_path: Path) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    with pytest.raises(DataError, match="file: cannot be made: File exists"):
        Recorder.open(occupied / "history.db")
