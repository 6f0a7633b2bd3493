"""The plan as a budget: import where it says so, measured sun instead of forecast sun."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Rule
from ohmstead.core.site import FlexibleLoad
from tests.core.world import BATTERY, CAR, TANK, Bench, Why, a_plan, a_site, why


@pytest.mark.parametrize(
    ("wish", "base_w", "expected"),
    [
        (AssetSlot(power_w=6000.0, import_w=6000.0), 500.0, Why(6000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=8000.0, import_w=5000.0), -1000.0, Why(6000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=8000.0, import_w=5000.0), -9000.0, Why(8000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=8000.0, import_w=5000.0), 500.0, Why(5000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=6000.0), 500.0, Why(0, Rule.IDLE)),
        (AssetSlot(power_w=6000.0), -5000.0, Why(5000, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=4000.0, import_w=4000.0), 500.0, Why(4140, Rule.PLAN_BUDGET)),
        (AssetSlot(power_w=0.0), 500.0, Why(0, Rule.IDLE)),
    ],
)
def test_what_a_car_gets_of_its_plan(wish: AssetSlot, base_w: float, expected: Why) -> None:
    bench = Bench(a_site(CAR), plan=a_plan({"car": wish}))
    assert why(bench.cycle(0, base_w)["car"]) == expected


def test_missing_sun_is_missing_first_where_a_kwh_is_worth_least() -> None:
    wishes = {
        "tank": AssetSlot(power_w=3000.0, value_eur_per_kwh=0.1),
        "car": AssetSlot(power_w=6000.0, value_eur_per_kwh=0.3),
    }
    bench = Bench(a_site(TANK, CAR), plan=a_plan(wishes))
    out = bench.cycle(0, -7000.0)
    assert why(out["car"]) == Why(6000, Rule.PLAN_BUDGET)
    assert why(out["tank"]) == Why(1000, Rule.PLAN_BUDGET)


def test_the_battery_holds_while_the_car_imports_by_plan() -> None:
    wishes = {
        "car": AssetSlot(power_w=6000.0, import_w=6000.0),
        "battery": AssetSlot(power_w=0.0, energy_low_kwh=5.0, energy_high_kwh=5.0),
    }
    bench = Bench(a_site(CAR, BATTERY), plan=a_plan(wishes))
    out = bench.cycle(0, 500.0)
    assert why(out["car"]) == Why(6000, Rule.PLAN_BUDGET)
    assert why(out["battery"]).rule is Rule.HOLD
    assert out["battery"].power_w == 0.0


def test_a_plan_for_what_is_gone_or_cannot_be_commanded_is_ignored() -> None:
    wishes = {
        "pool": AssetSlot(power_w=2000.0, import_w=2000.0),
        "boat": AssetSlot(power_w=2000.0, import_w=2000.0),
    }
    bench = Bench(a_site(FlexibleLoad(id="pool")), plan=a_plan(wishes))
    assert why(bench.cycle(0, 500.0)["pool"]) == Why(2000, Rule.ALLOWED)


def energy_of(bench: Bench, asset: str, base_w: float, until_s: int, cycle_s: int = 10) -> float:
    """What an asset is told over some time, kWh."""
    told_w = [bench.cycle(at_s, base_w)[asset].power_w for at_s in range(0, until_s, cycle_s)]
    return sum(told_w) * cycle_s / 3.6e6


@pytest.mark.parametrize(
    ("wish", "base_w"),
    [
        (AssetSlot(power_w=400.0, import_w=400.0), 500.0),
        (AssetSlot(power_w=400.0), -3000.0),
        (AssetSlot(power_w=700.0, import_w=300.0), -2000.0),
    ],
)
def test_a_plan_below_the_smallest_stage_is_kept_by_pulses(wish: AssetSlot, base_w: float) -> None:
    bench = Bench(a_site(TANK), plan=a_plan({"tank": wish}))
    assert energy_of(bench, "tank", base_w, 900) == pytest.approx(wish.power_w * 900 / 3.6e6, rel=0.15)


def test_pulses_do_not_flutter() -> None:
    bench = Bench(a_site(TANK), plan=a_plan({"tank": AssetSlot(power_w=400.0, import_w=400.0)}))
    told_w = [bench.cycle(at_s, 500.0)["tank"].power_w for at_s in range(0, 900, 10)]
    switches = sum(a != b for a, b in pairwise(told_w))
    assert switches <= 2


def test_a_small_wish_for_sun_waits_where_there_is_none() -> None:
    bench = Bench(a_site(TANK), plan=a_plan({"tank": AssetSlot(power_w=400.0)}))
    assert energy_of(bench, "tank", 500.0, 900) == 0.0
