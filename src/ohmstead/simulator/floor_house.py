"""A house of two floors and seven rooms on underfloor heating, one heat pump, and a boiler as buffer.

Each room has a thermostat whose valve is open only while it is colder than its setpoint. The heat pump
knows nothing of them: a relay starts it, a button begins a graceful stop that takes 1 to 3 minutes, and
between the two it feeds the open circuits first and the boiler with the rest. What can be seen from
outside is what Home Assistant would show; what happens inside is told by :class:`FloorHouse` itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ohmstead.heating.heat_orchestrator import Floor, RoomReading, SetpointChange, number
from ohmstead.simulator.noise import Noise

SCREED_KWH_M2_K = 0.036
"""65 mm of screed: 2000 kg/m³ · 1 kJ/(kg·K)."""
ROOM_KWH_M2_K = 0.030
"""Air, furniture and the inner layer of the walls."""
SCREED_TO_ROOM_W_M2_K = 9.0
"""A heated floor to its room, EN 1264-2: 8.92·ΔT^1.1, taken as linear."""
CIRCUIT_W_M2_K = 8.0
"""Heating water to screed through the pipes."""
BOILER_KWH_K = 0.35
"""300 l of water."""
BOILER_MAX_C = 55.0
MAX_STEP_S = 60.0
SETPOINT_MIN_C = 5.0
SETPOINT_MAX_C = 30.0


class FloorFault(StrEnum):
    """What can go wrong."""

    OFFLINE = "offline"
    """A thermostat is unavailable; its valve goes on as it was set."""
    DEAF = "deaf"
    """A thermostat takes no setpoint and does not say so."""
    REFUSES = "refuses"
    """A thermostat answers a setpoint with an error."""
    BLIND = "blind"
    """A thermostat shows no temperature, and keeps its valve shut."""
    SWITCH_UNKNOWN = "switch_unknown"
    """The relay's state is unavailable; the pump goes on."""
    NO_START = "no_start"
    """The relay does not switch the pump on."""
    NO_STOP = "no_stop"
    """The button has no effect."""


PUMP = "pump"
"""The target of the pump's faults."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorRoomSpec:
    """One room; areas in m², losses in W/(m²·K) of its area."""

    id: str
    floor: Floor
    area_m2: float
    user_c: float = 21.0
    loss_w_m2_k: float = 1.1
    priority: float = 50.0


SEVEN_ROOMS = (
    FloorRoomSpec(id="gabinet_ani", floor=Floor.GF, area_m2=14.0, user_c=21.0),
    FloorRoomSpec(id="lazienka_parter", floor=Floor.GF, area_m2=6.0, user_c=23.0, priority=70.0),
    FloorRoomSpec(id="salon", floor=Floor.GF, area_m2=38.0, user_c=21.5, loss_w_m2_k=1.2, priority=60.0),
    FloorRoomSpec(id="sypialnia", floor=Floor.FF, area_m2=18.0, user_c=19.5),
    FloorRoomSpec(id="lazienka_pietro", floor=Floor.FF, area_m2=8.0, user_c=23.0, priority=70.0),
    FloorRoomSpec(id="pokoj_z_oknem_naroznym", floor=Floor.FF, area_m2=15.0, loss_w_m2_k=1.3),
    FloorRoomSpec(id="pokoj_z_tarasem", floor=Floor.FF, area_m2=16.0, loss_w_m2_k=1.2),
)
"""The rooms of the specification's house."""


@dataclass(slots=True)
class _Room:
    spec: FloorRoomSpec
    air_c: float
    screed_c: float
    setpoint_c: float
    pending: list[tuple[datetime, float, bool]] = field(default_factory=list)
    """Setpoints on their way: when they arrive, the value, and whether a person sent them."""
    off: bool = False


class FloorHouse:
    """The plant. Time moves by :meth:`advance` only."""

    def __init__(
        self,
        start: datetime,
        outdoor_c: Callable[[datetime], float],
        *,
        seed: int = 1,
        rooms: tuple[FloorRoomSpec, ...] = SEVEN_ROOMS,
        latency_s: float = 3.0,
    ) -> None:
        self.now = start
        self._outdoor_c = outdoor_c
        self._noise = Noise(seed, "floor house")
        self._latency = timedelta(seconds=latency_s)
        self.rooms = {
            s.id: _Room(
                spec=s,
                air_c=s.user_c - self._noise.uniform(i),
                screed_c=s.user_c,
                setpoint_c=s.user_c,
            )
            for i, s in enumerate(rooms)
        }
        self.boiler_c = 45.0
        self.pump_on = False
        self.stop_presses = 0
        self.starts = 0
        self.electric_kwh = 0.0
        self.heat_kwh = 0.0
        self._pump_due: tuple[datetime, bool] | None = None
        self._faults: dict[tuple[str, FloorFault], datetime] = {}
        self.changes: list[SetpointChange] = []
        """Setpoint changes since :meth:`take_changes`."""
        self._watchers: list[Callable[[], None]] = []

    # --- to go on later --------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The house as JSON types. Faults and commands on their way are left out."""
        return {
            "rooms": {
                room: {"air_c": r.air_c, "screed_c": r.screed_c, "setpoint_c": r.setpoint_c, "off": r.off}
                for room, r in self.rooms.items()
            },
            "boiler_c": self.boiler_c,
            "pump_on": self.pump_on,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Take up a :meth:`snapshot`; rooms that it does not know stay as they are.

        Raises:
            ValueError, KeyError, TypeError: it is none; the house is as before.
        """
        boiler_c, pump_on = float(snapshot["boiler_c"]), bool(snapshot["pump_on"])
        known = {room: dict(facts) for room, facts in snapshot["rooms"].items() if room in self.rooms}
        found = {
            room: (float(f["air_c"]), float(f["screed_c"]), float(f["setpoint_c"]), bool(f["off"]))
            for room, f in known.items()
        }
        self.boiler_c, self.pump_on = boiler_c, pump_on
        for room, (air_c, screed_c, setpoint_c, off) in found.items():
            r = self.rooms[room]
            r.air_c, r.screed_c, r.setpoint_c, r.off = air_c, screed_c, setpoint_c, off

    # --- what goes wrong -------------------------------------------------------------------------

    def inject(self, fault: FloorFault, target: str = PUMP, *, duration_s: float) -> None:
        """Let something go wrong for a while, from now."""
        self._faults[target, fault] = self.now + timedelta(seconds=duration_s)

    def has(self, fault: FloorFault, target: str = PUMP) -> bool:
        """Whether a fault is in force."""
        until = self._faults.get((target, fault))
        return until is not None and self.now < until

    # --- what can be seen and done ---------------------------------------------------------------

    @property
    def outdoor_c(self) -> float:
        """Outdoor temperature now."""
        return self._outdoor_c(self.now)

    def switch(self) -> bool | None:
        """The relay's state as shown; ``None`` while unavailable."""
        return None if self.has(FloorFault.SWITCH_UNKNOWN) else self.pump_on

    def read(self, room: str) -> RoomReading:
        """A thermostat as shown: 0.1 K and its setpoint."""
        r = self.rooms[room]
        if self.has(FloorFault.OFFLINE, room):
            return RoomReading(current_c=None, setpoint_c=None, available=False)
        shown = None if self.has(FloorFault.BLIND, room) else round(r.air_c, 1)
        return RoomReading(current_c=shown, setpoint_c=r.setpoint_c, off=r.off)

    def set_temperature(self, room: str, value_c: float, *, person: bool = False) -> bool:
        """Send a setpoint, which arrives after the radio's latency; ``False`` if it is refused."""
        value = number(value_c)
        if value is None or not SETPOINT_MIN_C <= value <= SETPOINT_MAX_C:
            return False
        if self.has(FloorFault.REFUSES, room) and not person:
            return False
        if self.has(FloorFault.OFFLINE, room):
            return not person
        if person or not self.has(FloorFault.DEAF, room):
            due = self.now + (timedelta(0) if person else self._latency)
            self.rooms[room].pending.append((due, round(value * 2.0) / 2.0, person))
            self.rooms[room].pending.sort(key=lambda sent: sent[0])
        return True

    def turn_on(self) -> None:
        """Switch the relay on."""
        if not self.has(FloorFault.NO_START) and not self.pump_on:
            self._pump_due = (self.now + self._latency, True)

    def press_off(self) -> None:
        """Press the button of the graceful stop."""
        self.stop_presses += 1
        if not self.has(FloorFault.NO_STOP) and self.pump_on:
            stop_s = 60.0 + 120.0 * self._noise.uniform(1000 + self.stop_presses)
            self._pump_due = (self.now + timedelta(seconds=stop_s), False)

    def switch_by_hand(self, on: bool) -> None:
        """Somebody switches the relay at the device."""
        self._pump_due = (self.now, on)

    def take_changes(self) -> tuple[SetpointChange, ...]:
        """Setpoint changes that a listener would have heard since the last call."""
        changes, self.changes = tuple(self.changes), []
        return changes

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` after every change of a setpoint or of the pump."""
        self._watchers.append(watcher)

    # --- what happens ----------------------------------------------------------------------------

    def valve_open(self, room: str) -> bool:
        """The valve rule: only while colder than the setpoint."""
        r = self.rooms[room]
        blind = self.has(FloorFault.BLIND, room)
        return not r.off and not blind and r.air_c < r.setpoint_c

    def next_event(self) -> datetime | None:
        """When a command on its way takes effect."""
        due = [at for r in self.rooms.values() for at, _, _ in r.pending]
        if self._pump_due is not None:
            due.append(self._pump_due[0])
        return min(due, default=None)

    def advance(self, to: datetime) -> None:
        """Move time on to ``to``; commands take effect on the way, at their moment.

        Raises:
            ValueError: backwards.
        """
        if to < self.now:
            raise ValueError(f"time does not go back from {self.now} to {to}")
        while self.now < to:
            event = self.next_event()
            until = to if event is None else max(self.now, min(to, event))
            dt_s = min(MAX_STEP_S, (until - self.now).total_seconds())
            if dt_s > 0.0:
                self._integrate(dt_s)
                self.now += timedelta(seconds=dt_s)
            self._take_effect()
        self._take_effect()

    def _take_effect(self) -> None:
        if self._pump_due is not None and self._pump_due[0] <= self.now:
            on = self._pump_due[1]
            self._pump_due = None
            if on != self.pump_on:
                self.pump_on = on
                self.starts += on
                self._tell()
        for room, r in self.rooms.items():
            while r.pending and r.pending[0][0] <= self.now:
                _, value, person = r.pending.pop(0)
                old, r.setpoint_c = r.setpoint_c, value
                if old == value:
                    continue
                if not self.has(FloorFault.OFFLINE, room):
                    self.changes.append(
                        SetpointChange(room=room, old_c=old, new_c=value, own=False, human=person)
                    )
                self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()

    def _integrate(self, dt_s: float) -> None:
        outdoor = self.outdoor_c
        k = dt_s / 3.6e6
        supply_c = min(45.0, 35.0 - 0.4 * min(outdoor, 15.0))
        wanted: dict[str, float] = {}
        if self.pump_on:
            wanted = {
                room: CIRCUIT_W_M2_K * r.spec.area_m2 * max(0.0, supply_c - r.screed_c)
                for room, r in self.rooms.items()
                if self.valve_open(room)
            }
        full_w = 7500.0 + 120.0 * max(-15.0, min(15.0, outdoor))
        into_rooms = min(full_w, sum(wanted.values()))
        share = into_rooms / sum(wanted.values()) if into_rooms > 0.0 else 0.0
        room_left = max(0.0, BOILER_MAX_C - self.boiler_c)
        into_boiler = min(full_w - into_rooms, room_left / k * BOILER_KWH_K) if self.pump_on else 0.0
        heat_w = into_rooms + into_boiler
        sink_c = supply_c if into_rooms > into_boiler else self.boiler_c + 5.0
        cop = max(1.8, 0.45 * (sink_c + 273.15) / max(15.0, sink_c - outdoor))
        self.heat_kwh += heat_w * k
        self.electric_kwh += (heat_w / cop + (60.0 if self.pump_on else 0.0)) * k
        use_w = 350.0 if 5 <= self.now.hour < 22 else 60.0
        loss_w = 2.0 * (self.boiler_c - 18.0)
        self.boiler_c += (into_boiler - loss_w - (use_w if self.boiler_c > 20.0 else 0.0)) * k / BOILER_KWH_K
        for room, r in self.rooms.items():
            area = r.spec.area_m2
            emitted = SCREED_TO_ROOM_W_M2_K * area * (r.screed_c - r.air_c)
            lost = r.spec.loss_w_m2_k * area * (r.air_c - outdoor) - 4.0 * area
            r.screed_c += (share * wanted.get(room, 0.0) - emitted) * k / (SCREED_KWH_M2_K * area)
            r.air_c += (emitted - lost) * k / (ROOM_KWH_M2_K * area)


def outdoor_course(weather: str, start: datetime) -> Callable[[datetime], float]:
    """Outdoor temperature over time: ``mild`` +8 °C, ``cold`` −2 °C, ``front`` from +8 to −8 °C in a week,
    ``setback`` +3 °C; with 3 K of day and night.

    Raises:
        ValueError: another name.
    """
    means = {"mild": 8.0, "cold": -2.0, "front": 8.0, "setback": 3.0}
    if weather not in means:
        raise ValueError(f"weather is one of {', '.join(means)}, not {weather!r}")
    mean = means[weather]

    def outdoor_c(now: datetime) -> float:
        days = (now - start).total_seconds() / 86400.0
        fall = 16.0 * min(1.0, max(0.0, (days % 14.0 - 3.0) / 4.0)) if weather == "front" else 0.0
        hour = now.hour + now.minute / 60.0
        return mean - fall + 3.0 * math.cos((hour - 14.0) / 24.0 * 2.0 * math.pi)

    return outdoor_c
