"""The heat pump's map, minimum run, ice and limits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.dataset import air_water_regulated
from ohmstead.simulator.heat_pump import HeatPumpSpec, HeatPumpTwin, cop, frost_rate, load_share


def run(
    pump: HeatPumpTwin, power_w: float | None, *, minutes: int, start_s: float = 0.0, outdoor_c: float = 8.0
) -> list[float]:
    powers = []
    pump.latch.put(power_w, start_s, 0.0)
    for m in range(minutes):
        pump.advance(start_s + 60.0 * m, 60.0, outdoor_c, 35.0, demand=True)
        powers.append(pump.power_w)
    return powers


def test_cop_is_hplibs() -> None:
    c = air_water_regulated()
    assert cop(c, -7.0, 52.0) == pytest.approx(1.41, abs=0.01)
    assert cop(c, 7.0, 35.0) == pytest.approx(5.06, abs=0.05)
    assert load_share(c, -7.0, 52.0) == pytest.approx(0.98, abs=0.03)
    assert load_share(c, 10.0, 35.0) < load_share(c, -5.0, 35.0)


@given(st.floats(-20, 30), st.floats(25, 55), st.floats(600, 2500))
def test_cop_falls_with_supply_and_rises_with_outdoor(
    outdoor_c: float, supply_c: float, power_w: float
) -> None:
    c = air_water_regulated()
    assert 1.0 <= cop(c, outdoor_c, supply_c) <= 7.0
    assert cop(c, outdoor_c, supply_c + 1.0) <= cop(c, outdoor_c, supply_c)
    assert cop(c, outdoor_c + 1.0, supply_c) >= cop(c, outdoor_c, supply_c)
    assert HeatPumpTwin(HeatPumpSpec()).cop(outdoor_c, supply_c, power_w) > 0.9


def test_compressor_runs_its_minimum_time_and_rests_it() -> None:
    pump = HeatPumpTwin(HeatPumpSpec())
    assert run(pump, 1000.0, minutes=2)[0] >= 600.0
    stopping = run(pump, 0.0, minutes=30, start_s=120.0)
    ran = 2 + sum(p > 100.0 for p in stopping)
    assert ran * 60.0 == pump.spec.min_on_s
    resting = run(pump, 1000.0, minutes=30, start_s=1920.0)
    assert pump.running
    assert all(p > 100.0 for p in resting)
    pump = HeatPumpTwin(HeatPumpSpec())
    pump.since_s = 0.0
    assert sum(p < 100.0 for p in run(pump, 1000.0, minutes=30)) * 60.0 == pump.spec.min_off_s


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-500, 5000), min_size=5, max_size=60), st.floats(-12, 18))
def test_any_commands_keep_the_map_and_the_minimum_times(commands: list[float], outdoor_c: float) -> None:
    pump = HeatPumpTwin(HeatPumpSpec())
    pump.since_s = 0.0
    on, run_s, off_s = False, 0.0, 0.0
    for i, power_w in enumerate(commands):
        pump.latch.put(power_w, i * 180.0, 0.0)
        for k in range(3):
            pump.advance(i * 180.0 + 60.0 * k, 60.0, outdoor_c, 35.0, demand=False)
            assert pump.power_w == pump.spec.standby_w or 600.0 <= pump.power_w <= 2500.0
            if pump.running and not on:
                assert off_s >= pump.spec.min_off_s
                run_s = 0.0
            if on and not pump.running:
                assert run_s >= pump.spec.min_on_s
                off_s = 0.0
            on = pump.running
            run_s, off_s = run_s + 60.0 * on, off_s + 60.0 * (not on)


def test_below_the_minimum_it_does_not_start() -> None:
    assert max(run(HeatPumpTwin(HeatPumpSpec()), 400.0, minutes=60)) == 10.0


def test_speed_changes_slowly() -> None:
    pump = HeatPumpTwin(HeatPumpSpec())
    pump.latch.put(2000.0, 0.0, 0.0)
    powers = []
    for second in range(0, 100, 5):
        pump.advance(float(second), 5.0, 2.0, 35.0, demand=True)
        powers.append(pump.power_w)
    assert max(b - a for a, b in pairwise(powers)) <= 100.0
    assert powers[-1] == 2000.0


def test_too_hot_water_stops_it_even_before_its_time() -> None:
    pump = HeatPumpTwin(HeatPumpSpec())
    run(pump, 2000.0, minutes=3)
    pump.advance(180.0, 60.0, 8.0, 53.0, demand=True)
    assert not pump.running


def test_ice_grows_only_between_minus_seven_and_five() -> None:
    assert frost_rate(-8.0) == frost_rate(6.0) == 0.0
    assert frost_rate(1.0) == 1.0
    dry, icy = HeatPumpTwin(HeatPumpSpec()), HeatPumpTwin(HeatPumpSpec())
    heat_dry: list[float] = []
    heat_icy: list[float] = []
    for minute in range(300):
        for pump, outdoor_c, heats in ((dry, 8.0, heat_dry), (icy, 1.0, heat_icy)):
            pump.latch.put(1500.0, 0.0, 0.0)
            pump.advance(minute * 60.0, 60.0, outdoor_c, 35.0, demand=True)
            heats.append(pump.thermal_w)
    assert min(heat_dry) > 0.0
    assert min(heat_icy) < -1000.0
    # With its defrosts it gives what hplib's mean says.
    mean_cop = sum(heat_icy) / (1500.0 * len(heat_icy))
    assert mean_cop == pytest.approx(cop(air_water_regulated(), 1.0, 35.0), rel=0.08)


def test_released_it_follows_its_curve() -> None:
    pump = HeatPumpTwin(HeatPumpSpec())
    assert pump.curve_c(-10.0) > pump.curve_c(5.0) > pump.curve_c(15.0)
    pump.advance(0.0, 60.0, 5.0, 25.0, demand=True)
    assert pump.running
    idle = HeatPumpTwin(HeatPumpSpec())
    idle.advance(0.0, 60.0, 5.0, 25.0, demand=False)
    assert not idle.running
