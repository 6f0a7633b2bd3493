"""Flexible loads are shed in order and come back with room."""

from __future__ import annotations

from itertools import pairwise

from ohmstead.core.reason import Rule
from ohmstead.core.site import FlexibleLoad, GridConnection, Phases
from ohmstead.core.state import BatteryState, LoadState, Reading
from tests.core.world import BATTERY, Bench, Why, a_site, why

FIRST = FlexibleLoad(id="first", max_w=2000.0, shed_order=1, phases=Phases.L2)
SECOND = FlexibleLoad(id="second", max_w=2000.0, shed_order=2, phases=Phases.L2)
OTHER = FlexibleLoad(id="other", max_w=2000.0, shed_order=0, phases=Phases.L1)
GRID = GridConnection(fuse_a=25.5)
LIMIT_W = 25.0 * 230.0

SHED, ALLOWED = Why(0, Rule.SHED), Why(2000, Rule.ALLOWED)


def taking(asset: str, power_w: float) -> LoadState:
    return LoadState(id=asset, power_w=Reading(value=power_w))


def test_as_many_as_needed_are_shed_in_order_on_the_phase_that_is_over() -> None:
    bench = Bench(a_site(SECOND, FIRST, OTHER, grid=GRID))
    running = {a: taking(a, 2000.0) for a in ("first", "second", "other")}
    bench.states |= running
    out = bench.cycle(0, phases_base_w=(0.0, LIMIT_W - 4000.0, 0.0))
    assert {a: why(s) for a, s in out.items()} == dict.fromkeys(running, ALLOWED)
    out = bench.cycle(10, phases_base_w=(0.0, LIMIT_W - 2500.0, 0.0))
    assert {a: why(s) for a, s in out.items()} == {"first": SHED, "second": ALLOWED, "other": ALLOWED}
    out = bench.cycle(20, phases_base_w=(0.0, LIMIT_W - 1500.0, 0.0))
    assert {a: why(s) for a, s in out.items()} == {"first": SHED, "second": SHED, "other": ALLOWED}


def test_what_does_not_run_is_not_shed() -> None:
    bench = Bench(a_site(FIRST, SECOND, grid=GRID))
    out = bench.cycle(
        0,
        phases_base_w=(0.0, LIMIT_W - 1500.0, 0.0),
        first=taking("first", 0.0),
        second=taking("second", 2000.0),
    )
    assert {a: why(s) for a, s in out.items()} == {"first": ALLOWED, "second": SHED}


def test_it_comes_back_after_its_pause_when_there_is_room_for_all_of_it() -> None:
    bench = Bench(a_site(FIRST, grid=GRID))
    bench.cycle(0, phases_base_w=(0.0, LIMIT_W - 1000.0, 0.0), first=taking("first", 1500.0))
    off = taking("first", 0.0)
    for at_s, base_w, expected in [
        (10, 500.0, SHED),
        (299, 500.0, SHED),
        (300, LIMIT_W - 1999.0, SHED),
        (400, LIMIT_W - 2001.0, ALLOWED),
    ]:
        assert why(bench.cycle(at_s, phases_base_w=(0.0, base_w, 0.0), first=off)["first"]) == expected


def test_at_the_edge_it_does_not_flutter() -> None:
    bench = Bench(a_site(FIRST, grid=GRID))
    states, power_w = [], 2000.0
    for i in range(400):
        base_w = LIMIT_W - 2000.0 + 40.0 * (-1) ** i
        out = bench.cycle(5.0 * i, phases_base_w=(0.0, base_w, 0.0), first=taking("first", power_w))
        power_w = min(2000.0, out["first"].power_w)
        states.append(power_w)
    switches = sum(1 for a, b in pairwise(states) if a != b)
    assert switches <= 2 * 2000 / 300


def test_what_is_offline_is_left_alone() -> None:
    bench = Bench(a_site(FIRST, grid=GRID))
    gone = LoadState(id="first", online=False)
    assert bench.cycle(0, phases_base_w=(0.0, 9000.0, 0.0), first=gone) == {}


THRIFTY = FlexibleLoad(id="first", max_w=2000.0, modulating=True, avoid_import=True)


def test_a_modulating_load_takes_only_as_much_less_as_is_missing() -> None:
    for base_w, expected in [
        (-2000.0, ALLOWED),
        (-1200.0, Why(1200, Rule.SHED)),
        (500.0, SHED),
    ]:
        out = Bench(a_site(THRIFTY)).cycle(0, base_w, first=taking("first", 2000.0))
        assert why(out["first"]) == expected


def test_the_battery_gives_before_a_load_is_shed() -> None:
    bench = Bench(a_site(BATTERY, THRIFTY))
    out = bench.cycle(0, 4000.0, first=taking("first", 2000.0))
    assert (round(out["battery"].power_w), why(out["first"])) == (-5000, Why(1000, Rule.SHED))
    out = bench.cycle(10, 3500.0, first=taking("first", 1000.0))
    assert why(out["first"]) == Why(1500, Rule.SHED)
    out = bench.cycle(20, 2000.0, first=taking("first", 1500.0))
    assert why(out["first"]) == ALLOWED


def test_a_load_without_stages_is_switched_off_rather_than_fed_from_the_grid() -> None:
    thrifty = FlexibleLoad(id="first", max_w=2000.0, avoid_import=True)
    bench = Bench(a_site(BATTERY, thrifty))
    bench.states["battery"] = BatteryState(id="battery", soc=Reading(value=0.09))
    assert why(bench.cycle(0, 100.0, first=taking("first", 2000.0))["first"]) == SHED
    for at_s, base_w, expected in [(299, -2500.0, SHED), (301, -1900.0, SHED), (340, -2100.0, ALLOWED)]:
        out = bench.cycle(at_s, base_w, first=taking("first", 0.0))
        assert why(out["first"]) == expected


def test_a_modulating_load_leaves_room_below_a_fuse() -> None:
    dimmable = FlexibleLoad(id="first", max_w=2000.0, modulating=True, phases=Phases.L2)
    bench = Bench(a_site(dimmable, grid=GRID))
    out = bench.cycle(0, phases_base_w=(0.0, LIMIT_W - 1500.0, 0.0), first=taking("first", 2000.0))
    assert why(out["first"]) == Why(1500, Rule.SHED)
    out = bench.cycle(10, phases_base_w=(0.0, LIMIT_W - 1700.0, 0.0), first=taking("first", 1500.0))
    assert why(out["first"]) == Why(1700, Rule.SHED)
    out = bench.cycle(20, phases_base_w=(0.0, 0.0, 0.0), first=taking("first", 1700.0))
    assert why(out["first"]) == ALLOWED
