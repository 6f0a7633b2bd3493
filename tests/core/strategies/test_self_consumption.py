"""The battery balances the rest inside the plan's band."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.settings import Settings
from ohmstead.core.site import Battery
from ohmstead.core.state import BatteryState, Reading
from tests.core.world import BATTERY, Bench, Why, a_plan, a_site, why


@pytest.mark.parametrize(
    ("base_w", "soc", "expected"),
    [
        (-3000.0, 0.5, Why(3000, Rule.SELF_CONSUMPTION)),
        (-9000.0, 0.5, Why(5000, Rule.SELF_CONSUMPTION, Limit.DEVICE, 9000)),
        (2000.0, 0.5, Why(-2000, Rule.SELF_CONSUMPTION)),
        (9000.0, 0.5, Why(-5000, Rule.SELF_CONSUMPTION, Limit.DEVICE, -9000)),
        (5.0, 0.5, Why(0, Rule.IDLE)),
        (-3000.0, 1.0, Why(0, Rule.SELF_CONSUMPTION, Limit.FULL, 3000)),
    ],
)
def test_without_a_plan_it_balances(base_w: float, soc: float, expected: Why) -> None:
    bench = Bench(a_site(BATTERY))
    bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=soc))
    assert why(bench.cycle(0, base_w)["battery"]) == expected


@pytest.mark.parametrize(
    ("wish", "base_w", "expected"),
    [
        (
            AssetSlot(power_w=0, energy_low_kwh=3.0, energy_high_kwh=8.0),
            2000.0,
            Why(-2000, Rule.SELF_CONSUMPTION),
        ),
        (AssetSlot(power_w=0, energy_low_kwh=5.0, energy_high_kwh=8.0), 2000.0, Why(0, Rule.HOLD)),
        (AssetSlot(power_w=0, energy_low_kwh=3.0, energy_high_kwh=5.0), -2000.0, Why(0, Rule.HOLD)),
        (AssetSlot(power_w=0, energy_low_kwh=6.0), 2000.0, Why(0, Rule.HOLD)),
        (AssetSlot(power_w=3000, import_w=3000), 500.0, Why(3000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=3000, import_w=3000), -1000.0, Why(4000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=-3000, export_w=2500), 500.0, Why(-3000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=0), -2000.0, Why(2000, Rule.SELF_CONSUMPTION)),
    ],
)
def test_with_a_plan_only_inside_its_band(wish: AssetSlot, base_w: float, expected: Why) -> None:
    bench = Bench(a_site(BATTERY), plan=a_plan({"battery": wish}))
    assert why(bench.cycle(0, base_w)["battery"]) == expected


def test_near_the_edge_of_its_band_it_slows_down_instead_of_fluttering() -> None:
    wish = AssetSlot(power_w=0, energy_low_kwh=4.9, energy_high_kwh=10.0)
    bench = Bench(a_site(BATTERY), plan=a_plan(*[{"battery": wish}] * 4))
    energy_kwh, powers = 5.0, []
    for i in range(200):
        bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=energy_kwh / 10.0))
        power_w = bench.cycle(5.0 * i, 3000.0)["battery"].power_w
        energy_kwh += power_w / BATTERY.discharge_efficiency * 5.0 / 3.6e6
        powers.append(power_w)
    assert all(a <= b + 1e-9 for a, b in pairwise(powers[1:]))
    assert energy_kwh >= 4.9 - 1e-9
    assert powers[-1] > -30.0


def test_buying_stops_at_the_top_of_the_band_and_leaves_the_sun_alone() -> None:
    second = Battery(id="second", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
    wishes = {
        "battery": AssetSlot(power_w=5000.0, import_w=4000.0, energy_high_kwh=5.01),
        "second": AssetSlot(power_w=0.0),
    }
    bench = Bench(a_site(BATTERY, second), plan=a_plan(wishes))
    bench.states["second"] = BatteryState(id="second", soc=Reading(value=0.5))
    out = bench.cycle(0, -3000.0)
    assert out["battery"].power_w + out["second"].power_w == pytest.approx(3000.0)


def test_the_dead_band_can_be_closed() -> None:
    bench = Bench(a_site(BATTERY), settings=Settings(balance_deadband_w=0.0))
    assert bench.cycle(0, -5.0)["battery"].power_w == pytest.approx(5.0)


def test_batteries_are_filled_and_emptied_in_the_order_of_the_site() -> None:
    second = Battery(id="second", capacity_kwh=50.0, max_charge_w=11_000.0, max_discharge_w=11_000.0)
    for base_w, expected in ((-7000.0, (5000, 2000)), (7000.0, (-5000, -2000)), (-3000.0, (3000, 0))):
        bench = Bench(a_site(BATTERY, second))
        bench.states["second"] = BatteryState(id="second", soc=Reading(value=0.5))
        out = bench.cycle(0, base_w)
        assert (round(out["battery"].power_w), round(out["second"].power_w)) == expected
