"""Fused sub-distributions."""

from __future__ import annotations

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import ChargePoint, Circuit, FlexibleLoad, Phases, Site
from ohmstead.core.state import ChargePointState, LoadState, Reading
from tests.core.world import BATTERY, CAR, POOL, Bench, Why, why

GARAGE = Circuit(id="garage", fuse_a=16.0, assets=("car", "second"))
SECOND = ChargePoint(id="second")
ROOM_W = 15.5 * 230.0


def test_two_cars_share_a_circuit_first_come_first_served() -> None:
    bench = Bench(Site(assets=(CAR, SECOND), circuits=(GARAGE,)))
    bench.states["second"] = ChargePointState(id="second", connected=True)
    bench.engine.command(ManualCommand(asset="car", power_w=6000.0))
    bench.engine.command(ManualCommand(asset="second", power_w=6000.0))
    for at_s in (0, 10, 60):
        out = bench.cycle(at_s, phases_base_w=(0.0, 0.0, 0.0))
        assert why(out["car"]) == Why(6000, Rule.MANUAL)
        assert why(out["second"]) == Why(round(3 * ROOM_W - 6000), Rule.MANUAL, Limit.CIRCUIT, 6000)


def test_what_is_only_metered_on_a_circuit_counts_as_its_base() -> None:
    circuit = Circuit(id="garage", fuse_a=16.0, assets=("car", "pool"))
    bench = Bench(Site(assets=(ChargePoint(id="car", phases=Phases.L2), POOL), circuits=(circuit,)))
    bench.engine.command(ManualCommand(asset="car", power_w=3680.0))
    pool = LoadState(id="pool", power_w=Reading(value=1500.0))
    out = bench.cycle(0, phases_base_w=(0.0, 0.0, 0.0), pool=pool)
    assert out["car"].power_w == pytest.approx(ROOM_W - 1500.0)
    assert out["car"].reason.limit is Limit.CIRCUIT


def test_an_overloaded_circuit_sheds_what_hangs_on_it_and_leaves_the_battery_elsewhere_alone() -> None:
    heater = FlexibleLoad(id="pool", max_w=4000.0)
    other = FlexibleLoad(id="other", max_w=2000.0, shed_order=0)
    circuit = Circuit(id="garage", fuse_a=16.0, assets=("pool",))
    bench = Bench(Site(assets=(BATTERY, heater, other), circuits=(circuit,)))
    out = bench.cycle(
        0,
        phases_base_w=(0.0, 0.0, 0.0),
        pool=LoadState(id="pool", power_w=Reading(value=3900.0)),
        other=LoadState(id="other", power_w=Reading(value=1000.0)),
    )
    assert why(out["pool"]) == Why(0, Rule.SHED)
    assert why(out["other"]) == Why(2000, Rule.ALLOWED)
    assert out["battery"].reason.rule is Rule.SELF_CONSUMPTION
