"""The house battery keeps its energy and its limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.battery import BatterySpec, BatteryTwin


def commanded(soc: float, power_w: float) -> BatteryTwin:
    battery = BatteryTwin(BatterySpec(), soc)
    battery.latch.put(power_w, 0.0, 0.0)
    battery.latch.update(0.0)
    return battery


@settings(max_examples=60)
@given(
    st.floats(0, 1),
    st.lists(
        st.tuples(st.floats(-8000, 8000), st.sampled_from([0.5, 5.0, 60.0, 600.0])), min_size=1, max_size=40
    ),
)
def test_soc_stays_in_bounds_and_energy_balances(soc: float, steps: list[tuple[float, float]]) -> None:
    battery = BatteryTwin(BatterySpec(), soc)
    now_s = taken_kwh = 0.0
    for power_w, dt_s in steps:
        battery.latch.put(power_w, now_s, 0.0)
        battery.advance(now_s, dt_s)
        now_s += dt_s
        taken_kwh += battery.power_w * dt_s / 3.6e6
        assert 0.0 <= battery.soc <= 1.0
        assert -5000.0 <= battery.power_w <= 5000.0
    stored_kwh = (battery.soc - soc) * battery.spec.capacity_kwh
    assert taken_kwh == pytest.approx(stored_kwh + battery.loss_kwh, abs=1e-9)
    assert battery.loss_kwh >= 0.0


def test_efficiency_is_best_in_the_middle_and_poor_at_low_power() -> None:
    battery = BatteryTwin(BatterySpec(), 0.5)

    def one_way(power_w: float) -> float:
        return 1.0 - battery.loss_w(power_w) / power_w

    assert one_way(100.0) < one_way(250.0) < one_way(1500.0)
    assert one_way(5000.0) < one_way(1500.0)
    assert one_way(1500.0) == pytest.approx(0.957, abs=0.005)


def test_charge_tapers_near_full() -> None:
    assert commanded(0.5, 5000.0).wanted_w() == 5000.0
    assert commanded(0.95, 5000.0).wanted_w() == pytest.approx(2750.0)
    assert commanded(0.95, -5000.0).wanted_w() == -5000.0


def test_idle_costs_its_standby_and_nothing_from_the_cells() -> None:
    battery = BatteryTwin(BatterySpec(), 0.5)
    battery.advance(0.0, 3600.0)
    assert battery.power_w == battery.spec.standby_w
    assert battery.soc == 0.5


def test_power_ramps() -> None:
    battery = commanded(0.5, 5000.0)
    powers = []
    for second in range(4):
        battery.advance(float(second), 1.0)
        powers.append(battery.power_w)
    assert powers == [2500.0, 5000.0, 5000.0, 5000.0]
