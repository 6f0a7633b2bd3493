"""What holds for the regulator whatever a room, its people and its radio do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.heating.room_controller import (
    RECOVERY_S,
    RESEND_MIN_S,
    Inputs,
    Memory,
    RoomController,
    Settings,
    State,
    Trv,
    Window,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS = Settings(name="room", learning_cycles=2)

temperatures = st.one_of(st.none(), st.just(float("nan")), st.floats(15.0, 25.0))
trvs = st.builds(
    Trv,
    id=st.just("trv"),
    enabled=st.sampled_from([True, True, True, False]),
    available=st.sampled_from([True, True, True, False]),
    mode=st.sampled_from(["heat", "off", None]),
    setpoint_c=st.sampled_from([5.0, 21.0, 35.0, None]),
)
events = st.lists(
    st.tuples(
        st.floats(-60.0, 4000.0),
        temperatures,
        st.one_of(st.none(), st.sampled_from([19.0, 20.0, 21.0])),
        st.sampled_from([False, False, True, None]),
        trvs,
        st.booleans(),
    ),
    min_size=5,
    max_size=80,
)


@settings(max_examples=500, deadline=None)
@given(events)
def test_laws(day: list[tuple[float, float | None, float | None, bool | None, Trv, bool]]) -> None:
    controller = RoomController(SETTINGS)
    now = START
    post_vent_cycle = False
    for after_s, temperature_c, target_c, is_open, trv, restart in day:
        now += timedelta(seconds=after_s)
        if restart and after_s > 3500:
            stored = json.loads(json.dumps(controller.memory.to_dict()))
            controller = RoomController.resume(SETTINGS, Memory.from_dict(stored))
            post_vent_cycle = False
        learned_before = controller.memory.valid_cycles
        inputs = Inputs(
            temperature_c=temperature_c,
            target_c=target_c,
            trvs=(trv,),
            windows=(Window(id="w", open=is_open),),
        )
        step = controller.step(inputs, now)
        m = controller.memory

        on = [c for c in step.commands if c.on]
        assert not on or m.state is State.HEATING, "a valve opens in HEATING only"
        assert not any(c.on for c in step.commands if not trv.enabled)
        if m.state in (State.VENT, State.ERROR):
            assert m.cycle is None
        if m.state is State.HEATING:
            assert m.cycle is not None
            assert m.cycle.stopped_at is None
        if m.state is State.COOLDOWN:
            assert m.cycle is not None
            assert m.cycle.stopped_at is not None
            assert step.wake_at is not None
        assert step.wake_at is None or step.wake_at > now
        # A cycle that began after airing never reaches the learning.
        if m.valid_cycles > learned_before:
            assert m.valid_cycles == learned_before + 1
            assert not post_vent_cycle
        post_vent_cycle = m.cycle is not None and m.cycle.mode.value == "POST-VENT"
        # Asked again with nothing changed, it stays.
        state = m.state
        assert not controller.step(inputs, now).log
        assert m.state is state
        assert Memory.from_dict(json.loads(json.dumps(m.to_dict()))) == m


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.0, 60.0),
            st.sampled_from([19.0, 20.0, 21.0]),
            st.sampled_from(["heat", "off"]),
            st.sampled_from([5.0, 35.0]),
        ),
        min_size=20,
        max_size=80,
    )
)
def test_a_restless_valve_is_not_flooded(hour: list[tuple[float, float, str, float]]) -> None:
    controller = RoomController(SETTINGS)
    now = START
    sent: tuple[datetime, bool] | None = None
    for after_s, temperature_c, mode, setpoint_c in hour:
        now += timedelta(seconds=after_s)
        trv = Trv(id="trv", mode=mode, setpoint_c=setpoint_c)
        step = controller.step(Inputs(temperature_c=temperature_c, target_c=20.5, trvs=(trv,)), now)
        for command in step.commands:
            if sent is not None and sent[1] == command.on:
                assert (now - sent[0]).total_seconds() >= RESEND_MIN_S
            sent = (now, command.on)


@settings(max_examples=200, deadline=None)
@given(events, st.booleans())
def test_every_state_is_left(
    day: list[tuple[float, float | None, float | None, bool | None, Trv, bool]], cold: bool
) -> None:
    """After anything, a healthy room is regulated again within the longest timers."""
    controller = RoomController(SETTINGS)
    now = START
    for after_s, temperature_c, target_c, is_open, trv, _ in day:
        now += timedelta(seconds=after_s)
        controller.step(
            Inputs(
                temperature_c=temperature_c,
                target_c=target_c,
                trvs=(trv,),
                windows=(Window(id="w", open=is_open),),
            ),
            now,
        )
    healthy = Inputs(
        temperature_c=18.0 if cold else 22.0,
        target_c=20.0,
        trvs=(Trv(id="trv", mode="heat", setpoint_c=5.0),),
        windows=(Window(id="w", open=False),),
    )
    seen = set()
    for _ in range(200):
        step = controller.step(healthy, now)
        seen.add(step.state)
        now = max(now + timedelta(seconds=1), min(step.wake_at or now, now + timedelta(seconds=600)))
        if not cold and step.state is State.IDLE:
            break
    assert (State.HEATING in seen) if cold else (step.state is State.IDLE)


@given(st.floats(0.0, 10_000.0), st.sampled_from(["temperature", "target", "trv"]))
@settings(max_examples=100, deadline=None)
def test_an_error_is_left_half_a_minute_after_all_is_back(lost_s: float, what: str) -> None:
    controller = RoomController(SETTINGS)
    good = Inputs(temperature_c=20.0, target_c=20.0, trvs=(Trv(id="trv"),))
    bad = Inputs(
        temperature_c=None if what == "temperature" else 20.0,
        target_c=None if what == "target" else 20.0,
        trvs=() if what == "trv" else (Trv(id="trv"),),
    )
    controller.step(good, START)
    controller.step(bad, START)
    lost = START + timedelta(seconds=lost_s)
    controller.step(bad, lost)
    controller.step(good, lost)
    controller.step(good, lost + timedelta(seconds=RECOVERY_S))
    assert controller.memory.state is State.IDLE
