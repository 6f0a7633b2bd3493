"""What the entities of a room share."""

from __future__ import annotations

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import RoomCoordinator


class RoomEntity(CoordinatorEntity[RoomCoordinator]):
    """An entity of a room."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: RoomCoordinator, description: EntityDescription) -> None:
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            name=entry.title,
            manufacturer="Ohmstead",
            model="TRV Regulator",
            entry_type=DeviceEntryType.SERVICE,
        )
