"""The moving parts of a house, together."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.simulator.battery import BatteryTwin
from ohmstead.simulator.charger import ChargerTwin
from ohmstead.simulator.flexible_load import FlexibleLoadTwin
from ohmstead.simulator.heat_pump import HeatPumpTwin
from ohmstead.simulator.meter import GridMeter
from ohmstead.simulator.pv import PvTwin
from ohmstead.simulator.rooms import HeatingTwin
from ohmstead.simulator.tank import TankTwin

PV, BATTERY, CHARGER, TANK, HEAT_PUMP = "pv", "battery", "charger", "tank", "heat_pump"
POOL_PUMP, HOUSEHOLD, LIVING, BEDROOM = "pool_pump", "household", "living", "bedroom"
ROOMS = (LIVING, BEDROOM)
METERED = (PV, BATTERY, CHARGER, TANK, HEAT_PUMP, POOL_PUMP)
"""Assets that measure their own power; nobody meters the household."""
REPORTING = (*METERED, *ROOMS)


@dataclass(kw_only=True, slots=True)
class Devices:
    """Everything that has a state of its own."""

    pv: PvTwin
    battery: BatteryTwin
    charger: ChargerTwin
    tank: TankTwin
    heat_pump: HeatPumpTwin
    pool_pump: FlexibleLoadTwin
    heating: HeatingTwin
    meter: GridMeter
