"""Import and export limits of the contract, over all phases."""

from __future__ import annotations

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import GridConnection
from tests.core.world import BATTERY, CAR, Bench, Why, a_site, why


@pytest.mark.parametrize(
    ("base_w", "expected"),
    [
        (500.0, Why(7500, Rule.MANUAL, Limit.GRID_IMPORT, 11_040)),
        (-5000.0, Why(11_040, Rule.MANUAL)),
        (4000.0, Why(0, Rule.MANUAL, Limit.GRID_IMPORT, 11_040)),
    ],
)
def test_import_stays_within_the_contract(base_w: float, expected: Why) -> None:
    bench = Bench(a_site(CAR, grid=GridConnection(max_import_w=8000.0)))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    assert why(bench.cycle(0, base_w)["car"]) == expected


def test_a_battery_does_not_sell_more_than_the_contract_takes() -> None:
    bench = Bench(a_site(BATTERY, grid=GridConnection(max_export_w=2000.0)))
    bench.engine.command(ManualCommand(asset="battery", power_w=-5000.0))
    assert why(bench.cycle(0, 500.0)["battery"]) == Why(-2500, Rule.MANUAL, Limit.GRID_EXPORT, -5000)


def test_a_battery_rests_where_the_sun_alone_exports_too_much() -> None:
    bench = Bench(a_site(BATTERY, grid=GridConnection(max_export_w=2000.0)))
    bench.engine.command(ManualCommand(asset="battery", power_w=-5000.0))
    assert why(bench.cycle(0, -3000.0)["battery"]) == Why(0, Rule.MANUAL, Limit.GRID_EXPORT, -5000)
