"""Energy that must be in store whatever it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ohmstead.core.reason import Rule
from ohmstead.core.state import BatteryState, ChargePointState, Reading
from tests.core.world import BATTERY, CAR, Bench, Why, a_site, why


def test_a_nearly_empty_vehicle_charges_at_once_and_not_from_the_battery() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.states["car"] = ChargePointState(id="car", connected=True, soc=Reading(value=0.19))
    for at_s in (0, 10, 20):
        out = bench.cycle(at_s, phases_base_w=(100.0, 100.0, 100.0))
        assert why(out["car"]) == Why(11_040, Rule.VEHICLE_MIN_SOC)
        assert out["battery"].power_w == pytest.approx(-300.0)
    bench.states["car"] = ChargePointState(id="car", connected=True, soc=Reading(value=0.2))
    assert why(bench.cycle(400, phases_base_w=(100.0, 100.0, 100.0))["car"]) == Why(0, Rule.IDLE)


def test_the_sun_is_taken_before_the_grid() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.states["car"] = ChargePointState(id="car", connected=True, soc=Reading(value=0.1))
    for at_s in (0, 10, 20):
        out = bench.cycle(at_s, -4000.0)
        assert out["car"].power_w == pytest.approx(11_040.0)
        assert out["battery"].power_w == pytest.approx(0.0)


def test_a_reserve_that_standby_ate_is_refilled_gently_and_wholly() -> None:
    bench = Bench(a_site(BATTERY))
    refills, rests = Rule.BATTERY_MIN_SOC, Rule.SELF_CONSUMPTION
    for i, (soc, rule) in enumerate(
        [(0.075, rests), (0.0699, refills), (0.0701, refills), (0.099, refills), (0.1, rests), (0.08, rests)]
    ):
        bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=soc))
        got = bench.cycle(10.0 * i, 2000.0)["battery"]
        assert why(got).rule is rule, soc
        assert round(got.power_w) == (500 if rule is refills else 0), soc


def test_a_battery_that_may_not_buy_waits_for_the_sun() -> None:
    bench = Bench(a_site(replace(BATTERY, grid_charging=False)))
    bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=0.02))
    assert round(bench.cycle(0, 2000.0)["battery"].power_w) == 0
    assert round(bench.cycle(10, -2000.0)["battery"].power_w) == 2000
