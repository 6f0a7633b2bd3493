"""The main fuse per phase, cycle by cycle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.settings import Tuning
from ohmstead.core.site import Battery, ChargePoint, GridConnection, Phases
from ohmstead.core.state import ChargePointState, Reading
from tests.core.world import BATTERY, CAR, COMFORTABLE, Bench, Why, a_site, why

ROOM_W = (35.0 - 0.5) * 230.0
"""What a 35 A fuse leaves on a phase, less the margin."""


@pytest.mark.parametrize(
    ("phases_base_w", "expected"),
    [
        ((500.0, 500.0, 500.0), Why(11_040, Rule.MANUAL)),
        ((500.0, 6000.0, 500.0), Why(round(3 * (ROOM_W - 6000.0)), Rule.MANUAL, Limit.FUSE_L2, 11_040)),
        ((500.0, 500.0, 6555.0), Why(round(3 * (ROOM_W - 6555.0)), Rule.MANUAL, Limit.FUSE_L3, 11_040)),
        ((6600.0, 500.0, 500.0), Why(0, Rule.MANUAL, Limit.FUSE_L1, 11_040)),
    ],
)
def test_a_three_phase_car_gets_what_the_fullest_phase_leaves(
    phases_base_w: tuple[float, float, float], expected: Why
) -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    assert why(bench.cycle(0, phases_base_w=phases_base_w)["car"]) == expected


@pytest.mark.parametrize(
    ("phases", "phases_base_w", "power_w"),
    [
        (Phases.L2, (7000.0, 500.0, 7000.0), 3680),
        (Phases.L2, (500.0, 5000.0, 500.0), round(ROOM_W - 5000.0)),
        (Phases.L2, (500.0, 7000.0, 500.0), 0),
        (Phases.L3, (7000.0, 7000.0, 500.0), 3680),
        (Phases.UNKNOWN, (500.0, 500.0, 500.0), 3680),
        (Phases.UNKNOWN, (500.0, 5000.0, 500.0), round(ROOM_W - 5000.0)),
        (Phases.UNKNOWN, (7000.0, 500.0, 500.0), 0),
    ],
)
def test_a_single_phase_car_is_bound_by_its_own_phase_or_the_worst_one(
    phases: Phases, phases_base_w: tuple[float, float, float], power_w: int
) -> None:
    bench = Bench(a_site(ChargePoint(id="car", phases=phases)))
    bench.engine.command(ManualCommand(asset="car", power_w=3680.0))
    assert round(bench.cycle(0, phases_base_w=phases_base_w)["car"].power_w) == power_w


def test_a_discharging_battery_makes_room_on_its_own_phases_only() -> None:
    single = Battery(
        id="battery", capacity_kwh=10, max_charge_w=3000, max_discharge_w=3000, phases=Phases.UNKNOWN
    )
    for battery, power_w in ((BATTERY, ROOM_W - 6500.0 + 1000.0), (single, ROOM_W - 6500.0)):
        car = ChargePoint(id="car", phases=Phases.L1)
        bench = Bench(a_site(battery, car))
        bench.engine.command(ManualCommand(asset="battery", power_w=-3000.0))
        bench.engine.command(ManualCommand(asset="car", power_w=3680.0))
        power = bench.cycle(0, phases_base_w=(6500.0, 0.0, 0.0))["car"].power_w
        assert power == pytest.approx(0.0 if power_w < 1380.0 else power_w)


def test_a_charger_that_can_change_phases_is_not_moved_onto_a_full_one() -> None:
    wide = ChargePoint(id="car", phase_switching=True, max_a=32.0)
    bench = Bench(a_site(wide))
    bench.engine.command(ManualCommand(asset="car", power_w=22_080.0))
    room_w = 1200.0
    got = bench.cycle(0, phases_base_w=(ROOM_W - room_w, 0.0, 0.0))["car"]
    assert why(got) == Why(0, Rule.MANUAL, Limit.FUSE_L1, 22_080)


def test_without_meters_per_phase_all_of_the_import_may_be_on_one() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    assert why(bench.cycle(0, 5500.0)["car"]) == Why(
        round(3 * (ROOM_W - 5500.0)), Rule.MANUAL, Limit.FUSE_L1, 11_040
    )


def test_phases_that_are_no_numbers_count_as_not_metered() -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    nan = float("nan")
    got = bench.cycle(0, phases_base_w=(nan, 500.0, 500.0))["car"]
    assert got.power_w == 0.0
    state = replace(COMFORTABLE["car"], phases_w=(nan, nan, nan), power_w=Reading(value=4000.0))
    assert isinstance(state, ChargePointState)
    got = bench.cycle(10, phases_base_w=(500.0, 500.0, 500.0), car=state)["car"]
    assert got.power_w == pytest.approx(11_040.0)


def test_the_smallest_fuse_still_lets_the_house_decide() -> None:
    bench = Bench(a_site(CAR, BATTERY, grid=GridConnection(fuse_a=16.0)))
    out = bench.cycle(0, phases_base_w=(9000.0, 0.0, 0.0))
    assert why(out["battery"]) == Why(-5000, Rule.PEAK_SHAVING, Limit.DEVICE, round(-3 * (9000 - 15.5 * 230)))


@pytest.mark.parametrize(("phase_limit_a", "bound_a"), [(0.0, 35.0), (20.0, 20.0), (63.0, 35.0)])
def test_the_lower_of_fuse_and_phase_limit_counts(phase_limit_a: float, bound_a: float) -> None:
    bench = Bench(a_site(CAR))
    bench.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    bench.engine.tune(Tuning(phase_limit_a=phase_limit_a))
    each_w = 2900.0
    got = bench.cycle(0, phases_base_w=(each_w, each_w, each_w))["car"]
    assert got.power_w == pytest.approx(min(11_040.0, 3 * ((bound_a - 0.5) * 230.0 - each_w)))
