from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.errors import ConfigError
from ohmstead.sources.hc_hp import OffPeakSeason, StaticHcHpProvider
from ohmstead.sources.local_time import DailyWindow, YearDay

PARIS = ZoneInfo("Europe/Paris")
HP, HC = 0.27, 0.20
NIGHT = DailyWindow(start=time(22, 30), end=time(6, 30))
NOON = DailyWindow(start=time(12, 0), end=time(15, 0))
ALL_YEAR = YearDay(month=1, day=1)


def provider(*seasons: OffPeakSeason, timezone: str = "Europe/Paris") -> StaticHcHpProvider:
    return StaticHcHpProvider(hp_eur_per_kwh=HP, hc_eur_per_kwh=HC, seasons=seasons, timezone=timezone)


NIGHTS = provider(OffPeakSeason(start=ALL_YEAR, windows=(NIGHT,)))
SEASONAL = provider(
    OffPeakSeason(start=YearDay(month=4, day=1), windows=(NOON,)),
    OffPeakSeason(start=YearDay(month=11, day=1), windows=(NIGHT,)),
)


def local(*args: int) -> datetime:
    return datetime(*args, tzinfo=PARIS).astimezone(UTC)  # type: ignore[misc,arg-type]


def off_peak(of: StaticHcHpProvider, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    return [(p.start, p.end) for p in of.prices(start, end) if p.eur_per_kwh == HC]


def test_a_window_over_midnight() -> None:
    found = off_peak(NIGHTS, local(2026, 1, 10, 12), local(2026, 1, 11, 12))
    assert found == [(local(2026, 1, 10, 22, 30), local(2026, 1, 11, 6, 30))]


def test_a_night_on_which_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    ((start, end),) = off_peak(NIGHTS, local(2026, 3, 28, 12), local(2026, 3, 29, 12))
    assert end - start == timedelta(hours=7)
    ((start, end),) = off_peak(NIGHTS, local(2026, 10, 24, 12), local(2026, 10, 25, 12))
    assert end - start == timedelta(hours=9)


def test_a_window_inside_the_repeated_hour_comes_twice() -> None:
    window = DailyWindow(start=time(2, 15), end=time(2, 45))
    of = provider(OffPeakSeason(start=ALL_YEAR, windows=(window,)))
    found = off_peak(of, local(2026, 10, 25), local(2026, 10, 26))
    assert [(e - s) for s, e in found] == [timedelta(minutes=30)] * 2
    assert found[1][0] - found[0][0] == timedelta(hours=1)
    assert off_peak(of, local(2026, 3, 29), local(2026, 3, 30)) == []


def test_a_window_that_starts_in_the_hour_left_out_starts_when_the_clocks_change() -> None:
    of = provider(OffPeakSeason(start=ALL_YEAR, windows=(DailyWindow(start=time(2, 30), end=time(5)),)))
    found = off_peak(of, local(2026, 3, 29), local(2026, 3, 30))
    assert found == [(datetime(2026, 3, 29, 1, tzinfo=UTC), local(2026, 3, 29, 5))]


def test_the_season_changes_at_local_midnight_even_inside_a_window() -> None:
    found = off_peak(SEASONAL, local(2026, 3, 31, 12), local(2026, 4, 1, 20))
    assert found == [
        (local(2026, 3, 31, 22, 30), local(2026, 4, 1)),
        (local(2026, 4, 1, 12), local(2026, 4, 1, 15)),
    ]
    found = off_peak(SEASONAL, local(2026, 10, 31, 20), local(2026, 11, 1, 12))
    assert found == [(local(2026, 11, 1), local(2026, 11, 1, 6, 30))]


def test_the_last_season_reaches_over_new_year() -> None:
    assert off_peak(SEASONAL, local(2026, 1, 5, 12), local(2026, 1, 5, 16)) == []
    assert SEASONAL.is_off_peak(datetime(2026, 1, 5, 23, tzinfo=PARIS))


@pytest.mark.parametrize("of", [NIGHTS, SEASONAL])
@pytest.mark.parametrize("year", [2025, 2026, 2028])
def test_every_moment_of_a_year_has_exactly_one_price_the_one_of_its_wall_time(
    of: StaticHcHpProvider, year: int
) -> None:
    start, end = local(year, 1, 1), local(year + 1, 1, 1)
    prices = of.prices(start, end)
    assert (prices[0].start, prices[-1].end) == (start, end)
    for before, after in pairwise(prices):
        assert before.end == after.start
        assert before.eur_per_kwh != after.eur_per_kwh
    index, at = 0, start
    while at < end:
        index += at >= prices[index].end
        assert (prices[index].eur_per_kwh == HC) == of.is_off_peak(at.astimezone(PARIS))
        at += timedelta(minutes=15)


_zones = st.sampled_from(
    ["Europe/Paris", "Europe/Vienna", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC"]
)
_times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
_windows = st.builds(DailyWindow, start=_times, end=_times)


@settings(max_examples=60, deadline=None)
@given(
    zone=_zones,
    windows=st.lists(_windows, min_size=1, max_size=3).map(tuple),
    day=st.integers(0, 365),
    minutes=st.lists(st.integers(0, 4 * 1440 - 1), min_size=1, max_size=20),
)
def test_any_windows_in_any_zone_agree_with_the_wall_clock(
    zone: str, windows: tuple[DailyWindow, ...], day: int, minutes: list[int]
) -> None:
    of = provider(OffPeakSeason(start=ALL_YEAR, windows=windows), timezone=zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    prices = of.prices(start, start + timedelta(days=4))
    for minute in minutes:
        at = start + timedelta(minutes=minute)
        covering = [p for p in prices if p.start <= at < p.end]
        assert len(covering) == 1
        wall = at.astimezone(ZoneInfo(zone)).time()
        assert (covering[0].eur_per_kwh == HC) == any(w.contains(wall) for w in windows)


async def test_a_week_ahead_is_known() -> None:
    now = local(2026, 6, 1, 9)
    prices = await NIGHTS.fetch(now)
    assert prices[0].start < now - timedelta(hours=24)
    assert prices[-1].end > now + timedelta(days=7)


def test_contracts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match="no off-peak hours"):
        provider()
    with pytest.raises(ConfigError, match="same day"):
        provider(OffPeakSeason(start=ALL_YEAR, windows=()), OffPeakSeason(start=ALL_YEAR, windows=()))
    with pytest.raises(ConfigError, match="timezone 'Mars/Olympus'"):
        provider(OffPeakSeason(start=ALL_YEAR, windows=()), timezone="Mars/Olympus")
