"""A daily share in the cheapest slots."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.reason import Rule
from ohmstead.core.site import Site
from ohmstead.core.tariff import Tariff
from tests.core.world import CAR, NOON, Bench, prices

STEP_S = 60
KW_H = 11.04
"""What the car takes in an hour at full power, kWh at the plug."""


def share(hours: float) -> ChargingInfo:
    return ChargingInfo(
        charge_point="car",
        spot_market=True,
        daily_spot_share=hours * KW_H * CAR.efficiency / CAR.vehicle_capacity_kwh,
    )


def charged(tariff: Tariff, info: ChargingInfo, *, start: datetime, hours: int) -> list[int]:
    """The hours after the start in which the car was charged for more than half of the time."""
    bench = Bench(Site(assets=(CAR,), timezone="Europe/Vienna"), tariff=tariff, start=start)
    bench.engine.set_charging_info(info)
    taken = [0] * hours
    for t in range(0, hours * 3600, STEP_S):
        if bench.cycle(t, 300.0)["car"].reason.rule is Rule.CHEAP_HOURS:
            taken[t // 3600] += STEP_S
    return [h for h, s in enumerate(taken) if s > 1800]


MIDNIGHT = datetime(2026, 4, 30, 22, tzinfo=UTC)
"""In Vienna."""


def test_the_cheapest_hours_of_the_local_day_until_its_share_is_taken() -> None:
    day = [0.3] * 24
    day[3], day[13], day[20] = 0.1, 0.05, 0.12
    assert charged(prices(*day, start=MIDNIGHT), share(2.0), start=MIDNIGHT, hours=24) == [3, 13]


def test_each_day_anew() -> None:
    days = [0.3] * 48
    days[5], days[30] = 0.1, 0.2
    assert charged(prices(*days, start=MIDNIGHT), share(1.0), start=MIDNIGHT, hours=48) == [5, 30]


def test_equal_prices_are_taken_from_the_earliest_on() -> None:
    assert charged(prices(*[0.3] * 24, start=MIDNIGHT), share(2.0), start=MIDNIGHT, hours=24) == [0, 1]


def test_negative_prices_first() -> None:
    day = [0.02] * 24
    day[14] = -0.04
    assert charged(prices(*day, start=MIDNIGHT), share(1.0), start=MIDNIGHT, hours=24) == [14]


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 10, 24, 22, tzinfo=UTC), 25), (datetime(2026, 3, 28, 23, tzinfo=UTC), 23)],
)
def test_a_day_of_25_or_23_hours_ends_where_the_local_day_ends(start: datetime, hours: int) -> None:
    day = [0.3] * (hours + 1)
    day[hours - 1], day[hours] = 0.1, 0.01
    # The hour after the day is cheaper still, but it belongs to the next day's share.
    assert charged(prices(*day, start=start), share(1.0), start=start, hours=hours) == [hours - 1]


def test_not_where_it_is_not_wanted_and_not_without_prices() -> None:
    plain = ChargingInfo(charge_point="car", daily_spot_share=0.5)
    assert charged(prices(*[0.3] * 3), plain, start=NOON, hours=3) == []
    bench = Bench(Site(assets=(CAR,)))
    bench.engine.set_charging_info(share(2.0))
    assert bench.cycle(0)["car"].reason.rule is Rule.IDLE
