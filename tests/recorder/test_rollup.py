from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohmstead.recorder import Minute, Recorder, Retention
from tests.recorder.samples import T0, at, minute, minutes

SPAN = 150
DAY = timedelta(days=1)

Sample = dict[int, dict[str, float | None]]

_value = st.one_of(st.none(), st.floats(-1e4, 1e4, allow_subnormal=False))
_samples = st.dictionaries(
    st.integers(0, SPAN - 1),
    st.fixed_dictionaries({}, optional={"a_w": _value, "b_w": _value, "c": _value}),
    max_size=60,
)


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with Recorder.open(tmp_path / "history.db") as opened:
        yield opened


def brute_means(sample: Sample, first: int, last: int, width: int) -> dict[str, list[tuple[datetime, Any]]]:
    """Means per bin straight from the samples; ``width`` in minutes."""
    bins: dict[tuple[str, int], list[float]] = defaultdict(list)
    for index, values in sample.items():
        for name, value in values.items():
            if value is not None and first <= index < last:
                bins[name, first + (index - first) // width * width].append(value)
    out: dict[str, list[tuple[datetime, Any]]] = {}
    for (name, start), found in sorted(bins.items()):
        out.setdefault(name, []).append((at(start), pytest.approx(sum(found) / len(found), abs=1e-6)))
    return out


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sample=_samples,
    later=_samples,
    rolled_at=st.integers(0, SPAN + 30),
    start=st.integers(0, SPAN),
    length=st.integers(0, SPAN),
)
def test_answers_equal_brute_force_whenever_the_roll_up_ran(
    sample: Sample, later: Sample, rolled_at: int, start: int, length: int
) -> None:
    """``later`` replaces some minutes after the roll-up, as after a clock jump or a restart."""
    with tempfile.TemporaryDirectory() as folder, Recorder.open(Path(folder) / "h.db") as recorder:
        for index, values in sample.items():
            recorder.commit_minute(Minute(start=at(index), values=values, import_kwh=index / 100))
        recorder.rollup(at(rolled_at))
        for index, values in later.items():
            recorder.commit_minute(Minute(start=at(index), values=values, import_kwh=index / 100))
        merged = {**sample, **later}
        for _ in range(2):
            first = start // 15 * 15
            last = -(-(start + length) // 15) * 15
            for width in (15, 60):
                found = recorder.history(None, at(start), at(start + length), width * 60)
                expected = brute_means(merged, first, last, width) if length or last > first else {}
                assert {n: p for n, p in found.items() if p} == expected
            inside = {i: v for i, v in merged.items() if start <= i < start + length}
            energy = recorder.energy(at(start), at(start + length))
            for name in ("a_w", "b_w"):
                known = [x for v in inside.values() if (x := v.get(name)) is not None]
                expected_kwh = pytest.approx(sum(known) / 60_000, abs=1e-9) if known else None
                assert energy.get(name) == expected_kwh
            assert "c" not in energy
            costs = recorder.costs(at(start), at(start + length))
            assert costs.minutes == len(inside)
            expected_import = pytest.approx(sum(i / 100 for i in inside)) if inside else None
            assert costs.import_kwh == expected_import
            recorder.rollup(at(SPAN + 30))


def test_rolling_up_again_changes_nothing_and_unfinished_quarters_wait(recorder: Recorder) -> None:
    for m in minutes(40):
        recorder.commit_minute(m)
    assert recorder.rollup(at(40)) == 2
    assert recorder.rollup(at(40)) == 0
    assert recorder.rollup(at(45)) == 1
    assert len(recorder.history(["grid.power_w"], T0, at(60), 900)["grid.power_w"]) == 3


def test_day_bins_start_where_they_are_asked_to(recorder: Recorder) -> None:
    for m in minutes(180):
        recorder.commit_minute(m)
    local_midnight = at(-120)
    found = recorder.history(["battery.soc"], local_midnight, local_midnight + 2 * DAY, 86400)
    assert found == {"battery.soc": [(local_midnight, 0.5)]}


def test_old_minutes_go_and_their_quarters_stay(recorder: Recorder) -> None:
    for m in minutes(60):
        recorder.commit_minute(m)
    before = recorder.history(None, T0, at(60), 900)
    costs = recorder.costs(T0, at(60))
    recorder.rollup(T0 + 61 * DAY)
    assert recorder.history(["grid.power_w"], T0, at(60), 60) == {"grid.power_w": []}
    assert recorder.history(None, T0, at(60), 900) == before
    found = recorder.costs(T0, at(60))
    assert found.minutes == costs.minutes == 60
    assert found.import_kwh == pytest.approx(costs.import_kwh)
    assert found.saved_eur == pytest.approx(costs.saved_eur)


def test_a_minute_written_after_its_neighbours_are_gone_does_not_spoil_their_quarter(
    recorder: Recorder,
) -> None:
    for m in minutes(30):
        recorder.commit_minute(m)
    recorder.rollup(T0 + 61 * DAY)
    before = recorder.history(None, T0, at(30), 900)
    recorder.commit_minute(minute(3, {"grid.power_w": 9e5}))
    recorder.rollup(T0 + 61 * DAY)
    assert recorder.history(None, T0, at(30), 900) == before


def test_a_clock_years_ahead_for_a_moment_does_not_empty_the_history(recorder: Recorder) -> None:
    for day in range(10):
        for index in range(0, 1440, 60):
            recorder.commit_minute(minute(day * 1440 + index, {"a": 1.0}))
    recorder.rollup(T0 + 4000 * DAY)
    kept = recorder.history(["a"], T0, T0 + 10 * DAY, 60)["a"]
    assert len(kept) == 8 * 24
    assert len(recorder.decisions(1000)) == 8 * 24


def test_retention_is_configurable_and_at_least_a_day(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="minutes must be at least one day"):
        Retention(minutes=timedelta(hours=3))
    with Recorder.open(tmp_path / "h.db", retention=Retention(minutes=DAY)) as recorder:
        for m in minutes(30):
            recorder.commit_minute(m)
        recorder.rollup(T0 + 2 * DAY)
        assert recorder.history(["grid.power_w"], T0, at(30), 60) == {"grid.power_w": []}
