"""What a process image says of things, state by state; what nobody knows is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ohmstead.core.flexibility import three_phase_min_w
from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    PvSystem,
    Room,
    Site,
)
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    HeatPumpState,
    Reading,
    RoomState,
    SiteState,
    TankState,
)
from ohmstead.core.units import PHASES
from ohmstead.daemon.journal import household_w
from ohmstead.nymea.site_values import StateValue

NOTHING_W = 20.0
CRITICAL_SOC = 0.1

States = dict[str, StateValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody set on a charger by hand and that has no power of its own."""

    current_a: float | None = None
    phase_count: int | None = None


Wishes = Mapping[AssetId, Wish]


def wishes_of(stored: object) -> dict[AssetId, Wish]:
    """Wishes out of stored pairs (current, phases); what cannot be read is left out."""
    found = {}
    for asset, pair in stored.items() if isinstance(stored, dict) else ():
        match pair:
            case [int() | float() | None as current_a, int() | None as phase_count]:
                found[str(asset)] = Wish(current_a=current_a, phase_count=phase_count)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the states of things are made of.

    Args:
        setpoints_w: what each asset was told last.
        by_hand: assets that are commanded by hand.
        energy_kwh: what each asset consumed and produced since counting began.
    """

    site: Site
    state: SiteState
    setpoints_w: Mapping[AssetId, float] = field(default_factory=dict)
    by_hand: Mapping[AssetId, float] = field(default_factory=dict)
    energy_kwh: Mapping[AssetId, tuple[float, float]] = field(default_factory=dict)
    wishes: Wishes = field(default_factory=dict)

    def energy_of(self, asset: AssetId) -> tuple[float, float]:
        """Consumed and produced, kWh."""
        return self.energy_kwh.get(asset, (0.0, 0.0))


def power_of(seen: Seen, asset: Asset) -> float | None:
    """What an asset takes, W; the household what the meter says beyond all others."""
    if isinstance(asset, Load):
        return household_w(seen.state, asset.id)
    known = seen.state.assets.get(asset.id)
    return None if known is None else known.power_w.value


def meter_states(seen: Seen) -> States:
    """The meter at the grid connection."""
    grid, voltage_v = seen.state.grid, seen.site.grid.voltage_v
    consumed, produced = seen.energy_of("grid")
    out: dict[str, Any] = {
        "connected": grid.power_w.good,
        "currentPower": _rounded(grid.power_w.value),
        "totalEnergyConsumed": consumed,
        "totalEnergyProduced": produced,
    }
    for i, phase in enumerate("ABC"):
        power_w = None if grid.phases_w is None else grid.phases_w[i]
        out[f"currentPowerPhase{phase}"] = _rounded(power_w)
        out[f"currentPhase{phase}"] = None if power_w is None else round(power_w / voltage_v, 2)
        out[f"voltagePhase{phase}"] = voltage_v
    return _values(out)


def asset_states(seen: Seen, asset: Asset) -> States:
    """The states of the thing that an asset is; what nobody knows is left out."""
    known = seen.state.assets.get(asset.id)
    power_w = power_of(seen, asset)
    consumed, produced = seen.energy_of(asset.id)
    out: dict[str, Any] = {
        "connected": power_w is not None if isinstance(asset, Load) else known is not None and known.online,
        "currentPower": _rounded(power_w),
        "totalEnergyConsumed": consumed,
        "totalEnergyProduced": produced,
    }
    states = _values(out)
    if isinstance(asset, ChargePoint):
        return states | _charger(seen, asset, known)
    return states | _values(_more(seen, asset, known))


def _more(seen: Seen, asset: Asset, known: AssetState | None) -> dict[str, Any]:
    match asset, known:
        case Battery(), BatteryState():
            return _soc(known.soc, known.power_w.value, asset.capacity_kwh)
        case HotWaterTank(), _:
            told_w = _told_w(seen, asset.id, known)
            temperature_c = known.temperature_c if isinstance(known, TankState) else None
            return {
                "power": told_w > 0,
                "percentage": min(100, round(100 * told_w / asset.max_w)) if asset.max_w > 0 else 0,
                "temperature": None if temperature_c is None else _rounded(temperature_c.value),
            }
        case HeatPump(), _:
            supply_c = known.supply_c.value if isinstance(known, HeatPumpState) else None
            return {
                "sgReadyMode": sg_ready_mode(seen, asset),
                "outdoorTemperature": _rounded(seen.state.outdoor_c.value),
                "flowTemperature": _rounded(supply_c),
            }
        case Room(), RoomState():
            target_c = asset.target_c if known.target_c is None else known.target_c
            return {
                "temperature": _rounded(known.temperature_c.value),
                "targetTemperature": target_c,
                "windowOpenDetected": known.window_open,
            }
        case ((PvSystem() | Load() | Battery() | Room()), _):
            return {}
    # A flexible load runs unless it is shed.
    return {"power": _told_w(seen, asset.id, known) > 0}


def car_states(seen: Seen, point: ChargePoint) -> States:
    """The vehicle on a charge point."""
    known = seen.state.assets.get(point.id)
    soc, power_w, plugged_in = Reading(value=None), None, False
    if isinstance(known, ChargePointState):
        soc, power_w, plugged_in = known.soc, known.power_w.value, known.connected
    return _values(
        {
            **_soc(soc, power_w, point.vehicle_capacity_kwh),
            "pluggedIn": plugged_in,
            "phaseCount": phases_of(point),
        }
    )


def phases_of(point: ChargePoint) -> int:
    """How many phases a charge point has."""
    return PHASES if point.phases is Phases.ALL else 1


def phases_at(point: ChargePoint, power_w: float) -> int:
    """How many phases a charge point uses for a power."""
    if not point.phase_switching:
        return phases_of(point)
    return phases_of(point) if power_w >= three_phase_min_w(point) else 1


def sg_ready_mode(seen: Seen, pump: HeatPump) -> str:
    """The state that a command by hand stands for; ``Standard`` while nobody commands."""
    power_w = seen.by_hand.get(pump.id)
    if power_w is None:
        return "Standard"
    if power_w <= 0:
        return "Off"
    return "High" if power_w >= pump.max_w else "Low"


def _charger(seen: Seen, point: ChargePoint, known: AssetState | None) -> States:
    told_w = _told_w(seen, point.id, known)
    wish = seen.wishes.get(point.id, Wish())
    phases = phases_at(point, told_w) if told_w > 0 else wish.phase_count or phases_of(point)
    current_a = point.max_a if wish.current_a is None else wish.current_a
    if told_w > 0:
        current_a = min(point.max_a, round(told_w / (phases * point.voltage_v), 1))
    out: dict[str, Any] = {"power": told_w > 0, "phaseCount": phases}
    if point.phase_switching:
        out["desiredPhaseCount"] = wish.phase_count or phases
    if isinstance(known, ChargePointState):
        out |= {
            "pluggedIn": known.connected,
            "charging": known.power_w.or_(0.0) > NOTHING_W,
            "sessionEnergy": round(known.session_kwh, 3),
        }
    states = _values(out)
    states["maxChargingCurrent"] = StateValue(value=current_a, min_value=point.min_a, max_value=point.max_a)
    return states


def _told_w(seen: Seen, asset: AssetId, known: AssetState | None) -> float:
    """What an asset was told last; what it takes where it was told nothing yet."""
    told_w = seen.setpoints_w.get(asset)
    if told_w is not None:
        return told_w
    power_w = 0.0 if known is None else known.power_w.or_(0.0)
    return power_w if power_w > NOTHING_W else 0.0


def _soc(soc: Reading, power_w: float | None, capacity_kwh: float) -> dict[str, Any]:
    charging = "idle"
    if power_w is not None and abs(power_w) > NOTHING_W:
        charging = "charging" if power_w > 0 else "discharging"
    return {
        "batteryLevel": None if soc.value is None else round(soc.value * 100),
        "batteryCritical": None if soc.value is None else soc.value < CRITICAL_SOC,
        "chargingState": charging,
        "capacity": capacity_kwh,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _values(out: Mapping[str, Any]) -> States:
    """Values as states, without those that nobody knows."""
    return {name: StateValue(value=value) for name, value in out.items() if value is not None}
