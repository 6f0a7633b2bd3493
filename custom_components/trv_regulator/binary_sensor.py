"""Whether something about a room needs a person."""

from __future__ import annotations

from typing import Any

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import TrvRegulatorConfigEntry
from .entity import RoomEntity
from .room_controller import State

PARALLEL_UPDATES = 0

PROBLEM = BinarySensorEntityDescription(
    key="problem",
    translation_key="problem",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TrvRegulatorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the problem sensor of a room."""
    async_add_entities([RoomProblem(entry.runtime_data, PROBLEM)])


class RoomProblem(RoomEntity, BinarySensorEntity):
    """On while a room is in error, or a valve or window sensor does not work."""

    _unrecorded_attributes = frozenset({"problems"})

    @property
    def is_on(self) -> bool:
        """Whether there is a problem."""
        data = self.coordinator.data
        return data.memory.state is State.ERROR or bool(data.problems)

    @property
    def extra_state_attributes(self) -> dict[str, Any]:
        """Which."""
        data = self.coordinator.data
        found = [f"{p.code.value} {p.subject}".strip() for p in data.problems]
        return {"problems": found if data.memory.error is None else [data.memory.error, *found]}
