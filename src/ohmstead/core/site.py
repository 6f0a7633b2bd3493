"""Static facts of a home: what is there, how big it is, how it is wired.

All classes are frozen and keyword-only. Nothing here changes while the daemon runs; measured
values live in :mod:`ohmstead.core.state`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ohmstead.core.units import IEC61851_MIN_A, NOMINAL_VOLTAGE_V

AssetId = str


class Phases(StrEnum):
    """How an asset is wired to the three phases."""

    ALL = "all"
    """Three-phase, balanced."""
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    UNKNOWN = "unknown"
    """Single-phase on a phase nobody knows: limits take the worst case on each."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GridConnection:
    """The house connection.

    ``fuse_a`` is the main fuse per phase. ``max_import_w``/``max_export_w`` are limits of the
    contract over all phases, both as positive numbers; ``None`` means no such limit.
    ``operator_limit_w`` caps the controllable loads together while the grid operator asks for
    it (§14a EnWG: 4.2 kW per device); it is in force only while ``SiteState.operator_limited``.
    """

    fuse_a: float = 35.0
    voltage_v: float = NOMINAL_VOLTAGE_V
    max_import_w: float | None = None
    max_export_w: float | None = None
    operator_limit_w: float | None = None
    peak_shaving_w: float | None = None
    """Import that the battery tries to stay below; a wish, not a limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """A fused sub-distribution feeding some of the assets; ``fuse_a`` per phase."""

    id: str
    fuse_a: float
    assets: tuple[AssetId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PvSystem:
    """A photovoltaic generator. Azimuth in degrees from north, clockwise (south = 180)."""

    id: AssetId
    name: str = "Solar"
    peak_w: float
    tilt_deg: float = 35.0
    azimuth_deg: float = 180.0
    inverter_w: float | None = None
    curtailable: bool = False
    phases: Phases = Phases.ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class Battery:
    """A house battery. Efficiencies are one way, grid side to cell and back, 0..1.

    ``reserve_soc`` is kept for a power cut: nothing but a command by hand goes below it.
    """

    id: AssetId
    name: str = "Battery"
    capacity_kwh: float
    max_charge_w: float
    max_discharge_w: float
    charge_efficiency: float = 0.95
    discharge_efficiency: float = 0.95
    reserve_soc: float = 0.1
    max_soc: float = 1.0
    wear_eur_per_kwh: float = 0.02
    """Cost of moving one kWh through the cell, charged on discharge."""
    grid_charging: bool = True
    phases: Phases = Phases.ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargePoint:
    """A charging station for a vehicle; currents per phase."""

    id: AssetId
    name: str = "Charger"
    max_a: float = 16.0
    min_a: float = IEC61851_MIN_A
    phases: Phases = Phases.ALL
    phase_switching: bool = False
    """It can change between one phase (L1) and three while charging."""
    min_on_s: float = 300.0
    min_off_s: float = 300.0
    reaction_s: float = 15.0
    voltage_v: float = NOMINAL_VOLTAGE_V
    efficiency: float = 0.9
    """Grid to vehicle battery, 0..1."""
    vehicle_capacity_kwh: float = 60.0
    target_soc: float = 0.8
    """SoC to reach by the departure time."""
    min_soc: float = 0.2
    """Below it the vehicle is charged at once, whatever that costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HotWaterTank:
    """A hot-water tank with an electric heater.

    ``stages_w`` are the powers that its relays can make (0 is implied); empty means that the
    heater is modulating between ``min_w`` and ``max_w``.
    """

    id: AssetId
    name: str = "Hot water"
    volume_l: float = 300.0
    max_w: float = 3000.0
    min_w: float = 0.0
    stages_w: tuple[float, ...] = ()
    min_c: float = 45.0
    """Comfort floor: below it the tank is heated at once."""
    target_c: float = 55.0
    """What the tank is heated to in cheap hours."""
    max_c: float = 65.0
    """What surplus may heat it to."""
    legionella_c: float = 60.0
    legionella_every_days: float = 7.0
    """Thermal disinfection: at least this hot, at least this often (DVGW W 551); it cannot be turned off."""
    loss_w_per_k: float = 2.0
    min_on_s: float = 120.0
    min_off_s: float = 120.0
    phases: Phases = Phases.L1


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatPump:
    """A heat pump that feeds the rooms. Powers are electrical."""

    id: AssetId
    name: str = "Heat pump"
    min_w: float = 600.0
    """Smallest power at which the compressor runs."""
    max_w: float = 2500.0
    min_on_s: float = 1200.0
    min_off_s: float = 900.0
    max_starts_per_h: int = 3
    """Starts of the compressor within any hour; makers allow about three."""
    max_off_s: float = 4 * 3600.0
    """Longest time it may be kept from running while a room asks for heat."""
    frost_c: float = -5.0
    """Outdoor temperature below which it is never blocked."""
    rooms: tuple[AssetId, ...] = ()
    phases: Phases = Phases.ALL


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A heated room. It takes no power of its own; its heat pump does."""

    id: AssetId
    name: str = "Room"
    target_c: float = 21.0
    low_k: float = 0.5
    """How far below the target is still comfortable."""
    high_k: float = 1.5
    """How far above the target surplus or cheap hours may heat it."""
    heat_loss_w_per_k: float = 100.0
    heat_capacity_kwh_per_k: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What the house takes that nobody controls."""

    id: AssetId = "household"
    name: str = "Household"
    phases: Phases = Phases.UNKNOWN


@dataclass(frozen=True, kw_only=True, slots=True)
class FlexibleLoad:
    """A load that runs as it likes and may be shed when a limit is in danger."""

    id: AssetId
    name: str = "Flexible load"
    max_w: float = 2000.0
    shed_order: int = 1
    """Loads with a smaller number are shed first."""
    modulating: bool = False
    """It can be told to take less; without it, only to stop."""
    avoid_import: bool = False
    """It is also shed where energy would be bought, not only where a limit is in danger."""
    min_off_s: float = 300.0
    phases: Phases = Phases.L2


Asset = PvSystem | Battery | ChargePoint | HotWaterTank | HeatPump | Room | Load | FlexibleLoad


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One home behind one meter."""

    name: str = "Home"
    timezone: str = "Europe/Berlin"
    latitude_deg: float = 48.2
    longitude_deg: float = 16.4
    grid: GridConnection = GridConnection()
    circuits: tuple[Circuit, ...] = ()
    assets: tuple[Asset, ...] = ()

    def asset(self, asset_id: AssetId) -> Asset:
        """The asset of that id.

        Raises:
            KeyError: there is none.
        """
        for asset in self.assets:
            if asset.id == asset_id:
                return asset
        raise KeyError(asset_id)
