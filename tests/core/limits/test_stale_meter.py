"""What is allowed while the grid meter is silent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import HotWaterTank
from ohmstead.core.state import GridState, HeatPumpState, Quality, Reading, SiteState
from tests.core.world import BATTERY, CAR, LIVING, NOON, PUMP, TANK, Bench, Why, a_site, why


def test_the_vehicle_goes_to_its_minimum_and_the_battery_rests() -> None:
    bench = Bench(a_site(BATTERY, CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=8000.0))
    bench.cycle(0, 3000.0)
    assert bench.cycle(10, 3000.0)["battery"].power_w == pytest.approx(-3000.0)
    out = bench.cycle(20, None)
    assert why(out["car"]) == Why(4140, Rule.MANUAL, Limit.STALE_METER, 8000)
    assert out["battery"].power_w == 0.0


def test_a_vehicle_that_does_not_charge_is_not_started_blind() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=8000.0))
    assert why(bench.cycle(0, None)["car"]) == Why(0, Rule.MANUAL, Limit.STALE_METER, 8000)


def test_a_heater_measured_a_little_below_its_stage_keeps_it() -> None:
    tank = HotWaterTank(id="tank", stages_w=(1000.0, 2000.0))
    bench = Bench(a_site(tank))
    bench.engine.command(ManualCommand(asset="tank", power_w=2000.0))
    bench.cycle(0, 500.0)
    state = bench.states["tank"].__class__(id="tank", power_w=Reading(value=1950.0))
    assert why(bench.cycle(10, None, tank=state)["tank"]) == Why(2000, Rule.MANUAL)


def test_a_compressor_that_was_just_started_is_not_stopped() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.engine.command(ManualCommand(asset="pump", power_w=1500.0))
    bench.cycle(0, 500.0)
    bench.engine.withdraw("pump")
    off = HeatPumpState(id="pump", power_w=Reading(value=0.0))
    assert why(bench.cycle(10, None, pump=off)["pump"]) == Why(600, Rule.IDLE, Limit.MIN_ON, 0)


def test_nothing_else_rises() -> None:
    bench = Bench(a_site(TANK))
    bench.engine.command(ManualCommand(asset="tank", power_w=1000.0))
    bench.cycle(0, 500.0)
    bench.engine.command(ManualCommand(asset="tank", power_w=3000.0))
    assert why(bench.cycle(10, None)["tank"]) == Why(1000, Rule.MANUAL, Limit.STALE_METER, 3000)


@pytest.mark.parametrize(
    ("age_s", "quality", "fresh"),
    [
        (30.0, Quality.GOOD, True),
        (31.0, Quality.GOOD, False),
        (0.0, Quality.STALE, False),
        (-31.0, Quality.GOOD, False),
        (-2.0, Quality.GOOD, True),
    ],
)
def test_when_a_reading_is_fresh(age_s: float, quality: Quality, fresh: bool) -> None:
    """A reading from the future is one from before the clock was set back."""
    bench = Bench(a_site(BATTERY))
    bench.cycle(-10, 2000.0)
    meter = Reading(value=2000.0, at=NOON - timedelta(seconds=age_s), quality=quality)
    bench.engine.observe(
        SiteState(at=NOON, grid=GridState(power_w=meter), assets={"battery": bench.states["battery"]})
    )
    (setpoint,) = bench.engine.step(NOON).setpoints
    assert (setpoint.power_w != 0.0) == fresh


def test_a_frozen_meter_does_not_invent_a_load_while_devices_go_down() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=8000.0))
    for at_s in (0, 10, 30):
        bench.cycle(at_s, phases_base_w=(2000.0, 2000.0, 2000.0))
    for at_s in (40, 50, 60):
        bench.cycle(at_s, None)
    assert bench.engine.memory.uncontrolled_w == pytest.approx(6000.0)
    assert bench.engine.memory.phases_uncontrolled_w == pytest.approx((2000.0, 2000.0, 2000.0))
    assert bench.cycle(70, None)["car"].power_w == pytest.approx(4140.0)
