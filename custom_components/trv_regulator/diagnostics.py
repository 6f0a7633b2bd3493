"""Everything that a report of a fault needs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from homeassistant.core import HomeAssistant

from .coordinator import TrvRegulatorConfigEntry


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: TrvRegulatorConfigEntry
) -> dict[str, Any]:
    """Configuration, inputs, memory and learning of a room; none of it is secret."""
    coordinator = entry.runtime_data
    data = coordinator.data
    return {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "inputs": asdict(coordinator.inputs()),
        "memory": data.memory.to_dict(),
        "learning": None if data.learning is None else asdict(data.learning),
        "problems": [{"code": p.code.value, "subject": p.subject} for p in data.problems],
    }
