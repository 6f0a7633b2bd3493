"""The battery's reserve for a power cut."""

from __future__ import annotations

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.state import BatteryState, Reading
from tests.core.world import BATTERY, Bench, Why, a_site, why


@pytest.mark.parametrize(
    ("soc", "expected"),
    [
        (0.11, Why(-2000, Rule.SELF_CONSUMPTION)),
        (0.10, Why(0, Rule.SELF_CONSUMPTION, Limit.RESERVE, -2000)),
        (0.08, Why(0, Rule.SELF_CONSUMPTION, Limit.RESERVE, -2000)),
        (0.05, Why(500, Rule.BATTERY_MIN_SOC)),
        (None, Why(0, Rule.IDLE)),
    ],
)
def test_at_its_reserve_a_battery_does_not_discharge(soc: float | None, expected: Why) -> None:
    bench = Bench(a_site(BATTERY))
    state = BatteryState(id="battery", power_w=Reading(value=0.0), soc=Reading(value=soc))
    assert why(bench.cycle(0, 2000.0, battery=state)["battery"]) == expected


def test_a_command_by_hand_does_not_go_below_it_either() -> None:
    bench = Bench(a_site(BATTERY))
    bench.engine.command(ManualCommand(asset="battery", power_w=-3000.0))
    state = BatteryState(id="battery", power_w=Reading(value=0.0), soc=Reading(value=0.1))
    assert why(bench.cycle(0, 2000.0, battery=state)["battery"]) == Why(0, Rule.MANUAL, Limit.RESERVE, -3000)
