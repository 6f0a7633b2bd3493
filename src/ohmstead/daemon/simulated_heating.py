"""Simulated rooms and floors that live in the daemon's time: what ``adapter: simulated`` means for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.heating import FloorHeating, FloorRoom, RadiatorRoom
from ohmstead.devices.heating import FloorSnapshot
from ohmstead.errors import DeviceError
from ohmstead.heating.heat_orchestrator import SetpointChange
from ohmstead.heating.room_controller import TRV_ON_C, Command, Inputs, Trv, Window
from ohmstead.simulator import radiator_house as radiators
from ohmstead.simulator.floor_house import SEVEN_ROOMS, FloorHouse, FloorRoomSpec, outdoor_course
from ohmstead.simulator.radiator_weather import Weather, WinterWeeks

log = structlog.get_logger(__name__)

LONGEST_CATCH_UP = timedelta(hours=6)
"""After a longer pause (suspend, restart) the rest of the time is left out: catching up takes time."""
LOOK_S = 1.0
"""Of the simulated house's own time; what it does is told this late at most."""
STEP_S = 10.0
UNKNOWN_ROOM_M2 = 15.0


class _Kept(Protocol):
    """A simulated house that can be stored."""

    def snapshot(self) -> dict[str, Any]: ...

    def restore(self, snapshot: dict[str, Any]) -> None: ...


class _Lived(ABC):
    """Something that is moved along with a clock, and tells when something happened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen_at = clock.now()
        self._watchers: list[Callable[[], None]] = []

    def watch(self, watcher: Callable[[], None]) -> None:
        """See the protocols of ``devices.heating``."""
        self._watchers.append(watcher)

    async def live(self) -> None:
        """Go on in time until cancelled."""
        while True:
            if self.catch_up():
                for watcher in self._watchers:
                    watcher()
            await self._clock.sleep_until(self._clock.now() + timedelta(seconds=LOOK_S))

    def catch_up(self) -> bool:
        """Move up to now; whether anything happened that a host would hear of."""
        now = self._clock.now()
        passed, self._seen_at = now - self._seen_at, now
        return passed > timedelta(0) and self._advance(min(passed, LONGEST_CATCH_UP))

    def state(self) -> dict[str, Any]:
        """To be stored, and given to :meth:`resume` after a restart."""
        return {"at": self._seen_at.isoformat(), "house": self._house.snapshot()}

    def resume(self, stored: Mapping[str, Any] | None) -> None:
        """Go on where a stored house was, as far as that can be used; it lives through the time between."""
        if stored is None:
            return
        try:
            seen_at = datetime.fromisoformat(stored["at"])
            if seen_at.tzinfo is None:
                raise ValueError("a time without its offset")
            self._house.restore(stored["house"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("simulated_house_not_resumed", error=repr(error))
            return
        self._seen_at = min(seen_at, self._seen_at)

    @property
    @abstractmethod
    def _house(self) -> _Kept:
        """The house that lives."""

    @abstractmethod
    def _advance(self, by: timedelta) -> bool:
        """Let time pass; whether anything happened that a host would hear of."""


def with_rooms(settings: FloorHeating) -> FloorHeating:
    """The twin's seven rooms, where a simulated house has none configured."""
    if settings.rooms:
        return settings
    rooms = tuple(
        FloorRoom(id=spec.id, floor=spec.floor, target_c=spec.user_c, priority=spec.priority)
        for spec in SEVEN_ROOMS
    )
    return replace(settings, rooms=rooms)


class SimulatedFloors(_Lived):
    """See :class:`ohmstead.devices.heating.FloorPlant`; always +8 °C outside, ± day and night."""

    def __init__(self, settings: FloorHeating, clock: Clock) -> None:
        """A house with the rooms of the configuration; those that the twin has are as there."""
        super().__init__(clock)
        start = clock.now()
        rooms = tuple(_spec(room) for room in settings.rooms)
        self.house = FloorHouse(start, outdoor_course("mild", start), rooms=rooms)
        self._stirred = False
        self.house.watch(self._stir)

    def snapshot(self) -> FloorSnapshot:
        """See the protocol."""
        self.catch_up()
        return FloorSnapshot(
            pump_on=self.house.switch(),
            outdoor_c=self.house.outdoor_c,
            rooms={room: self.house.read(room) for room in self.house.rooms},
        )

    def take_changes(self) -> tuple[SetpointChange, ...]:
        """See the protocol."""
        return self.house.take_changes()

    async def refresh(self, now: datetime) -> None:
        """Everything is told by itself."""
        del now

    async def set_setpoint(self, room: str, setpoint_c: float) -> None:
        """See the protocol."""
        self.catch_up()
        if not self.house.set_temperature(room, setpoint_c):
            raise DeviceError(f"{room}: the thermostat refuses {setpoint_c:.1f} °C")

    async def switch_pump_on(self) -> None:
        """See the protocol."""
        self.catch_up()
        self.house.turn_on()

    async def press_pump_off(self) -> None:
        """See the protocol."""
        self.catch_up()
        self.house.press_off()

    async def notify(self, text: str) -> None:
        """Nobody is there to be told."""
        del text

    @property
    def _house(self) -> _Kept:
        return self.house

    def _stir(self) -> None:
        self._stirred = True

    def _advance(self, by: timedelta) -> bool:
        self._stirred = False
        self.house.advance(self.house.now + by)
        return self._stirred


def _spec(room: FloorRoom) -> FloorRoomSpec:
    known = {spec.id: spec for spec in SEVEN_ROOMS}
    spec = known.get(room.id, FloorRoomSpec(id=room.id, floor=room.floor, area_m2=UNKNOWN_ROOM_M2))
    user_c = spec.user_c if room.target_c is None else room.target_c
    return replace(spec, floor=room.floor, priority=room.priority, user_c=user_c)


class SimulatedRadiators(_Lived):
    """See :class:`ohmstead.devices.heating.RadiatorPlant`; one room in mild winter weeks."""

    VALVE = "trv"

    def __init__(self, settings: RadiatorRoom, clock: Clock) -> None:
        """A room of the twin, where the id is one of its names, or one of medium size."""
        super().__init__(clock)
        known = {spec.name: spec for spec in radiators.ROOMS}
        spec = known.get(
            settings.id,
            radiators.RadiatorRoomSpec(name=settings.id, area_m2=16.0, target_c=20.0, window_m2=0.5),
        )
        if settings.target_c is not None:
            spec = replace(spec, target_c=settings.target_c)
        spec = replace(spec, valve=replace(spec.valve, max_c=TRV_ON_C))
        self.target_c = spec.target_c
        """What the people want; may be changed."""
        self._now_s = 0.0
        self._owed_s = 0.0
        self._world = WinterWeeks(weather=Weather.MILD)
        self.room = radiators.RadiatorRoom.settled(spec, self._world.outdoor_c(0.0))
        self._reported_at = clock.now()
        self._window_at = clock.now()

    def set_window(self, *, is_open: bool) -> None:
        """Somebody opens or closes the window."""
        self.room.window_open, self._window_at = is_open, self._clock.now()

    def inputs(self) -> Inputs:
        """See the protocol."""
        self.catch_up()
        valve = self.room.valve
        trv = Trv(
            id=self.VALVE,
            mode=valve.mode,
            setpoint_c=valve.setpoint_c,
            min_c=valve.spec.min_c,
            max_c=valve.spec.max_c,
        )
        window = Window(id="window", open=self.room.window_open, changed_at=self._window_at)
        return Inputs(
            temperature_c=self.room.sensor.reported_c,
            target_c=self.target_c,
            temperature_at=self._reported_at,
            trvs=(trv,),
            windows=(window,),
        )

    async def refresh(self, now: datetime) -> None:
        """Everything is told by itself."""
        del now

    @property
    def _house(self) -> _Kept:
        return self.room

    async def send(self, command: Command) -> None:
        """See the protocol."""
        self.catch_up()
        self.room.valve.ask(command.mode, command.temperature_c)

    def _advance(self, by: timedelta) -> bool:
        self._owed_s += by.total_seconds()
        happened = False
        while self._owed_s >= STEP_S:
            self._owed_s -= STEP_S
            self._now_s += STEP_S
            shown = self.room.valve.setpoint_c, self.room.valve.mode
            reported = self.room.move(
                self._now_s,
                STEP_S,
                outdoor_c=self._world.outdoor_c(self._now_s),
                sun_w_m2=self._world.sun_w_m2(self._now_s),
                people_w=self._world.people_w(self.room.spec.name, self._now_s),
            )
            if reported:
                self._reported_at = self._seen_at
            happened |= reported or shown != (self.room.valve.setpoint_c, self.room.valve.mode)
        return happened
