"""Hot water draws."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ohmstead.simulator.hot_water import PROFILE_M, HotWaterDraws
from ohmstead.simulator.timeline import HOUSEHOLD_FIRST

FIRST_DAY = int(HOUSEHOLD_FIRST.timestamp()) // 86400
ZONE = ZoneInfo("Europe/Vienna")


def test_profile_is_the_norms() -> None:
    assert sum(kwh for _, _, kwh in PROFILE_M) == pytest.approx(5.845)
    assert len(PROFILE_M) == 23


def test_a_month_draws_the_profile_in_the_mean_and_no_day_is_like_another() -> None:
    draws = HotWaterDraws(1, ZONE)
    days = [sum(draws.series.day(FIRST_DAY + d)) / 60_000.0 for d in range(60)]
    assert sum(days) / 60 == pytest.approx(5.845, rel=0.05)
    assert len(set(days)) == 60
    assert min(days) > 3.0
    assert max(days) < 9.0


def test_nobody_showers_at_night() -> None:
    draws = HotWaterDraws(1, ZONE)
    for d in range(30):
        assert sum(draws.series.day(FIRST_DAY + d)[0:240]) == 0.0  # 01:00 to 05:00 local


def test_flow_is_a_taps() -> None:
    draws = HotWaterDraws(1, ZONE)
    assert max(max(draws.series.day(FIRST_DAY + d)) for d in range(30)) < 40_000.0
