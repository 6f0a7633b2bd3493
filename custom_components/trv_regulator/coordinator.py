"""Maps Home Assistant to the room controller and back: inputs, commands, timers, storage, repairs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    ATTR_MAX_TEMP,
    ATTR_MIN_TEMP,
    SERVICE_SET_HVAC_MODE,
    SERVICE_SET_TEMPERATURE,
)
from homeassistant.components.climate import DOMAIN as CLIMATE_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_TEMPERATURE,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfTemperature,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import (
    async_track_point_in_utc_time,
    async_track_state_change_event,
    async_track_time_interval,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter

from .const import (
    COMMAND_TIMEOUT_S,
    CONF_COOLDOWN_DURATION,
    CONF_DESIRED_OVERSHOOT,
    CONF_ENABLED_TRVS,
    CONF_HYSTERESIS,
    CONF_LEARNING_CYCLES,
    CONF_MAX_HEATING_DURATION,
    CONF_MAX_VALID_OVERSHOOT,
    CONF_MIN_HEATING_DURATION,
    CONF_SENSOR_SILENCE,
    CONF_TARGET_ENTITY,
    CONF_TEMPERATURE_ENTITY,
    CONF_TRV_ENTITIES,
    CONF_WINDOW_ENTITIES,
    CONF_WINDOW_OPEN_DELAY,
    DEFAULTS,
    DOMAIN,
    SAVE_DELAY_S,
    STORE_VERSION,
    WATCHDOG_S,
)
from .room_controller import (
    Command,
    Inputs,
    Learning,
    Level,
    Memory,
    Problem,
    ProblemCode,
    RoomController,
    Settings,
    Trv,
    Window,
    setpoint_c,
)

_LOGGER = logging.getLogger(__name__)
_LEVELS = {Level.INFO: logging.INFO, Level.WARNING: logging.WARNING}
# An unreachable valve is told by the problem sensor: radio gaps are no reason for a repair.
_REPAIRS = (ProblemCode.MAX_HEATING_EXCEEDED, ProblemCode.WINDOW_UNAVAILABLE, ProblemCode.TRV_MAX_TOO_LOW)

type TrvRegulatorConfigEntry = ConfigEntry[RoomCoordinator]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomData:
    """What entities show."""

    memory: Memory
    learning: Learning | None
    problems: tuple[Problem, ...] = ()


def room_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Where a room's memory is kept."""
    return Store(hass, STORE_VERSION, f"{DOMAIN}.{entry_id}")


def room_issues(hass: HomeAssistant, entry_id: str) -> set[str]:
    """The repairs that a room shows."""
    issues = ir.async_get(hass).issues.values()
    return {i.issue_id for i in issues if i.domain == DOMAIN and i.active and i.issue_id.startswith(entry_id)}


def room_settings(name: str, options: dict[str, Any]) -> Settings:
    """The controller's settings out of an entry's options.

    Raises:
        ValueError: they contradict each other.
    """
    o = {**DEFAULTS, **options}
    return Settings(
        name=name,
        hysteresis_k=float(o[CONF_HYSTERESIS]),
        learning_cycles=int(o[CONF_LEARNING_CYCLES]),
        cooldown_s=float(o[CONF_COOLDOWN_DURATION]),
        min_heating_s=float(o[CONF_MIN_HEATING_DURATION]),
        max_heating_s=float(o[CONF_MAX_HEATING_DURATION]),
        max_valid_overshoot_k=float(o[CONF_MAX_VALID_OVERSHOOT]),
        desired_overshoot_k=float(o[CONF_DESIRED_OVERSHOOT]),
        window_open_delay_s=float(o[CONF_WINDOW_OPEN_DELAY]),
        sensor_silence_s=float(o[CONF_SENSOR_SILENCE]),
    )


async def close_valves(hass: HomeAssistant, trvs: Iterable[str]) -> None:
    """Close valves that nobody will drive any more."""
    for entity_id in trvs:
        trv = _trv(hass.states.get(entity_id), entity_id, enabled=True)
        if trv.available:
            await _send(hass, Command(trv_id=entity_id, on=False, temperature_c=setpoint_c(trv, on=False)))


class RoomCoordinator(DataUpdateCoordinator[RoomData]):
    """One room: steps its controller on events, at its timers and every 30 s."""

    config_entry: TrvRegulatorConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: TrvRegulatorConfigEntry, controller: RoomController
    ) -> None:
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.controller = controller
        self.data = RoomData(memory=controller.memory, learning=controller.learning)
        self._store = room_store(hass, entry.entry_id)
        self._pending: dict[str, Command] = {}
        self._sending: set[str] = set()
        self._cancel_timer: Any = None
        # Also those from before a reload: what changed since may have settled them.
        self._issues = room_issues(hass, entry.entry_id)

    @classmethod
    async def async_load(cls, hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> RoomCoordinator:
        """A room with what it remembers.

        Raises:
            ValueError: the options contradict each other.
        """
        settings = room_settings(entry.title, dict(entry.options))
        memory = Memory()
        stored = await room_store(hass, entry.entry_id).async_load()
        if stored is not None:
            try:
                memory = Memory.from_dict(stored)
            except ValueError as error:
                _LOGGER.warning("TRV [%s]: stored memory is not used: %s", entry.title, error)
        return cls(hass, entry, RoomController.resume(settings, memory))

    @callback
    def async_start(self) -> None:
        """Listen and step once Home Assistant has started."""
        entry = self.config_entry
        entry.async_on_unload(self._async_cancel_timer)
        entry.async_on_unload(async_at_started(self.hass, self._async_started))

    @callback
    def _async_started(self, hass: HomeAssistant) -> None:
        entry = self.config_entry
        entities = [
            entry.data[CONF_TEMPERATURE_ENTITY],
            entry.data[CONF_TARGET_ENTITY],
            *entry.data[CONF_TRV_ENTITIES],
            *entry.data.get(CONF_WINDOW_ENTITIES, []),
        ]
        entry.async_on_unload(async_track_state_change_event(hass, entities, self._async_event))
        entry.async_on_unload(
            async_track_time_interval(hass, self._async_time, timedelta(seconds=WATCHDOG_S))
        )
        self.async_step()

    @callback
    def _async_event(self, event: Event[EventStateChangedData]) -> None:
        self.async_step()

    @callback
    def _async_time(self, now: datetime) -> None:
        self.async_step()

    async def _async_update_data(self) -> RoomData:
        return self._step()

    @callback
    def async_step(self) -> None:
        """Look, decide, act, and show."""
        self.async_set_updated_data(self._step())

    @callback
    def _step(self) -> RoomData:
        now = dt_util.utcnow()
        step = self.controller.step(self.inputs(), now)
        for line in step.log:
            _LOGGER.log(_LEVELS[line.level], "%s", line.text)
        for command in step.commands:
            self._async_command(command)
        self._async_show_issues(step.problems)
        self._async_cancel_timer()
        if step.wake_at is not None:
            self._cancel_timer = async_track_point_in_utc_time(self.hass, self._async_wake, step.wake_at)
        if step.changed:
            self._store.async_delay_save(self.controller.memory.to_dict, SAVE_DELAY_S)
        return RoomData(
            memory=self.controller.memory, learning=self.controller.learning, problems=step.problems
        )

    @callback
    def _async_wake(self, now: datetime) -> None:
        self._cancel_timer = None
        self.async_step()

    @callback
    def _async_cancel_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    async def async_save(self) -> None:
        """Store the memory now."""
        await self._store.async_save(self.controller.memory.to_dict())

    @callback
    def async_reset_learning(self) -> Learning | None:
        """Forget what was learned; the old values."""
        old = self.controller.reset_learning()
        _LOGGER.info("TRV [%s]: learned parameters reset", self.config_entry.title)
        self._store.async_delay_save(self.controller.memory.to_dict, SAVE_DELAY_S)
        self.async_step()
        return old

    # -- inputs

    @property
    def driven_trvs(self) -> list[str]:
        """The valves that are enabled."""
        trvs: list[str] = self.config_entry.data[CONF_TRV_ENTITIES]
        enabled = self.config_entry.options.get(CONF_ENABLED_TRVS, trvs)
        return [trv for trv in trvs if trv in enabled]

    def inputs(self) -> Inputs:
        """The room as Home Assistant shows it now."""
        data, states = self.config_entry.data, self.hass.states
        temperature = states.get(data[CONF_TEMPERATURE_ENTITY])
        trvs: list[str] = data[CONF_TRV_ENTITIES]
        enabled = self.driven_trvs
        return Inputs(
            temperature_c=_temperature_c(temperature),
            temperature_at=temperature.last_reported if temperature is not None else None,
            target_c=_number(states.get(data[CONF_TARGET_ENTITY])),
            trvs=tuple(_trv(states.get(t), t, enabled=t in enabled) for t in trvs),
            windows=tuple(_window(states.get(w), w) for w in data.get(CONF_WINDOW_ENTITIES, [])),
        )

    # -- commands

    @callback
    def _async_command(self, command: Command) -> None:
        self._pending[command.trv_id] = command
        if command.trv_id not in self._sending:
            self._sending.add(command.trv_id)
            self.config_entry.async_create_task(
                self.hass, self._async_send_pending(command.trv_id), f"{DOMAIN} {command.trv_id}"
            )

    async def _async_send_pending(self, entity_id: str) -> None:
        """One command at a time and the newest last, so that a slow radio cannot swap them."""
        try:
            while (command := self._pending.pop(entity_id, None)) is not None:
                await _send(self.hass, command)
        finally:
            self._sending.discard(entity_id)

    # -- repairs

    @callback
    def _async_show_issues(self, problems: tuple[Problem, ...]) -> None:
        entry = self.config_entry
        wanted = {
            f"{entry.entry_id}_{p.code.value}_{p.subject}".rstrip("_"): p
            for p in problems
            if p.code in _REPAIRS
        }
        for issue_id in self._issues - wanted.keys():
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
        for issue_id, problem in wanted.items():
            if issue_id not in self._issues:
                ir.async_create_issue(
                    self.hass,
                    DOMAIN,
                    issue_id,
                    is_fixable=False,
                    severity=ir.IssueSeverity.WARNING,
                    translation_key=problem.code.value,
                    translation_placeholders={"room": entry.title, "entity": problem.subject},
                )
        self._issues = set(wanted)


async def _send(hass: HomeAssistant, command: Command) -> None:
    """Send mode and temperature together; failures are seen when the valve is read back."""
    target = {ATTR_ENTITY_ID: command.trv_id}
    state = hass.states.get(command.trv_id)
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            if state is not None and state.state != command.mode:
                # Not every thermostat takes the mode together with the temperature.
                await hass.services.async_call(
                    CLIMATE_DOMAIN,
                    SERVICE_SET_HVAC_MODE,
                    {**target, ATTR_HVAC_MODE: command.mode},
                    blocking=True,
                )
            await hass.services.async_call(
                CLIMATE_DOMAIN,
                SERVICE_SET_TEMPERATURE,
                {**target, ATTR_HVAC_MODE: command.mode, ATTR_TEMPERATURE: command.temperature_c},
                blocking=True,
            )
    except (HomeAssistantError, TimeoutError) as error:
        _LOGGER.warning(
            "TRV %s did not take %s °C: %s", command.trv_id, command.temperature_c, error or "timeout"
        )


def _usable(state: State | None) -> bool:
    return state is not None and state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


def _number(state: State | None) -> float | None:
    if state is None or not _usable(state):
        return None
    try:
        return float(state.state)
    except ValueError:
        return None


def _temperature_c(state: State | None) -> float | None:
    value = _number(state)
    if value is None or state is None:
        return None
    if state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) == UnitOfTemperature.FAHRENHEIT:
        return TemperatureConverter.convert(value, UnitOfTemperature.FAHRENHEIT, UnitOfTemperature.CELSIUS)
    return value


def _window(state: State | None, entity_id: str) -> Window:
    known = state is not None and state.state in (STATE_ON, STATE_OFF)
    return Window(
        id=entity_id,
        open=state.state == STATE_ON if state is not None and known else None,
        changed_at=state.last_changed if state is not None else None,
    )


def _trv(state: State | None, entity_id: str, *, enabled: bool) -> Trv:
    if state is None or not _usable(state):
        return Trv(id=entity_id, enabled=enabled, available=False)
    return Trv(
        id=entity_id,
        enabled=enabled,
        mode=state.state,
        setpoint_c=_attribute(state, ATTR_TEMPERATURE),
        min_c=_attribute(state, ATTR_MIN_TEMP),
        max_c=_attribute(state, ATTR_MAX_TEMP),
    )


def _attribute(state: State, name: str) -> float | None:
    value = state.attributes.get(name)
    return float(value) if isinstance(value, int | float) else None
