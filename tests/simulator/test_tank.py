"""The tank's layers, heater and thermostat."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.tank import TankSpec, TankTwin


def commanded(temperature_c: float, power_w: float) -> TankTwin:
    tank = TankTwin(TankSpec(), temperature_c)
    tank.latch.put(power_w, 0.0, 0.0)
    return tank


@settings(max_examples=60)
@given(
    st.floats(20, 70),
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1000.0, 3000.0]), st.floats(0, 25000), st.sampled_from([1.0, 10.0, 60.0])
        ),
        min_size=1,
        max_size=60,
    ),
)
def test_heat_balances(start_c: float, steps: list[tuple[float, float, float]]) -> None:
    tank = TankTwin(TankSpec(), start_c)
    before = tank.energy_kwh
    heated = asked = 0.0
    now_s = 0.0
    for power_w, draw_w, dt_s in steps:
        tank.latch.put(power_w, now_s, 0.0)
        tank.decide(now_s)
        tank.integrate(dt_s, draw_w)
        now_s += dt_s
        heated += tank.power_w * dt_s / 3.6e6
        asked += draw_w * dt_s / 3.6e6
        assert tank.lower_c <= tank.upper_c + 1e-9
        assert 11.0 < tank.lower_c < 80.0
    assert tank.energy_kwh - before == pytest.approx(heated - tank.loss_kwh - tank.drawn_kwh, abs=1e-9)
    assert tank.drawn_kwh + tank.short_kwh == pytest.approx(asked, abs=len(steps) * 1e-6)


@pytest.mark.parametrize(
    ("asked", "stage"),
    [(0.0, 0.0), (999.0, 0.0), (1000.0, 1000.0), (1500.0, 1000.0), (2999.0, 2000.0), (9e3, 3000.0)],
)
def test_power_is_the_highest_stage_not_above(asked: float, stage: float) -> None:
    tank = commanded(50.0, asked)
    tank.decide(0.0)
    assert tank.power_w == stage


def test_released_thermostat_holds_the_tank() -> None:
    tank = TankTwin(TankSpec(), 50.0)
    seen = []
    for minute in range(2880):
        tank.decide(minute * 60.0)
        assert tank.power_w in (0.0, 3000.0)
        tank.integrate(60.0, 0.0)
        seen.append(tank.sensor_c)
    assert 51.5 < min(seen[120:]) < max(seen[120:]) < 60.0


def test_limiter_cuts_out_whatever_is_commanded() -> None:
    tank = commanded(60.0, 3000.0)
    hottest = 0.0
    for minute in range(600):
        tank.decide(minute * 60.0)
        tank.integrate(60.0, 0.0)
        hottest = max(hottest, tank.upper_c)
    assert 71.0 < hottest < 73.5


def test_a_shower_cools_the_bottom_first() -> None:
    tank = commanded(55.0, 0.0)
    for _ in range(7):
        tank.decide(0.0)
        tank.integrate(60.0, 12_000.0)
    assert tank.drawn_kwh == pytest.approx(1.4)
    assert tank.lower_c < 45.0
    assert tank.upper_c > 53.0


def test_a_cold_tank_leaves_people_short() -> None:
    tank = commanded(20.0, 0.0)
    tank.decide(0.0)
    tank.integrate(60.0, 12_000.0)
    assert tank.short_kwh > 0.1


def test_standing_loss_is_that_of_a_good_tank() -> None:
    tank = commanded(60.0, 0.0)
    for minute in range(1440):
        tank.decide(minute * 60.0)
        tank.integrate(60.0, 0.0)
    assert 1.0 < tank.loss_kwh < 2.0
