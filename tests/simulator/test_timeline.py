"""Simulated dates and the dates of the data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.simulator.dataset import HOUSEHOLD_START, PRICES_START, household
from ohmstead.simulator.timeline import (
    HOUSEHOLD_FIRST,
    household_index,
    prices_end,
    typical_year_hour,
    utc,
)


def test_household_is_moved_by_104_weeks() -> None:
    assert timedelta(days=728) == HOUSEHOLD_FIRST - HOUSEHOLD_START
    assert HOUSEHOLD_FIRST.weekday() == HOUSEHOLD_START.weekday()
    assert household_index(HOUSEHOLD_FIRST.timestamp()) == 0
    assert household_index((HOUSEHOLD_FIRST + timedelta(days=30)).timestamp()) == 30 * 48


@given(st.integers(-2000, 4000), st.integers(0, 47))
def test_any_date_keeps_weekday_and_half_hour(days: int, half_hour: int) -> None:
    when = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=days, minutes=30 * half_hour)
    index = household_index(when.timestamp())
    assert 0 <= index < len(household().load_w)
    taken = HOUSEHOLD_START + timedelta(minutes=30 * index)
    assert (taken.weekday(), taken.time()) == (when.weekday(), when.time())


def test_prices_cover_the_season() -> None:
    assert datetime(2025, 9, 30, 22, tzinfo=UTC) == PRICES_START
    assert prices_end() == datetime(2026, 8, 21, 22, tzinfo=UTC)


def test_typical_year_follows_the_calendar() -> None:
    def hour(*when: int) -> int:
        return typical_year_hour(int(datetime(*when, tzinfo=UTC).timestamp()) // 3600)  # type: ignore[arg-type, misc]

    assert hour(2026, 1, 1, 0) == 0
    assert hour(2026, 12, 31, 23) == 8759
    assert hour(2028, 2, 29, 7) == hour(2028, 2, 28, 7)
    assert hour(2028, 3, 1, 0) == hour(2026, 3, 1, 0) == 59 * 24


def test_utc_is_aware() -> None:
    assert utc(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
