"""The regulator's transitions, learning and log lines, one rule each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.heating.room_controller import (
    Inputs,
    Invalid,
    LearnedCycle,
    Level,
    Memory,
    Mode,
    ProblemCode,
    RoomController,
    Settings,
    State,
    Step,
    Trv,
    Window,
    learn,
    resend_after_s,
)

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
SETTINGS = Settings(name="Kuchyn")


class Bench:
    """A room by hand: time moves when told, TRVs follow what they are commanded."""

    def __init__(self, settings: Settings = SETTINGS, memory: Memory | None = None) -> None:
        self.controller = RoomController(settings, memory)
        self.now = START
        self.inputs = Inputs(
            temperature_c=21.0, target_c=21.0, trvs=(Trv(id="trv", mode="heat", setpoint_c=5.0),)
        )
        self.log: list[str] = []
        self.sent: list[tuple[str, bool]] = []
        self.obedient = True

    @property
    def state(self) -> str:
        return self.controller.memory.state.value

    def step(self, after_s: float = 0.0, **changes: object) -> Step:
        self.now += timedelta(seconds=after_s)
        self.inputs = replace(self.inputs, **changes)  # type: ignore[arg-type]
        step = self.controller.step(self.inputs, self.now)
        self.log += [line.text for line in step.log]
        self.sent += [(c.trv_id, c.on) for c in step.commands]
        if self.obedient:
            for c in step.commands:
                self.inputs = replace(
                    self.inputs,
                    trvs=tuple(
                        replace(t, mode=c.mode, setpoint_c=c.temperature_c) if t.id == c.trv_id else t
                        for t in self.inputs.trvs
                    ),
                )
        return step

    def window(self, *, is_open: bool | None, changed_at: datetime | None = None) -> tuple[Window, ...]:
        return (Window(id="window", open=is_open, changed_at=changed_at),)

    def cycle(self, *, heat_s: float = 600.0, overshoot_k: float = 0.2, start_c: float = 20.7) -> None:
        """A whole cycle to the target, ended by the cooldown's time."""
        self.step(temperature_c=start_c)
        assert self.state == State.HEATING
        self.step(heat_s, temperature_c=21.0)
        assert self.state == State.COOLDOWN
        self.step(300, temperature_c=21.0 + overshoot_k)
        self.step(900, temperature_c=20.9)
        assert self.state == State.IDLE


def learned_memory(n: int = 10, *, duration_s: float = 600.0) -> Memory:
    cycles = (LearnedCycle(duration_s=duration_s, rise_k=0.3, overshoot_k=0.2),) * n
    return Memory(learned=True, valid_cycles=n, cycles=cycles)


def test_heats_at_the_hysteresis_and_not_before() -> None:
    b = Bench()
    b.step(temperature_c=20.71)
    assert b.state == State.IDLE
    step = b.step(60, temperature_c=20.7)
    assert b.state == State.HEATING
    (command,) = step.commands
    assert (command.on, command.mode, command.temperature_c) == (True, "heat", 35.0)


def test_learning_log_reads_exactly_as_specified() -> None:
    b = Bench()
    b.controller.memory.cycles = (LearnedCycle(duration_s=1430, rise_k=0.3, overshoot_k=0.25),) * 9
    b.controller.memory.valid_cycles = 9
    b.cycle(heat_s=1450, overshoot_k=0.25)
    assert b.log == [
        "TRV [Kuchyn]: IDLE → HEATING",
        "TRV [Kuchyn]: Started LEARNING cycle (9/10)",
        "TRV [Kuchyn]: Heating stopped after 1450s, entering COOLDOWN",
        "TRV [Kuchyn]: COOLDOWN → IDLE",
        "TRV [Kuchyn]: Cycle finished - duration=1450s, overshoot=0.25°C, valid=true",
        "TRV [Kuchyn]: LEARNING COMPLETE! avg_duration=1432s, time_offset=392s",
    ]


def test_learning_takes_the_set_number_of_valid_cycles() -> None:
    b = Bench(replace(SETTINGS, learning_cycles=3))
    for done in range(3):
        assert not b.controller.memory.learned
        b.cycle()
        assert b.controller.memory.valid_cycles == done + 1
    assert b.controller.memory.learned


def test_learned_heating_stops_before_the_target_after_the_written_formula() -> None:
    b = Bench(memory=learned_memory())
    learning = b.controller.learning
    assert learning is not None
    assert learning.s_per_k == pytest.approx(1200.0)
    assert learning.time_offset_s == pytest.approx(600 - 1200 * 0.4)
    step = b.step(temperature_c=20.7)
    assert b.controller.memory.cycle is not None
    assert b.controller.memory.cycle.mode is Mode.LEARNED
    assert b.controller.memory.cycle.planned_s == pytest.approx(480.0)
    assert step.wake_at is not None
    b.step(470, temperature_c=20.8)
    assert b.state == State.HEATING
    b.step(10)
    assert b.state == State.COOLDOWN
    assert b.log[1] == (
        "TRV [Kuchyn]: Started LEARNED cycle - rise=0.30°C, planned=480s = "
        "(600s - 120s) * (0.30 + 0.10) / (0.30 + 0.10)"
    )


def test_learned_time_scales_with_the_rise_and_the_target_still_stops_it() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.5)
    assert b.controller.memory.cycle is not None
    assert b.controller.memory.cycle.planned_s == pytest.approx(720.0)
    b.step(200, temperature_c=21.0)
    assert b.state == State.COOLDOWN


@pytest.mark.parametrize("start_c", [19.9, 20.35])
def test_a_long_rise_heats_to_the_target_and_counts(start_c: float) -> None:
    b = Bench(memory=learned_memory())
    b.cycle(heat_s=3000, start_c=start_c)
    assert b.controller.memory.valid_cycles == 11
    assert "TRV [Kuchyn]: Started LONG RISE cycle" in b.log[1]


def test_a_planned_time_below_the_shortest_valid_one_is_lengthened() -> None:
    b = Bench(memory=learned_memory(duration_s=190))
    b.step(temperature_c=20.7)
    assert b.controller.memory.cycle is not None
    assert b.controller.memory.cycle.planned_s == 180.0


@pytest.mark.parametrize(
    ("heat_s", "overshoot_k", "why"),
    [(179, 0.2, Invalid.TOO_SHORT), (600, 3.01, Invalid.OVERSHOOT), (600, -0.28, Invalid.NO_RISE)],
)
def test_cycles_outside_the_limits_are_not_learned(heat_s: float, overshoot_k: float, why: Invalid) -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.7)
    if overshoot_k < 0:
        b.step(481, temperature_c=20.72)
        b.step(1200)
    else:
        b.step(heat_s, temperature_c=21.0)
        b.step(600, temperature_c=21.0 + overshoot_k)
        b.step(600, temperature_c=20.95)
    last = b.controller.memory.last_cycle
    assert last is not None
    assert last.invalid is why
    assert b.controller.memory.valid_cycles == 10
    assert any(line.endswith("valid=false") for line in b.log)


def test_undershoot_is_valid_and_lengthens_the_next_heating() -> None:
    b = Bench(memory=learned_memory())
    before = b.controller.learning
    for _ in range(3):
        b.step(temperature_c=20.7)
        b.step(3000, temperature_c=20.8)
        b.step(300, temperature_c=20.9)
        b.step(900, temperature_c=20.75)
    after = b.controller.learning
    assert b.controller.memory.valid_cycles == 13
    assert before is not None
    assert after is not None
    assert after.s_per_k > before.s_per_k
    assert any("time_offset adapted" in line for line in b.log)


def test_offset_is_at_most_half_of_the_average() -> None:
    memory = learned_memory()
    memory.cycles = (LearnedCycle(duration_s=600, rise_k=0.3, overshoot_k=2.5),) * 10
    learning = learn(memory, SETTINGS)
    assert learning is not None
    assert learning.time_offset_s == 300.0


def test_the_longest_heating_ends_in_a_cooldown_that_reheats_at_once() -> None:
    b = Bench()
    b.step(temperature_c=18.0)
    step = b.step(7200, temperature_c=20.0)
    assert b.state == State.HEATING
    assert b.log[-5:] == [
        "TRV [Kuchyn]: COOLDOWN → IDLE",
        "TRV [Kuchyn]: Cycle finished - duration=7200s, overshoot=-1.00°C, valid=false",
        "TRV [Kuchyn]: Cycle not learned - heating too long",
        "TRV [Kuchyn]: IDLE → HEATING",
        "TRV [Kuchyn]: Started LEARNING cycle (0/10)",
    ]
    assert [p.code for p in step.problems] == [ProblemCode.MAX_HEATING_EXCEEDED]
    assert b.sent == [("trv", True)], "the valve stays open"
    step = b.step(600, temperature_c=21.0)
    assert step.problems == ()


def test_target_raised_while_heating_heats_to_the_new_one_and_is_not_learned() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.7)
    b.step(60, target_c=22.0)
    b.step(600, temperature_c=21.5)
    assert b.state == State.HEATING
    b.step(600, temperature_c=22.0)
    assert b.state == State.COOLDOWN
    b.step(1200, temperature_c=22.0)
    assert b.controller.memory.last_cycle is not None
    assert b.controller.memory.last_cycle.invalid is Invalid.TARGET_CHANGED


def test_target_lowered_to_the_temperature_stops_at_once() -> None:
    b = Bench()
    b.step(temperature_c=20.7)
    b.step(60, target_c=20.7)
    assert b.state == State.COOLDOWN
    assert b.sent[-1] == ("trv", False)


def test_cooldown_ends_early_only_when_cold_and_past_the_peak() -> None:
    b = Bench()
    b.step(temperature_c=20.7)
    b.step(600, temperature_c=21.0)
    b.step(30, target_c=21.4, temperature_c=21.1)
    assert b.state == State.COOLDOWN, "still rising"
    b.step(30, temperature_c=21.05)
    assert b.state == State.HEATING
    assert b.controller.memory.valid_cycles == 0, "the target changed in COOLDOWN"


def test_a_window_open_for_less_than_the_delay_changes_nothing() -> None:
    b = Bench()
    b.step(temperature_c=20.7)
    b.step(60, windows=b.window(is_open=True))
    b.step(119)
    assert b.state == State.HEATING
    b.step(0.5, windows=b.window(is_open=False))
    b.step(600, temperature_c=21.0)
    b.step(1200)
    assert b.controller.memory.valid_cycles == 1


def test_airing_closes_the_valve_and_the_first_heating_after_it_is_never_learned() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.7)
    step = b.step(60, windows=b.window(is_open=True))
    assert step.wake_at == b.now + timedelta(seconds=120)
    b.step(120)
    assert b.state == State.VENT
    assert b.sent[-1] == ("trv", False)
    b.step(600, temperature_c=15.0)
    assert b.state == State.VENT, "never heats while airing"
    b.step(60, windows=b.window(is_open=False))
    assert b.log[-3:] == [
        "TRV [Kuchyn]: VENT → IDLE",
        "TRV [Kuchyn]: IDLE → HEATING",
        "TRV [Kuchyn]: Started POST-VENT cycle - rise=6.00°C, heats to target",
    ]
    b.step(3000, temperature_c=20.9)
    assert b.state == State.HEATING
    b.step(600, temperature_c=21.0)
    assert not b.controller.memory.post_vent
    b.step(1200, temperature_c=21.0)
    assert b.controller.memory.valid_cycles == 10
    b.cycle()
    assert b.controller.memory.valid_cycles == 11, "the next one counts again"


def test_a_window_that_was_open_at_the_start_counts_from_its_last_change() -> None:
    b = Bench()
    b.step(temperature_c=20.0, windows=b.window(is_open=True, changed_at=START - timedelta(minutes=5)))
    assert b.state == State.VENT
    assert b.sent == []


def test_a_lost_window_sensor_is_held_for_five_minutes_then_closed() -> None:
    b = Bench()
    b.step(windows=b.window(is_open=True))
    b.step(120)
    assert b.state == State.VENT
    b.step(10, windows=b.window(is_open=None))
    step = b.step(299)
    assert b.state == State.VENT
    assert step.problems == ()
    step = b.step(1)
    assert b.state == State.IDLE
    assert [(p.code, p.subject) for p in step.problems] == [(ProblemCode.WINDOW_UNAVAILABLE, "window")]


@pytest.mark.parametrize("missing", ["temperature_c", "target_c"])
def test_a_missing_number_is_an_error_after_two_minutes(missing: str) -> None:
    b = Bench()
    b.step(temperature_c=20.5)
    b.step(30, **{missing: None})
    b.step(119)
    assert b.state == State.HEATING
    step = b.step(1)
    assert b.state == State.ERROR
    assert [line.level for line in step.log[-2:]] == [Level.WARNING, Level.WARNING]
    assert b.sent[-1] == ("trv", False)
    b.step(60, **{missing: 20.5})
    b.step(29.9)
    assert b.state == State.ERROR
    b.step(0.1, temperature_c=20.0, target_c=21.0)
    assert b.state == State.HEATING
    assert b.controller.memory.last_cycle is not None
    assert b.controller.memory.last_cycle.invalid is Invalid.ERROR


def test_not_a_number_counts_as_missing() -> None:
    b = Bench()
    b.step(temperature_c=float("nan"))
    b.step(120)
    assert b.state == State.ERROR


def test_a_silent_sensor_is_an_error_after_two_hours_unless_disabled() -> None:
    b = Bench()
    b.step(temperature_at=START)
    b.step(7199)
    assert b.state == State.IDLE
    b.step(1)
    assert b.state == State.ERROR
    never = Bench(replace(SETTINGS, sensor_silence_s=0))
    never.step(temperature_at=START)
    never.step(100_000)
    assert never.state == State.IDLE


def test_all_valves_away_for_five_minutes_is_an_error_and_they_get_off_on_return() -> None:
    b = Bench()
    b.step(temperature_c=20.5)
    on = b.inputs.trvs[0]
    b.step(30, trvs=(replace(on, available=False),))
    step = b.step(299)
    assert b.state == State.HEATING
    assert [p.code for p in step.problems] == [ProblemCode.TRV_UNAVAILABLE]
    b.step(1)
    assert b.state == State.ERROR
    assert b.sent == [("trv", True)]
    b.step(60, trvs=(replace(on, setpoint_c=5.0),))
    assert b.sent[-1] == ("trv", False), "even if it seems to be off"


def test_one_valve_away_goes_on_but_is_not_learned() -> None:
    b = Bench()
    b.inputs = replace(b.inputs, trvs=(Trv(id="a"), Trv(id="b")))
    b.step(temperature_c=20.7)
    a, other = b.inputs.trvs
    b.step(600, trvs=(a, replace(other, available=False)))
    assert b.state == State.HEATING
    b.step(10, trvs=(a, other), temperature_c=21.0)
    b.step(1200)
    assert b.controller.memory.last_cycle is not None
    assert b.controller.memory.last_cycle.invalid is Invalid.TRV_OFFLINE


def test_a_valve_turned_off_by_hand_is_overwritten() -> None:
    b = Bench()
    b.step(temperature_c=20.5)
    b.step(60)
    (trv,) = b.inputs.trvs
    step = b.step(30, trvs=(replace(trv, mode="off"),))
    assert [(c.on, c.mode, c.temperature_c) for c in step.commands] == [(True, "heat", 35.0)]


def test_a_deaf_valve_is_told_again_with_growing_pauses() -> None:
    b = Bench()
    b.obedient = False
    b.step(temperature_c=20.5)
    sent_at = [second for second in range(5, 2000, 5) if b.step(5).commands]
    assert sent_at == [30, 90, 210, 450, 930, 1530]
    assert resend_after_s(1) == 30
    assert resend_after_s(99) == 600


def test_an_unconfirmed_on_is_taken_back_although_the_valve_still_shows_off() -> None:
    b = Bench()
    b.obedient = False
    b.step(temperature_c=20.5)
    b.step(5, temperature_c=21.0)
    assert b.sent == [("trv", True), ("trv", False)]


def test_setpoints_stay_within_what_the_valve_takes() -> None:
    b = Bench()
    step = b.step(temperature_c=20.5, trvs=(Trv(id="trv", min_c=7.0, max_c=30.0),))
    assert step.commands[0].temperature_c == 30.0
    assert [p.code for p in step.problems] == [ProblemCode.TRV_MAX_TOO_LOW]
    step = b.step(600, temperature_c=21.0)
    assert step.commands[0].temperature_c == 7.0


def test_a_disabled_valve_is_left_alone_and_an_open_one_is_closed_once() -> None:
    b = Bench()
    b.inputs = replace(
        b.inputs,
        trvs=(Trv(id="a"), Trv(id="b", enabled=False, mode="heat", setpoint_c=22.0), Trv(id="c")),
    )
    b.step(temperature_c=20.5)
    assert b.sent == [("a", True), ("c", True)]
    a, other, c = b.inputs.trvs
    b.step(60, trvs=(a, other, replace(c, enabled=False)))
    assert b.sent[2:] == [("c", False)]
    b.step(60, trvs=(a, other, replace(c, enabled=False, setpoint_c=30.0)))
    b.step(60, trvs=(a, other))
    assert b.sent[2:] == [("c", False)]
    b.step(60, trvs=(other, replace(c)))
    assert b.sent[3] == ("a", False), "a valve that left the room is not left open"


def test_restart_while_heating_drops_the_cycle_without_a_bounce() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.5)
    stored = json.loads(json.dumps(b.controller.memory.to_dict()))
    again = Bench()
    again.controller = RoomController.resume(SETTINGS, Memory.from_dict(stored))
    again.now, again.inputs = b.now, b.inputs
    again.step(30, temperature_c=None)
    assert again.state == State.IDLE
    again.step(60, temperature_c=20.5)
    assert again.state == State.HEATING
    assert again.sent == []
    assert again.controller.memory.valid_cycles == 10
    assert again.controller.memory.cycle is not None
    assert again.controller.memory.cycle.started_at == again.now


def test_post_vent_and_airing_survive_a_restart() -> None:
    b = Bench()
    b.step(windows=b.window(is_open=True))
    b.step(120)
    stored = json.loads(json.dumps(b.controller.memory.to_dict()))
    again = Bench()
    again.controller = RoomController.resume(SETTINGS, Memory.from_dict(stored))
    again.now = b.now
    again.step(20, temperature_c=20.0, windows=again.window(is_open=True, changed_at=b.now))
    assert again.state == State.VENT
    again.step(10, windows=again.window(is_open=False))
    assert again.controller.memory.post_vent
    assert again.state == State.HEATING


def test_reset_gives_back_what_was_learned_and_starts_anew() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.7)
    old = b.controller.reset_learning()
    assert old is not None
    assert old.complete
    assert old.valid_cycles == 10
    assert b.controller.learning is None
    b.step(600, temperature_c=20.9)
    assert b.state == State.HEATING, "heats to the target again"


def test_memory_comes_back_as_it_was() -> None:
    b = Bench(memory=learned_memory())
    b.step(temperature_c=20.7, windows=b.window(is_open=True))
    b.step(30, windows=b.window(is_open=None))
    memory = b.controller.memory
    assert Memory.from_dict(json.loads(json.dumps(memory.to_dict()))) == memory


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 2},
        {"state": "SLEEPING"},
        {"since": "2026-01-01T00:00:00"},
        {"cycles": 7},
        {"trvs": {"a": {}}},
    ],
)
def test_a_foreign_memory_is_refused(damage: dict[str, object]) -> None:
    data = {**Memory().to_dict(), **damage}
    with pytest.raises(ValueError, match=r"."):
        Memory.from_dict(data)


@pytest.mark.parametrize(
    "wrong", [{"hysteresis_k": 0.0}, {"min_heating_s": 8000.0}, {"window_open_delay_s": -1.0}]
)
def test_settings_refuse_nonsense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Settings(name="x", **wrong)  # type: ignore[arg-type]


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        RoomController(SETTINGS).step(Bench().inputs, START.replace(tzinfo=None))
