"""What a room does and what it has learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import RoomCoordinator, RoomData, TrvRegulatorConfigEntry
from .entity import RoomEntity
from .room_controller import State

PARALLEL_UPDATES = 0

type _Value = str | int | float | datetime | None


@dataclass(frozen=True, kw_only=True)
class RoomSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from."""

    value: Callable[[RoomData], _Value]


def _last(data: RoomData, name: str) -> Any:
    last = data.memory.last_cycle
    return None if last is None else getattr(last, name)


def _seconds(x: float | None) -> int | None:
    return None if x is None else round(x)


def _kelvin(x: float | None) -> float | None:
    return None if x is None else round(x, 2)


SENSORS = (
    RoomSensorDescription(
        key="state",
        translation_key="state",
        device_class=SensorDeviceClass.ENUM,
        options=[s.value.lower() for s in State],
        value=lambda d: d.memory.state.value.lower(),
    ),
    RoomSensorDescription(
        key="learning",
        translation_key="learning",
        device_class=SensorDeviceClass.ENUM,
        options=["learning", "learned"],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda d: "learned" if d.memory.learned else "learning",
    ),
    RoomSensorDescription(
        key="valid_cycles",
        translation_key="valid_cycles",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda d: d.memory.valid_cycles,
    ),
    RoomSensorDescription(
        key="avg_heating_duration",
        translation_key="avg_heating_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda d: _seconds(d.learning.avg_duration_s) if d.learning else None,
    ),
    RoomSensorDescription(
        key="time_offset",
        translation_key="time_offset",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda d: _seconds(d.learning.time_offset_s) if d.learning else None,
    ),
    RoomSensorDescription(
        key="last_heating_duration",
        translation_key="last_heating_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda d: _seconds(_last(d, "duration_s")),
    ),
    RoomSensorDescription(
        key="last_overshoot",
        translation_key="last_overshoot",
        # A difference: the temperature class would add 32 for a reader in °F.
        native_unit_of_measurement="K",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        suggested_display_precision=2,
        value=lambda d: _kelvin(_last(d, "overshoot_k")),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: TrvRegulatorConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a room."""
    async_add_entities(RoomSensor(entry.runtime_data, description) for description in SENSORS)


class RoomSensor(RoomEntity, SensorEntity):
    """A figure of a room."""

    entity_description: RoomSensorDescription
    _unrecorded_attributes = frozenset(
        {"cycle", "post_vent", "target", "temperature", "error", "trv_entities"}
    )

    def __init__(self, coordinator: RoomCoordinator, description: RoomSensorDescription) -> None:
        super().__init__(coordinator, description)

    @property
    def native_value(self) -> _Value:
        """The figure now."""
        return self.entity_description.value(self.coordinator.data)

    @property
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """With the state, what led to it."""
        if self.entity_description.key != "state":
            return None
        m = self.coordinator.data.memory
        cycle = m.cycle
        return {
            "post_vent": m.post_vent,
            "target": m.target_c,
            "temperature": m.temperature_c,
            "error": m.error,
            # Other programs read here which valves are taken.
            "trv_entities": self.coordinator.driven_trvs,
            "cycle": None
            if cycle is None
            else {
                "mode": cycle.mode.value,
                "started_at": cycle.started_at.isoformat(),
                "planned": cycle.planned_s,
                "invalid": None if cycle.invalid is None else cycle.invalid.value,
            },
        }
