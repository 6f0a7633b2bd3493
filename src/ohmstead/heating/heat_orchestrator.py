"""Two floors, one heat pump: which floor and which rooms are heated, and when the pump runs.

A pure state machine in one file: ``step(config, inputs, now, memory)`` gives commands, log lines and the
next memory. The host (the daemon, the twin, an AppDaemon app) maps its entities into :class:`Inputs`,
carries the commands out *in their order* and calls again on every tick, on every change that it hears
of, and at ``wake_at``. Only ticks count time.

A room's valve is open only while it is colder than its setpoint, so a room is shut by parking it at the
off setpoint. The rules that hold at every moment: rooms of one floor at most are opened, the pump is not
started in the off window nor before its rest is over, it is not stopped before its minimum run, and the
off setpoint is never taken for what a person wants.

Times are aware UTC; the off window and the day's reset follow the local clock of ``Config.tz``.
Names of helpers are those of Home Assistant without their domain. Standard library only, so that
the file can be carried into a host as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

USER_MIN_C = 5.0
USER_MAX_C = 30.0
OPEN_MAX_C = 30.0
"""Thermostats refuse more; an offset does not carry a command beyond it."""
FALLBACK_C = 21.0
"""Setpoint of a room whose user never gave one."""

STOP_PENDING = timedelta(minutes=10)
"""The graceful shutdown takes 1 to 3 minutes; before this nothing is pressed again."""
STOP_TRIES = 3
STOP_BACKOFF = timedelta(minutes=30)
START_PENDING = timedelta(minutes=2)
START_TRIES = 3
START_BACKOFF = timedelta(minutes=15)
PARK_UNREADABLE = timedelta(minutes=2)
"""A parked room that shows no setpoint counts as shut after this."""
PARK_BLOCKED = timedelta(minutes=5)
"""A room that still shows an open setpoint keeps the other floor shut; after this the plan changes."""
UNMANAGED = timedelta(minutes=15)
SNAPSHOT_GRACE = timedelta(minutes=2)
WARN_AGAIN = timedelta(hours=1)
DECISION_AGAIN = timedelta(minutes=15)
HELPER_ECHO = timedelta(seconds=5)


class Floor(StrEnum):
    """A manifold."""

    GF = "GF"
    FF = "FF"


class State(StrEnum):
    """What the plant is there for right now."""

    OFF_LOCKOUT = "OFF_LOCKOUT"
    OFF = "OFF"
    HEAT_GF = "HEAT_GF"
    HEAT_FF = "HEAT_FF"
    DHW_QUOTA = "DHW_QUOTA"
    """The pump runs into the boiler, all rooms parked: for the quota, or to finish its minimum run."""

    @property
    def floor(self) -> Floor | None:
        """The floor that is heated."""
        return {State.HEAT_GF: Floor.GF, State.HEAT_FF: Floor.FF}.get(self)


HEAT = {Floor.GF: State.HEAT_GF, Floor.FF: State.HEAT_FF}


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What does not change while the host runs: rooms, clock and the app's arguments."""

    rooms: Mapping[str, Floor]
    tz: tzinfo
    tick_s: float = 60.0
    clamp_rooms: bool = True
    """Clamp the number of rooms by the bulk and sequential temperatures."""
    satisfied_offset_k: float = 0.0
    """Widens the band of a room's latch; never beyond the setpoint, where the valve shuts by itself."""
    cap_only_when_contended: bool = False
    """Let a room pass its continuous maximum while nobody waits."""
    enable_offset_k: float = 0.0
    """Added to commanded setpoints, for thermostats that close early."""
    quota_on_min: float | None = None
    """Length of a run for the quota alone; ``None`` is one block."""
    quota_off_min: float = 0.0
    """Rest between such runs."""
    setpoint_step_k: float = 0.5
    """Resolution of the thermostats' setpoints."""
    guard_s: float = 2.0
    """A change seen this soon after our own write is not a person's."""
    readback_s: float = 10.0
    """A thermostat must show a written setpoint within this time."""
    echo_s: float = 120.0
    """A late echo of our own write may come up to this long after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomReading:
    """What a thermostat shows. ``None`` is an attribute that is missing."""

    current_c: float | None
    setpoint_c: float | None
    available: bool = True
    off: bool = False
    """Its user has switched it off: left alone, and shut."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetpointChange:
    """A change of a thermostat's setpoint, as the host heard of it."""

    room: str
    old_c: float | None
    new_c: float | None
    own: bool = False
    """Its context is the host's own."""
    human: bool = False
    """Its context names a user that is not the host's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Snapshot of the plant. ``pump_on`` is ``None`` while the switch is unknown."""

    pump_on: bool | None
    outdoor_c: float | None
    rooms: Mapping[str, RoomReading]
    helpers: Mapping[str, object]
    """Raw values by name: numbers, or text as Home Assistant shows it."""
    tick: bool = True
    changes: tuple[SetpointChange, ...] = ()
    failed: tuple[str, ...] = ()
    """Rooms whose last ``set_temperature`` was refused or not answered."""


@dataclass(frozen=True, slots=True)
class SetSetpoint:
    """Write a thermostat's setpoint."""

    room: str
    setpoint_c: float


@dataclass(frozen=True, slots=True)
class PumpOn:
    """Switch the pump's relay on."""


@dataclass(frozen=True, slots=True)
class PumpOff:
    """Press the button of the graceful shutdown."""


@dataclass(frozen=True, slots=True)
class WriteHelper:
    """Write a helper: a number, a text, or an aware time for a date-and-time helper."""

    name: str
    value: float | str | datetime


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the people of the house."""

    text: str


Command = SetSetpoint | PumpOn | PumpOff | WriteHelper | Notify


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line for the host's log."""

    text: str
    warning: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What a page shows; seconds left are 0 where nothing is waited for."""

    state: State
    reason: str
    floor: Floor | None
    rooms: tuple[str, ...]
    outdoor_c: float
    quota_remaining_min: float
    min_on_left_s: float
    min_off_left_s: float
    floor_hold_left_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Commands in the order in which they must be carried out, log lines, and what to remember."""

    commands: tuple[Command, ...]
    log: tuple[LogLine, ...]
    memory: Memory
    status: Status
    wake_at: datetime | None
    """Step again then, if nothing comes before."""


# --- settings ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The helpers that configure; minutes, hours, °C and K as their names say."""

    room_off_setpoint: float = 7.0
    """°C: what a room that is not to be heated is set to."""
    heating_hyst_on: float = 0.3
    """K below the wish: the room needs heat."""
    heating_hyst_off: float = 0.2
    """K below the wish: the room is satisfied."""
    min_state_duration_min: float = 25.0
    """Minutes that a floor is kept, and that a room rests after its longest heating."""
    min_pump_on_min: float = 40.0
    """Shortest run of the pump, minutes."""
    min_pump_off_min: float = 25.0
    """Shortest rest of the pump, minutes."""
    max_continuous_heating_min: float = 120.0
    """Longest heating of one room without a rest, minutes."""
    dhw_min_run_hours: float = 3.5
    """Hours that the pump runs each day at least, for the hot water."""
    lerp_temp_min: float = -10.0
    """°C outside at which ``lerp_rooms_min`` rooms are heated at once."""
    lerp_temp_max: float = 10.0
    """°C outside at which ``lerp_rooms_max`` rooms are heated at once."""
    lerp_rooms_min: float = 1.0
    """Rooms at once when it is cold."""
    lerp_rooms_max: float = 5.0
    """Rooms at once when it is mild."""
    bulk_mode_temp: float = 5.0
    """°C outside from which all rooms of a floor that want heat get it."""
    sequential_mode_temp: float = -5.0
    """°C outside down from which one room is heated at a time."""
    max_rooms_limited: float = 2.0
    """Rooms at once between the two, at most; 0: no such limit."""
    off_window_start: time = time(1)
    """Local time from which the pump may not run."""
    off_window_end: time = time(6)
    """Local time until which the pump may not run; the same as the start: no such window."""
    day_reset_time: time = time(0)
    """Local time at which the day's counters begin anew."""


SETTING_RANGES: Mapping[str, tuple[float, float]] = {
    "room_off_setpoint": (5.0, 15.0),
    "heating_hyst_on": (0.1, 2.0),
    "heating_hyst_off": (0.0, 2.0),
    "min_state_duration_min": (0.0, 240.0),
    "min_pump_on_min": (0.0, 240.0),
    "min_pump_off_min": (0.0, 240.0),
    "max_continuous_heating_min": (10.0, 1440.0),
    "dhw_min_run_hours": (0.0, 12.0),
    "lerp_temp_min": (-30.0, 30.0),
    "lerp_temp_max": (-30.0, 30.0),
    "lerp_rooms_min": (0.0, 20.0),
    "lerp_rooms_max": (0.0, 20.0),
    "bulk_mode_temp": (-30.0, 30.0),
    "sequential_mode_temp": (-30.0, 30.0),
    "max_rooms_limited": (0.0, 20.0),
}
"""Smallest and largest value of each number. A fresh ``input_number`` reads its smallest value."""
PRIORITY_RANGE = (1.0, 100.0)
PRIORITY_DEFAULT = 50.0


def number(raw: object) -> float | None:
    """A finite number out of a helper's state or an attribute; ``None`` if it is none."""
    try:
        value = float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def time_of_day(raw: object) -> time | None:
    """A time of day out of a time helper's state."""
    if isinstance(raw, time):
        return raw
    try:
        return time.fromisoformat(str(raw))
    except ValueError:
        return None


def moment(raw: object, tz: tzinfo) -> datetime | None:
    """An aware time out of a date-and-time helper (local clock); ``None`` if it was never written.

    A fresh helper reads midnight, of today or of 1970.
    """
    if isinstance(raw, datetime):
        value: datetime | None = raw
    else:
        try:
            value = datetime.fromisoformat(str(raw))
        except ValueError:
            return None
    if value is not None and value.tzinfo is None:
        value = None if value.time() == time(0) else value.replace(tzinfo=tz)
    return None if value is None else value.astimezone(UTC)


def read_settings(helpers: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Settings out of the helpers, and the names of those whose default stands in."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    for f in fields(Settings):
        raw = helpers.get(f.name)
        if f.name in SETTING_RANGES:
            value: float | time | None = number(raw)
            if isinstance(value, float):
                low, high = SETTING_RANGES[f.name]
                value = min(high, max(low, value))
        else:
            value = time_of_day(raw)
        if value is None:
            missing.append(f.name)
        else:
            values[f.name] = value
    return Settings(**values), tuple(missing)


def seed_helpers(
    config: Config, helpers: Mapping[str, object], seeded: Iterable[str]
) -> tuple[dict[str, float | str], set[str]]:
    """Defaults for the configuring helpers that nobody ever set, and the new list of those settled.

    A fresh number reads its smallest value and a fresh time 00:00, which might as well have been
    chosen: ``seeded`` names those that have shown another value. A helper that is not there yet is
    left for later, one that lost its write is written again.
    """
    known = set(seeded)
    if known.issuperset(f.name for f in fields(Settings)) and all(
        f"priority_{r}" in known for r in config.rooms
    ):
        return {}, known
    defaults: dict[str, tuple[object, object]] = {}
    for f in fields(Settings):
        fresh: object = SETTING_RANGES[f.name][0] if f.name in SETTING_RANGES else time(0)
        defaults[f.name] = (fresh, f.default)
    for room in config.rooms:
        defaults[f"priority_{room}"] = (PRIORITY_RANGE[0], PRIORITY_DEFAULT)
    writes: dict[str, float | str] = {}
    for name, (fresh, default) in defaults.items():
        raw = helpers.get(name)
        present = time_of_day(raw) if isinstance(default, time) else number(raw)
        if name in known or present is None:
            continue
        if present == fresh and default != fresh:
            writes[name] = default.isoformat() if isinstance(default, time) else float(str(default))
        else:
            known.add(name)
    return writes, known


# --- local clock ---------------------------------------------------------------------------------


def _local(day: date, at: time, tz: tzinfo, fold: int = 0) -> datetime:
    """When the local clock shows a time: first (fold 0) or last (fold 1); a time it skips is the skip."""
    wall = datetime.combine(day, at)
    first, last = (wall.replace(tzinfo=tz, fold=f).astimezone(UTC) for f in (0, 1))
    if first > last:
        while last.astimezone(tz).replace(tzinfo=None) < wall:
            last += timedelta(minutes=1)
        return last
    return last if fold else first


def latest(at: time, now: datetime, tz: tzinfo) -> datetime:
    """The latest moment, not after ``now``, at which the local clock first showed ``at``."""
    day = now.astimezone(tz).date()
    moment_ = _local(day, at, tz)
    return moment_ if moment_ <= now else _local(day - timedelta(days=1), at, tz)


def upcoming(at: time, now: datetime, tz: tzinfo) -> datetime:
    """The next moment after ``now`` at which the local clock first shows ``at``."""
    day = now.astimezone(tz).date()
    moment_ = _local(day, at, tz)
    return moment_ if moment_ > now else _local(day + timedelta(days=1), at, tz)


def in_window(start: time, end: time, now: datetime, tz: tzinfo) -> bool:
    """Whether ``now`` lies in the local window [start, end), which may cross midnight.

    Where the clock is set back inside the window, the hour shown twice belongs to it twice.
    ``start == end`` is no window.
    """
    if start == end:
        return False
    began = latest(start, now, tz)
    day = began.astimezone(tz).date()
    if end < start:
        day += timedelta(days=1)
    return now < _local(day, end, tz, fold=1)


def lerp_max_rooms(outdoor_c: float, s: Settings) -> int:
    """Rooms that may be heated at once at an outdoor temperature: more the milder it is."""
    low, high = sorted((int(s.lerp_rooms_min), int(s.lerp_rooms_max)))
    if s.lerp_temp_min >= s.lerp_temp_max or outdoor_c <= s.lerp_temp_min:
        return low
    if outdoor_c >= s.lerp_temp_max:
        return high
    share = (outdoor_c - s.lerp_temp_min) / (s.lerp_temp_max - s.lerp_temp_min)
    return max(low, math.floor(low + (high - low) * share + 1e-9))


def rooms_at_once(outdoor_c: float, s: Settings, *, clamp: bool) -> int | None:
    """:func:`lerp_max_rooms`, clamped; ``None`` is all rooms with demand.

    At or below the sequential temperature one room, at or above the bulk temperature all of them,
    between the two ``max_rooms_limited`` at most.
    """
    if not clamp:
        return lerp_max_rooms(outdoor_c, s)
    if outdoor_c <= s.sequential_mode_temp:
        return 1
    if outdoor_c >= s.bulk_mode_temp:
        return None
    limit = int(s.max_rooms_limited)
    rooms = lerp_max_rooms(outdoor_c, s)
    return min(rooms, limit) if limit > 0 else rooms


# --- memory --------------------------------------------------------------------------------------


@dataclass(kw_only=True, slots=True)
class RoomMemory:
    """What is remembered of one room."""

    user_c: float | None = None
    """The setpoint that a person wants; ``None`` while none was ever given."""
    user_helper_c: float | None = None
    """What the helper showed when it was last looked at."""
    user_written_at: datetime | None = None
    commanded_c: float | None = None
    commanded_at: datetime | None = None
    confirmed: bool = False
    """The thermostat has shown the command."""
    tries: int = 0
    park_since: datetime | None = None
    """Told to shut and not yet seen shut."""
    opening_until: datetime | None = None
    """Told to open and not yet seen open: until then it may still open."""
    unmanaged_until: datetime | None = None
    was_available: bool = True
    latched: bool = False
    """Heated and not satisfied since: goes on wanting heat when it is interrupted."""
    heating_min: float = 0.0
    cooldown_until: datetime | None = None


@dataclass(kw_only=True, slots=True)
class Memory:
    """All that decisions depend on besides the snapshot. Plain values; see :func:`to_plain`."""

    rooms: dict[str, RoomMemory] = field(default_factory=dict)
    state: State = State.OFF
    state_since: datetime | None = None
    active_floor: Floor | None = None
    floor_since: datetime | None = None
    """When the active floor was opened; outlives a time without rooms."""
    pump_seen: bool | None = None
    last_pump_on: datetime | None = None
    last_pump_off: datetime | None = None
    stop_pressed_at: datetime | None = None
    stop_tries: int = 0
    stop_blocked_until: datetime | None = None
    start_sent_at: datetime | None = None
    start_tries: int = 0
    start_blocked_until: datetime | None = None
    pump_on_min: float = 0.0
    pump_starts: int = 0
    reset_day: str | None = None
    last_tick_at: datetime | None = None
    outdoor_c: float | None = None
    begun_at: datetime | None = None
    ready: bool = False
    """A full snapshot has been seen since the host began."""
    seeded: set[str] = field(default_factory=set)
    written: dict[str, float | str | datetime] = field(default_factory=dict)
    warned: dict[str, datetime] = field(default_factory=dict)
    decision: str = ""
    decision_at: datetime | None = None


def to_plain(value: Any) -> Any:
    """A memory as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return value.value if isinstance(value, StrEnum) else value


def _from_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return (
            datetime.fromisoformat(value["at"])
            if set(value) == {"at"}
            else {k: _from_plain(v) for k, v in value.items()}
        )
    return value


def memory_from_plain(plain: Mapping[str, Any]) -> Memory:
    """The memory that :func:`to_plain` gave; keys of another version are left out.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no such memory.
    """
    known = {f.name for f in fields(Memory)}
    values = {key: _from_plain(item) for key, item in plain.items() if key in known}
    room_fields = {f.name for f in fields(RoomMemory)}
    values["rooms"] = {
        room: RoomMemory(**{k: v for k, v in m.items() if k in room_fields})
        for room, m in values.get("rooms", {}).items()
    }
    values["state"] = State(values.get("state", State.OFF))
    if values.get("active_floor") is not None:
        values["active_floor"] = Floor(values["active_floor"])
    values["seeded"] = set(values.get("seeded", ()))
    return Memory(**values)


def begin(
    config: Config, helpers: Mapping[str, object], now: datetime, stored: Memory | None = None
) -> Memory:
    """The memory to go on with after a start of the host.

    State, timers and counters come from the helpers where these hold something; ``stored`` carries
    what has no helper (cooldowns, last commands, the day of the last reset) and what a helper rounds.
    """
    m = _copied(stored) if stored is not None else Memory()
    m.rooms = {room: m.rooms.get(room, RoomMemory()) for room in config.rooms}
    raw_state = helpers.get("heat_state")
    if isinstance(raw_state, str) and raw_state in set(State):
        m.state = State(raw_state)
    for name in ("state_since", "last_pump_on", "last_pump_off"):
        shown = moment(helpers.get(name), config.tz)
        mine = getattr(m, name)
        # A helper shows whole seconds of the local clock; the hour shown twice is told by the memory.
        same = mine is not None and _helper_text(mine, config.tz) == str(helpers.get(name))
        if shown is not None and not same:
            setattr(m, name, min(shown, now))
    minutes = number(helpers.get("pump_on_minutes_today"))
    if minutes is not None and int(m.pump_on_min) != int(minutes):
        m.pump_on_min = minutes
    starts = number(helpers.get("pump_starts_today"))
    m.pump_starts = m.pump_starts if starts is None else int(starts)
    for room, rm in m.rooms.items():
        heated = number(helpers.get(f"heating_minutes_{room}"))
        if heated is not None and int(rm.heating_min) != int(heated):
            rm.heating_min = heated
    shown_floor = helpers.get("active_floor")
    if m.state.floor is not None and m.active_floor is not m.state.floor:
        m.active_floor, m.floor_since = m.state.floor, m.state_since
    elif m.active_floor is None and isinstance(shown_floor, str) and shown_floor in set(Floor):
        # It was opened before this state began: kept a little too long rather than too short.
        m.active_floor, m.floor_since = Floor(shown_floor), m.state_since
    if m.pump_seen is None and (m.last_pump_on or m.last_pump_off):
        m.pump_seen = _after(m.last_pump_on, m.last_pump_off)
    if m.reset_day is None:
        marks = [t for t in (m.state_since, m.last_pump_on, m.last_pump_off) if t is not None]
        m.reset_day = _day_key(max(marks), Settings(), config.tz) if marks else None
    m.begun_at, m.ready = now, False
    m.written = {}
    return m


def _copied(m: Memory) -> Memory:
    return replace(
        m,
        rooms={room: replace(rm) for room, rm in m.rooms.items()},
        seeded=set(m.seeded),
        written=dict(m.written),
        warned=dict(m.warned),
    )


def _after(a: datetime | None, b: datetime | None) -> bool:
    return a is not None and (b is None or a > b)


def _helper_text(at: datetime, tz: tzinfo) -> str:
    return at.astimezone(tz).replace(tzinfo=None, microsecond=0).isoformat(" ")


def _day_key(now: datetime, s: Settings, tz: tzinfo) -> str:
    return latest(s.day_reset_time, now, tz).astimezone(tz).date().isoformat()


# --- one step ------------------------------------------------------------------------------------


def step(config: Config, inputs: Inputs, now: datetime, memory: Memory) -> Outcome:
    """Decide once. ``memory`` is not changed; ``now`` is aware."""
    ctx = _Context(config, inputs, now, memory)
    thermostats = _Thermostats(ctx)
    thermostats.hear_changes()
    thermostats.take_user_setpoints()
    pump = _Pump(ctx)
    if not pump.observe():
        reason = "pump_unavailable"
    elif not thermostats.snapshot_is_full():
        reason = "starting"
    else:
        _Counters(ctx).run()
        thermostats.refresh()
        decision = _Decision(ctx, thermostats, pump)
        decision.run()
        reason = decision.reason
    if inputs.tick:
        ctx.m.last_tick_at = now
    return ctx.outcome(reason)


def _undo_future(m: Memory, now: datetime) -> None:
    """A clock that was set back must not leave a timer running for hours."""
    for name in (
        "state_since",
        "floor_since",
        "last_pump_on",
        "last_pump_off",
        "stop_pressed_at",
        "start_sent_at",
        "last_tick_at",
        "begun_at",
    ):
        at = getattr(m, name)
        if at is not None and at > now:
            setattr(m, name, now)
    for rm in m.rooms.values():
        for name in ("user_written_at", "commanded_at", "park_since"):
            at = getattr(rm, name)
            if at is not None and at > now:
                setattr(rm, name, now)
        if rm.unmanaged_until is not None:
            rm.unmanaged_until = min(rm.unmanaged_until, now + UNMANAGED)


class _Room:
    """One room as this step sees it."""

    def __init__(self, ctx: _Context, room: str, floor: Floor) -> None:
        raw = ctx.inputs.rooms.get(room) or RoomReading(current_c=None, setpoint_c=None, available=False)
        self.id, self.floor, self.memory, self._ctx = room, floor, ctx.m.rooms[room], ctx
        self.available, self.off = raw.available, raw.off
        self.current_c, self.setpoint_c = number(raw.current_c), number(raw.setpoint_c)
        self.priority = ctx.priority(room)

    @property
    def managed(self) -> bool:
        return self.memory.unmanaged_until is None

    @property
    def usable(self) -> bool:
        """May be commanded."""
        return self.available and not self.off and self.managed

    @property
    def closed(self) -> bool:
        """Seen shut, or out of reach. One that shows no setpoint counts as shut after a while."""
        if not self.available or self.off:
            return True
        if self._ctx.waiting(self.memory.opening_until):
            return False
        if self.setpoint_c is None:
            parked = self.memory.park_since
            return parked is not None and self._ctx.now - parked >= PARK_UNREADABLE
        return self.setpoint_c <= self._ctx.s.room_off_setpoint + 0.01

    @property
    def flowing(self) -> bool:
        """Seen open: the pump has somewhere to deliver."""
        return self.usable and (self.setpoint_c or 0.0) > self._ctx.s.room_off_setpoint + 0.01

    @property
    def opened(self) -> bool:
        """Our last command was to open it."""
        commanded = self.memory.commanded_c
        return commanded is not None and commanded > self._ctx.s.room_off_setpoint + 0.01

    @property
    def cooling_down(self) -> bool:
        until = self.memory.cooldown_until
        return until is not None and self._ctx.now < until

    @property
    def user_c(self) -> float:
        """What its user wants, °C."""
        if self.memory.user_c is not None:
            return self.memory.user_c
        shown = self.setpoint_c
        return shown if shown is not None and 15.0 <= shown <= USER_MAX_C else FALLBACK_C

    @property
    def satisfied(self) -> bool:
        s = self._ctx.s
        hyst_off = min(s.heating_hyst_off, max(0.0, s.heating_hyst_on - 0.1))
        hyst_off = max(0.0, hyst_off - self._ctx.config.satisfied_offset_k)
        return self.current_c is not None and self.current_c >= self.user_c - hyst_off - 1e-9

    @property
    def demand(self) -> bool:
        """Wants heat: too cold, or not yet satisfied since it was heated."""
        if not self.usable or self.current_c is None:
            return False
        too_cold = self.current_c < self.user_c - self._ctx.s.heating_hyst_on - 1e-9
        return too_cold or (self.memory.latched and not self.satisfied)

    @property
    def selectable(self) -> bool:
        return self.demand and not self.cooling_down

    @property
    def deficit_k(self) -> float:
        return 0.0 if self.current_c is None else max(0.0, self.user_c - self.current_c)

    @property
    def score(self) -> float:
        return self.deficit_k * self.priority


class _Context:
    """What the parts of one step share."""

    def __init__(self, config: Config, inputs: Inputs, now: datetime, memory: Memory) -> None:
        self.config, self.inputs, self.now = config, inputs, now
        self.m = _copied(memory)
        _undo_future(self.m, now)
        for room in config.rooms:
            self.m.rooms.setdefault(room, RoomMemory())
        self.commands: list[Command] = []
        self.lines: list[LogLine] = []
        seeds, self.m.seeded = seed_helpers(config, inputs.helpers, self.m.seeded)
        if inputs.tick:
            self.commands += [WriteHelper(name, value) for name, value in seeds.items()]
        self.helpers = {**inputs.helpers, **seeds}
        self.s, missing = read_settings(self.helpers)
        for name in missing:
            self.warn(f"helper {name}", f"[HELPER] {name} is missing or unreadable, its default stands in")
        if self.s.off_window_start == self.s.off_window_end:
            self.warn("off window", "[HELPER] off_window_start equals off_window_end: no off window")
        self.rooms = [_Room(self, room, floor) for room, floor in config.rooms.items()]
        self.outdoor_c = self._outdoor()

    def priority(self, room: str) -> float:
        value = number(self.helpers.get(f"priority_{room}"))
        if value is None:
            self.warn(
                f"helper priority_{room}", f"[HELPER] priority_{room} is missing, its default stands in"
            )
        return PRIORITY_DEFAULT if value is None else value

    def _outdoor(self) -> float:
        value = number(self.inputs.outdoor_c)
        if value is not None:
            self.m.outdoor_c = value
        elif self.m.outdoor_c is None:
            self.warn("outdoor", "[WEATHER] no outdoor temperature is known, 0 °C stands in")
        return self.m.outdoor_c if self.m.outdoor_c is not None else 0.0

    def since(self, at: datetime | None) -> timedelta:
        """Time since a moment; for ever if it never was."""
        return timedelta.max if at is None else self.now - at

    def waiting(self, until: datetime | None) -> bool:
        return until is not None and self.now < until

    def say(self, text: str) -> None:
        self.lines.append(LogLine(text))

    def warn(self, key: str, text: str) -> None:
        """A warning, once an hour."""
        if self.since(self.m.warned.get(key)) >= WARN_AGAIN:
            self.m.warned[key] = self.now
            self.lines.append(LogLine(text, warning=True))

    def notify(self, key: str, text: str) -> None:
        """A warning that people should see, once an hour."""
        if self.since(self.m.warned.get(key)) >= WARN_AGAIN:
            self.commands.append(Notify(text))
        self.warn(key, text)

    @property
    def quota_remaining_min(self) -> float:
        return max(0.0, self.s.dhw_min_run_hours * 60.0 - self.m.pump_on_min)

    @property
    def min_state(self) -> timedelta:
        return timedelta(minutes=self.s.min_state_duration_min)

    @property
    def min_on(self) -> timedelta:
        return timedelta(minutes=self.s.min_pump_on_min)

    @property
    def min_off(self) -> timedelta:
        return timedelta(minutes=self.s.min_pump_off_min)

    def outcome(self, reason: str) -> Outcome:
        m, opened = self.m, tuple(r.id for r in self.rooms if r.opened)
        floor = m.state.floor
        facts = f"state={m.state} reason={reason} floor={floor or '-'} rooms=[{','.join(opened)}]"
        if facts != m.decision or self.since(m.decision_at) >= DECISION_AGAIN:
            m.decision, m.decision_at = facts, self.now
            left_min = f"{self.quota_remaining_min:.0f}min"
            self.say(f"[DECISION] {facts} Tout={self.outdoor_c:.1f} quota_remaining={left_min}")
        self._write_helpers(opened)

        def left(since: datetime | None, span: timedelta) -> float:
            return 0.0 if since is None else max(0.0, (span - (self.now - since)).total_seconds())

        status = Status(
            state=m.state,
            reason=reason,
            floor=floor,
            rooms=opened,
            outdoor_c=self.outdoor_c,
            quota_remaining_min=self.quota_remaining_min,
            min_on_left_s=left(m.last_pump_on, self.min_on) if m.pump_seen else 0.0,
            min_off_left_s=0.0 if m.pump_seen else left(m.last_pump_off, self.min_off),
            floor_hold_left_s=left(m.floor_since, self.min_state),
        )
        return Outcome(
            commands=tuple(self.commands),
            log=tuple(self.lines),
            memory=m,
            status=status,
            wake_at=self._wake_at(),
        )

    def _write_helpers(self, opened: tuple[str, ...]) -> None:
        m = self.m
        wanted: dict[str, float | str | datetime] = {
            "heat_state": m.state.value,
            "pump_on_minutes_today": float(int(m.pump_on_min)),
            "pump_starts_today": float(m.pump_starts),
            "active_floor": m.active_floor.value if m.active_floor else "-",
            "active_rooms": ",".join(opened) or "-",
        }
        for name in ("state_since", "last_pump_on", "last_pump_off"):
            at = getattr(m, name)
            if at is not None:
                wanted[name] = at
        for room, rm in m.rooms.items():
            wanted[f"heating_minutes_{room}"] = float(int(rm.heating_min))
            if rm.user_c is not None:
                wanted[f"user_sp_{room}"] = rm.user_c
        for name, value in wanted.items():
            if name in self.inputs.helpers and self._differs(name, value):
                m.written[name] = value
                self.commands.append(WriteHelper(name, value))
                if name.startswith("user_sp_"):
                    m.rooms[name.removeprefix("user_sp_")].user_written_at = self.now

    def _differs(self, name: str, value: float | str | datetime) -> bool:
        """Written once when it changes; looked at again on ticks, in case the write was lost."""
        if self.m.written.get(name) != value:
            return True
        if not self.inputs.tick:
            return False
        shown = self.inputs.helpers[name]
        if isinstance(value, datetime):
            return str(shown) != _helper_text(value, self.config.tz) and shown != value
        return number(shown) != value if isinstance(value, float) else shown != value

    def _wake_at(self) -> datetime | None:
        """The next read-back to look at; all else can wait for the tick."""
        span = timedelta(seconds=self.config.readback_s)
        due = [
            r.memory.commanded_at + span
            for r in self.rooms
            if r.usable and not r.memory.confirmed and r.memory.commanded_at is not None
        ]
        return max(min(due), self.now + timedelta(seconds=1)) if due else None


class _Thermostats:
    """Setpoints: whose they are, what is sent, and whether it arrived."""

    def __init__(self, ctx: _Context) -> None:
        self.ctx = ctx

    def snapshot_is_full(self) -> bool:
        """Every thermostat has been seen since the start, or has had its time to appear."""
        ctx = self.ctx
        if not ctx.m.ready:
            seen = all(r.available and (r.setpoint_c is not None or r.off) for r in ctx.rooms)
            ctx.m.ready = seen or ctx.since(ctx.m.begun_at) >= SNAPSHOT_GRACE
        return ctx.m.ready

    def hear_changes(self) -> None:
        """Remember what people set."""
        ctx = self.ctx
        for change in ctx.inputs.changes:
            room = next((r for r in ctx.rooms if r.id == change.room), None)
            value = number(change.new_c)
            if room is None or value is None or not self._is_a_persons(room, change, value):
                continue
            wanted = value - ctx.config.enable_offset_k
            if abs(value - ctx.s.room_off_setpoint) < 0.01 or not USER_MIN_C <= wanted <= USER_MAX_C:
                ctx.say(f"[ROOM] {room.id} set to {value:.1f} by hand, not remembered")
                continue
            room.memory.user_c = wanted
            room.memory.confirmed = True
            ctx.say(f"[ROOM] {room.id} set to {value:.1f} by hand, remembered as {wanted:.1f}")

    def _is_a_persons(self, room: _Room, change: SetpointChange, value: float) -> bool:
        ctx, rm = self.ctx, room.memory
        if change.own or number(change.old_c) is None:
            return False
        if abs(value - ctx.s.room_off_setpoint) < 0.01 and not change.human:
            return False
        if rm.commanded_at is None or rm.commanded_c is None:
            return True
        age = ctx.since(rm.commanded_at)
        if age < timedelta(seconds=ctx.config.guard_s):
            return False
        near = abs(value - rm.commanded_c) <= ctx.config.setpoint_step_k / 2 + 1e-6
        return not (near and age <= timedelta(seconds=ctx.config.echo_s))

    def take_user_setpoints(self) -> None:
        """Follow the helpers that hold what people want, and fill the empty ones once."""
        ctx = self.ctx
        for room in ctx.rooms:
            rm, name = room.memory, f"user_sp_{room.id}"
            if name not in ctx.inputs.helpers or number(ctx.inputs.helpers[name]) is None:
                ctx.warn(f"helper {name}", f"[HELPER] {name} is missing or unreadable")
            shown = number(ctx.inputs.helpers.get(name))
            own_write = ctx.since(rm.user_written_at) < HELPER_ECHO
            if shown is not None and shown == ctx.m.written.get(name):
                rm.user_helper_c = shown  # our own write has arrived; a newer wish stays
            elif shown is not None and shown != rm.user_helper_c and not own_write:
                rm.user_helper_c = shown
                if name in ctx.m.seeded or shown != USER_MIN_C:
                    ctx.m.seeded.add(name)
                    rm.user_c = shown
            setpoint = room.setpoint_c if room.available else None
            if rm.user_c is None and name not in ctx.m.seeded and setpoint is not None:
                fits = USER_MIN_C <= setpoint <= USER_MAX_C
                if fits and setpoint > ctx.s.room_off_setpoint + 0.01 and rm.commanded_at is None:
                    rm.user_c = setpoint
            if rm.user_c is not None:
                ctx.m.seeded.add(name)

    def refresh(self) -> None:
        """Bring each room's memory up to what its thermostat shows."""
        ctx, m = self.ctx, self.ctx.m
        for room in ctx.rooms:
            rm = room.memory
            if rm.unmanaged_until is not None and not ctx.waiting(rm.unmanaged_until):
                rm.unmanaged_until, rm.commanded_c, rm.tries = None, None, 0
                ctx.say(f"[ROOM] {room.id} managed again")
            if not room.available:
                rm.confirmed = True  # what it shows when it is back is looked at anew
                ctx.warn(f"gone {room.id}", f"[ROOM] {room.id} is unavailable")
            elif room.current_c is None and not room.off:
                ctx.warn(f"blind {room.id}", f"[ROOM] {room.id} shows no temperature, left out of demand")
            if room.usable and rm.commanded_c is None and room.setpoint_c is not None:
                rm.commanded_c, rm.confirmed = room.setpoint_c, True
            if room.setpoint_c is not None and room.setpoint_c > ctx.s.room_off_setpoint + 0.01:
                rm.opening_until = None
            if room.closed:
                rm.park_since = None if room.setpoint_c is not None or not room.available else rm.park_since
            if room.id in ctx.inputs.failed and room.managed and not rm.confirmed:
                rm.commanded_at = ctx.now - timedelta(seconds=ctx.config.readback_s)
            heated = m.pump_seen is True and m.state is HEAT[room.floor] and room.opened
            if room.satisfied:
                rm.latched = False
            elif heated and room.usable:
                rm.latched = True
            self._cap(room)

    def _cap(self, room: _Room) -> None:
        """Send a room that was heated for long enough to cool down."""
        ctx, rm = self.ctx, room.memory
        if rm.cooldown_until is not None and not ctx.waiting(rm.cooldown_until):
            rm.cooldown_until = None
        if not room.opened or rm.heating_min < ctx.s.max_continuous_heating_min:
            return
        waits = any(r.selectable and not r.opened for r in ctx.rooms)
        if ctx.config.cap_only_when_contended and not waits:
            return
        ctx.say(f"[ROOM] {room.id} forced cooldown after {rm.heating_min:.0f}min continuous heating")
        rm.cooldown_until = ctx.now + ctx.min_state
        rm.heating_min = 0.0

    def clear(self, floor: Floor) -> bool:
        """The other floor is seen shut."""
        return all(r.closed for r in self.ctx.rooms if r.floor is not floor)

    def blocked(self, floor: Floor) -> bool:
        """A room of the other floor has refused for long to shut."""
        stuck = [
            r.id
            for r in self.ctx.rooms
            if r.floor is not floor
            and not r.closed
            and r.memory.park_since is not None
            and self.ctx.since(r.memory.park_since) >= PARK_BLOCKED
        ]
        for room in stuck:
            self.ctx.notify(f"stuck {room}", f"[ROOM] {room} does not shut, floor {floor} stays closed")
        return bool(stuck)

    def arrange(self, chosen: Iterable[_Room]) -> None:
        """Park all rooms but the chosen ones; open those as soon as the other floor is seen shut."""
        ctx, keep = self.ctx, list(chosen)
        for room in ctx.rooms:
            if room not in keep:
                self._steer(room, ctx.s.room_off_setpoint)
        for room in keep:
            open_c = min(OPEN_MAX_C, room.user_c + ctx.config.enable_offset_k)
            may_open = (room.opened and room.flowing) or self.clear(room.floor)
            self._steer(room, open_c if may_open else ctx.s.room_off_setpoint)
        for room in ctx.rooms:
            room.memory.was_available = room.available
        if not any(room.opened for room in ctx.rooms):
            for room in ctx.rooms:
                room.memory.heating_min = 0.0

    def _steer(self, room: _Room, wanted_c: float) -> None:
        ctx, rm = self.ctx, room.memory
        if not room.usable:
            return
        parking = wanted_c <= ctx.s.room_off_setpoint + 0.01
        shown = room.setpoint_c
        if parking:
            reached = room.closed and shown is not None
        else:
            rm.park_since = None
            reached = shown is not None and abs(shown - wanted_c) <= ctx.config.setpoint_step_k / 2 + 1e-6
        if rm.commanded_c is None or abs(rm.commanded_c - wanted_c) > 1e-6:
            if shown is not None and abs(shown - wanted_c) < 1e-6:
                rm.commanded_c, rm.confirmed, rm.tries = wanted_c, True, 0
            else:
                self._send(room, wanted_c, tries=1)
        elif reached:
            rm.confirmed, rm.tries = True, 0
        elif rm.confirmed:
            # Changed by somebody else: put right with the tick, or at once when it was out of reach.
            if ctx.inputs.tick or not rm.was_available:
                self._send(room, wanted_c, tries=1)
        elif ctx.since(rm.commanded_at) >= timedelta(seconds=ctx.config.readback_s):
            if rm.tries < 2:
                self._send(room, wanted_c, tries=rm.tries + 1)
            else:
                rm.unmanaged_until = ctx.now + UNMANAGED
                rm.commanded_c, rm.confirmed, rm.tries = None, False, 0
                text = f"[ROOM] {room.id} does not take {wanted_c:.1f} °C, unmanaged for 15 min"
                ctx.lines.append(LogLine(text, warning=True))

    def _send(self, room: _Room, wanted_c: float, tries: int) -> None:
        ctx, rm = self.ctx, room.memory
        parking = wanted_c <= ctx.s.room_off_setpoint + 0.01
        if not parking:
            rm.opening_until = ctx.now + timedelta(seconds=ctx.config.readback_s)
        again = " again" if tries > 1 else ""
        ctx.say(f"[ROOM] {'disable' if parking else 'enable'} {room.id} {wanted_c:.1f}{again}")
        rm.commanded_c, rm.commanded_at, rm.confirmed, rm.tries = wanted_c, ctx.now, False, tries
        if parking and rm.park_since is None:
            rm.park_since = ctx.now
        ctx.commands.append(SetSetpoint(room.id, wanted_c))


class _Counters:
    """Minutes and the day. Only ticks count time."""

    def __init__(self, ctx: _Context) -> None:
        self.ctx = ctx

    def run(self) -> None:
        ctx, m = self.ctx, self.ctx.m
        if not ctx.inputs.tick:
            return
        reset_at = latest(ctx.s.day_reset_time, ctx.now, ctx.config.tz)
        key = _day_key(ctx.now, ctx.s, ctx.config.tz)
        if m.reset_day is None:
            m.reset_day = key
        elif key != m.reset_day:
            m.reset_day = key
            m.pump_on_min, m.pump_starts = 0.0, 0
            for rm in m.rooms.values():
                rm.heating_min, rm.cooldown_until, rm.latched = 0.0, None, False
            ctx.say("[DAY] counters reset")
        self._count(reset_at)

    def _count(self, reset_at: datetime) -> None:
        """Pump and room minutes since the last tick, no more than two ticks' worth."""
        ctx, m = self.ctx, self.ctx.m
        if m.last_tick_at is None:
            return
        start = max(t for t in (m.last_tick_at, reset_at, m.last_pump_on) if t is not None)
        end = ctx.now if m.pump_seen else min(ctx.now, m.last_pump_off or start)
        minutes = min((end - start).total_seconds(), 2.0 * ctx.config.tick_s) / 60.0
        if minutes <= 0.0:
            return
        m.pump_on_min += minutes
        for room in ctx.rooms:
            flows = room.current_c is not None and (room.setpoint_c or 0.0) > room.current_c
            if room.opened and room.available and not room.off and flows:
                room.memory.heating_min = min(1440.0, room.memory.heating_min + minutes)


class _Pump:
    """The pump as the switch shows it, and what was asked of it."""

    def __init__(self, ctx: _Context) -> None:
        self.ctx = ctx
        self.on = ctx.inputs.pump_on is True

    @property
    def stopping(self) -> bool:
        return self.ctx.m.stop_pressed_at is not None

    @property
    def starting(self) -> bool:
        return self.ctx.m.start_sent_at is not None

    def observe(self) -> bool:
        """Take up the switch's edges; ``False`` while it is unknown."""
        ctx, m = self.ctx, self.ctx.m
        if ctx.inputs.pump_on is None:
            ctx.warn("pump", "[PUMP] state unavailable, everything is held")
            return False
        if self.on and m.pump_seen is False:
            m.last_pump_on = ctx.now
            m.pump_starts += 1
            ctx.say("[PUMP] ON seen" if self.starting else "[PUMP] ON by hand, adopted")
        elif m.pump_seen and not self.on:
            m.last_pump_off = ctx.now
            ctx.say("[PUMP] OFF seen" if self.stopping else "[PUMP] OFF by hand, adopted")
        elif self.on and (m.pump_seen is None or m.last_pump_on is None):
            m.last_pump_on = ctx.now
        m.pump_seen = self.on
        if self.on:
            m.start_sent_at, m.start_tries, m.start_blocked_until = None, 0, None
        else:
            m.stop_pressed_at, m.stop_tries, m.stop_blocked_until = None, 0, None
            self._supervise_start()
        return True

    def _supervise_start(self) -> None:
        ctx, m = self.ctx, self.ctx.m
        if not self.starting or ctx.since(m.start_sent_at) < START_PENDING:
            return
        m.start_sent_at = None
        ctx.say("[PUMP] does not start")
        if m.start_tries >= START_TRIES:
            m.start_tries, m.start_blocked_until = 0, ctx.now + START_BACKOFF
            ctx.notify("start", f"[PUMP] did not start after {START_TRIES} tries")

    @property
    def may_start(self) -> bool:
        m, ctx = self.ctx.m, self.ctx
        return ctx.since(m.last_pump_off) >= ctx.min_off and not ctx.waiting(m.start_blocked_until)

    @property
    def may_stop(self) -> bool:
        m, ctx = self.ctx.m, self.ctx
        return ctx.since(m.last_pump_on) >= ctx.min_on and not ctx.waiting(m.stop_blocked_until)

    def start(self, reason: str) -> None:
        ctx, m = self.ctx, self.ctx.m
        if not self.starting and self.may_start:
            m.start_sent_at = ctx.now
            m.start_tries += 1
            ctx.say(f"[PUMP] ON reason={reason}")
            ctx.commands.append(PumpOn())

    def stop(self, reason: str) -> None:
        """Press the button; ``last_pump_off`` holds the command's time until the edge is seen."""
        ctx, m = self.ctx, self.ctx.m
        m.stop_tries += 1
        m.stop_pressed_at = m.last_pump_off = ctx.now
        ctx.say(f"[PUMP] OFF reason={reason}" + (f" try={m.stop_tries}" if m.stop_tries > 1 else ""))
        ctx.commands.append(PumpOff())

    def supervise_stop(self, *, wanted: bool, reason: str) -> bool:
        """While a stop is pending: ``True`` to go on waiting, ``False`` when the pump runs on after all."""
        ctx, m = self.ctx, self.ctx.m
        if ctx.since(m.stop_pressed_at) < STOP_PENDING:
            return True
        if wanted and m.stop_tries < STOP_TRIES:
            self.stop(reason)
            return True
        if wanted:
            ctx.notify("stop", f"[PUMP] did not stop after {STOP_TRIES} tries")
            m.stop_blocked_until = ctx.now + STOP_BACKOFF
        m.stop_pressed_at, m.stop_tries = None, 0
        return False


class _Decision:
    """State, floor, rooms and pump, in the order of the specification's tick."""

    def __init__(self, ctx: _Context, thermostats: _Thermostats, pump: _Pump) -> None:
        self.ctx, self.thermostats, self.pump = ctx, thermostats, pump
        self.reason = ""

    def run(self) -> None:
        ctx = self.ctx
        if in_window(ctx.s.off_window_start, ctx.s.off_window_end, ctx.now, ctx.config.tz):
            self._lockout()
        elif self.pump.on:
            self._running()
        else:
            self._standing()

    def _enter(self, state: State, reason: str) -> None:
        m, now = self.ctx.m, self.ctx.now
        self.reason = reason
        if state is m.state and m.state_since is not None:
            return
        m.state, m.state_since = state, now
        if state.floor is not None:
            m.active_floor, m.floor_since = state.floor, now

    def _hold(self) -> list[_Room]:
        """The rooms that are open, of one floor."""
        opened = [r for r in self.ctx.rooms if r.opened]
        floor = self.ctx.m.active_floor
        if floor is None or not any(r.floor is floor for r in opened):
            floor = opened[0].floor if opened else None
        return [r for r in opened if r.floor is floor]

    def _lockout(self) -> None:
        ctx, pump = self.ctx, self.pump
        for room in ctx.rooms:
            room.memory.latched = False
        self._enter(State.OFF_LOCKOUT, "off_window")
        if not pump.on:
            self.thermostats.arrange(())
            return
        self.thermostats.arrange(self._hold())
        if pump.stopping:
            self.reason = "stopping"
            pump.supervise_stop(wanted=True, reason="off_window")
        elif pump.may_stop:
            pump.stop("off_window")
        else:
            self.reason = "off_window_min_pump_on"

    def _held(self) -> bool:
        m = self.ctx.m
        return m.active_floor is not None and self.ctx.since(m.floor_since) < self.ctx.min_state

    def _pick(self) -> tuple[Floor, list[_Room], str] | None:
        """The floor to heat and its rooms, best first."""
        ctx, m = self.ctx, self.ctx.m
        scores: dict[Floor, float] = {}
        for floor in Floor:
            wanting = [r.score for r in ctx.rooms if r.floor is floor and r.selectable]
            if wanting and not self.thermostats.blocked(floor):
                scores[floor] = max(wanting)
        if not scores:
            return None
        running = m.state.floor
        active = m.active_floor
        if self._held() and active is not None:
            if active in scores:
                return active, self._choose(active), "demand"
            kept = [
                r for r in ctx.rooms if r.floor is active and r.opened and r.usable and not r.cooling_down
            ]
            return (active, kept, "floor_hold") if kept and running is active and self.pump.on else None
        best = max(scores, key=lambda f: (scores[f], f is running, f is Floor.GF))
        return best, self._choose(best), "demand"

    def _choose(self, floor: Floor) -> list[_Room]:
        candidates = [r for r in self.ctx.rooms if r.floor is floor and r.selectable]
        candidates.sort(key=lambda r: (-r.priority, -r.deficit_k, r.id))
        return candidates[: rooms_at_once(self.ctx.outdoor_c, self.ctx.s, clamp=self.ctx.config.clamp_rooms)]

    def _other_floor_waits(self) -> bool:
        return self._held() and any(
            r.selectable and not self.thermostats.blocked(r.floor) for r in self.ctx.rooms
        )

    def _running(self) -> None:
        ctx, pump = self.ctx, self.pump
        pick = self._pick()
        quota = ctx.quota_remaining_min > 0.0 and not self._quota_block_is_over()
        if pump.stopping:
            idle = pick is None and not quota
            if pump.supervise_stop(wanted=idle, reason="no_demand"):
                self._enter(State.OFF, "stopping")
                self.thermostats.arrange(self._hold())
                return
        if pick is not None and pick[1]:
            self._heat(*pick)
        elif self._other_floor_waits():
            self._into_boiler("floor_hold")
        elif quota:
            self._into_boiler("quota")
        elif pump.may_stop:
            self._enter(State.OFF, "no_demand")
            pump.stop("no_demand")
            self.thermostats.arrange(self._hold())
        else:
            self._into_boiler("min_pump_on")

    def _heat(self, floor: Floor, rooms: list[_Room], reason: str) -> None:
        """Heat a floor with the pump on; the state follows when the other floor is seen shut."""
        m = self.ctx.m
        if self.thermostats.clear(floor):
            self._enter(HEAT[floor], reason)
        elif m.state.floor is None:
            self._enter(State.DHW_QUOTA, "parking")
        else:
            self.reason = reason if m.state is HEAT[floor] else "parking"
        self.thermostats.arrange(rooms)

    def _into_boiler(self, reason: str) -> None:
        self._enter(State.DHW_QUOTA, reason)
        self.thermostats.arrange(())

    def _quota_block_is_over(self) -> bool:
        """A run for the quota alone has had its time, where the quota is cut into blocks."""
        ctx, on_min = self.ctx, self.ctx.config.quota_on_min
        if on_min is None or ctx.m.state is not State.DHW_QUOTA or not self.pump.on:
            return False
        return ctx.since(ctx.m.state_since) >= timedelta(minutes=on_min)

    def _standing(self) -> None:
        ctx, pump = self.ctx, self.pump
        pick = self._pick()
        ready = pump.starting or pump.may_start
        if pick is not None and pick[1]:
            floor, rooms, reason = pick
            if not ready:
                self._rest("min_pump_off")
            elif self.thermostats.clear(floor):
                self._enter(HEAT[floor], reason)
                self.thermostats.arrange(rooms)
                if any(r.flowing for r in rooms):
                    pump.start(reason)
            else:
                self._enter(State.OFF, "parking")
                self.thermostats.arrange(rooms)
            return
        refusal = self._quota_refusal()
        if refusal:
            self._rest(refusal)
        elif not ready:
            self._rest("min_pump_off")
        else:
            self._into_boiler("quota")
            shut = all(r.closed or ctx.since(r.memory.park_since) >= PARK_UNREADABLE for r in ctx.rooms)
            if shut:
                pump.start("quota")

    def _quota_refusal(self) -> str:
        """Why the pump is not started for the quota alone; empty if it may."""
        ctx, s = self.ctx, self.ctx.s
        if ctx.quota_remaining_min <= 0.0:
            return "no_demand"
        if s.off_window_start != s.off_window_end:
            window = upcoming(s.off_window_start, ctx.now, ctx.config.tz)
            if window - ctx.now < ctx.min_on:
                return "off_window_near"
        on_min = ctx.config.quota_on_min
        rest = timedelta(minutes=ctx.config.quota_off_min)
        if on_min is not None and ctx.since(ctx.m.last_pump_off) < rest:
            return "quota_rest"
        return ""

    def _rest(self, reason: str) -> None:
        self._enter(State.OFF, reason)
        self.thermostats.arrange(())
