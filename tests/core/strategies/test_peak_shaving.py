"""The battery as a helper against peaks and overloads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Rule
from ohmstead.core.site import GridConnection, Phases
from tests.core.world import BATTERY, Bench, Why, a_plan, a_site, why

HOLD = a_plan({"battery": AssetSlot(power_w=0.0, energy_low_kwh=5.0, energy_high_kwh=5.0)})


@pytest.mark.parametrize(
    ("base_w", "expected"),
    [
        (5900.0, Why(0, Rule.HOLD)),
        (6100.0, Why(-100, Rule.PEAK_SHAVING)),
        (9000.0, Why(-3000, Rule.PEAK_SHAVING)),
    ],
)
def test_what_is_above_the_peak_comes_out_of_the_battery_whatever_the_plan_says(
    base_w: float, expected: Why
) -> None:
    bench = Bench(a_site(BATTERY, grid=GridConnection(peak_shaving_w=6000.0)), plan=HOLD)
    assert why(bench.cycle(0, phases_base_w=(base_w / 3, base_w / 3, base_w / 3))["battery"]) == expected


def test_a_battery_that_shaves_a_peak_is_not_charged_by_the_plan() -> None:
    plan = a_plan({"battery": AssetSlot(power_w=5000.0, import_w=5000.0)})
    bench = Bench(a_site(BATTERY, grid=GridConnection(peak_shaving_w=6000.0)), plan=plan)
    got = bench.cycle(0, phases_base_w=(3000.0, 3000.0, 3000.0))["battery"]
    assert why(got) == Why(-3000, Rule.PEAK_SHAVING)


@pytest.mark.parametrize(
    ("phases", "expected_w"),
    [(Phases.ALL, -1500), (Phases.L1, -500), (Phases.L2, 0), (Phases.UNKNOWN, 0)],
)
def test_an_overloaded_phase_is_relieved_by_a_battery_that_feeds_it(phases: Phases, expected_w: int) -> None:
    battery = replace(BATTERY, phases=phases)
    bench = Bench(a_site(battery), plan=HOLD)
    over = (34.5 * 230.0 + 500.0, 0.0, 0.0)
    assert round(bench.cycle(0, phases_base_w=over)["battery"].power_w) == expected_w
