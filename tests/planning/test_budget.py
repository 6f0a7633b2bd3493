"""Budgets: surplus counted once, bands that follow the worth, and the plan found again by them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.plan import Plan
from ohmstead.models.battery import next_energy_kwh
from ohmstead.planning.blocks.base import AssetResult, BatteryResult
from ohmstead.planning.budget import band_kwh, export_kw, import_kw
from ohmstead.planning.planner import PlanRequest, make_plan
from tests.planning.homes import BATTERY, NOW, PV, forecast, prices, site, state, sunny


def load(power: float, value: float) -> AssetResult:
    return AssetResult(power_kw=np.array([power]), value_eur_per_kwh=np.array([value]))


def battery(power: float, *, value: float, before: float = 5.0, after: float = 5.0) -> AssetResult:
    return AssetResult(
        power_kw=np.array([power]),
        value_eur_per_kwh=np.array([value * 0.95]),
        energy_kwh=np.array([before, after]),
        battery=BatteryResult(
            cell_value_eur_per_kwh=np.array([value]),
            reserve_kwh=1.0,
            full_kwh=10.0,
            charge_efficiency=0.95,
            discharge_efficiency=0.95,
            wear_eur_per_kwh=0.02,
            grid_charging=True,
        ),
    )


def test_surplus_goes_to_the_highest_value_and_the_rest_is_bought() -> None:
    bought = import_kw({"car": load(3.0, 0.10), "tank": load(2.0, 0.30)}, net_load_kw=np.array([-4.0]))
    assert bought["tank"][0] == 0.0
    assert bought["car"][0] == pytest.approx(1.0)


@given(
    powers=st.lists(st.floats(0.0, 11.0), min_size=1, max_size=4),
    values=st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4),
    net=st.floats(-20.0, 20.0),
)
def test_surplus_is_dealt_out_once_and_completely(
    powers: list[float], values: list[float], net: float
) -> None:
    results = {str(i): load(p, values[i]) for i, p in enumerate(powers)}
    bought = sum(float(b[0]) for b in import_kw(results, net_load_kw=np.array([net])).values())
    assert bought == pytest.approx(max(0.0, sum(powers) - max(0.0, -net)), abs=1e-9)


def test_a_battery_sells_what_the_house_does_not_lack() -> None:
    results = {"battery": battery(-4.0, value=0.1), "car": load(1.5, 0.2)}
    assert export_kw(results, net_load_kw=np.array([0.5]))["battery"][0] == pytest.approx(2.0)
    assert export_kw(results, net_load_kw=np.array([9.0]))["battery"][0] == 0.0
    assert export_kw(results, net_load_kw=np.array([-9.0]))["battery"][0] == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("value", "before", "after", "expected"),
    [
        (0.20, 5.0, 5.0, (1.0, 10.0)),  # serving (0.23 < 0.30) and storing (0.19 > 0.08) both pay
        (0.35, 5.0, 5.0, (5.0, 10.0)),  # worth more later: hold against discharge, take surplus
        (0.05, 5.0, 5.0, (1.0, 5.0)),  # the sun is better sold: no more than there is
        (0.28 * 0.95, 5.0, 4.2, (4.2, 10.0)),  # a tie in serving: the planned energy
        (0.08 / 0.95, 5.0, 6.1, (1.0, 6.1)),  # a tie in storing: the planned energy
        (0.35, 5.0, 3.0, (3.0, 10.0)),  # the plan discharges all the same (a limit): inside
    ],
)
def test_band(value: float, before: float, after: float, expected: tuple[float, float]) -> None:
    low, high = band_kwh(
        battery(0.0, value=value, before=before, after=after),
        import_price=np.array([0.30]),
        export_price=np.array([0.08]),
    )
    assert (low[0], high[0]) == pytest.approx(expected)


def follow(plan: Plan, *, soc: float) -> tuple[float, float]:
    """Carry a plan out minute by minute with surplus first and the plan as a budget; € and kWh."""
    energy, bill = soc * BATTERY.capacity_kwh, 0.0
    for slot in plan.slots:
        wish = slot.assets["battery"]
        assert wish.energy_low_kwh is not None
        assert wish.energy_high_kwh is not None
        minutes = math.ceil((slot.end - slot.start).total_seconds() / 60.0)
        for _ in range(minutes):
            surplus_w = -(slot.load_w + slot.pv_w)
            room_w = max(0.0, wish.energy_high_kwh - energy) / BATTERY.charge_efficiency * 60e3
            spare_w = max(0.0, energy - wish.energy_low_kwh) * BATTERY.discharge_efficiency * 60e3
            if (surplus_w > 0.0 or wish.import_w > 0.0) and wish.export_w == 0.0:
                power_w = min(max(0.0, surplus_w) + wish.import_w, room_w, BATTERY.max_charge_w)
            else:
                lack_w = max(0.0, -surplus_w) + wish.export_w
                power_w = -min(lack_w, spare_w, BATTERY.max_discharge_w)
            energy = next_energy_kwh(BATTERY, energy_kwh=energy, power_w=power_w, duration_s=60.0)
            kwh = (power_w - surplus_w) / 60e3
            bill += kwh * (slot.import_eur_per_kwh if kwh > 0.0 else slot.export_eur_per_kwh)
    return bill, energy


@pytest.mark.parametrize("spread", [0.02, 0.10, 0.25])
@pytest.mark.parametrize("peak_w", [0.0, 2500.0, 6000.0])
@pytest.mark.parametrize("export", [0.02, 0.12])
def test_following_the_budget_gives_the_plan_where_the_forecast_is_right(
    spread: float, peak_w: float, export: float
) -> None:
    imports = [0.25 + spread * math.sin(h * 0.7) + 0.003 * h for h in range(48)]
    plan = make_plan(
        PlanRequest(
            now=NOW,
            site=site(PV, BATTERY),
            state=state(soc=0.5),
            prices=prices(imports, export),
            forecast=forecast(load_w=600.0, pv_w=sunny(peak_w)),
        )
    )
    bill, energy = follow(plan, soc=0.5)
    assert bill == pytest.approx(plan.expected_cost_eur, abs=0.02)
    assert energy == pytest.approx(plan.slots[-1].assets["battery"].energy_kwh or 0.0, abs=0.05)
