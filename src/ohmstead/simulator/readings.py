"""What the devices report: the truth through their sensors."""

from __future__ import annotations

import math
from datetime import datetime

from ohmstead.core.site import AssetId
from ohmstead.core.state import (
    MISSING,
    AssetState,
    BatteryState,
    ChargePointState,
    HeatPumpState,
    LoadState,
    PvState,
    Reading,
    RoomState,
    TankState,
)
from ohmstead.simulator.house_devices import BATTERY, CHARGER, HEAT_PUMP, POOL_PUMP, PV, ROOMS, TANK, Devices
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.timeline import utc

_STATES: dict[AssetId, type[AssetState]] = {
    PV: PvState,
    BATTERY: BatteryState,
    CHARGER: ChargePointState,
    TANK: TankState,
    HEAT_PUMP: HeatPumpState,
    POOL_PUMP: LoadState,
}


def lost(asset_id: AssetId) -> AssetState:
    """The state of a device that does not answer: nothing is known."""
    kind = _STATES.get(asset_id, RoomState)
    return kind(id=asset_id, power_w=MISSING, online=False, fault="does not answer")


class Instruments:
    """The sensors of a house; the same moment gives the same error.

    Powers carry 0.4 % and 1 W, once a second; temperatures 0.04 K and steps of 0.1 K, once a minute;
    SoC is rounded to 0.1 % (house battery) and 1 % (car).
    """

    def __init__(self, seed: int, devices: Devices) -> None:
        self._seed = seed
        self._devices = devices
        self._noise: dict[str, Noise] = {}

    def asset(
        self, asset_id: AssetId, power_w: float, now_s: float, windows_open: tuple[bool, ...]
    ) -> AssetState:
        """What a device reports now, of its true power."""
        power = self._power(asset_id, power_w, now_s)
        now = utc(now_s)
        if asset_id == PV:
            return PvState(id=PV, power_w=power, phases_w=_thirds(power))
        if asset_id == BATTERY:
            soc = _soc(self._devices.battery.soc, 3, now)
            return BatteryState(id=BATTERY, power_w=power, phases_w=_thirds(power), soc=soc)
        if asset_id == CHARGER:
            return self._charger(power, now)
        if asset_id == TANK:
            sensor = self._temperature(TANK, self._devices.tank.sensor_c, now_s)
            return TankState(id=TANK, power_w=power, temperature_c=sensor)
        if asset_id == HEAT_PUMP:
            return self._heat_pump(power, now_s)
        if asset_id == POOL_PUMP:
            return LoadState(id=POOL_PUMP, power_w=power)
        index = ROOMS.index(asset_id)
        room = self._devices.heating.rooms[index]
        return RoomState(
            id=asset_id,
            power_w=power,
            temperature_c=self._temperature(asset_id, room.air_c, now_s),
            target_c=room.spec.target_c,
            window_open=windows_open[index],
        )

    def outdoor(self, value_c: float, now_s: float) -> Reading:
        """The sensor on the north wall, °C."""
        return self._temperature("outdoor", value_c, now_s)

    def _charger(self, power: Reading, now: datetime) -> ChargePointState:
        c = self._devices.charger
        departure_s = c.departure_s
        one_phase = (power.or_(0.0), 0.0, 0.0)
        return ChargePointState(
            id=CHARGER,
            power_w=power,
            phases_w=_thirds(power) if c.charger.phases == 3 else one_phase,
            connected=c.connected,
            charging=c.charging(),
            soc=_soc(c.soc, 2, now) if c.connected else MISSING,
            session_kwh=round(c.session_kwh, 3),
            departure=None if departure_s is None else utc(departure_s),
            target_soc=c.target_soc() if c.connected else None,
        )

    def _heat_pump(self, power: Reading, now_s: float) -> HeatPumpState:
        h = self._devices.heat_pump
        error = 0.02 * self._normal(HEAT_PUMP + " heat", math.floor(now_s / 10.0))
        return HeatPumpState(
            id=HEAT_PUMP,
            power_w=power,
            phases_w=_thirds(power),
            running=h.running,
            supply_c=self._temperature(HEAT_PUMP, self._devices.heating.water_c, now_s),
            thermal_w=Reading(value=round(h.thermal_w * (1.0 + error)), at=utc(now_s)),
        )

    def _normal(self, name: str, counter: int) -> float:
        noise = self._noise.get(name)
        if noise is None:
            noise = self._noise[name] = Noise(self._seed, f"sensor {name}")
        return noise.normal(counter)

    def _power(self, asset_id: AssetId, power_w: float, now_s: float) -> Reading:
        """A power, W; exactly 0 stays 0, and no error turns a sign."""
        value = power_w
        if power_w != 0.0:
            error = self._normal(asset_id, math.floor(now_s)) * (0.004 * abs(power_w) + 1.0)
            value = math.copysign(max(0.0, abs(power_w) + error), power_w)
        return Reading(value=round(value, 1), at=utc(now_s))

    def _temperature(self, name: str, value_c: float, now_s: float) -> Reading:
        noisy = value_c + 0.04 * self._normal(name + " temperature", math.floor(now_s / 60.0))
        return Reading(value=round(noisy, 1), at=utc(now_s))


def _thirds(power: Reading) -> tuple[float, float, float]:
    third = power.or_(0.0) / 3.0
    return (third, third, third)


def _soc(value: float, digits: int, at: datetime) -> Reading:
    return Reading(value=round(value, digits), at=at)
