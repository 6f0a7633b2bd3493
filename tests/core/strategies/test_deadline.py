"""A departure that has become binding."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from ohmstead.core.reason import Rule
from ohmstead.core.settings import Settings
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import BATTERY, CAR, NOON, Bench, Why, a_site, why

NEED_S = 0.3 * 60.0 / 0.9 * 3.6e6 / 11_040.0
"""Time to charge 30 % of 60 kWh through 90 % efficiency at 11 kW."""
MARGIN_S = Settings().deadline_margin_s


def car_at(
    soc: float | None, departure: datetime | None, target_soc: float | None = None
) -> ChargePointState:
    return ChargePointState(
        id="car", connected=True, soc=Reading(value=soc), departure=departure, target_soc=target_soc
    )


def in_s(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        (car_at(0.5, in_s(NEED_S + MARGIN_S + 1)), Rule.IDLE),
        (car_at(0.5, in_s(NEED_S + MARGIN_S - 1)), Rule.DEADLINE),
        (car_at(0.5, in_s(60)), Rule.DEADLINE),
        (car_at(0.5, in_s(0)), Rule.IDLE),
        (car_at(0.5, None), Rule.IDLE),
        (car_at(None, in_s(60)), Rule.DEADLINE),
        (car_at(0.8, in_s(60)), Rule.IDLE),
        (car_at(0.8, in_s(60), target_soc=0.9), Rule.DEADLINE),
        (car_at(0.9, in_s(60)), Rule.IDLE),
    ],
)
def test_when_a_departure_is_binding(state: ChargePointState, rule: Rule) -> None:
    bench = Bench(a_site(CAR))
    bench.states["car"] = state
    got = bench.cycle(0)["car"]
    assert why(got) == Why(11_040 if rule is Rule.DEADLINE else 0, rule)


def test_once_begun_a_soc_that_comes_in_steps_does_not_switch_it_off() -> None:
    bench = Bench(a_site(CAR))
    departure = in_s(NEED_S + MARGIN_S - 1)
    full_w = 11_040.0
    for t in range(0, int(NEED_S), 60):
        charged = full_w * t / 3.6e6 * 0.9 / 60.0
        soc = min(0.79, math.ceil((0.5 + charged) * 100) / 100)
        bench.states["car"] = car_at(soc, departure)
        assert bench.cycle(t)["car"].reason.rule is Rule.DEADLINE, (t, soc)


def test_the_battery_does_not_pay_for_it() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.states["car"] = car_at(0.5, in_s(3600))
    for at_s in (0, 10, 20):
        out = bench.cycle(at_s, phases_base_w=(100.0, 100.0, 100.0))
        assert why(out["car"]) == Why(11_040, Rule.DEADLINE)
        assert out["battery"].power_w == pytest.approx(-300.0)
