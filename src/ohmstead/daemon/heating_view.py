"""Rooms and floors as the web shows them, with a sentence that says why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ohmstead.daemon.config.heating import FloorRoom, RadiatorRoom
from ohmstead.daemon.heating_floors import FloorHost
from ohmstead.daemon.heating_radiators import RadiatorHost
from ohmstead.heating.heat_orchestrator import State as FloorState
from ohmstead.heating.room_controller import (
    SAME_TEMPERATURE_K,
    Cycle,
    LastCycle,
    Learning,
    Mode,
    Problem,
    ProblemCode,
    State,
    Trv,
    TrvMemory,
    setpoint_c,
)
from ohmstead.web.schema import (
    FloorRoomInfo,
    FloorsInfo,
    HeatingCycleInfo,
    HeatingProblemInfo,
    LearningInfo,
    PastCycleInfo,
    RadiatorRoomInfo,
    ValveInfo,
)

FloorName = Literal["GF", "FF"]
_FLOORS = {"GF": "ground floor", "FF": "first floor"}
_REASONS = {
    "floor_hold": "The active floor is kept for its shortest time.",
    "quota": "No room needs heat; the pump heats the hot water until its daily time is reached.",
    "min_pump_on": "Nothing needs heat; the pump finishes its shortest run.",
    "no_demand": "No room needs heat, and the hot water had its time today.",
    "min_pump_off": "The pump rests before it may start again.",
    "off_window": "In the off window the pump does not run.",
    "off_window_min_pump_on": "The off window has begun; the pump finishes its shortest run.",
    "off_window_near": "The off window begins too soon for a run for hot water.",
    "quota_rest": "The pump rests between two runs for hot water.",
    "stopping": "The pump is shutting down.",
    "parking": "One floor is shut before the other is opened.",
    "pump_unavailable": "The pump's switch is unavailable; everything is held as it is.",
    "starting": "Waiting until every thermostat has been seen.",
}
_PROBLEMS = {
    ProblemCode.MAX_HEATING_EXCEEDED: "The target was not reached within the longest heating time.",
    ProblemCode.WINDOW_UNAVAILABLE: "The window {subject} does not answer; it counts as shut.",
    ProblemCode.TRV_UNAVAILABLE: "The valve {subject} does not answer.",
    ProblemCode.TRV_MAX_TOO_LOW: "The valve {subject} takes no 35 °C; it may regulate by itself below that.",
}


def floors_info(host: FloorHost) -> FloorsInfo | None:
    """The floors now; ``None`` before the first step."""
    status, m, s = host.status, host.memory, host.limits
    if status is None:
        return None
    off_c = s.room_off_setpoint
    rooms = []
    for room in host.settings.rooms:
        seen, known = host.snapshot.rooms[room.id], m.rooms[room.id]
        opened = known.commanded_c is not None and known.commanded_c > off_c + 0.01
        shown_c, wanted_c = seen.current_c, seen.setpoint_c
        colder = shown_c is not None and wanted_c is not None and shown_c < wanted_c
        rooms.append(
            FloorRoomInfo(
                id=room.id,
                name=display_name(room),
                floor=_floor(room.floor.value),
                available=seen.available,
                off=seen.off,
                measured_c=seen.current_c,
                setpoint_c=seen.setpoint_c,
                target_c=known.user_c,
                priority=room.priority,
                open=opened,
                heating=opened and colder and not seen.off and host.snapshot.pump_on is True,
                heating_min=known.heating_min,
                cooldown_until=known.cooldown_until,
                unmanaged_until=known.unmanaged_until,
            )
        )
    window = (f"{s.off_window_start:%H:%M}", f"{s.off_window_end:%H:%M}")
    return FloorsInfo(
        state=status.state.value,
        reason=floor_sentence(status.reason, status.state),
        reason_code=status.reason,
        since=m.state_since,
        floor=None if status.floor is None else _floor(status.floor.value),
        pump_on=host.snapshot.pump_on,
        outdoor_c=m.outdoor_c,
        quota_min=s.dhw_min_run_hours * 60.0,
        quota_remaining_min=status.quota_remaining_min,
        pump_on_min_today=m.pump_on_min,
        pump_starts_today=m.pump_starts,
        min_on_left_s=status.min_on_left_s,
        min_off_left_s=status.min_off_left_s,
        floor_hold_left_s=status.floor_hold_left_s,
        off_window=None if s.off_window_start == s.off_window_end else window,
        rooms=rooms,
    )


def display_name(room: FloorRoom | RadiatorRoom) -> str:
    """As people call it: its name, or its id as words."""
    return room.name or room.id.replace("_", " ").capitalize()


def floor_sentence(code: str, state: FloorState) -> str:
    """A reason of the orchestrator in words."""
    floor = state.floor
    if code == "demand" and floor is not None:
        return f"The {_FLOORS[floor.value]} needs heat most."
    return _REASONS.get(code, code.replace("_", " ").capitalize() + ".")


def _floor(value: str) -> FloorName:
    return "GF" if value == "GF" else "FF"


def radiator_info(host: RadiatorHost, now: datetime) -> RadiatorRoomInfo:
    """A radiator room now."""
    m, inputs = host.controller.memory, host.inputs
    return RadiatorRoomInfo(
        id=host.settings.id,
        name=display_name(host.settings),
        state=m.state.value,
        reason=radiator_sentence(host),
        since=m.since,
        next_at=None if host.last is None else host.last.wake_at,
        target_c=inputs.target_c,
        measured_c=inputs.temperature_c,
        window_open=any(window.open for window in inputs.windows),
        post_vent=m.post_vent,
        valves=[_valve(trv, m.trvs.get(trv.id)) for trv in inputs.trvs],
        cycle=None if m.cycle is None else _cycle(m.cycle, now),
        last_cycles=[_past(cycle) for cycle in host.cycles],
        learning=learning_info(host.controller.learning, host.settings.learning_cycles),
        problems=[] if host.last is None else [_problem(p) for p in host.last.problems],
    )


def radiator_sentence(host: RadiatorHost) -> str:
    """Why a room is in its state, in words."""
    m, inputs = host.controller.memory, host.inputs
    measured, target = _celsius(inputs.temperature_c), _celsius(inputs.target_c)
    match m.state:
        case State.HEATING if m.cycle is not None:
            begun = f"{_celsius(m.cycle.start_c)} was below the target of {_celsius(m.cycle.target_c)}"
            if m.cycle.planned_s is not None:
                return f"{begun}; heats for {m.cycle.planned_s:.0f} s by prediction."
            how = {Mode.LEARNING: ", to learn", Mode.POST_VENT: ", the first time after airing"}
            return f"{begun}; heats to the target{how.get(m.cycle.mode, '')}."
        case State.COOLDOWN:
            return "The valves are shut; the overshoot is being measured."
        case State.VENT:
            return "A window is open: airing, the valves are shut."
        case State.ERROR:
            return f"Stopped because of {m.error or 'a missing input'}; the valves are shut."
        case _ if inputs.temperature_c is None or inputs.target_c is None:
            return "Waiting for the temperature and the target."
        case _:
            return f"{measured} is warm enough for the target of {target}."


def _celsius(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} °C"


def _valve(trv: Trv, known: TrvMemory | None) -> ValveInfo:
    told = None if known is None else known.on
    wanted_c = None if told is None else setpoint_c(trv, on=told)
    follows = (
        wanted_c is not None
        and trv.setpoint_c is not None
        and abs(trv.setpoint_c - wanted_c) <= SAME_TEMPERATURE_K
    )
    return ValveInfo(
        id=trv.id,
        enabled=trv.enabled,
        available=trv.available,
        wanted=None if told is None else "open" if told else "shut",
        setpoint_c=trv.setpoint_c,
        follows=follows and trv.available,
    )


def _cycle(cycle: Cycle, now: datetime) -> HeatingCycleInfo:
    running_s = max(0.0, (now - cycle.started_at).total_seconds())
    return HeatingCycleInfo(
        started_at=cycle.started_at,
        mode=cycle.mode.value,
        start_c=cycle.start_c,
        target_c=cycle.target_c,
        elapsed_s=running_s if cycle.stopped_at is None else cycle.duration_s,
        planned_s=cycle.planned_s,
        stopped_at=cycle.stopped_at,
        peak_c=cycle.peak_c,
        invalid=None if cycle.invalid is None else cycle.invalid.value,
    )


def _past(cycle: LastCycle) -> PastCycleInfo:
    return PastCycleInfo(
        ended_at=cycle.ended_at,
        duration_s=cycle.duration_s,
        overshoot_k=cycle.overshoot_k,
        valid=cycle.invalid is None,
        invalid=None if cycle.invalid is None else cycle.invalid.value,
    )


def learning_info(learning: Learning | None, needed: int) -> LearningInfo:
    """What was learned, where ``needed`` valid cycles are to come first."""
    if learning is None:
        return LearningInfo(complete=False, valid_cycles=0, needed_cycles=needed)
    return LearningInfo(
        complete=learning.complete,
        valid_cycles=learning.valid_cycles,
        needed_cycles=learning.learning_cycles,
        avg_duration_s=learning.avg_duration_s,
        time_offset_s=learning.time_offset_s,
        s_per_k=learning.s_per_k,
        overshoot_k=learning.overshoot_k,
    )


def _problem(problem: Problem) -> HeatingProblemInfo:
    return HeatingProblemInfo(
        code=problem.code.value,
        subject=problem.subject,
        message=_PROBLEMS[problem.code].format(subject=problem.subject),
    )
