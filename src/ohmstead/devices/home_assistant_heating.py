"""Rooms and floors whose thermostats, valves and sensors are entities of Home Assistant."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.devices.heating import FloorSnapshot
from ohmstead.devices.home_assistant_command import domain_of
from ohmstead.devices.home_assistant_library import ServiceCall
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.devices.home_assistant_wire import EntityState, StateChange, finite
from ohmstead.errors import DeviceError
from ohmstead.heating.heat_orchestrator import RoomReading, SetpointChange
from ohmstead.heating.room_controller import Command, Inputs, Trv, Window

SILENT = timedelta(minutes=10)
"""A sensor whose value has not changed for this long is asked for its last report."""
FORECAST_AGE = timedelta(minutes=10)


async def regulated_elsewhere(link: HomeAssistantLink, entities: Iterable[str]) -> dict[str, str]:
    """Those of our thermostats that a regulator inside Home Assistant names as its own, by entity id.

    The value is the entity that says so, as the state sensor of the TRV Regulator does with its attribute
    ``trv_entities``.

    Raises:
        DeviceOffline: Home Assistant does not answer.
    """
    ours, taken = set(entities), {}
    for owner, attributes in (await link.attributes_of_all()).items():
        named = attributes.get("trv_entities")
        for entity_id in (named,) if isinstance(named, str) else named or ():
            if entity_id in ours:
                taken[entity_id] = owner
    return taken


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorEntities:
    """Entity ids of the floors; ``thermostats`` by room."""

    thermostats: Mapping[str, str]
    pump_switch: str
    pump_stop_button: str
    outdoor: str | None


class HomeAssistantFloors:
    """See :class:`ohmstead.devices.heating.FloorPlant`.

    Args:
        forecast_c: the outdoor temperature to use where no entity tells.
    """

    def __init__(
        self, link: HomeAssistantLink, entities: FloorEntities, forecast_c: Callable[[], float | None]
    ) -> None:
        """Nothing is asked yet."""
        self._link = link
        self._entities = entities
        self._forecast_c = forecast_c
        self._rooms = {entity: room for room, entity in entities.thermostats.items()}
        self._changes: list[SetpointChange] = []
        self._hourly: tuple[datetime, float | None] | None = None
        link.watch(self._rooms, self._hear)
        link.want([entities.pump_switch, entities.pump_stop_button])
        if entities.outdoor is not None:
            link.want([entities.outdoor])

    def watch(self, watcher: Callable[[], None]) -> None:
        """See the protocol."""
        watched = [*self._rooms, self._entities.pump_switch]
        if self._entities.outdoor is not None:
            watched.append(self._entities.outdoor)
        self._link.watch(watched, lambda _: watcher())

    def snapshot(self) -> FloorSnapshot:
        """See the protocol."""
        pump = self._link.get(self._entities.pump_switch)
        return FloorSnapshot(
            pump_on=None if pump is None else {"on": True, "off": False}.get(pump.state),
            outdoor_c=self._outdoor_c(),
            rooms={
                room: _thermostat(self._link.get(entity))
                for room, entity in self._entities.thermostats.items()
            },
        )

    def take_changes(self) -> tuple[SetpointChange, ...]:
        """See the protocol."""
        changes, self._changes = tuple(self._changes), []
        return changes

    async def refresh(self, now: datetime) -> None:
        """Ask the weather entity for its hourly forecast where it shows no temperature."""
        weather = self._entities.outdoor
        if weather is None or domain_of(weather) != "weather" or self._shown_c() is not None:
            return
        if self._hourly is not None and timedelta(0) <= now - self._hourly[0] < FORECAST_AGE:
            return
        self._hourly = (now, None)
        with contextlib.suppress(DeviceError):
            answer = await self._link.ask(
                ServiceCall(service="weather.get_forecasts", entity_id=weather, data={"type": "hourly"})
            )
            self._hourly = (now, _first_temperature_c(answer, weather))

    async def set_setpoint(self, room: str, setpoint_c: float) -> None:
        """See the protocol."""
        await self._link.call(
            ServiceCall(
                service="climate.set_temperature",
                entity_id=self._entities.thermostats[room],
                data={"temperature": setpoint_c},
            )
        )

    async def switch_pump_on(self) -> None:
        """See the protocol."""
        await self._press(self._entities.pump_switch, "turn_on")

    async def press_pump_off(self) -> None:
        """See the protocol."""
        button = self._entities.pump_stop_button
        await self._press(button, "turn_on" if domain_of(button) == "script" else "press")

    async def notify(self, text: str) -> None:
        """As a notification in Home Assistant."""
        await self._link.call(
            ServiceCall(
                service="persistent_notification.create",
                entity_id=None,
                data={"title": "Ohmstead", "message": text},
            )
        )

    async def _press(self, entity_id: str, service: str) -> None:
        await self._link.call(
            ServiceCall(service=f"{domain_of(entity_id)}.{service}", entity_id=entity_id, data={})
        )

    def _hear(self, change: StateChange) -> None:
        before, after = _setpoint_c(change.old), _setpoint_c(change.new)
        if change.new is None or after is None or before == after:
            return
        own = self._link.is_own(change.new)
        self._changes.append(
            SetpointChange(
                room=self._rooms[change.entity_id],
                old_c=before,
                new_c=after,
                own=own,
                human=change.new.user_id is not None and not own,
            )
        )

    def _outdoor_c(self) -> float | None:
        shown_c = self._shown_c()
        if shown_c is not None:
            return shown_c
        if self._hourly is not None and self._hourly[1] is not None:
            return self._hourly[1]
        return self._forecast_c()

    def _shown_c(self) -> float | None:
        entity_id = self._entities.outdoor
        state = None if entity_id is None else self._link.get(entity_id)
        if state is None:
            return None
        if domain_of(state.entity_id) != "weather":
            return state.celsius
        value = state.attribute("temperature")
        fahrenheit = state.attributes.get("temperature_unit") == "°F"
        return (value - 32.0) / 1.8 if value is not None and fahrenheit else value


def _first_temperature_c(answer: object, weather: str) -> float | None:
    """Of an hourly forecast; ``None`` where the answer holds none."""
    try:
        return finite(answer[weather]["forecast"][0]["temperature"])  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None


def _setpoint_c(state: EntityState | None) -> float | None:
    return state.attribute("temperature") if state is not None and state.available else None


def _thermostat(state: EntityState | None) -> RoomReading:
    if state is None:
        return RoomReading(current_c=None, setpoint_c=None, available=False)
    return RoomReading(
        current_c=state.attribute("current_temperature"),
        setpoint_c=state.attribute("temperature"),
        off=state.state == "off",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class RadiatorEntities:
    """Entity ids of a radiator room; the wish is ``target`` or fixed as ``target_c``."""

    temperature: str
    target: str | None
    target_c: float | None
    valves: tuple[str, ...]
    left_alone: tuple[str, ...]
    windows: tuple[str, ...]


class HomeAssistantRadiators:
    """See :class:`ohmstead.devices.heating.RadiatorPlant`."""

    def __init__(self, link: HomeAssistantLink, entities: RadiatorEntities) -> None:
        """Nothing is asked yet."""
        self._link = link
        self._entities = entities
        e = entities
        target = () if e.target is None else (e.target,)
        self._all = (e.temperature, *target, *e.valves, *e.windows)
        link.want(self._all)

    def watch(self, watcher: Callable[[], None]) -> None:
        """See the protocol."""
        self._link.watch(self._all, lambda _: watcher())

    def inputs(self) -> Inputs:
        """See the protocol."""
        e, get = self._entities, self._link.get
        temperature = get(e.temperature)
        target = None if e.target is None else get(e.target)
        return Inputs(
            temperature_c=None if temperature is None else temperature.celsius,
            temperature_at=None if temperature is None else temperature.reported_at,
            target_c=e.target_c if e.target is None else None if target is None else target.celsius,
            trvs=tuple(_valve(v, get(v), enabled=v not in e.left_alone) for v in e.valves),
            windows=tuple(_window(w, get(w)) for w in e.windows),
        )

    async def refresh(self, now: datetime) -> None:
        """Ask for the sensor's last report, which tells a steady room from a dead sensor."""
        state = self._link.get(self._entities.temperature)
        if state is not None and now - state.reported_at >= SILENT:
            with contextlib.suppress(DeviceError):
                await self._link.refresh(self._entities.temperature)

    async def send(self, command: Command) -> None:
        """Mode and temperature; not every thermostat takes the mode together with the temperature."""
        valve = command.trv_id
        state = self._link.get(valve)
        if state is not None and state.state != command.mode:
            await self._link.call(
                ServiceCall(
                    service="climate.set_hvac_mode", entity_id=valve, data={"hvac_mode": command.mode}
                )
            )
        await self._link.call(
            ServiceCall(
                service="climate.set_temperature",
                entity_id=valve,
                data={"hvac_mode": command.mode, "temperature": command.temperature_c},
            )
        )


def _valve(entity_id: str, state: EntityState | None, *, enabled: bool) -> Trv:
    if state is None:
        return Trv(id=entity_id, enabled=enabled, available=False)
    return Trv(
        id=entity_id,
        enabled=enabled,
        mode=state.state,
        setpoint_c=state.attribute("temperature"),
        min_c=state.attribute("min_temp"),
        max_c=state.attribute("max_temp"),
    )


def _window(entity_id: str, state: EntityState | None) -> Window:
    known = state is not None and state.state in ("on", "off")
    return Window(
        id=entity_id,
        open=state.state == "on" if state is not None and known else None,
        changed_at=None if state is None else state.changed_at,
    )
