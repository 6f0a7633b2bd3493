"""Without a plan: the cheapest hours."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Rule
from ohmstead.core.settings import Settings
from ohmstead.core.state import ChargePointState, Reading, TankState
from ohmstead.core.strategies.cheap_hours import chosen, with_neutral_hours
from ohmstead.core.tariff import Tariff
from tests.core.world import BATTERY, CAR, NOON, TANK, Bench, a_plan, a_site, prices, why

HOUR_S = 3600.0


def heated_hours(tariff: Tariff, temperature_c: float = 50.0, hours: float = 3.0) -> list[int]:
    bench = Bench(a_site(TANK), tariff=tariff, settings=Settings(cheap_tank_hours=hours))
    bench.states["tank"] = TankState(id="tank", temperature_c=Reading(value=temperature_c))
    return [
        h
        for h in range(len(tariff.slots))
        if bench.cycle(h * HOUR_S + 1)["tank"].reason.rule is Rule.CHEAP_HOURS
    ]


def test_a_tank_heats_in_the_cheapest_hours_of_the_coming_day() -> None:
    day = [0.30] * 10 + [0.10, 0.12, 0.11] + [0.35] * 11
    assert heated_hours(prices(*day)) == [10, 11, 12]


def test_a_tank_does_not_heat_on_flat_prices_or_above_its_target() -> None:
    assert heated_hours(prices(*[0.300, 0.302] * 12)) == []
    assert heated_hours(prices(*([0.3] * 12 + [0.1] * 12)), temperature_c=55.0) == []


def test_negative_prices_are_the_cheapest() -> None:
    assert 1 in heated_hours(prices(0.1, -0.05, 0.1, 0.1), hours=1.0)


def car(departure_h: float, soc: float = 0.5) -> ChargePointState:
    return ChargePointState(
        id="car",
        connected=True,
        soc=Reading(value=soc),
        departure=NOON + timedelta(hours=departure_h),
    )


def test_a_vehicle_charges_in_the_cheapest_hours_before_its_departure() -> None:
    bench = Bench(a_site(BATTERY, CAR), tariff=prices(0.3, 0.3, 0.1, 0.3, 0.3, 0.2, 0.3, 0.3, 0.05))
    bench.states["car"] = car(departure_h=8, soc=0.6)
    charged = []
    for h in range(6):
        out = bench.cycle(h * HOUR_S + 1, 300.0)
        if out["car"].reason.rule is Rule.CHEAP_HOURS:
            charged.append(h)
            assert out["battery"].power_w == pytest.approx(-300.0)
    assert charged == [2, 5]


def test_with_a_plan_or_without_a_price_it_keeps_quiet() -> None:
    planned = Bench(a_site(TANK), tariff=prices(0.1, 0.5), plan=a_plan({"tank": AssetSlot(power_w=0.0)}))
    assert why(planned.cycle(0)["tank"]).rule is Rule.IDLE
    late = Bench(a_site(TANK), tariff=prices(0.1, 0.5))
    assert why(late.cycle(3 * HOUR_S)["tank"]).rule is Rule.IDLE


@pytest.mark.parametrize(
    ("now_h", "end_h", "need_h", "expected"),
    [
        (0.0, 4.0, 0.0, False),
        (0.0, 4.0, 1.0, False),
        (0.0, 4.0, 1.9, False),
        (0.0, 4.0, 2.1, True),
        (1.5, 4.0, 0.5, True),
        (2.0, 4.0, 1.0, False),
        (2.0, 3.5, 0.51, True),
        (2.0, 3.5, 0.49, False),
    ],
)
def test_of_a_slot_only_the_part_that_can_be_used_counts(
    now_h: float, end_h: float, need_h: float, expected: bool
) -> None:
    tariff = prices(0.2, 0.1, 0.3, 0.2)
    now, end = NOON + timedelta(hours=now_h), NOON + timedelta(hours=end_h)
    assert chosen(now, end, tariff.between(now, end), need_h * HOUR_S) is expected


def test_of_equally_dear_slots_the_later_ones_are_taken() -> None:
    tariff = prices(0.2, 0.2, 0.2)
    end = NOON + timedelta(hours=3)
    got = [
        chosen(NOON + timedelta(hours=h), end, tariff.between(NOON + timedelta(hours=h), end), 3600.0)
        for h in range(3)
    ]
    assert got == [False, False, True]


def test_hours_without_a_price_yet_count_as_the_mean_of_the_known() -> None:
    tariff = prices(0.4, 0.3, 0.2)
    bench = Bench(a_site(CAR), tariff=tariff)
    bench.states["car"] = car(departure_h=40, soc=0.5)
    rules = [bench.cycle(h * HOUR_S + 1)["car"].reason.rule for h in range(3)]
    assert rules == [Rule.IDLE, Rule.IDLE, Rule.CHEAP_HOURS]
    slots = with_neutral_hours(tariff.slots, NOON + timedelta(hours=40))
    assert (slots[-1].start, slots[-1].end) == (NOON + timedelta(hours=3), NOON + timedelta(hours=40))
    assert slots[-1].import_eur_per_kwh == pytest.approx(0.3)
    assert with_neutral_hours(tariff.slots, NOON + timedelta(hours=2)) == tariff.slots
    assert with_neutral_hours((), NOON) == ()
