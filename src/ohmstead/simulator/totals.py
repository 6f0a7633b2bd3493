"""Exact integrals of a house since it started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ohmstead.core.site import AssetId


@dataclass(slots=True)
class EnergyTotals:
    """Energies in kWh. ``asset_kwh`` is signed in load convention and includes the household.

    ``hot_water_short_kwh``: heat that people wanted and the tank was too cold to give.
    ``vehicle_short_kwh``: driven on energy that had to be bought on the way.
    ``room_cold_kh``: kelvin-hours colder than half a kelvin below a room's target.
    """

    import_kwh: float = 0.0
    export_kwh: float = 0.0
    curtailed_kwh: float = 0.0
    """PV that a limit kept from being made."""
    asset_kwh: dict[AssetId, float] = field(default_factory=dict)
    heat_kwh: float = 0.0
    """From the heat pump into the heating water."""
    hot_water_kwh: float = 0.0
    hot_water_short_kwh: float = 0.0
    trip_kwh: float = 0.0
    vehicle_short_kwh: float = 0.0
    room_cold_kh: dict[AssetId, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, a copy."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EnergyTotals:
        """Back from :meth:`to_dict`; a copy."""
        own: dict[str, Any] = {name: dict(v) if isinstance(v, dict) else v for name, v in data.items()}
        return cls(**own)
