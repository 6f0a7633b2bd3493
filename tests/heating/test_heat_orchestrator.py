"""The heat orchestrator, rule by rule, on snapshots written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.heating.heat_orchestrator import (
    Config,
    Floor,
    Inputs,
    Memory,
    Notify,
    Outcome,
    PumpOff,
    PumpOn,
    RoomReading,
    SetpointChange,
    SetSetpoint,
    Settings,
    State,
    WriteHelper,
    begin,
    in_window,
    lerp_max_rooms,
    memory_from_plain,
    moment,
    read_settings,
    rooms_at_once,
    step,
    to_plain,
    upcoming,
)
from ohmstead.simulator.floor_home import fresh_helpers

WARSAW = ZoneInfo("Europe/Warsaw")
NOON = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROOMS = {"a": Floor.GF, "b": Floor.GF, "x": Floor.FF, "y": Floor.FF}


class Bench:
    """Thermostats that obey at once, a relay, and a clock under the test's hand."""

    def __init__(self, *, now: datetime = NOON, pump_on: bool = False, **config: Any) -> None:
        self.config = Config(rooms=ROOMS, tz=WARSAW, **config)
        self.now = now
        self.pump_on: bool | None = pump_on
        self.outdoor_c: float | None = 8.0
        self.rooms = {r: RoomReading(current_c=21.0, setpoint_c=7.0) for r in ROOMS}
        self.helpers = fresh_helpers(tuple(ROOMS))
        self.helpers |= {f"user_sp_{r}": 21.0 for r in ROOMS}
        self.configure(dhw_min_run_hours=0.0)
        self.deaf: set[str] = set()
        self.obedient_pump = True
        self.log: list[str] = []
        self.sent: list[object] = []
        self.restart()
        self.last: Outcome | None = None

    def restart(self, stored: Memory | None = None, *, fresh: bool = False) -> None:
        self.memory = begin(self.config, self.helpers, self.now, stored)
        if not fresh:
            self.memory.seeded |= {*Settings.__dataclass_fields__, *(f"priority_{r}" for r in ROOMS)}

    def configure(self, **settings: float | time) -> None:
        """Configure; what is not named has its default."""
        values = replace(Settings(), **settings)  # type: ignore[arg-type]
        for name in Settings.__dataclass_fields__:
            value = getattr(values, name)
            self.helpers[name] = value.isoformat() if isinstance(value, time) else value

    def temperature(self, **rooms: float | None) -> None:
        for room, value in rooms.items():
            self.rooms[room] = replace(self.rooms[room], current_c=value)

    def step(self, *, tick: bool = True, **inputs: Any) -> Outcome:
        outcome = step(
            self.config,
            Inputs(
                pump_on=self.pump_on,
                outdoor_c=self.outdoor_c,
                rooms=dict(self.rooms),
                helpers=dict(self.helpers),
                tick=tick,
                **inputs,
            ),
            self.now,
            self.memory,
        )
        self.memory, self.last = outcome.memory, outcome
        self.log += [line.text for line in outcome.log]
        self.sent = list(outcome.commands)
        for command in outcome.commands:
            match command:
                case SetSetpoint(room, value) if room not in self.deaf:
                    self.rooms[room] = replace(self.rooms[room], setpoint_c=value)
                case WriteHelper(name, value):
                    self.helpers[name] = value
                case PumpOn() if self.obedient_pump:
                    self.pump_on = True
                case PumpOff() if self.obedient_pump:
                    self.pump_on = False
        return outcome

    def run(self, minutes: int) -> list[object]:
        """Tick each minute, and answer each command at once; all commands but helper writes."""
        sent: list[object] = []
        for _ in range(minutes):
            self.step()
            sent += self.sent
            for _ in range(3):
                if not any(isinstance(c, (SetSetpoint, PumpOn, PumpOff)) for c in self.sent):
                    break
                self.now += timedelta(seconds=1)
                self.step(tick=False)
                sent += self.sent
            self.now += MINUTE
        return [c for c in sent if not isinstance(c, WriteHelper)]

    def state(self) -> State:
        return self.memory.state

    @property
    def opened(self) -> set[str]:
        return {r for r, reading in self.rooms.items() if (reading.setpoint_c or 0.0) > 7.0}

    def hear(self, room: str, value: float, *, human: bool = True, own: bool = False) -> Outcome:
        old = self.rooms[room].setpoint_c
        self.rooms[room] = replace(self.rooms[room], setpoint_c=value)
        change = SetpointChange(room=room, old_c=old, new_c=value, human=human, own=own)
        return self.step(tick=False, changes=(change,))


# --- demand, floors and rooms --------------------------------------------------------------------


def test_rooms_are_opened_before_the_pump_is_started() -> None:
    bench = Bench()
    bench.temperature(a=19.0)
    assert bench.run(1) == [SetSetpoint("a", 21.0), PumpOn()]
    bench.run(1)
    assert bench.state() is State.HEAT_GF
    assert bench.memory.pump_starts == 1


def test_a_heated_room_stays_until_it_is_satisfied() -> None:
    bench = Bench()
    bench.temperature(a=20.6)
    bench.run(2)
    bench.temperature(a=20.75)
    bench.run(2)
    assert bench.opened == {"a"}, "above the first threshold, below the second"
    bench.temperature(a=20.8)
    bench.run(2)
    assert bench.opened == set()
    bench.temperature(a=20.75)
    bench.run(2)
    assert bench.opened == set(), "satisfied: cold again only at the first threshold"


def test_hyst_off_is_kept_below_hyst_on() -> None:
    bench = Bench()
    bench.configure(heating_hyst_on=0.3, heating_hyst_off=0.9, dhw_min_run_hours=0.0)
    bench.temperature(a=20.6)
    bench.run(2)
    assert bench.opened == {"a"}
    bench.temperature(a=20.75)
    bench.run(1)
    assert bench.opened == {"a"}


def test_a_floor_is_kept_for_the_minimum_and_then_the_higher_score_takes_over() -> None:
    bench = Bench()
    bench.temperature(a=20.0)
    bench.run(1)
    began = bench.now
    bench.temperature(x=15.0)
    while not bench.opened & {"x"}:
        bench.run(1)
        assert not (bench.opened & {"a", "b"} and bench.opened & {"x", "y"})
        assert bench.now - began < timedelta(minutes=40)
    assert bench.now - began >= timedelta(minutes=24)
    assert bench.state() is State.HEAT_FF


def test_an_equal_score_does_not_switch_and_the_ground_floor_begins() -> None:
    bench = Bench()
    bench.temperature(a=19.0, x=19.0)
    bench.run(60)
    assert bench.state() is State.HEAT_GF
    assert not bench.opened & {"x", "y"}


def test_the_last_rooms_stay_open_until_the_other_floor_may_have_its_turn() -> None:
    bench = Bench()
    bench.temperature(a=20.0)
    bench.run(5)
    bench.temperature(a=20.9, x=19.0)
    bench.run(5)
    assert bench.opened == {"a"}
    assert bench.last is not None
    assert bench.last.status.reason == "floor_hold"
    bench.run(20)
    assert bench.opened == {"x"}


def test_the_floor_is_remembered_through_a_time_without_rooms() -> None:
    bench = Bench()
    bench.configure(dhw_min_run_hours=4.0)
    bench.temperature(a=20.0)
    bench.run(5)
    bench.temperature(a=21.0)
    bench.run(5)
    assert bench.state() is State.DHW_QUOTA
    bench.temperature(x=19.0)
    bench.run(5)
    assert bench.opened == set(), "too early for a floor switch"
    bench.run(15)
    assert bench.state() is State.HEAT_FF


def test_without_its_file_the_app_still_knows_which_floor_was_open() -> None:
    bench = Bench()
    bench.configure(dhw_min_run_hours=4.0)
    bench.temperature(a=20.0)
    bench.run(5)
    bench.temperature(a=21.0)
    bench.run(2)
    assert bench.state() is State.DHW_QUOTA
    bench.temperature(x=19.0)
    bench.restart()
    bench.run(10)
    assert not bench.opened & {"x", "y"}
    bench.run(16)
    assert bench.opened == {"x"}


def test_priority_first_then_the_larger_deficit_then_the_name() -> None:
    bench = Bench()
    bench.outdoor_c = -10.0
    bench.temperature(a=20.0, b=20.0)
    bench.run(1)
    assert bench.opened == {"a"}
    bench.temperature(b=19.5)
    bench.run(1)
    assert bench.opened == {"b"}
    bench.helpers["priority_a"] = 90.0
    bench.run(1)
    assert bench.opened == {"a"}


def test_a_room_without_a_temperature_is_parked_and_warned_of_once_an_hour() -> None:
    bench = Bench()
    bench.rooms["a"] = RoomReading(current_c=None, setpoint_c=21.0)
    bench.run(59)
    assert bench.rooms["a"].setpoint_c == 7.0
    assert sum("a shows no temperature" in line for line in bench.log) == 1
    bench.run(5)
    assert sum("a shows no temperature" in line for line in bench.log) == 2


def test_a_thermostat_that_is_off_is_left_alone() -> None:
    bench = Bench()
    bench.rooms["a"] = RoomReading(current_c=15.0, setpoint_c=20.0, off=True)
    assert not [c for c in bench.run(5) if isinstance(c, (SetSetpoint, PumpOn))]


@pytest.mark.parametrize(
    ("outdoor", "rooms"), [(-20, 1), (-10, 1), (-5.1, 1), (-5, 2), (0, 3), (9.99, 4), (10, 5), (25, 5)]
)
def test_the_number_of_rooms_is_linear_and_rounded_down(outdoor: float, rooms: int) -> None:
    assert lerp_max_rooms(outdoor, Settings()) == rooms


def test_odd_limits_of_the_number_of_rooms() -> None:
    assert lerp_max_rooms(5.0, Settings(lerp_temp_min=10.0, lerp_temp_max=-10.0)) == 1
    assert lerp_max_rooms(10.0, Settings(lerp_rooms_min=5.0, lerp_rooms_max=1.0)) == 5


def test_the_clamp_of_the_number_of_rooms_and_its_argument() -> None:
    s = Settings()
    assert [rooms_at_once(t, s, clamp=True) for t in (-5.0, -4.9, 0.0, 4.9, 5.0)] == [1, 2, 2, 2, None]
    assert rooms_at_once(0.0, s, clamp=False) == 3


@given(st.floats(-40, 40), st.floats(-40, 40))
def test_milder_weather_never_means_fewer_rooms(a: float, b: float) -> None:
    low, high = sorted((a, b))
    for clamp in (True, False):
        few, many = (rooms_at_once(t, Settings(), clamp=clamp) for t in (low, high))
        assert (few or 99) <= (many or 99)


def test_continuous_heating_ends_in_a_cooldown_that_keeps_the_pump_useful() -> None:
    bench = Bench()
    bench.configure(max_continuous_heating_min=30.0, dhw_min_run_hours=4.0)
    bench.temperature(a=15.0)
    bench.run(33)
    assert "[ROOM] a forced cooldown after 30min continuous heating" in bench.log
    assert bench.opened == set()
    assert bench.state() is State.DHW_QUOTA
    bench.run(26)
    assert bench.opened == {"a"}


def test_the_cap_may_wait_for_somebody_who_waits() -> None:
    bench = Bench(cap_only_when_contended=True)
    bench.configure(max_continuous_heating_min=30.0, dhw_min_run_hours=0.0)
    bench.temperature(a=15.0)
    bench.run(40)
    assert bench.opened == {"a"}
    bench.temperature(x=20.0)
    bench.run(2)
    assert bench.memory.rooms["a"].cooldown_until is not None


# --- the pump ------------------------------------------------------------------------------------


def test_the_minimum_rest_beats_a_wish_to_start() -> None:
    bench = Bench(pump_on=True)
    bench.run(1)
    bench.pump_on = False
    bench.temperature(a=18.0)
    bench.run(24)
    assert bench.pump_on is False
    assert bench.opened == set()
    bench.run(2)
    assert bench.pump_on is True


def test_without_demand_and_quota_the_pump_stops_after_its_minimum_run() -> None:
    bench = Bench(pump_on=True)
    sent = bench.run(39)
    assert PumpOff() not in sent
    assert bench.state() is State.DHW_QUOTA
    assert PumpOff() in bench.run(2)
    assert bench.state() is State.OFF


def test_a_stop_without_effect_is_repeated_twice_and_then_told() -> None:
    bench = Bench(pump_on=True)
    bench.obedient_pump = False
    sent = bench.run(75)
    assert [c for c in sent if isinstance(c, PumpOff)] == [PumpOff()] * 3
    assert any(isinstance(c, Notify) for c in sent)


def test_a_start_without_effect_is_repeated_and_then_told() -> None:
    bench = Bench()
    bench.obedient_pump = False
    bench.temperature(a=18.0)
    sent = bench.run(10)
    assert sent.count(PumpOn()) == 3
    assert any(isinstance(c, Notify) for c in sent)
    bench.obedient_pump = True
    bench.run(15)
    assert bench.pump_on is True


def test_an_unknown_switch_freezes_everything() -> None:
    bench = Bench()
    bench.temperature(a=18.0)
    bench.run(5)
    minutes, state = bench.memory.pump_on_min, bench.memory.state
    bench.pump_on = None
    bench.temperature(a=25.0)
    assert bench.run(30) == []
    assert (bench.memory.pump_on_min, bench.memory.state) == (minutes, state)
    bench.pump_on = True
    bench.run(1)
    assert bench.memory.pump_on_min <= minutes + 1.0


def test_only_ticks_count_and_a_late_one_counts_two_at_most() -> None:
    bench = Bench(pump_on=True)
    bench.run(3)
    before = bench.memory.pump_on_min
    for _ in range(50):
        bench.now += timedelta(seconds=1)
        bench.step(tick=False)
    assert bench.memory.pump_on_min == before
    bench.now += timedelta(minutes=20)
    bench.step()
    assert bench.memory.pump_on_min == before + 2.0


def test_a_quota_in_blocks_rests_between_them() -> None:
    bench = Bench(quota_on_min=45.0, quota_off_min=90.0)
    bench.configure(dhw_min_run_hours=3.5)
    bench.run(44)
    assert bench.pump_on is True
    bench.run(5)
    assert bench.pump_on is False
    bench.run(84)
    assert bench.pump_on is False
    bench.run(8)
    assert bench.pump_on is True


# --- the off window and the day ------------------------------------------------------------------


def test_the_off_window_waits_for_the_minimum_run_and_holds_the_rooms_meanwhile() -> None:
    bench = Bench(now=datetime(2026, 1, 14, 23, 40, tzinfo=UTC))
    bench.temperature(a=15.0)
    bench.run(22)
    assert bench.state() is State.OFF_LOCKOUT
    assert bench.pump_on is True
    assert bench.opened == {"a"}
    bench.run(18)
    assert bench.pump_on is True
    assert PumpOff() in bench.run(3)
    bench.run(2)
    assert bench.opened == set()
    assert PumpOn() not in bench.run(240)


def test_a_run_for_the_quota_alone_is_not_begun_just_before_the_window() -> None:
    late = datetime(2026, 1, 14, 23, 25, tzinfo=UTC)
    bench = Bench(now=late)
    bench.configure(dhw_min_run_hours=3.5)
    assert PumpOn() not in bench.run(10)
    bench.temperature(a=15.0)
    assert PumpOn() in bench.run(2), "demand may"


@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25), (2026, 1, 14)])
def test_the_window_follows_the_local_clock_on_days_of_every_length(day: tuple[int, int, int]) -> None:
    start = datetime(*day, tzinfo=WARSAW).astimezone(UTC)
    end = (datetime(*day, tzinfo=WARSAW) + timedelta(days=1)).astimezone(UTC)
    now = start
    while now < end:
        local = now.astimezone(WARSAW).time()
        assert in_window(time(1), time(6), now, WARSAW) is (time(1) <= local < time(6)), now
        across = local >= time(22, 30) or local < time(5)
        assert in_window(time(22, 30), time(5), now, WARSAW) is across, now
        if day != (2026, 10, 25):
            assert in_window(time(2, 30), time(6), now, WARSAW) is (time(2, 30) <= local < time(6)), now
            assert in_window(time(1), time(2, 30), now, WARSAW) is (time(1) <= local < time(2, 30)), now
        now += timedelta(minutes=5)


def test_an_empty_window_is_none_and_warned_of() -> None:
    assert not in_window(time(3), time(3), NOON, WARSAW)
    bench = Bench()
    bench.configure(off_window_start=time(3), off_window_end=time(3))
    bench.run(1)
    assert any("no off window" in line for line in bench.log)


def test_the_next_window_is_found_over_a_change_of_the_clock() -> None:
    now = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert upcoming(time(6), now, WARSAW) == datetime(2026, 3, 29, 4, 0, tzinfo=UTC)


def test_the_day_is_reset_once_and_made_up_for_when_it_was_missed() -> None:
    bench = Bench(pump_on=True, now=datetime(2026, 1, 14, 20, 0, tzinfo=UTC))
    bench.temperature(a=15.0)
    bench.run(30)
    assert bench.memory.pump_on_min > 25
    bench.now += timedelta(hours=8)
    bench.run(2)
    assert bench.memory.pump_on_min <= 4.0
    assert sum("[DAY]" in line for line in bench.log) == 1


# --- what people set -----------------------------------------------------------------------------


def test_a_setpoint_by_hand_is_remembered_through_off_and_on() -> None:
    bench = Bench()
    bench.temperature(a=22.0)
    bench.run(5)
    bench.hear("a", 22.0)
    assert bench.helpers["user_sp_a"] == 22.0
    assert bench.rooms["a"].setpoint_c == 22.0, "parked with the tick, not at once"
    bench.run(1)
    assert bench.rooms["a"].setpoint_c == 7.0
    assert bench.helpers["user_sp_a"] == 22.0
    bench.temperature(a=20.0)
    bench.run(1)
    assert bench.rooms["a"].setpoint_c == 22.0


@pytest.mark.parametrize("value", [7.0, 4.0, 31.0, float("nan")])
def test_what_is_not_a_wish_is_not_remembered(value: float) -> None:
    bench = Bench()
    bench.run(5)
    bench.hear("a", value)
    bench.run(2)
    assert bench.helpers["user_sp_a"] == 21.0


def test_changes_that_are_our_own_are_not_a_persons() -> None:
    bench = Bench()
    bench.run(5)
    bench.hear("a", 24.0, own=True)
    assert bench.helpers["user_sp_a"] == 21.0
    bench.run(2)
    bench.temperature(a=18.0)
    bench.step()
    bench.now += timedelta(seconds=1)
    bench.hear("a", 23.0)
    assert bench.helpers["user_sp_a"] == 21.0, "under guard"


def test_a_late_echo_is_not_a_persons_and_a_later_change_is() -> None:
    bench = Bench()
    bench.temperature(a=18.0)
    bench.run(1)
    bench.helpers["user_sp_a"] = 23.0
    bench.now += timedelta(seconds=30)
    bench.step(tick=False)
    assert bench.rooms["a"].setpoint_c == 23.0, "an edited wish is commanded at once"
    bench.now += timedelta(seconds=60)
    bench.hear("a", 23.2)
    assert bench.helpers["user_sp_a"] == 23.0
    bench.now += timedelta(seconds=90)
    bench.hear("a", 23.5)
    assert bench.helpers["user_sp_a"] == 23.5


def test_a_thermostat_that_comes_back_is_not_a_person() -> None:
    bench = Bench()
    bench.run(2)
    change = SetpointChange(room="a", old_c=None, new_c=19.0, human=False)
    bench.rooms["a"] = RoomReading(current_c=21.0, setpoint_c=19.0)
    bench.step(tick=False, changes=(change,))
    assert bench.helpers["user_sp_a"] == 21.0


def test_the_first_start_fills_empty_wishes_but_never_with_the_off_setpoint() -> None:
    bench = Bench()
    bench.helpers |= {f"user_sp_{r}": 5.0 for r in ROOMS}
    bench.rooms["a"] = RoomReading(current_c=21.0, setpoint_c=19.5)
    bench.restart()
    bench.run(3)
    assert bench.helpers["user_sp_a"] == 19.5
    assert bench.helpers["user_sp_b"] == 5.0
    bench.temperature(a=18.0, b=15.0)
    bench.run(1)
    assert bench.rooms["b"].setpoint_c == 21.0
    bench.helpers["user_sp_a"] = 5.0
    bench.run(2)
    assert bench.memory.rooms["a"].user_c == 5.0, "5 °C that was set is not 5 °C that never was"


def test_a_wish_is_not_undone_by_our_own_first_write_of_the_helper() -> None:
    bench = Bench()
    bench.helpers |= {f"user_sp_{r}": 5.0 for r in ROOMS}
    bench.rooms["a"] = replace(bench.rooms["a"], setpoint_c=21.0)
    bench.restart(fresh=True)
    bench.step()
    assert bench.helpers["user_sp_a"] == 21.0
    bench.now += timedelta(seconds=20)  # before the next tick, after the time of an echo
    bench.hear("a", 22.0)
    assert bench.memory.rooms["a"].user_c == 22.0
    assert bench.helpers["user_sp_a"] == 22.0


def test_an_offset_is_added_to_commands_and_taken_from_changes() -> None:
    bench = Bench(enable_offset_k=0.5)
    bench.temperature(a=18.0)
    bench.run(5)
    assert bench.rooms["a"].setpoint_c == 21.5
    bench.hear("a", 23.5)
    assert bench.helpers["user_sp_a"] == 23.0
    bench.run(2)
    assert bench.rooms["a"].setpoint_c == 23.5


# --- helpers, faults and restarts ----------------------------------------------------------------


def test_defaults_are_written_once_into_helpers_that_nobody_set() -> None:
    bench = Bench()
    bench.helpers = fresh_helpers(tuple(ROOMS))
    bench.helpers["min_pump_on_min"] = 55.0
    bench.restart(fresh=True)
    bench.run(2)
    settings, missing = read_settings(bench.helpers)
    assert missing == ()
    assert settings == Settings(min_pump_on_min=55.0)
    bench.helpers["min_pump_off_min"] = 0.0
    bench.run(2)
    assert bench.helpers["min_pump_off_min"] == 0.0, "its smallest value, but chosen"


@pytest.mark.parametrize("junk", [None, "unavailable", "nan", "inf", ""])
def test_an_unreadable_helper_means_its_default_and_one_warning(junk: object) -> None:
    bench = Bench()
    bench.helpers |= {"min_pump_on_min": junk, "off_window_end": junk}
    bench.run(30)
    assert sum("min_pump_on_min is missing" in line for line in bench.log) == 1
    assert read_settings(bench.helpers)[0].min_pump_on_min == 40.0


def test_a_room_that_does_not_open_is_tried_twice_and_left_alone_for_a_while() -> None:
    bench = Bench()
    bench.deaf = {"a"}
    bench.temperature(a=15.0)
    sent = bench.run(5)
    assert sent.count(SetSetpoint("a", 21.0)) == 2
    assert PumpOn() not in sent
    assert any("a does not take 21.0 °C" in line for line in bench.log)
    bench.deaf = set()
    bench.run(16)
    assert bench.opened == {"a"}


def test_a_refused_command_is_repeated_without_waiting() -> None:
    bench = Bench()
    bench.deaf = {"a"}
    bench.temperature(a=15.0)
    bench.step()
    bench.now += timedelta(seconds=1)
    bench.step(tick=False, failed=("a",))
    assert SetSetpoint("a", 21.0) in bench.sent
    bench.now += timedelta(seconds=1)
    bench.step(tick=False, failed=("a",))
    assert bench.memory.rooms["a"].unmanaged_until is not None


def test_a_room_that_does_not_shut_keeps_the_other_floor_closed() -> None:
    bench = Bench()
    bench.configure(dhw_min_run_hours=4.0)
    bench.temperature(a=18.0)
    bench.run(26)
    bench.deaf = {"a"}
    bench.temperature(a=21.0, x=15.0)
    sent = bench.run(20)
    assert not bench.opened & {"x", "y"}
    assert bench.state() is State.DHW_QUOTA
    assert any(isinstance(c, Notify) for c in sent)
    bench.deaf = set()
    bench.run(20)
    assert bench.opened == {"x"}


def test_a_restart_goes_on_with_state_timers_and_counters() -> None:
    bench = Bench()
    bench.temperature(a=15.0)
    bench.run(20)
    for with_file in (True, False):
        before = bench.memory
        stored = memory_from_plain(json.loads(json.dumps(to_plain(before))))
        bench.restart(stored if with_file else None)
        memory = bench.memory
        assert memory.state is State.HEAT_GF
        assert memory.active_floor is Floor.GF
        assert int(memory.pump_on_min) == int(before.pump_on_min)
        assert memory.pump_starts == 1
        assert memory.last_pump_on is not None
        assert before.last_pump_on is not None
        assert abs(memory.last_pump_on - before.last_pump_on) < timedelta(seconds=1)
        assert not [c for c in bench.run(2) if isinstance(c, (PumpOn, PumpOff))]
        assert bench.opened == {"a"}


def test_a_start_waits_for_the_whole_picture() -> None:
    bench = Bench()
    bench.temperature(a=15.0)
    bench.rooms["y"] = RoomReading(current_c=None, setpoint_c=None, available=False)
    bench.restart()
    assert bench.run(2) == []
    assert PumpOn() in bench.run(2)


def test_a_running_pump_without_a_timestamp_has_just_been_started() -> None:
    bench = Bench(pump_on=True)
    assert PumpOff() not in bench.run(39)


def test_fresh_times_are_none() -> None:
    assert moment("2026-01-14 00:00:00", WARSAW) is None
    assert moment("unknown", WARSAW) is None
    assert moment("2026-01-14 12:30:00", WARSAW) == datetime(2026, 1, 14, 11, 30, tzinfo=UTC)


def test_no_outdoor_temperature_is_the_last_one_and_then_zero() -> None:
    bench = Bench()
    bench.outdoor_c = None
    bench.run(1)
    assert any("0 °C stands in" in line for line in bench.log)
    bench.outdoor_c = -7.0
    bench.run(1)
    bench.outdoor_c = None
    bench.run(1)
    assert bench.last is not None
    assert bench.last.status.outdoor_c == -7.0


def test_a_decision_is_logged_on_change_and_every_quarter_of_an_hour() -> None:
    bench = Bench()
    bench.run(31)
    lines = [line for line in bench.log if line.startswith("[DECISION]")]
    assert len(lines) == 3
    assert lines[0] == "[DECISION] state=OFF reason=no_demand floor=- rooms=[] Tout=8.0 quota_remaining=0min"


def test_a_step_changes_no_memory_but_its_own() -> None:
    bench = Bench()
    bench.temperature(a=15.0)
    bench.run(3)
    before = to_plain(bench.memory)
    kept = bench.memory
    bench.run(5)
    assert to_plain(kept) == before
    assert isinstance(kept, Memory)
