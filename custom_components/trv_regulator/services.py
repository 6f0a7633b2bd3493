"""The integration's actions."""

from __future__ import annotations

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, SERVICE_RESET
from .coordinator import TrvRegulatorConfigEntry
from .schema import vol

_SCHEMA = vol.Schema({vol.Required(ATTR_DEVICE_ID): cv.string})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, SERVICE_RESET, _async_reset, schema=_SCHEMA, supports_response=SupportsResponse.OPTIONAL
    )


async def _async_reset(call: ServiceCall) -> dict[str, Any]:
    old = _entry(call.hass, call.data[ATTR_DEVICE_ID]).runtime_data.async_reset_learning()
    return {
        "valid_cycles": old.valid_cycles if old else 0,
        "learning_complete": old.complete if old else False,
        "avg_heating_duration": round(old.avg_duration_s) if old else None,
        "time_offset": round(old.time_offset_s) if old else None,
    }


def _entry(hass: HomeAssistant, device_id: str) -> TrvRegulatorConfigEntry:
    device = dr.async_get(hass).async_get(device_id)
    identifiers = set() if device is None else device.identifiers
    entries = [
        entry
        for domain, entry_id in identifiers
        if domain == DOMAIN and (entry := hass.config_entries.async_get_entry(entry_id)) is not None
    ]
    if not entries:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_a_room",
            translation_placeholders={"device_id": device_id},
        )
    if entries[0].state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="room_not_loaded",
            translation_placeholders={"room": entries[0].title},
        )
    return entries[0]
