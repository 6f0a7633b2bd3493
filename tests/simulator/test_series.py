"""Minute series and their means."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.simulator.series import DayCache, MinuteSeries


def ramp(day: int) -> array[float]:
    return array("d", [day * 1440.0 + m for m in range(1440)])


@given(st.integers(0, 5 * 86400), st.integers(1, 2 * 86400))
def test_mean_is_the_mean_of_every_second(start: int, length: int) -> None:
    series = MinuteSeries(ramp)
    first, last = start // 60, (start + length - 1) // 60
    exact = (
        sum(m * (min(start + length, 60 * m + 60) - max(start, 60 * m)) for m in range(first, last + 1))
        / length
    )
    assert series.mean(start, start + length) == pytest.approx(exact, rel=1e-9, abs=1e-6)


def test_at_gives_the_minute() -> None:
    series = MinuteSeries(ramp)
    assert series.at(86400.0 + 59.9) == 1440.0
    assert series.at(86400.0 + 60.0) == 1441.0


def test_an_empty_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="empty interval"):
        MinuteSeries(ramp).mean(60.0, 60.0)


def test_cache_forgets_the_oldest_day_and_makes_it_again() -> None:
    made: list[int] = []

    def make(day: int) -> int:
        made.append(day)
        return day

    cache = DayCache(make, size=2)
    assert [cache[d] for d in (1, 1, 2, 3, 1)] == [1, 1, 2, 3, 1]
    assert made == [1, 2, 3, 1]
