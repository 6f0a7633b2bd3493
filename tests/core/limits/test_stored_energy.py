"""No power that fills or empties a storage before the horizon is over."""

from __future__ import annotations

import pytest

from ohmstead.core.reason import Limit, Rule
from ohmstead.core.settings import Settings
from ohmstead.core.state import BatteryState, Reading
from tests.core.world import BATTERY, Bench, Why, a_site, why

HORIZON = Settings(storage_horizon_s=360.0)


@pytest.mark.parametrize(
    ("soc", "base_w", "expected"),
    [
        (0.5, -4000.0, Why(4000, Rule.SELF_CONSUMPTION)),
        (0.981, -4000.0, Why(2000, Rule.SELF_CONSUMPTION, Limit.FULL, 4000)),
        (1.0, -4000.0, Why(0, Rule.SELF_CONSUMPTION, Limit.FULL, 4000)),
        (0.5, 4000.0, Why(-4000, Rule.SELF_CONSUMPTION)),
        (0.12, 4000.0, Why(-1900, Rule.SELF_CONSUMPTION, Limit.RESERVE, -4000)),
        (0.1, 4000.0, Why(0, Rule.SELF_CONSUMPTION, Limit.RESERVE, -4000)),
    ],
)
def test_losses_count_on_both_ways(soc: float, base_w: float, expected: Why) -> None:
    bench = Bench(a_site(BATTERY), settings=HORIZON)
    bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=soc))
    assert why(bench.cycle(0, base_w)["battery"]) == expected


def test_without_a_horizon_it_stops_when_it_gets_there() -> None:
    bench = Bench(a_site(BATTERY))
    bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=0.999))
    assert why(bench.cycle(0, -4000.0)["battery"]) == Why(4000, Rule.SELF_CONSUMPTION)
