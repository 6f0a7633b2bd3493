"""Random days of the whole plant: faults, restarts, people, days on which the clock is changed.

Every outcome is judged at the moment it is made against what the house really shows, and every change
of the house at the moment it happens.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ohmstead.heating.heat_orchestrator import (
    Floor,
    Outcome,
    PumpOff,
    PumpOn,
    SetSetpoint,
    Settings,
    State,
)
from ohmstead.simulator.floor_home import WARSAW, FloorHome
from ohmstead.simulator.floor_house import PUMP, FloorFault, FloorHouse, outdoor_course

OFF_C = 7.0
PHASES = (Phase.generate,)
"""A seed does not get simpler by being smaller."""
DATES = ((2026, 1, 14), (2026, 3, 28), (2026, 3, 29), (2026, 10, 24), (2026, 10, 25), (2026, 11, 8))
"""Two of them are followed by, and two are, the day on which the clock is changed."""
ROOM_FAULTS = (FloorFault.OFFLINE, FloorFault.DEAF, FloorFault.REFUSES, FloorFault.BLIND)
PUMP_FAULTS = (FloorFault.SWITCH_UNKNOWN, FloorFault.NO_START, FloorFault.NO_STOP)


class Day:
    """One random day, and the judge that watches it."""

    def __init__(self, seed: int, *, calm: bool = False) -> None:
        self.rng = rng = random.Random(seed)
        self.calm = calm
        hour = rng.randrange(0, 8) if calm else rng.randrange(0, 24)
        start = datetime(*rng.choice(DATES), hour, rng.randrange(60), tzinfo=WARSAW).astimezone(UTC)
        course, shift = outdoor_course(rng.choice(("mild", "cold", "front")), start), rng.uniform(-8, 8)
        self.house = FloorHouse(start, lambda now: course(now) + shift, seed=seed)
        for r in self.house.rooms.values():
            r.air_c += rng.uniform(-2.0, 2.0)
            if r.spec.floor is Floor.FF or rng.random() < 0.7:
                r.setpoint_c = OFF_C
        self.s = Settings(
            min_state_duration_min=rng.choice((10.0, 25.0, 40.0)),
            min_pump_on_min=rng.choice((20.0, 40.0, 60.0)),
            min_pump_off_min=rng.choice((10.0, 25.0)),
            max_continuous_heating_min=rng.choice((30.0, 120.0)),
            dhw_min_run_hours=rng.choice((0.0, 3.5, 4.0)),
            off_window_start=rng.choice((time(1), time(23, 30), time(2, 30))),
            off_window_end=time(6),
        )
        self.home = FloorHome(self.house, settings=self.s)
        for name in self.house.rooms:
            self.home.helpers[f"user_sp_{name}"] = rng.choice((18.0, 20.0, 21.5, 23.0))
        self.home.observers.append(self.judge)
        self.house.watch(self.look)
        self.by_person = rng.random() < 0.5 and not calm
        self.goes_offline = rng.random() < 0.5 and not calm
        self.pump_was = self.house.pump_on
        self.true_on_at = self.true_off_at = start - timedelta(days=1)
        self.floor: Floor | None = None
        self.floor_since = start
        self.slack = timedelta(0)
        """The true edge of a stop may be three minutes later than a host that lost its memory knows."""

    def look(self) -> None:
        """The plant has changed."""
        house = self.house
        if house.pump_on is not self.pump_was:
            self.pump_was = house.pump_on
            if house.pump_on:
                self.true_on_at = house.now
            else:
                self.true_off_at = house.now
        if not self.by_person and not self.goes_offline:
            floors = {r.spec.floor for r in house.rooms.values() if r.setpoint_c > OFF_C}
            assert len(floors) <= 1, f"{house.now}: both floors are open"

    def in_window(self, now: datetime) -> bool:
        local, s = now.astimezone(WARSAW).time(), self.s
        if s.off_window_start < s.off_window_end:
            return s.off_window_start <= local < s.off_window_end
        return local >= s.off_window_start or local < s.off_window_end

    def judge(self, outcome: Outcome) -> None:
        """What was decided, before it is carried out."""
        now, house = self.house.now, self.house
        for command in outcome.commands:
            match command:
                case SetSetpoint(room, value) if value > OFF_C and house.read(room).setpoint_c in (
                    5.0,
                    OFF_C,
                ):
                    floor = house.rooms[room].spec.floor
                    for other, r in house.rooms.items():
                        reading = house.read(other)
                        if r.spec.floor is not floor and reading.available and not reading.off:
                            assert reading.setpoint_c in (5.0, OFF_C), (
                                f"{now}: {room} opened while {other} shows {reading.setpoint_c}"
                            )
                case PumpOn():
                    assert not self.in_window(now), f"{now}: started in the off window"
                    rested = now - self.true_off_at + self.slack
                    assert rested >= timedelta(minutes=self.s.min_pump_off_min), f"{now}: rested {rested}"
                case PumpOff():
                    ran = now - self.true_on_at
                    assert ran >= timedelta(minutes=self.s.min_pump_on_min), f"{now}: ran {ran}"
        heated = outcome.memory.state.floor
        if heated is not None and heated is not self.floor:
            kept = now - self.floor_since
            enough = kept >= timedelta(minutes=self.s.min_state_duration_min)
            assert self.floor is None or enough, f"{now}: {self.floor} was left after {kept}"
            self.floor, self.floor_since = heated, now
        for room, rm in outcome.memory.rooms.items():
            assert rm.user_c != OFF_C, f"{now}: the off setpoint is remembered for {room}"
            assert self.home.helpers[f"user_sp_{room}"] != OFF_C
        if outcome.memory.state is State.DHW_QUOTA and house.pump_on and outcome.status.reason != "parking":
            reachable = [
                r for r in outcome.status.rooms if house.read(r).available and not house.rooms[r].off
            ]
            assert reachable == []

    def disturb(self) -> None:
        """Something happens."""
        rng, home, house = self.rng, self.home, self.house
        rooms = sorted(house.rooms)
        room = rng.choice(rooms)
        what = rng.randrange(10)
        if what < 2:
            fault = rng.choice(ROOM_FAULTS)
            if fault is not FloorFault.OFFLINE or self.goes_offline:
                house.inject(fault, room, duration_s=rng.choice((60, 600, 3600)))
        elif what < 4:
            house.inject(rng.choice(PUMP_FAULTS), PUMP, duration_s=rng.choice((60, 600, 3600)))
        elif what < 6 and self.by_person:
            house.set_temperature(room, rng.choice((5.0, 7.0, 19.0, 22.0, 24.5)), person=True)
        elif what == 6:
            home.edit(f"user_sp_{room}", rng.choice((5.0, 18.0, 21.0, 24.0)))
        elif what == 7 and not house.has(FloorFault.SWITCH_UNKNOWN):
            house.switch_by_hand(rng.random() < 0.5)
        elif what == 8:
            lose = rng.random() < 0.3
            self.slack = timedelta(minutes=4) if lose else self.slack
            home.restart(timedelta(seconds=rng.choice((5, 90, 900))), lose_memory=lose)
        elif what == 9 and self.by_person:
            house.rooms[room].off = not house.rooms[room].off

    def run(self) -> None:
        end = self.house.now + timedelta(hours=26)
        while self.house.now < end:
            self.home.run(timedelta(minutes=self.rng.randrange(5, 120)))
            if not self.calm:
                self.disturb()

    def recover(self) -> None:
        """All faults are mended and everybody is cold: within two hours of daytime a floor is heated."""
        house, home = self.house, self.home
        self.home.run(timedelta(minutes=61))
        for r in house.rooms.values():
            r.off = False
        for room in house.rooms:
            home.edit(f"user_sp_{room}", 29.0)
        while self.in_window(house.now) or self.in_window(house.now + timedelta(hours=2)):
            home.run(timedelta(minutes=10))
        heated_min = 0
        for _ in range(119):
            home.run(timedelta(minutes=1))
            flows = any(house.valve_open(room) for room in house.rooms)
            heated_min += house.pump_on and flows and home.memory.state.floor is not None
        assert heated_min >= 20, home.log[-20:]


def _a_day(seed: int) -> None:
    day = Day(seed)
    try:
        day.run()
        day.recover()
    except AssertionError as error:
        error.add_note(f"the day of seed {seed}")
        raise


@settings(max_examples=10, deadline=None, derandomize=True, phases=PHASES)
@given(seed=st.integers(0, 10**9))
def test_on_random_days_the_rules_hold_and_nothing_gets_stuck(seed: int) -> None:
    _a_day(seed)


@pytest.mark.slow
@pytest.mark.parametrize("half", ["first", "second"])
def test_on_five_hundred_random_days_the_rules_hold_and_nothing_gets_stuck(half: str) -> None:
    seeds = random.Random(f"days {half}")
    for _ in range(250):
        _a_day(seeds.randrange(10**9))


@settings(max_examples=6, deadline=None, derandomize=True, phases=PHASES)
@given(seed=st.integers(0, 10**9))
def test_the_quota_is_met_on_every_day_without_faults(seed: int) -> None:
    _quota_day(seed)


@pytest.mark.slow
def test_the_quota_is_met_on_a_hundred_days_without_faults() -> None:
    seeds = random.Random("days without faults")
    for _ in range(100):
        _quota_day(seeds.randrange(10**9))


def _quota_day(seed: int) -> None:
    day = Day(seed, calm=True)
    local = day.house.now.astimezone(WARSAW)
    window = datetime.combine(local.date(), time(23, 25), WARSAW).astimezone(UTC)
    day.home.run(window - day.house.now)
    assert day.home.memory.pump_on_min >= day.s.dhw_min_run_hours * 60.0 - 1.0, day.home.log[-20:]
