"""The engine: when it asks for a plan, which plan it follows, when it wants to be woken."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine, replay
from ohmstead.core.memory import ManualCommand, Memory
from ohmstead.core.phases import PhaseEvidence
from ohmstead.core.plan import AssetSlot, Plan
from ohmstead.core.reason import Rule
from ohmstead.core.settings import Settings, Tuning
from ohmstead.core.site import Phases
from ohmstead.core.state import AssetState, BatteryState, ChargePointState, Reading, SiteState
from tests.core.world import BATTERY, CAR, NOON, a_plan, a_site, image, prices

HELD = {"battery": AssetSlot(power_w=0.0, energy_low_kwh=5.0, energy_high_kwh=5.0, energy_kwh=5.0)}


def in_s(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def home(
    at_s: float = 0.0,
    *,
    soc: float | None = 0.5,
    connected: bool = False,
    departure: datetime | None = None,
    target_soc: float | None = None,
) -> SiteState:
    battery = BatteryState(id="battery", power_w=Reading(value=0.0), soc=Reading(value=soc))
    car = ChargePointState(
        id="car",
        power_w=Reading(value=0.0),
        connected=connected,
        departure=departure,
        target_soc=target_soc,
    )
    states: dict[str, AssetState] = {"battery": battery, "car": car}
    return image(in_s(at_s), 2000.0, states)


def planned(start: datetime = NOON, slots: int = 12) -> Plan:
    return a_plan(*[HELD] * slots, start=start)


def engine_with_plan() -> Engine:
    engine = Engine(a_site(BATTERY, CAR))
    engine.set_tariff(prices(0.3, 0.3))
    engine.observe(home())
    assert trigger(engine, 0) == "start"
    engine.adopt(planned())
    return engine


def trigger(engine: Engine, at_s: float) -> str | None:
    task = engine.planning_task(in_s(at_s))
    return None if task is None else task.trigger


def test_nothing_observed_is_nothing_to_decide_or_plan() -> None:
    engine = Engine(a_site(BATTERY))
    assert engine.planning_task(NOON) is None
    with pytest.raises(RuntimeError, match="observe"):
        engine.step(NOON)


def test_at_the_start_a_plan_is_asked_for_until_there_is_one() -> None:
    engine = Engine(a_site(BATTERY, CAR))
    engine.observe(home())
    assert [trigger(engine, t) for t in (0, 10, 59, 60, 61)] == ["start", None, None, "start", None]
    engine.adopt(planned())
    assert trigger(engine, 200) is None


def test_the_task_holds_what_the_planner_starts_from() -> None:
    engine = engine_with_plan()
    engine.observe(home(901))
    task = engine.planning_task(in_s(901))
    assert task is not None
    assert (task.now, task.state, task.previous) == (in_s(901), home(901), engine.plan)


def test_after_the_interval_a_new_one() -> None:
    engine = engine_with_plan()
    assert trigger(engine, 899) is None
    assert trigger(engine, 900) == "interval"
    engine.adopt(planned(start=in_s(900)))
    assert trigger(engine, 1799) is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (home(), None),
        (home(connected=True), "vehicle"),
        (home(departure=NOON), None),
        (home(soc=0.39), "deviation"),
        (home(soc=0.41), None),
        (home(soc=0.61), "deviation"),
        (home(soc=None), None),
    ],
)
def test_what_asks_for_a_plan_between(state: SiteState, expected: str | None) -> None:
    engine = engine_with_plan()
    engine.adopt(planned(start=in_s(-900), slots=12))
    engine.memory.planned_at = NOON
    engine.observe(state)
    assert trigger(engine, 100) == expected


def test_a_changed_departure_or_target_of_a_plugged_car() -> None:
    engine = engine_with_plan()
    now_s = 100.0
    for state, expected in [
        (home(connected=True), "vehicle"),
        (home(connected=True, departure=in_s(9000)), "deadline"),
        (home(connected=True, departure=in_s(9000)), None),
        (home(connected=True, departure=in_s(9900)), "deadline"),
        (home(connected=True, departure=in_s(9900), target_soc=1.0), "deadline"),
    ]:
        engine.observe(state)
        assert trigger(engine, now_s) == expected
        engine.adopt(planned(start=in_s(now_s)))
        now_s += 61


def test_new_prices() -> None:
    engine = engine_with_plan()
    engine.set_tariff(prices(0.3, 0.3))
    assert trigger(engine, 100) is None
    engine.set_tariff(prices(0.3, 0.3, 0.3))
    assert trigger(engine, 101) == "prices"


def test_a_request_that_brought_no_plan_is_repeated() -> None:
    engine = engine_with_plan()
    engine.observe(home(connected=True))
    assert [trigger(engine, t) for t in (100, 159, 160)] == ["vehicle", None, "vehicle"]
    engine.adopt(planned())
    assert trigger(engine, 300) is None


def test_a_clock_that_was_set_back_asks_again() -> None:
    engine = engine_with_plan()
    engine.observe(home(-7200))
    engine.step(in_s(-7200))
    assert trigger(engine, -7200) in {"start", "interval"}


def test_a_plan_that_is_too_old_or_does_not_cover_now_is_not_followed() -> None:
    for plan, at_s, followed in [
        (planned(), 0.0, True),
        (planned(), 10_800.0 - 1, True),
        (planned(slots=20), 10_801.0, False),
        (planned(slots=1), 900.0, False),
        (planned(), -1.0, False),
    ]:
        engine = Engine(a_site(BATTERY), Settings(), plan=plan)
        engine.observe(replace(home(at_s), assets={"battery": home().assets["battery"]}))
        record = engine.step(in_s(at_s))
        assert (record.plan_id is not None) == followed
        (setpoint,) = record.setpoints
        assert setpoint.reason.rule is (Rule.HOLD if followed else Rule.SELF_CONSUMPTION)


@pytest.mark.parametrize(
    ("at_s", "wake_s"), [(0.0, 10.0), (889.0, 899.0), (895.0, 900.0), (899.9, 900.0), (900.0, 910.0)]
)
def test_it_wants_to_be_woken_at_the_next_slot_or_after_the_cycle_time(at_s: float, wake_s: float) -> None:
    engine = Engine(a_site(BATTERY), plan=planned(slots=2))
    assert engine.next_wakeup(in_s(at_s)) == in_s(wake_s)


def test_without_a_plan_it_wakes_after_the_cycle_time() -> None:
    assert Engine(a_site(BATTERY)).next_wakeup(NOON) == in_s(10)


def test_a_record_keeps_the_memory_of_before_whatever_comes_after() -> None:
    engine = Engine(a_site(BATTERY, CAR), memory=Memory())
    engine.observe(home(connected=True))
    record = engine.step(NOON)
    before = record.memory.copy()
    engine.command(ManualCommand(asset="car", power_w=6000.0))
    engine.step(in_s(10))
    engine.adopt(planned())
    assert record.memory == before
    assert record.memory == Memory()


def test_a_restart_with_its_memory_goes_on_where_it_was() -> None:
    first = Engine(a_site(BATTERY, CAR))
    first.command(ManualCommand(asset="car", power_w=6000.0))
    first.observe(home(connected=True))
    first.step(NOON)
    second = Engine(a_site(BATTERY, CAR), memory=first.memory.copy())
    for engine in (first, second):
        engine.observe(home(10, connected=True))
    assert second.step(in_s(10)).setpoints == first.step(in_s(10)).setpoints


def test_what_people_want_of_a_charge_point_is_seen_remembered_and_ends() -> None:
    engine = Engine(a_site(BATTERY, CAR))
    info = ChargingInfo(
        charge_point="car", mode=ChargingMode.ECO_WITH_TARGET_TIME, end_at=in_s(3600), target_soc=0.9
    )
    engine.set_charging_info(info)
    assert engine.charging_infos == {"car": info}
    engine.observe(home(connected=True, departure=in_s(100), target_soc=0.5))
    record = engine.step(NOON)
    seen = record.state.assets["car"]
    assert isinstance(seen, ChargePointState)
    assert (seen.departure, seen.target_soc) == (in_s(3600), 0.9)
    assert replay(record, engine.site, engine.settings).setpoints == record.setpoints
    restarted = Engine(engine.site, memory=from_data(Memory, to_data(engine.memory)))
    assert restarted.charging_infos == {"car": info}
    restarted.observe(home(connected=True))
    restarted.step(in_s(3600))
    assert restarted.charging_infos["car"].mode is ChargingMode.ECO
    restarted.forget_charging_info("car")
    restarted.forget_charging_info("car")
    assert restarted.charging_infos == {}


def test_a_deadline_set_by_a_person_asks_for_a_new_plan() -> None:
    engine = engine_with_plan()
    engine.observe(home(connected=True))
    assert trigger(engine, 100) == "vehicle"
    engine.adopt(planned(start=in_s(100)))
    engine.set_charging_info(
        ChargingInfo(charge_point="car", mode=ChargingMode.ECO_WITH_TARGET_TIME, end_at=in_s(9000))
    )
    assert trigger(engine, 161) == "deadline"


def test_only_charge_points_are_charged() -> None:
    with pytest.raises(KeyError, match="no charge point 'battery'; there are: car"):
        Engine(a_site(BATTERY, CAR)).set_charging_info(ChargingInfo(charge_point="battery"))


def test_settings_changed_while_running_hold_and_are_remembered() -> None:
    engine = Engine(a_site(BATTERY, CAR))
    engine.tune(Tuning(acquisition_tolerance=1.0, phase_limit_a=16.0))
    memory = from_data(Memory, to_data(engine.memory))
    tuned = Engine(engine.site, memory=memory).tuned
    assert (tuned.acquisition_tolerance, tuned.phase_limit_a) == (1.0, 16.0)
    assert tuned.battery_level_consideration == Settings().battery_level_consideration


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"acquisition_tolerance": 50.0}, "acquisition_tolerance: found 50.0, allowed: 0 to 1"),
        ({"battery_level_consideration": -1.0}, "battery_level_consideration: found -1.0, allowed: 0 to 1"),
        ({"phase_limit_a": 300.0}, "phase_limit_a: found 300.0, allowed: 0 .off. to 250 A"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Tuning(**wrong)


@pytest.mark.parametrize("mode", list(ChargingMode))
def test_the_planner_is_told_of_vehicles_that_charge_at_once_and_of_no_others(mode: ChargingMode) -> None:
    engine = engine_with_plan()
    end_at = in_s(36_000) if mode.has_deadline else None
    engine.set_charging_info(ChargingInfo(charge_point="car", mode=mode, end_at=end_at))
    engine.observe(home(901, connected=True))
    task = engine.planning_task(in_s(901))
    assert task is not None
    assert task.at_once == ({"car"} if mode is ChargingMode.NORMAL else frozenset())
    assert task.phases == {}


def test_phases_that_were_found_ask_for_a_new_plan_once() -> None:
    engine = engine_with_plan()
    engine.observe(home(60, connected=True))
    assert trigger(engine, 60) == "vehicle"
    engine.adopt(planned(start=in_s(60)))
    engine.memory.of("car").phases = PhaseEvidence(found=Phases.L2, from_house=True)
    task = engine.planning_task(in_s(180))
    assert task is not None
    assert (task.trigger, task.phases) == ("vehicle", {"car": Phases.L2})
    engine.adopt(planned(start=in_s(180)))
    assert trigger(engine, 300) is None
    engine.memory.of("car").phases = PhaseEvidence(found=Phases.ALL)
    task = engine.planning_task(in_s(400))
    assert task is not None
    assert task.phases == {}


def test_who_asks_gets_a_task_with_what_people_want_although_no_plan_is_due() -> None:
    engine = engine_with_plan()
    with pytest.raises(RuntimeError, match="observe"):
        Engine(engine.site).task(NOON, "command")
    end_at = in_s(36_000)
    engine.set_charging_info(
        ChargingInfo(
            charge_point="car", mode=ChargingMode.ECO_WITH_TARGET_TIME, end_at=end_at, target_soc=0.7
        )
    )
    engine.observe(home(30, connected=True))
    task = engine.task(in_s(30), "command")
    car = task.state.assets["car"]
    assert isinstance(car, ChargePointState)
    assert (task.trigger, car.departure, car.target_soc) == ("command", end_at, 0.7)
    assert task.previous is engine.plan
