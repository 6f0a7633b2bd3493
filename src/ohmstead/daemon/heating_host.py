"""All rooms and floors that a home regulates itself: made, run side by side, shown, and let go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from ohmstead.core.state import Reading
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.heating import FloorHeating, HeatingSettings, RadiatorRoom, RoomAdapter
from ohmstead.daemon.heating_claims import FLOORS, Claims, driven_by
from ohmstead.daemon.heating_floors import FloorHost
from ohmstead.daemon.heating_radiators import RadiatorHost
from ohmstead.daemon.heating_store import HeatingStore
from ohmstead.daemon.heating_view import (
    display_name,
    floors_info,
    learning_info,
    radiator_info,
    radiator_sentence,
)
from ohmstead.daemon.simulated_heating import SimulatedFloors, SimulatedRadiators, with_rooms
from ohmstead.devices.heating import FloorPlant, RadiatorPlant
from ohmstead.devices.home_assistant_heating import (
    FloorEntities,
    HomeAssistantFloors,
    HomeAssistantRadiators,
    RadiatorEntities,
)
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import ConfigError, DeviceError
from ohmstead.heating.room_controller import ProblemCode, State
from ohmstead.recorder import Recorder
from ohmstead.web.schema import HeatingPayload, LearningInfo, WarningInfo

log = structlog.get_logger(__name__)

SIMULATED = "heating.simulated."
KEPT_EVERY = timedelta(minutes=1)
Work = Callable[[], Coroutine[Any, Any, None]]
RELEASE_S = 3.0
"""Whoever asked the daemon to stop is waiting."""


class HeatingHost:
    """Rooms and floors of a home. Each runs by itself, so that one that fails does not stop the rest.

    Args:
        outdoor_c: where no entity tells the outdoor temperature of the floors.

    Raises:
        ConfigError: rooms are reached through Home Assistant, and there is none.
    """

    def __init__(
        self,
        settings: HeatingSettings,
        *,
        clock: Clock,
        zone: ZoneInfo,
        recorder: Recorder,
        link: HomeAssistantLink | None,
        outdoor_c: Callable[[datetime], Reading],
        dry_run: bool = False,
    ) -> None:
        """Nothing is commanded yet; see :meth:`running`."""
        self._clock = clock
        self._link = link if settings.uses(RoomAdapter.HOME_ASSISTANT) else None
        self._outdoor_c = outdoor_c
        self._dry_run = dry_run
        self._store = HeatingStore(recorder)
        self._worlds: dict[str, SimulatedFloors | SimulatedRadiators] = {}
        self._ended: dict[str, str] = {}
        self._claims = None if self._link is None else Claims(self._link, driven_by(settings))
        self.floors: FloorHost | None = None
        if settings.floors is not None:
            floors = settings.floors
            if floors.adapter is RoomAdapter.SIMULATED:
                floors = with_rooms(floors)
            self.floors = FloorHost(
                floors, self._floor_plant(floors), clock=clock, zone=zone, store=self._store, dry_run=dry_run
            )
        self.radiators = tuple(
            RadiatorHost(room, self._radiator_plant(room), clock=clock, store=self._store, dry_run=dry_run)
            for room in settings.radiators
        )

    def _floor_plant(self, settings: FloorHeating) -> FloorPlant:
        if settings.adapter is RoomAdapter.SIMULATED:
            plant = SimulatedFloors(settings, self._clock)
            self._live(FLOORS, plant)
            return plant
        if settings.pump_switch is None or settings.pump_stop_button is None:
            raise ConfigError("heating: floors: needs pump_switch and pump_stop_button")
        entities = FloorEntities(
            thermostats={room.id: str(room.thermostat) for room in settings.rooms},
            pump_switch=settings.pump_switch,
            pump_stop_button=settings.pump_stop_button,
            outdoor=settings.outdoor,
        )
        return HomeAssistantFloors(
            self._needed_link(), entities, lambda: self._outdoor_c(self._clock.now()).value
        )

    def _radiator_plant(self, room: RadiatorRoom) -> RadiatorPlant:
        if room.adapter is RoomAdapter.SIMULATED:
            plant = SimulatedRadiators(room, self._clock)
            self._live(room.id, plant)
            return plant
        entities = RadiatorEntities(
            temperature=str(room.temperature),
            target=room.target,
            target_c=room.target_c,
            valves=room.valves,
            left_alone=room.left_alone,
            windows=room.windows,
        )
        return HomeAssistantRadiators(self._needed_link(), entities)

    def _live(self, name: str, plant: SimulatedFloors | SimulatedRadiators) -> None:
        plant.resume(self._store.load(SIMULATED + name))
        self._worlds[name] = plant

    async def _keep_worlds(self) -> None:
        """Store simulated rooms every minute."""
        while True:
            await self._clock.sleep_until(self._clock.now() + KEPT_EVERY)
            self._put_worlds()

    def _put_worlds(self) -> None:
        for name, plant in self._worlds.items():
            self._store.put(SIMULATED + name, plant.state())

    def _needed_link(self) -> HomeAssistantLink:
        if self._link is None:
            raise ConfigError("heating: rooms of Home Assistant need the section home_assistant")
        return self._link

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Regulate for as long as the block lasts; then valves are left to their own control."""
        if self._link is not None:
            # A Home Assistant that is away now is waited for by each of its rooms.
            with contextlib.suppress(DeviceError):
                await self._link.ready()
        rooms: dict[str, asyncio.Task[None]] = {}
        if self.floors is not None:
            rooms[FLOORS] = self._task(FLOORS, self.floors.run)
        rooms |= {room.settings.id: self._task(room.settings.id, room.run) for room in self.radiators}
        storing = asyncio.create_task(self._store.run())
        tasks = [*rooms.values()]
        tasks += [asyncio.create_task(plant.live()) for plant in self._worlds.values()]
        if self._worlds:
            tasks.append(asyncio.create_task(self._keep_worlds()))
        if self._claims is not None:
            tasks.append(asyncio.create_task(self._claims.run(lambda name: _cancel(rooms[name]))))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RELEASE_S):
                    ours = (room for room in self.radiators if room.settings.id not in self._refused())
                    await asyncio.gather(*(room.release() for room in ours))
            self._put_worlds()
            self._store.close()
            await storing

    def _task(self, name: str, run: Work) -> asyncio.Task[None]:
        async def regulate() -> None:
            if self._claims is None or await self._claims.granted(name):
                await run()

        def ended(done: asyncio.Task[None]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                self._ended[name] = repr(error)
                log.error("heating_ended", room=name, exc_info=error)

        task = asyncio.create_task(regulate())
        task.add_done_callback(ended)
        return task

    def _refused(self) -> Mapping[str, str]:
        return {} if self._claims is None else self._claims.refused

    def payload(self) -> HeatingPayload:
        """What the web shows."""
        now = self._clock.now()
        return HeatingPayload(
            at=now,
            floors=None if self.floors is None else floors_info(self.floors),
            radiators=[radiator_info(room, now) for room in self.radiators],
        )

    def reset_learning(self, room: str) -> LearningInfo:
        """Forget what a radiator room has learned; what that was.

        Raises:
            KeyError: there is no such room.
        """
        for host in self.radiators:
            if host.settings.id == room:
                return learning_info(host.reset_learning(), host.settings.learning_cycles)
        raise KeyError(room)

    def failing(self) -> dict[str, str]:
        """What is out of order, by what it is about, in words."""
        stopped = {**self._refused(), **self._ended}
        found = {name: f"{name}: is not regulated: {words}" for name, words in stopped.items()}
        if self._link is not None and self._link.error:
            words = f"Home Assistant at {self._link.url} cannot be reached: {self._link.error}"
            found["heating.home_assistant"] = words
        for room in self.radiators:
            if room.settings.id not in found and room.controller.memory.state is State.ERROR:
                found[room.settings.id] = f"{display_name(room.settings)}: {radiator_sentence(room)}"
        if self._store.error is not None:
            found["heating.memory"] = f"What rooms have learned cannot be stored: {self._store.error}"
        return found

    def warnings(self) -> list[WarningInfo]:
        """What the people should know."""
        found = list(self.failing().values())
        if self.floors is not None and self.floors.note is not None:
            found.append(self.floors.note)
        for room in self.radiators:
            shown = radiator_info(room, self._clock.now())
            # A valve's smaller range is a lasting fact: told beside the valve, not as an alarm.
            found += [
                f"{shown.name}: {problem.message}"
                for problem in shown.problems
                if problem.code != ProblemCode.TRV_MAX_TOO_LOW
            ]
        return [WarningInfo(code="heating", message=message) for message in found]


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
