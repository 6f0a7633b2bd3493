"""Add, change and tune a room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.climate import DOMAIN as CLIMATE_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.config_entries import ConfigEntry, ConfigFlow, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_NAME, UnitOfTemperature
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    EntityFilterSelectorConfig,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
)

from .const import (
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
)
from .schema import vol


def _number(low: float, high: float, step: float, unit: str | None) -> NumberSelector:
    config = NumberSelectorConfig(min=low, max=high, step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


_ROOM = {
    vol.Required(CONF_TEMPERATURE_ENTITY): EntitySelector(
        EntitySelectorConfig(
            filter=EntityFilterSelectorConfig(
                domain=SENSOR_DOMAIN, device_class=SensorDeviceClass.TEMPERATURE
            )
        )
    ),
    vol.Required(CONF_TARGET_ENTITY): EntitySelector(EntitySelectorConfig(domain=["input_number", "number"])),
    vol.Required(CONF_TRV_ENTITIES): EntitySelector(
        EntitySelectorConfig(domain=CLIMATE_DOMAIN, multiple=True)
    ),
    vol.Optional(CONF_WINDOW_ENTITIES): EntitySelector(
        EntitySelectorConfig(domain=BINARY_SENSOR_DOMAIN, multiple=True)
    ),
}
USER_SCHEMA = vol.Schema({vol.Required(CONF_NAME): TextSelector(), **_ROOM})
RECONFIGURE_SCHEMA = vol.Schema(_ROOM)

_TUNING = {
    CONF_HYSTERESIS: _number(0.1, 2, 0.05, "°C"),
    CONF_LEARNING_CYCLES: _number(1, 50, 1, None),
    CONF_COOLDOWN_DURATION: _number(60, 7200, 10, "s"),
    CONF_MIN_HEATING_DURATION: _number(10, 3600, 10, "s"),
    CONF_MAX_HEATING_DURATION: _number(600, 43200, 60, "s"),
    CONF_MAX_VALID_OVERSHOOT: _number(0.5, 10, 0.1, "°C"),
    CONF_DESIRED_OVERSHOOT: _number(0, 1, 0.05, "°C"),
    CONF_WINDOW_OPEN_DELAY: _number(0, 3600, 5, "s"),
    CONF_SENSOR_SILENCE: _number(0, 86400, 60, "s"),
}


class TrvRegulatorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add a room, or change what it consists of."""

    VERSION = 1
    MINOR_VERSION = 2

    @staticmethod
    @callback
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Tune a room."""
        return TrvRegulatorOptionsFlow()

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for a room."""
        if self.hass.config.units.temperature_unit != UnitOfTemperature.CELSIUS:
            return self.async_abort(reason="celsius_only")
        errors: dict[str, str] = {}
        if user_input is not None:
            await self.async_set_unique_id(user_input[CONF_TEMPERATURE_ENTITY])
            self._abort_if_unique_id_configured()
            errors = self._errors(user_input, None)
            if not errors:
                data = _room(user_input)
                return self.async_create_entry(
                    title=user_input[CONF_NAME].strip(),
                    data=data,
                    options={**DEFAULTS, CONF_ENABLED_TRVS: data[CONF_TRV_ENTITIES]},
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(USER_SCHEMA, user_input or {}),
            errors=errors,
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the entities of a room."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            unique_id = user_input[CONF_TEMPERATURE_ENTITY]
            other = await self.async_set_unique_id(unique_id)
            if other is not None and other.entry_id != entry.entry_id:
                return self.async_abort(reason="already_configured")
            errors = self._errors(user_input, entry)
            if not errors:
                data = _room(user_input)
                before = entry.data[CONF_TRV_ENTITIES]
                enabled = entry.options.get(CONF_ENABLED_TRVS, before)
                kept = [t for t in data[CONF_TRV_ENTITIES] if t in enabled or t not in before]
                # The update listener reloads the room.
                self.hass.config_entries.async_update_entry(
                    entry,
                    data=data,
                    options={**entry.options, CONF_ENABLED_TRVS: kept or data[CONF_TRV_ENTITIES]},
                    unique_id=unique_id,
                )
                return self.async_abort(reason="reconfigure_successful")
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(RECONFIGURE_SCHEMA, user_input or entry.data),
            description_placeholders={"room": entry.title},
            errors=errors,
        )

    def _errors(self, user_input: Mapping[str, Any], own: ConfigEntry | None) -> dict[str, str]:
        if CONF_NAME in user_input and not user_input[CONF_NAME].strip():
            return {CONF_NAME: "no_name"}
        if not user_input[CONF_TRV_ENTITIES]:
            return {CONF_TRV_ENTITIES: "no_trv"}
        taken = {
            trv
            for entry in self._async_current_entries(include_ignore=False)
            if own is None or entry.entry_id != own.entry_id
            for trv in entry.data[CONF_TRV_ENTITIES]
        }
        if taken & set(user_input[CONF_TRV_ENTITIES]):
            return {CONF_TRV_ENTITIES: "trv_in_use"}
        return {}


class TrvRegulatorOptionsFlow(OptionsFlow):
    """Tune a room and choose its valves."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for everything that can be tuned."""
        entry = self.config_entry
        trvs: list[str] = entry.data[CONF_TRV_ENTITIES]
        errors: dict[str, str] = {}
        if user_input is not None:
            if not set(user_input[CONF_ENABLED_TRVS]) & set(trvs):
                errors[CONF_ENABLED_TRVS] = "no_enabled_trv"
            elif user_input[CONF_MIN_HEATING_DURATION] >= user_input[CONF_MAX_HEATING_DURATION]:
                errors[CONF_MIN_HEATING_DURATION] = "min_not_below_max"
            else:
                whole = {CONF_LEARNING_CYCLES: int(user_input[CONF_LEARNING_CYCLES])}
                return self.async_create_entry(data={**user_input, **whole})
        current = {**DEFAULTS, CONF_ENABLED_TRVS: trvs, **entry.options, **(user_input or {})}
        schema = vol.Schema(
            {
                vol.Required(CONF_ENABLED_TRVS): EntitySelector(
                    EntitySelectorConfig(include_entities=trvs, multiple=True)
                ),
                **{vol.Required(key): selector for key, selector in _TUNING.items()},
            }
        )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, current),
            errors=errors,
        )


def _room(user_input: Mapping[str, Any]) -> dict[str, Any]:
    return {
        CONF_TEMPERATURE_ENTITY: user_input[CONF_TEMPERATURE_ENTITY],
        CONF_TARGET_ENTITY: user_input[CONF_TARGET_ENTITY],
        CONF_TRV_ENTITIES: list(dict.fromkeys(user_input[CONF_TRV_ENTITIES])),
        CONF_WINDOW_ENTITIES: list(dict.fromkeys(user_input.get(CONF_WINDOW_ENTITIES) or [])),
    }
