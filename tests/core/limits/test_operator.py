"""The grid operator's limit (§14a EnWG)."""

from __future__ import annotations

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import GridConnection
from tests.core.world import CAR, LIVING, PUMP, TANK, Bench, Why, a_site, why

GRID = GridConnection(operator_limit_w=4200.0)


def test_the_limit_binds_only_while_the_operator_asks_for_it() -> None:
    bench = Bench(a_site(CAR, TANK, grid=GRID))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    bench.engine.command(ManualCommand(asset="tank", power_w=3000.0))
    out = bench.cycle(0, phases_base_w=(200.0, 200.0, 200.0))
    assert why(out["car"]) == Why(11_040, Rule.MANUAL)
    out = bench.cycle(10, phases_base_w=(200.0, 200.0, 200.0), operator_limited=True)
    assert why(out["car"]) == Why(4200, Rule.MANUAL, Limit.OPERATOR, 11_040)
    assert why(out["tank"]) == Why(3000, Rule.MANUAL)
    out = bench.cycle(20, phases_base_w=(200.0, 200.0, 200.0))
    assert why(out["car"]) == Why(11_040, Rule.MANUAL)


def test_the_limit_breaks_a_minimum_running_time() -> None:
    bench = Bench(a_site(CAR, PUMP, LIVING, grid=GRID))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    bench.engine.command(ManualCommand(asset="pump", power_w=2000.0))
    bench.cycle(0, phases_base_w=(200.0, 200.0, 200.0))
    out = bench.cycle(10, phases_base_w=(200.0, 200.0, 200.0), operator_limited=True)
    assert out["car"].power_w + out["pump"].power_w <= 4200.0 + 1e-6
    assert bench.record is not None
    assert {c.won for c in bench.record.conflicts} == {Limit.OPERATOR}
    assert {c.lost for c in bench.record.conflicts} == {Limit.MIN_ON}
