"""A room in a real Home Assistant core: real thermostats, a real input_number, and time that is told."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

# Before Home Assistant puts its own folder of that name in front.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import custom_components  # noqa: F401
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

DOMAIN = "trv_regulator"
TEMPERATURE = "sensor.kitchen"
TARGET = "input_number.kitchen"
WINDOW, DOOR = "binary_sensor.window", "binary_sensor.door"
TRV, TRV_2 = "climate.trv", "climate.trv_2"
STATE = "sensor.kuchyn_state"


@pytest.fixture(autouse=True)
def _custom(enable_custom_integrations: None) -> None:
    """Let Home Assistant load integrations from outside its own package."""


class Room:
    """Hands on the world around a room."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        self.hass, self.freezer = hass, freezer
        self.entry = entry()

    async def world(self) -> None:
        """Two real thermostats, a real number, and a sensor and windows by their states."""
        assert await async_setup_component(self.hass, "homeassistant", {})
        heaters = {"heater": {}, "heater_2": {}}
        assert await async_setup_component(self.hass, "input_boolean", {"input_boolean": heaters})
        thermostats = [
            {
                "platform": "generic_thermostat",
                "name": name,
                "unique_id": name,
                "heater": heater,
                "target_sensor": TEMPERATURE,
                "min_temp": 5,
                "max_temp": highest,
                "initial_hvac_mode": "off",
            }
            for name, heater, highest in (
                ("trv", "input_boolean.heater", 35),
                ("trv_2", "input_boolean.heater_2", 30),
            )
        ]
        number = {"kitchen": {"min": 5, "max": 30, "step": 0.1, "initial": 21}}
        assert await async_setup_component(self.hass, "input_number", {"input_number": number})
        await self.temperature(21.0)
        for window in (WINDOW, DOOR):
            self.hass.states.async_set(window, "off")
        assert await async_setup_component(self.hass, "climate", {"climate": thermostats})
        await self.hass.async_block_till_done()

    async def setup(self, **changes: Any) -> None:
        """Add the room."""
        self.entry = entry(**changes)
        self.entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def temperature(self, value: float | str) -> None:
        """The sensor reports."""
        self.hass.states.async_set(
            TEMPERATURE, str(value), {"unit_of_measurement": "°C", "device_class": "temperature"}
        )
        await self.hass.async_block_till_done()

    async def target(self, value: float) -> None:
        """A person sets the target."""
        await self.hass.services.async_call(
            "input_number", "set_value", {"entity_id": TARGET, "value": value}, blocking=True
        )
        await self.hass.async_block_till_done()

    async def window(self, state: str, entity_id: str = WINDOW) -> None:
        """A window moves."""
        self.hass.states.async_set(entity_id, state)
        await self.hass.async_block_till_done()

    async def wait(self, seconds: float) -> None:
        """Time passes, in the watchdog's steps."""
        while seconds > 0:
            self.freezer.tick(timedelta(seconds=min(seconds, 30)))
            seconds -= 30
            async_fire_time_changed(self.hass)
            await self.hass.async_block_till_done()

    def state(self) -> str:
        """Of the room."""
        state = self.hass.states.get(STATE)
        assert state is not None
        return state.state

    def valve(self, entity_id: str = TRV) -> tuple[str, float]:
        """Mode and setpoint of a thermostat."""
        state = self.hass.states.get(entity_id)
        assert state is not None
        return state.state, state.attributes["temperature"]

    async def cycle(self, seconds: int = 600) -> None:
        """A learning cycle with 0.2 K of overshoot."""
        await self.temperature(20.7)
        assert self.state() == "heating"
        await self.wait(seconds)
        await self.temperature(21.0)
        assert self.state() == "cooldown"
        await self.wait(300)
        await self.temperature(21.2)
        await self.wait(600)
        await self.temperature(20.9)
        await self.wait(330)
        assert self.state() == "idle"


def entry(**changes: Any) -> MockConfigEntry:
    """A room called Kuchyn; ``changes`` go into its options."""
    data = changes.pop("data", {})
    return MockConfigEntry(
        domain=DOMAIN,
        title="Kuchyn",
        unique_id=TEMPERATURE,
        version=1,
        minor_version=2,
        data={
            "temperature_entity": TEMPERATURE,
            "target_entity": TARGET,
            "trv_entities": [TRV],
            "window_entities": [WINDOW, DOOR],
            **data,
        },
        options=changes,
    )


@pytest.fixture
async def room(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Room:
    """The world without the room."""
    logging.getLogger("custom_components.trv_regulator").setLevel(logging.INFO)
    made = Room(hass, freezer)
    await made.world()
    return made


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The room's log lines so far."""
    return lambda: [r.message for r in caplog.records if r.message.startswith("TRV [")]
