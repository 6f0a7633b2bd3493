"""Protection between two cycles: lowers at once what is over a limit, and never raises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine, replay
from ohmstead.core.memory import ManualCommand
from ohmstead.core.phases import PhaseEvidence
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings, Tuning
from ohmstead.core.site import Battery, ChargePoint, FlexibleLoad, GridConnection, HotWaterTank, Phases
from ohmstead.core.state import GridState, LoadState, Quality
from tests.core.homes import commands, images, plans, settings_of_homes, sites
from tests.core.world import BATTERY, CAR, NOON, TANK, Bench, Why, a_site, reading, why

ROOM_W = (35.0 - 0.5) * 230.0
"""What a 35 A fuse leaves on a phase, less the margin."""
FULL_W = 11_040.0


def metered(at_s: float, *phases_w: float) -> GridState:
    """The meter's reading of a moment: three phases."""
    l1, l2, l3 = phases_w
    at = NOON + timedelta(seconds=at_s)
    return GridState(power_w=reading(l1 + l2 + l3, at), phases_w=(l1, l2, l3))


def charging(*more: object, grid: GridConnection | None = None, **kwargs: object) -> Bench:
    """A car at full power by hand, in a home that takes 500 W on each phase."""
    bench = Bench(a_site(CAR, *more, grid=grid), **kwargs)  # type: ignore[arg-type]
    bench.engine.command(ManualCommand(asset="car", power_w=FULL_W))
    for at_s in (0, 10, 20, 30):
        bench.cycle(at_s, phases_base_w=(500.0, 500.0, 500.0))
    return bench


def look(bench: Bench, at_s: float, *phases_w: float, limited: bool = False) -> CycleRecord | None:
    return bench.engine.protect(bench.at(at_s), metered(at_s, *phases_w), operator_limited=limited)


def test_what_is_over_the_fuse_is_lowered_at_once_with_the_reason_of_a_cycle() -> None:
    bench = charging(BATTERY)
    covered_w = bench.engine.memory.of("battery").commanded_w
    assert covered_w == pytest.approx(-1500.0)
    record = look(bench, 32, 3680, 9180, 3680)
    assert record is not None
    after = {s.asset: s for s in record.setpoints}
    expected = Why(round(3 * (ROOM_W - 6000.0)), Rule.MANUAL, Limit.FUSE_L2, FULL_W)
    assert why(after["car"]) == expected
    assert [s.asset for s in record.setpoints if s.send] == ["car"]
    cycle = bench.cycle(40, phases_base_w=(500.0, 6000.0, 500.0))
    assert why(cycle["car"]) == expected


def test_it_is_lowered_once_and_raised_in_the_cycle_only() -> None:
    bench = charging()
    assert look(bench, 32, 4180, 9680, 4180) is not None
    assert look(bench, 34, 4180, 9680, 4180) is None
    assert look(bench, 36, 2645, 7935, 2645) is None
    assert look(bench, 38, 2145, 2145, 2145) is None
    assert bench.engine.memory.of("car").commanded_w == pytest.approx(3 * (ROOM_W - 6000.0))
    assert why(bench.cycle(40, phases_base_w=(500.0, 500.0, 500.0))["car"]) == Why(FULL_W, Rule.MANUAL)


@pytest.mark.parametrize("phases_w", [(4180, 4180, 4180), (4180, 7900, 4180), (0, 0, 0), (-3000, -3000, 0)])
def test_below_the_limit_nothing_happens(phases_w: tuple[float, float, float]) -> None:
    bench = charging()
    before = bench.engine.memory
    assert look(bench, 32, *phases_w) is None
    assert bench.engine.memory is before


def test_a_stale_meter_and_a_clock_set_back_are_left_to_the_cycle() -> None:
    bench = charging()
    grid = metered(32, 4180, 9680, 4180)
    stale = replace(grid, power_w=replace(grid.power_w, quality=Quality.STALE))
    assert bench.engine.protect(bench.at(32), stale) is None
    assert bench.engine.protect(bench.at(90), grid) is None
    assert look(bench, 20, 4180, 9680, 4180) is None
    assert bench.engine.protect(bench.at(32), grid) is not None


def test_before_the_first_cycle_there_is_nothing_to_lower() -> None:
    engine = Engine(a_site(CAR))
    assert engine.protect(NOON, metered(0, 9000, 9000, 9000)) is None


def test_the_grid_operator_is_obeyed_before_the_next_cycle() -> None:
    bench = charging(grid=GridConnection(operator_limit_w=4200.0))
    assert look(bench, 32, 4180, 4180, 4180) is None
    record = look(bench, 34, 4180, 4180, 4180, limited=True)
    assert record is not None
    assert why(record.setpoints[0]) == Why(4200, Rule.MANUAL, Limit.OPERATOR, FULL_W)


def test_a_lower_phase_limit_holds_before_the_next_cycle() -> None:
    bench = charging()
    bench.engine.tune(Tuning(phase_limit_a=10.5))
    record = look(bench, 32, 4180, 4180, 4180)
    assert record is not None
    assert why(record.setpoints[0]) == Why(5400, Rule.MANUAL, Limit.FUSE_L1, FULL_W)


def test_what_was_cut_before_tells_what_it_would_be_without_any_limit() -> None:
    bench = charging()
    bench.cycle(40, phases_base_w=(500.0, 5000.0, 500.0))
    record = look(bench, 42, 3478, 8935, 3478)
    assert record is not None
    assert record.setpoints[0].power_w < 3 * (ROOM_W - 5000.0)
    assert record.setpoints[0].reason.without_limit_w == FULL_W


def test_who_comes_first_in_a_cycle_is_cut_last() -> None:
    car = ChargePoint(id="car", phases=Phases.L1)
    bench = Bench(a_site(car, HotWaterTank(id="tank")), Settings(surplus_start_s=0.0))
    bench.engine.command(ManualCommand(asset="tank", power_w=3000.0))
    for at_s in (0, 10, 20, 30, 40):
        bench.cycle(at_s, phases_base_w=(-9000.0, 0.0, 0.0))
    before = bench.cycle(50, phases_base_w=(-9000.0, 0.0, 0.0))
    assert (before["car"].power_w, before["car"].reason.rule) == (3680.0, Rule.SURPLUS)
    record = look(bench, 52, ROOM_W + 2000.0, 0, 0)
    assert record is not None
    after = {s.asset: s for s in record.setpoints}
    assert why(after["tank"]) == Why(3000, Rule.MANUAL)
    assert why(after["car"]) == Why(1680, Rule.SURPLUS, Limit.FUSE_L1, 6000)


def test_a_battery_discharges_and_a_load_is_shed_where_nothing_else_is_left() -> None:
    pump = FlexibleLoad(id="pool", max_w=2000.0, phases=Phases.L2)
    bench = Bench(a_site(BATTERY, pump))
    running = LoadState(id="pool", power_w=reading(1800.0))
    for at_s in (0, 10, 20):
        bench.cycle(at_s, phases_base_w=(0.0, 0.0, 0.0), pool=running)
    told_w = bench.engine.memory.of("battery").commanded_w
    assert told_w is not None
    record = look(bench, 22, 0, ROOM_W + 2500.0, 0)
    assert record is not None
    after = {s.asset: s for s in record.setpoints}
    assert after["battery"].reason.rule is Rule.PEAK_SHAVING
    assert -5000.0 <= after["battery"].power_w < told_w
    assert (why(after["pool"]), after["pool"].send) == (Why(0, Rule.SHED), True)


def test_a_finding_of_a_phase_is_doubted_and_the_car_lowered_where_another_is_over() -> None:
    car = ChargePoint(id="car", phases=Phases.UNKNOWN)
    bench = Bench(a_site(car))
    bench.engine.command(ManualCommand(asset="car", power_w=3680.0))
    bench.cycle(0, phases_base_w=(0.0, 0.0, 0.0))
    bench.engine.memory.of("car").phases = PhaseEvidence(found=Phases.L1, from_house=True)
    bench.cycle(10, phases_base_w=(0.0, 0.0, 0.0))
    record = look(bench, 12, 0, ROOM_W + 1000.0, 0)
    assert record is not None
    assert why(record.setpoints[0]) == Why(2680, Rule.MANUAL, Limit.FUSE_L2, 3680)
    evidence = bench.engine.memory.of("car").phases
    assert evidence is not None
    assert (evidence.found, evidence.doubted) == (None, True)


def test_a_surge_on_one_phase_is_told_from_a_charger_on_its_way() -> None:
    bench = charging()
    slow = replace(bench.states["car"], power_w=reading(FULL_W))
    bench.engine.command(ManualCommand(asset="car", power_w=9000.0))
    bench.cycle(40, phases_base_w=(500.0, 500.0, 500.0), car=slow)
    record = look(bench, 48, 3500, 8700, 3500)
    assert record is not None
    assert why(record.setpoints[0]) == Why(round(3 * (ROOM_W - 5700.0)), Rule.MANUAL, Limit.FUSE_L2, 9000)


def test_noise_around_the_limit_sends_nothing() -> None:
    bench = charging()
    bench.cycle(40, phases_base_w=(500.0, 6000.0, 500.0))
    for at_s, noise_w in ((42, 30.0), (44, -30.0), (46, 50.0), (48, 0.0)):
        assert look(bench, at_s, 2435, 7935 + noise_w, 2435) is None


def test_a_device_that_failed_is_told_again_in_the_cycle() -> None:
    bench = charging(TANK)
    assert look(bench, 32, 4180, 9680, 4180) is not None
    bench.engine.failed("car")
    assert bench.cycle(40, phases_base_w=(500.0, 6000.0, 500.0))["car"].send


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_in_any_home_it_only_lowers_and_is_replayed_bit_for_bit(data: st.DataObject) -> None:
    site = data.draw(sites())
    engine = Engine(site, data.draw(settings_of_homes), plan=data.draw(plans(site)))
    for command in data.draw(commands(site)):
        engine.command(command)
    for at_s in (0.0, 10.0):
        engine.observe(data.draw(images(site, at_s)))
        held = {s.asset: s for s in engine.step(NOON + timedelta(seconds=at_s)).setpoints}
    for at_s in (12.0, 14.0):
        seen = data.draw(images(site, at_s))
        record = engine.protect(seen.at, seen.grid, operator_limited=seen.operator_limited)
        if record is None:
            continue
        assert [s.asset for s in record.setpoints] == list(held)
        assert any(s.send for s in record.setpoints)
        for setpoint in record.setpoints:
            before_w = held[setpoint.asset].power_w
            if not setpoint.send:
                assert setpoint == replace(held[setpoint.asset], send=False)
            elif isinstance(site.asset(setpoint.asset), Battery):
                assert setpoint.power_w < before_w or before_w < setpoint.power_w <= 0.0
            else:
                assert 0.0 <= setpoint.power_w < before_w
        for again in (record, from_data(CycleRecord, to_data(record))):
            decision = replay(again, site, engine.settings)
            assert decision.setpoints == record.setpoints
            assert decision.conflicts == record.conflicts
            assert decision.left_w == record.left_w
        held = {s.asset: s for s in record.setpoints}
