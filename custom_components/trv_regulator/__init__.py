"""Heat a room by its thermostatic radiator valves; a config entry is a room."""

from __future__ import annotations

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.typing import ConfigType

from .const import (
    CONF_DOOR_ENTITIES,
    CONF_ENABLED_TRVS,
    CONF_TRV_ENTITIES,
    CONF_WINDOW_ENTITIES,
    DOMAIN,
)
from .coordinator import RoomCoordinator, TrvRegulatorConfigEntry, close_valves, room_issues, room_store
from .services import async_setup_services

PLATFORMS = [Platform.BINARY_SENSOR, Platform.SENSOR]
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, whether or not there is a room."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> bool:
    """Set up a room."""
    try:
        coordinator = await RoomCoordinator.async_load(hass, entry)
    except ValueError as error:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="invalid_options",
            translation_placeholders={"error": str(error)},
        ) from error
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_start()
    entry.async_on_unload(entry.add_update_listener(_async_update_listener))
    return True


async def async_unload_entry(hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> bool:
    """Unload a room; valves stay as they are, as in a restart."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await entry.runtime_data.async_save()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> None:
    """Leave no valve open behind, and nothing stored."""
    await close_valves(hass, enabled_trvs(entry))
    await room_store(hass, entry.entry_id).async_remove()
    for issue_id in room_issues(hass, entry.entry_id):
        ir.async_delete_issue(hass, DOMAIN, issue_id)


async def async_migrate_entry(hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> bool:
    """Bring an entry of an earlier version up to date.

    1.1 kept doors apart from windows, and each TRV as ``{"entity", "enabled"}``.
    """
    if entry.version > 1:
        return False
    if entry.minor_version < 2:
        data, options = dict(entry.data), dict(entry.options)
        doors = data.pop(CONF_DOOR_ENTITIES, [])
        data[CONF_WINDOW_ENTITIES] = list(dict.fromkeys([*data.get(CONF_WINDOW_ENTITIES, []), *doors]))
        trvs = [t if isinstance(t, dict) else {"entity": t} for t in data[CONF_TRV_ENTITIES]]
        data[CONF_TRV_ENTITIES] = [t["entity"] for t in trvs]
        options.setdefault(CONF_ENABLED_TRVS, [t["entity"] for t in trvs if t.get("enabled", True)])
        hass.config_entries.async_update_entry(entry, data=data, options=options, minor_version=2)
    return True


def enabled_trvs(entry: TrvRegulatorConfigEntry) -> list[str]:
    """The valves that the room drives; all of them until a person chose."""
    trvs: list[str] = entry.data[CONF_TRV_ENTITIES]
    return [t for t in trvs if t in entry.options.get(CONF_ENABLED_TRVS, trvs)]


async def _async_update_listener(hass: HomeAssistant, entry: TrvRegulatorConfigEntry) -> None:
    await hass.config_entries.async_reload(entry.entry_id)
