# Generated from src/ohmstead/heating/room_controller.py by tools/carry.py: change it there.

"""Regulates one room with thermostatic radiator valves: a deterministic state machine that learns.

::

    IDLE ──too cold──▶ HEATING ──target, learned time or 2 h──▶ COOLDOWN ──20 min, or cold again──▶ IDLE
    any but ERROR ──window open──▶ VENT ──all closed──▶ IDLE
    any ──input missing──▶ ERROR ──all back──▶ IDLE

The host maps its world to `Inputs`, calls `RoomController.step` on every event, at ``Step.wake_at`` and
at least every 30 s, sends ``Step.commands``, writes ``Step.log`` and stores ``Memory.to_dict()``.
Standard library only; the time is a parameter, so that the same file runs in a daemon, in a simulator
and, as a generated copy, in Home Assistant.

Learning. A valid cycle gives its heating ``duration``, its ``rise`` (target − temperature at the start)
and its ``overshoot`` (highest temperature in COOLDOWN − target). Over the last ``learning_cycles``::

    avg_duration = mean(duration)        avg_rise = mean(rise)
    k            = median(duration / (rise + overshoot)) of the last three                   s per K
    time_offset  = avg_duration − k · (avg_rise + desired_overshoot)       at most ± half of avg_duration
    heating time = (avg_duration − time_offset) · (rise + desired_overshoot) / (avg_rise + desired_overshoot)

so that a room that starts as cold as usual heats for ``avg_duration − time_offset``, and any other for
its share. Reaching the target stops every cycle. Three cycles follow the weather within two hours, and
their median still ignores a single odd one: a door left open, a guest, a burst of sun.

Temperatures in °C, differences in K, times in s; every ``datetime`` must be aware.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean, median
from typing import Any

TRV_ON_C = 35.0
TRV_OFF_C = 5.0
TRV_MODE = "heat"

SENSOR_GRACE_S = 120.0
TRV_GRACE_S = 300.0
WINDOW_GRACE_S = 300.0
RECOVERY_S = 30.0
RESEND_MIN_S = 30.0
RESEND_MAX_S = 600.0
PEAK_DROP_K = 0.05
"""This far below its peak the temperature has turned, and the overshoot is final."""
LONG_RISE_K = 1.0
LONG_RISE_FACTOR = 2.0
LEAST_RISE_K = 0.05
"""A cycle that moved the temperature by less says nothing about the heating rate."""
ADAPT_CYCLES = 3
MOST_OFFSET_SHARE = 0.5
NOTABLE_OFFSET_S = 5.0
SAME_TEMPERATURE_K = 0.26
"""Valves round setpoints to half a kelvin."""
_EPSILON_K = 1e-6
_MOST_TRANSITIONS = 6


class State(StrEnum):
    """What the room is doing."""

    IDLE = "IDLE"
    HEATING = "HEATING"
    COOLDOWN = "COOLDOWN"
    VENT = "VENT"
    ERROR = "ERROR"


class Mode(StrEnum):
    """How a heating cycle is ended."""

    LEARNING = "LEARNING"
    LEARNED = "LEARNED"
    LONG_RISE = "LONG RISE"
    """Far below the target: heats to the target, and counts."""
    POST_VENT = "POST-VENT"


class Invalid(StrEnum):
    """Why a cycle is not learned from."""

    WINDOW = "window opened"
    TARGET_CHANGED = "target changed"
    OVERSHOOT = "overshoot too large"
    TOO_SHORT = "heating too short"
    TOO_LONG = "heating too long"
    POST_VENT = "post-vent"
    ERROR = "ended in ERROR"
    TRV_OFFLINE = "a TRV was offline"
    NO_RISE = "no rise of the temperature"


class Level(StrEnum):
    """Of a log line."""

    INFO = "info"
    WARNING = "warning"


class ProblemCode(StrEnum):
    """What a person should look at."""

    MAX_HEATING_EXCEEDED = "max_heating_exceeded"
    WINDOW_UNAVAILABLE = "window_unavailable"
    TRV_UNAVAILABLE = "trv_unavailable"
    TRV_MAX_TOO_LOW = "trv_max_too_low"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The options of a room.

    Raises:
        ValueError: an option is out of its range.
    """

    name: str
    hysteresis_k: float = 0.3
    learning_cycles: int = 10
    cooldown_s: float = 1200.0
    min_heating_s: float = 180.0
    max_heating_s: float = 7200.0
    max_valid_overshoot_k: float = 3.0
    desired_overshoot_k: float = 0.1
    window_open_delay_s: float = 120.0
    sensor_silence_s: float = 7200.0
    """A sensor without any report for this long is stale; 0 never."""

    def __post_init__(self) -> None:
        positive = (self.hysteresis_k, self.learning_cycles, self.cooldown_s, self.max_valid_overshoot_k)
        if not all(math.isfinite(x) and x > 0 for x in positive):
            raise ValueError("hysteresis, learning cycles, cooldown and largest overshoot must be above 0")
        if not 0 < self.min_heating_s < self.max_heating_s < math.inf:
            raise ValueError("needed: 0 < min_heating_s < max_heating_s")
        at_least_0 = (self.desired_overshoot_k, self.window_open_delay_s, self.sensor_silence_s)
        if not all(math.isfinite(x) and x >= 0 for x in at_least_0):
            raise ValueError("desired overshoot, window delay and sensor silence must not be negative")


@dataclass(frozen=True, kw_only=True, slots=True)
class Trv:
    """A valve as the host sees it."""

    id: str
    enabled: bool = True
    available: bool = True
    mode: str | None = None
    setpoint_c: float | None = None
    min_c: float | None = None
    max_c: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A window or balcony door; ``open`` is None while its sensor is unavailable."""

    id: str
    open: bool | None
    changed_at: datetime | None = None
    """Since when it is so; without it since the first step that sees it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Everything a step looks at; None is missing. Numbers that are not finite count as missing."""

    temperature_c: float | None
    target_c: float | None
    temperature_at: datetime | None = None
    """The sensor's last report, whether or not the value changed; None: not known, never stale."""
    trvs: tuple[Trv, ...] = ()
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """To be sent to a TRV: mode and temperature together."""

    trv_id: str
    on: bool
    temperature_c: float
    mode: str = TRV_MODE


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """A line for the host's log."""

    text: str
    level: Level = Level.INFO


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something to tell a person while it lasts; ``subject`` is a TRV or window, or empty."""

    code: ProblemCode
    subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a step asks of the host."""

    state: State
    commands: tuple[Command, ...]
    log: tuple[LogLine, ...]
    problems: tuple[Problem, ...]
    wake_at: datetime | None
    """When the next timer ends; later than ``now``."""
    changed: bool
    """State or learning changed: worth storing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LearnedCycle:
    """A valid cycle."""

    duration_s: float
    rise_k: float
    overshoot_k: float

    @property
    def s_per_k(self) -> float:
        """Heating time per kelvin that the temperature really rose."""
        return self.duration_s / (self.rise_k + self.overshoot_k)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """The heating cycle under way, HEATING and the COOLDOWN after it."""

    started_at: datetime
    start_c: float
    target_c: float
    mode: Mode
    planned_s: float | None = None
    """When to stop, where that is predicted."""
    stopped_at: datetime | None = None
    peak_c: float | None = None
    """Highest temperature since the heating stopped."""
    invalid: Invalid | None = None
    exceeded: bool = False

    @property
    def duration_s(self) -> float:
        """Of the heating; 0 while it goes on."""
        return (self.stopped_at - self.started_at).total_seconds() if self.stopped_at else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LastCycle:
    """The last cycle that ended, for display."""

    ended_at: datetime
    duration_s: float
    overshoot_k: float | None
    """None where it was interrupted before it could be measured."""
    invalid: Invalid | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrvMemory:
    """What was last sent to a TRV."""

    on: bool | None = None
    """None: nothing that still holds."""
    sent_at: datetime | None = None
    attempts: int = 0
    """Sent this often without being seen for `RESEND_MIN_S`."""
    available: bool = True
    owed: bool = False
    """To be sent once even if the valve seems to be right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowMemory:
    """The last known position of a window."""

    open: bool = False
    since: datetime
    missing_since: datetime | None = None


@dataclass(kw_only=True, slots=True)
class Memory:
    """All that outlives a step, as plain values."""

    state: State = State.IDLE
    since: datetime | None = None
    post_vent: bool = False
    cycle: Cycle | None = None
    learned: bool = False
    valid_cycles: int = 0
    cycles: tuple[LearnedCycle, ...] = ()
    """The newest ``learning_cycles`` valid ones, oldest first."""
    last_cycle: LastCycle | None = None
    exceeded: bool = False
    """The last heating ran into its longest time."""
    temperature_c: float | None = None
    target_c: float | None = None
    temperature_missing_since: datetime | None = None
    target_missing_since: datetime | None = None
    trv_missing_since: datetime | None = None
    back_since: datetime | None = None
    """In ERROR: everything is here again since."""
    error: str | None = None
    trvs: dict[str, TrvMemory] = field(default_factory=dict)
    windows: dict[str, WindowMemory] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; times in ISO 8601."""
        out: dict[str, Any] = {"version": 1}
        for f in fields(self):
            out[f.name] = _plain(getattr(self, f.name))
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Memory:
        """The inverse of `to_dict`.

        Raises:
            ValueError: the data is not such a memory.
        """
        try:
            if data["version"] != 1:
                raise ValueError(f"version: found {data['version']!r}, allowed: 1")
            return cls(
                state=State(data["state"]),
                since=_time(data["since"]),
                post_vent=bool(data["post_vent"]),
                cycle=_cycle(data["cycle"]),
                learned=bool(data["learned"]),
                valid_cycles=int(data["valid_cycles"]),
                cycles=tuple(LearnedCycle(**{k: float(v) for k, v in one.items()}) for one in data["cycles"]),
                last_cycle=_last_cycle(data["last_cycle"]),
                exceeded=bool(data["exceeded"]),
                temperature_c=_number(data["temperature_c"]),
                target_c=_number(data["target_c"]),
                temperature_missing_since=_time(data["temperature_missing_since"]),
                target_missing_since=_time(data["target_missing_since"]),
                trv_missing_since=_time(data["trv_missing_since"]),
                back_since=_time(data["back_since"]),
                error=None if data["error"] is None else str(data["error"]),
                trvs={
                    key: TrvMemory(**{**one, "sent_at": _time(one["sent_at"])})
                    for key, one in data["trvs"].items()
                },
                windows={
                    key: WindowMemory(
                        open=bool(one["open"]),
                        since=_must(_time(one["since"])),
                        missing_since=_time(one["missing_since"]),
                    )
                    for key, one in data["windows"].items()
                },
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not the memory of a room: {error!r}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """What was learned, as the attributes show it."""

    valid_cycles: int
    learning_cycles: int
    complete: bool
    avg_duration_s: float
    time_offset_s: float
    avg_rise_k: float
    s_per_k: float
    overshoot_k: float
    """Mean of the cycles in view."""

    def heating_s(self, rise_k: float, desired_overshoot_k: float) -> float:
        """The time to heat for a rise, by the formula at the top of this file."""
        share = (rise_k + desired_overshoot_k) / (self.avg_rise_k + desired_overshoot_k)
        return (self.avg_duration_s - self.time_offset_s) * share


def learn(memory: Memory, settings: Settings) -> Learning | None:
    """The figures of the cycles in memory; None without any."""
    cycles = memory.cycles[-settings.learning_cycles :]
    if not cycles:
        return None
    avg_s = fmean(c.duration_s for c in cycles)
    rise_k = fmean(c.rise_k for c in cycles)
    s_per_k = median(c.s_per_k for c in cycles[-ADAPT_CYCLES:])
    most_s = MOST_OFFSET_SHARE * avg_s
    offset_s = avg_s - s_per_k * (rise_k + settings.desired_overshoot_k)
    return Learning(
        valid_cycles=memory.valid_cycles,
        learning_cycles=settings.learning_cycles,
        complete=memory.learned,
        avg_duration_s=avg_s,
        time_offset_s=max(-most_s, min(most_s, offset_s)),
        avg_rise_k=rise_k,
        s_per_k=s_per_k,
        overshoot_k=fmean(c.overshoot_k for c in cycles),
    )


class RoomController:
    """The regulator of one room."""

    def __init__(self, settings: Settings, memory: Memory | None = None) -> None:
        self.settings = settings
        self.memory = memory if memory is not None else Memory()
        self._ready = False
        self._log: list[LogLine] = []
        self._inputs = Inputs(temperature_c=None, target_c=None)
        self._offset_told_s: float | None = None
        learning = self.learning
        if learning is not None and self.memory.learned:
            self._offset_told_s = learning.time_offset_s

    @classmethod
    def resume(cls, settings: Settings, memory: Memory) -> RoomController:
        """Go on after a restart: learning, airing and errors stay, a cycle under way is dropped."""
        kept = replace(memory, temperature_missing_since=None, target_missing_since=None)
        kept.trv_missing_since = kept.back_since = None
        kept.trvs = {key: TrvMemory(on=one.on, sent_at=one.sent_at) for key, one in memory.trvs.items()}
        kept.windows = dict(memory.windows)
        if kept.state in (State.HEATING, State.COOLDOWN):
            kept.state, kept.cycle = State.IDLE, None
        kept.temperature_c = kept.target_c = None
        return cls(settings, kept)

    @property
    def learning(self) -> Learning | None:
        """What was learned so far; None before the first valid cycle."""
        return learn(self.memory, self.settings)

    def reset_learning(self) -> Learning | None:
        """Forget what was learned and give it back; the cycle under way counts as the first new one."""
        m, before = self.memory, self.learning
        m.cycles, m.valid_cycles, m.learned, self._offset_told_s = (), 0, False, None
        if m.state is State.HEATING and m.cycle is not None and m.cycle.mode is not Mode.POST_VENT:
            m.cycle = replace(m.cycle, mode=Mode.LEARNING, planned_s=None)
        return before

    def step(self, inputs: Inputs, now: datetime) -> Step:
        """Look at the inputs at ``now`` and decide.

        Raises:
            ValueError: ``now`` is not an aware time.
        """
        if now.tzinfo is None:
            raise ValueError("now must be an aware time")
        m = self.memory
        self._inputs, self._log = inputs, []
        before = (m.state, m.since, m.cycle, m.post_vent, m.valid_cycles, m.learned)
        _undo_future(m, now)
        if m.since is None:
            m.since = now
        self._observe(now)
        for _ in range(_MOST_TRANSITIONS):
            if not self._move(now):
                break
        commands = tuple(self._commands(now))
        after = (m.state, m.since, m.cycle, m.post_vent, m.valid_cycles, m.learned)
        return Step(
            state=m.state,
            commands=commands,
            log=tuple(self._log),
            problems=tuple(self._problems(now)),
            wake_at=min((due for due in self._timers() if due > now), default=None),
            changed=before != after or bool(commands),
        )

    def _say(self, text: str, level: Level = Level.INFO) -> None:
        self._log.append(LogLine(text=f"TRV [{self.settings.name}]: {text}", level=level))

    # -- inputs

    def _observe(self, now: datetime) -> None:
        """Keep the last good values, and since when something is missing."""
        m, i = self.memory, self._inputs
        temperature_c, target_c = _finite(i.temperature_c), _finite(i.target_c)
        m.temperature_missing_since = (
            None if temperature_c is not None else m.temperature_missing_since or now
        )
        m.target_missing_since = None if target_c is not None else m.target_missing_since or now
        m.trv_missing_since = None if self._usable() else m.trv_missing_since or now
        m.temperature_c = temperature_c if temperature_c is not None else m.temperature_c
        m.target_c = target_c if target_c is not None else m.target_c
        self._observe_windows(now)
        if m.cycle is None:
            return
        if m.cycle.stopped_at is not None and temperature_c is not None:
            m.cycle = replace(m.cycle, peak_c=max(temperature_c, m.cycle.peak_c or temperature_c))
        if any(t.enabled and not t.available for t in i.trvs):
            self._invalidate(Invalid.TRV_OFFLINE)
        if target_c is not None and abs(target_c - m.cycle.target_c) > _EPSILON_K:
            self._invalidate(Invalid.TARGET_CHANGED)
            if m.cycle.stopped_at is None:
                # Heats to the new target; compared with it from now on.
                m.cycle = replace(m.cycle, target_c=target_c, planned_s=None)

    def _observe_windows(self, now: datetime) -> None:
        known = self.memory.windows
        seen: dict[str, WindowMemory] = {}
        for w in self._inputs.windows:
            old = known.get(w.id)
            if w.open is None:
                old = old or WindowMemory(open=False, since=now)
                seen[w.id] = old if old.missing_since else replace(old, missing_since=now)
                continue
            # After a restart the host may not know how long it has been so; the memory does.
            same = old is not None and old.open == w.open
            since = old.since if old is not None and same else min(w.changed_at or now, now)
            seen[w.id] = WindowMemory(open=w.open, since=since)
        self.memory.windows = seen

    def _open_windows(self, now: datetime) -> list[WindowMemory]:
        return [
            w
            for w in self.memory.windows.values()
            if w.open and not (w.missing_since and _age_s(w.missing_since, now) >= WINDOW_GRACE_S)
        ]

    def _usable(self) -> bool:
        return any(t.enabled and t.available for t in self._inputs.trvs)

    def _silent(self, now: datetime) -> bool:
        limit_s, at = self.settings.sensor_silence_s, self._inputs.temperature_at
        return limit_s > 0 and at is not None and _age_s(at, now) >= limit_s

    def _fault(self, now: datetime) -> str | None:
        m = self.memory
        for what, since, grace_s in (
            ("temperature", m.temperature_missing_since, SENSOR_GRACE_S),
            ("target", m.target_missing_since, SENSOR_GRACE_S),
            ("enabled TRV", m.trv_missing_since, TRV_GRACE_S),
        ):
            if since is not None and _age_s(since, now) >= grace_s:
                return f"no {what} for {grace_s:.0f}s"
        if self._silent(now):
            return f"no report of the temperature sensor for {self.settings.sensor_silence_s:.0f}s"
        return None

    def _all_here(self, now: datetime) -> bool:
        m = self.memory
        missing = m.temperature_missing_since or m.target_missing_since or m.trv_missing_since
        return missing is None and not self._silent(now)

    # -- states

    def _move(self, now: datetime) -> bool:
        """Make one transition; False when the state stays."""
        m = self.memory
        if m.state is State.ERROR:
            return self._leave_error(now)
        fault = self._fault(now)
        if fault is not None:
            self._enter_error(fault, now)
            return True
        self._ready = self._ready or self._all_here(now)
        if not self._ready or m.temperature_c is None or m.target_c is None:
            return False
        windows = self._open_windows(now)
        if m.state is State.VENT:
            if windows:
                return False
            m.post_vent = True
            self._enter(State.IDLE, now)
            return True
        if any(_age_s(w.since, now) >= self.settings.window_open_delay_s for w in windows):
            self._discard(Invalid.WINDOW, now)
            self._enter(State.VENT, now)
            return True
        if m.state is State.IDLE:
            return self._start_heating(m.temperature_c, m.target_c, now)
        if m.state is State.HEATING:
            return self._stop_heating(m.temperature_c, m.target_c, now)
        return self._end_cooldown(m.temperature_c, m.target_c, now)

    def _enter(self, state: State, now: datetime, *, level: Level = Level.INFO) -> None:
        self._say(f"{self.memory.state} → {state}", level)
        self.memory.state, self.memory.since = state, now

    def _enter_error(self, fault: str, now: datetime) -> None:
        m = self.memory
        self._discard(Invalid.ERROR, now)
        self._enter(State.ERROR, now, level=Level.WARNING)
        self._say(f"ERROR because of {fault}", Level.WARNING)
        m.error, m.back_since = fault, None
        self._owe_all()

    def _leave_error(self, now: datetime) -> bool:
        m = self.memory
        if not self._all_here(now):
            m.back_since = None
            return False
        m.back_since = m.back_since or now
        if _age_s(m.back_since, now) < RECOVERY_S:
            return False
        m.error = m.back_since = None
        self._ready = True
        self._owe_all()
        self._enter(State.IDLE, now)
        return True

    def _start_heating(self, temperature_c: float, target_c: float, now: datetime) -> bool:
        m, s = self.memory, self.settings
        if temperature_c > target_c - s.hysteresis_k + _EPSILON_K:
            return False
        rise_k = target_c - temperature_c
        learning = self.learning
        planned_s = None
        if m.post_vent:
            mode = Mode.POST_VENT
        elif learning is None or not m.learned:
            mode = Mode.LEARNING
        elif rise_k > min(LONG_RISE_K, LONG_RISE_FACTOR * learning.avg_rise_k) + _EPSILON_K:
            mode = Mode.LONG_RISE
        else:
            mode = Mode.LEARNED
            # A shorter heating would be invalid and never corrected.
            planned_s = round(max(learning.heating_s(rise_k, s.desired_overshoot_k), s.min_heating_s))
        m.cycle = Cycle(
            started_at=now,
            start_c=temperature_c,
            target_c=target_c,
            mode=mode,
            planned_s=planned_s,
            invalid=Invalid.POST_VENT if m.post_vent else None,
        )
        self._enter(State.HEATING, now)
        if mode is Mode.LEARNING:
            self._say(f"Started LEARNING cycle ({m.valid_cycles}/{s.learning_cycles})")
        elif planned_s is None or learning is None:
            self._say(f"Started {mode} cycle - rise={rise_k:.2f}°C, heats to target")
        else:
            self._say(
                f"Started LEARNED cycle - rise={rise_k:.2f}°C, planned={planned_s:.0f}s = "
                f"({learning.avg_duration_s:.0f}s - {learning.time_offset_s:.0f}s) * "
                f"({rise_k:.2f} + {s.desired_overshoot_k:.2f}) / "
                f"({learning.avg_rise_k:.2f} + {s.desired_overshoot_k:.2f})"
            )
        return True

    def _stop_heating(self, temperature_c: float, target_c: float, now: datetime) -> bool:
        m, s = self.memory, self.settings
        cycle = m.cycle
        if cycle is None:  # a memory from elsewhere: nothing to measure
            self._enter(State.IDLE, now)
            return True
        elapsed_s = _age_s(cycle.started_at, now)
        exceeded = elapsed_s >= s.max_heating_s
        planned = cycle.planned_s is not None and elapsed_s >= cycle.planned_s
        if not (exceeded or planned or temperature_c >= target_c - _EPSILON_K):
            return False
        m.cycle = replace(cycle, stopped_at=now, peak_c=temperature_c, exceeded=exceeded)
        if exceeded:
            self._invalidate(Invalid.TOO_LONG)
        elif elapsed_s < s.min_heating_s:
            self._invalidate(Invalid.TOO_SHORT)
        m.exceeded, m.post_vent = exceeded, False
        m.state, m.since = State.COOLDOWN, now
        self._say(f"Heating stopped after {elapsed_s:.0f}s, entering COOLDOWN")
        if exceeded:
            self._say(f"Target not reached within {s.max_heating_s:.0f}s", Level.WARNING)
        return True

    def _end_cooldown(self, temperature_c: float, target_c: float, now: datetime) -> bool:
        m, s = self.memory, self.settings
        cycle = m.cycle
        if cycle is None or cycle.stopped_at is None or cycle.peak_c is None:
            self._enter(State.IDLE, now)
            return True
        cold = temperature_c <= target_c - s.hysteresis_k + _EPSILON_K
        turned = temperature_c <= cycle.peak_c - PEAK_DROP_K + _EPSILON_K
        over = _age_s(cycle.stopped_at, now) >= s.cooldown_s
        # Heating that ran into its longest time has no overshoot to wait for.
        if not (over or (cold and (turned or cycle.exceeded))):
            return False
        self._enter(State.IDLE, now)
        self._finish(cycle, cycle.peak_c - cycle.target_c, now)
        return True

    # -- cycles

    def _invalidate(self, why: Invalid) -> None:
        cycle = self.memory.cycle
        if cycle is not None and cycle.invalid is None:
            self.memory.cycle = replace(cycle, invalid=why)

    def _discard(self, why: Invalid, now: datetime) -> None:
        """End the cycle under way without an overshoot."""
        m = self.memory
        if m.cycle is None:
            return
        heated_s = m.cycle.duration_s or _age_s(m.cycle.started_at, now)
        m.last_cycle = LastCycle(
            ended_at=now, duration_s=heated_s, overshoot_k=None, invalid=m.cycle.invalid or why
        )
        self._say(f"Cycle discarded after {heated_s:.0f}s - {why}")
        m.cycle = None

    def _finish(self, cycle: Cycle, overshoot_k: float, now: datetime) -> None:
        m, s = self.memory, self.settings
        rise_k = cycle.target_c - cycle.start_c
        invalid = cycle.invalid
        if invalid is None and overshoot_k > s.max_valid_overshoot_k:
            invalid = Invalid.OVERSHOOT
        if invalid is None and rise_k + overshoot_k < LEAST_RISE_K:
            invalid = Invalid.NO_RISE
        m.cycle = None
        m.last_cycle = LastCycle(
            ended_at=now, duration_s=cycle.duration_s, overshoot_k=overshoot_k, invalid=invalid
        )
        self._say(
            f"Cycle finished - duration={cycle.duration_s:.0f}s, overshoot={overshoot_k:.2f}°C, "
            f"valid={'false' if invalid else 'true'}"
        )
        if invalid is not None:
            self._say(f"Cycle not learned - {invalid}")
            return
        new = LearnedCycle(duration_s=cycle.duration_s, rise_k=rise_k, overshoot_k=overshoot_k)
        m.cycles = (*m.cycles, new)[-s.learning_cycles :]
        m.valid_cycles += 1
        self._tell_learning()

    def _tell_learning(self) -> None:
        m = self.memory
        learning = self.learning
        if learning is None or (not m.learned and m.valid_cycles < self.settings.learning_cycles):
            return
        offset_s = learning.time_offset_s
        if not m.learned:
            m.learned = True
            self._say(
                f"LEARNING COMPLETE! avg_duration={learning.avg_duration_s:.0f}s, time_offset={offset_s:.0f}s"
            )
        elif self._offset_told_s is None or abs(offset_s - self._offset_told_s) > NOTABLE_OFFSET_S:
            told = "?" if self._offset_told_s is None else f"{self._offset_told_s:.0f}s"
            self._say(f"time_offset adapted: {told} → {offset_s:.0f}s")
        else:
            return
        self._offset_told_s = offset_s

    # -- valves

    def _owe_all(self) -> None:
        m = self.memory
        m.trvs = {key: replace(one, owed=True) for key, one in m.trvs.items()}

    def _commands(self, now: datetime) -> Iterable[Command]:
        m = self.memory
        if not self._ready and m.state is not State.ERROR:
            return
        here = {t.id for t in self._inputs.trvs}
        for gone in [key for key in m.trvs if key not in here]:
            if m.trvs.pop(gone).on:
                yield Command(trv_id=gone, on=False, temperature_c=TRV_OFF_C)
        wanted = m.state is State.HEATING
        for trv in self._inputs.trvs:
            old = m.trvs.get(trv.id, TrvMemory(available=trv.available))
            # A valve that was away may have missed a command while it still shows the old state.
            back = trv.available and not old.available
            old = replace(old, available=trv.available, owed=old.owed or (back and trv.enabled))
            on = wanted and trv.enabled
            if trv.enabled:
                send, m.trvs[trv.id] = _verify(trv, old, on, now)
            else:
                send = trv.available and bool(old.on)
                m.trvs[trv.id] = TrvMemory(available=trv.available, on=old.on if not send else None)
            if send:
                yield Command(trv_id=trv.id, on=on, temperature_c=setpoint_c(trv, on=on))

    def _problems(self, now: datetime) -> Iterable[Problem]:
        m = self.memory
        if m.exceeded:
            yield Problem(code=ProblemCode.MAX_HEATING_EXCEEDED)
        for key, w in m.windows.items():
            if w.missing_since and _age_s(w.missing_since, now) >= WINDOW_GRACE_S:
                yield Problem(code=ProblemCode.WINDOW_UNAVAILABLE, subject=key)
        for trv in self._inputs.trvs:
            if trv.enabled and not trv.available:
                yield Problem(code=ProblemCode.TRV_UNAVAILABLE, subject=trv.id)
            elif trv.enabled and trv.max_c is not None and trv.max_c < TRV_ON_C:
                yield Problem(code=ProblemCode.TRV_MAX_TOO_LOW, subject=trv.id)

    def _timers(self) -> Iterable[datetime]:
        """Every moment at which time alone may change something."""
        m, s = self.memory, self.settings
        due: list[tuple[datetime | None, float]] = [
            (m.temperature_missing_since, SENSOR_GRACE_S),
            (m.target_missing_since, SENSOR_GRACE_S),
            (m.trv_missing_since, TRV_GRACE_S),
            (m.back_since, RECOVERY_S),
        ]
        if s.sensor_silence_s > 0:
            due.append((self._inputs.temperature_at, s.sensor_silence_s))
        if m.cycle is not None and m.cycle.stopped_at is None:
            due.append((m.cycle.started_at, s.max_heating_s))
            if m.cycle.planned_s is not None:
                due.append((m.cycle.started_at, m.cycle.planned_s))
        elif m.cycle is not None:
            due.append((m.cycle.stopped_at, s.cooldown_s))
        for w in m.windows.values():
            if w.open:
                due.append((w.since, s.window_open_delay_s))
            due.append((w.missing_since, WINDOW_GRACE_S))
        due += [(one.sent_at, resend_after_s(one.attempts)) for one in m.trvs.values() if one.attempts]
        for since, delay_s in due:
            if since is not None:
                yield since + timedelta(seconds=delay_s)


def setpoint_c(trv: Trv, *, on: bool) -> float:
    """35 °C for on and 5 °C for off, within what the valve takes."""
    if on:
        return TRV_ON_C if trv.max_c is None else min(TRV_ON_C, trv.max_c)
    return TRV_OFF_C if trv.min_c is None else max(TRV_OFF_C, trv.min_c)


def resend_after_s(attempts: int) -> float:
    """30 s after the first command that was not followed, doubling up to 10 min."""
    return min(RESEND_MAX_S, RESEND_MIN_S * 2.0 ** min(attempts - 1, 10))


def _verify(trv: Trv, old: TrvMemory, on: bool, now: datetime) -> tuple[bool, TrvMemory]:
    """Whether to send now, and what to remember."""
    if not trv.available:
        return False, old
    since_s = math.inf if old.sent_at is None else _age_s(old.sent_at, now)
    follows = (
        trv.mode == TRV_MODE
        and trv.setpoint_c is not None
        and abs(trv.setpoint_c - setpoint_c(trv, on=on)) <= SAME_TEMPERATURE_K
    )
    if old.on is on and not old.owed:
        if follows:
            return False, replace(old, attempts=0) if since_s >= RESEND_MIN_S else old
        if old.attempts and since_s < resend_after_s(old.attempts):
            return False, old
        attempts = old.attempts + 1
    elif follows and not old.owed and not old.attempts:
        return False, replace(old, on=on)
    else:
        attempts = 1
    return True, replace(old, on=on, sent_at=now, attempts=attempts, owed=False)


def _age_s(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds()


def _finite(x: float | None) -> float | None:
    return x if x is not None and math.isfinite(x) else None


def _undo_future(m: Memory, now: datetime) -> None:
    """A clock that was set back must not leave a timer running for years."""

    def past(t: datetime | None) -> datetime | None:
        return None if t is None else min(t, now)

    m.since, m.back_since = past(m.since), past(m.back_since)
    m.temperature_missing_since = past(m.temperature_missing_since)
    m.target_missing_since = past(m.target_missing_since)
    m.trv_missing_since = past(m.trv_missing_since)
    if m.cycle is not None and (m.cycle.started_at > now or (m.cycle.stopped_at or now) > now):
        m.cycle = replace(
            m.cycle, started_at=min(m.cycle.started_at, now), stopped_at=past(m.cycle.stopped_at)
        )
    for key, w in m.windows.items():
        if w.since > now or (w.missing_since or now) > now:
            m.windows[key] = replace(w, since=min(w.since, now), missing_since=past(w.missing_since))
    for name, one in m.trvs.items():
        if one.sent_at is not None and one.sent_at > now:
            m.trvs[name] = replace(one, sent_at=now)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"found {text!r}, allowed: a time with its offset")
    return when


def _must(when: datetime | None) -> datetime:
    if when is None:
        raise ValueError("a time is missing")
    return when


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _cycle(data: Mapping[str, Any] | None) -> Cycle | None:
    if data is None:
        return None
    return Cycle(
        started_at=_must(_time(data["started_at"])),
        start_c=float(data["start_c"]),
        target_c=float(data["target_c"]),
        mode=Mode(data["mode"]),
        planned_s=_number(data["planned_s"]),
        stopped_at=_time(data["stopped_at"]),
        peak_c=_number(data["peak_c"]),
        invalid=None if data["invalid"] is None else Invalid(data["invalid"]),
        exceeded=bool(data["exceeded"]),
    )


def _last_cycle(data: Mapping[str, Any] | None) -> LastCycle | None:
    if data is None:
        return None
    return LastCycle(
        ended_at=_must(_time(data["ended_at"])),
        duration_s=float(data["duration_s"]),
        overshoot_k=_number(data["overshoot_k"]),
        invalid=None if data["invalid"] is None else Invalid(data["invalid"]),
    )
