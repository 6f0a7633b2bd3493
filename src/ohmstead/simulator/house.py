"""The house: all devices behind one meter, moved together through time.

Power is constant over an interval. An interval ends at the next full minute, when a command takes
effect, when the car comes or goes, when a fault begins or ends, and after ten seconds while the
compressor changes its speed; so a step of a minute is usually one to three intervals.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from ohmstead.core.site import AssetId, Site
from ohmstead.core.state import AssetState, GridState, SiteState
from ohmstead.errors import DataError, DeviceError, DeviceOffline
from ohmstead.simulator.actuator import CommandLatch
from ohmstead.simulator.faults import METER, FaultBoard, FaultKind
from ohmstead.simulator.house_devices import (
    BATTERY,
    CHARGER,
    HEAT_PUMP,
    HOUSEHOLD,
    METERED,
    POOL_PUMP,
    PV,
    REPORTING,
    ROOMS,
    TANK,
    Devices,
)
from ohmstead.simulator.inputs import HouseInputs, Minute
from ohmstead.simulator.meter import PhasePowers
from ohmstead.simulator.readings import Instruments, lost
from ohmstead.simulator.snapshot import FORMAT, restore_devices, take_devices
from ohmstead.simulator.timeline import utc
from ohmstead.simulator.totals import EnergyTotals

_SETTLING_S = 10.0
_EPSILON_S = 1e-3


class House:
    """A simulated home. Every device starts released: nobody manages its energy.

    Args:
        site: what the engine is told about the home.
        start: aware UTC.
        inputs: the world around it.
        devices: its devices, as they are at the start.
        seed: of the sensors' noise.
    """

    def __init__(
        self, *, site: Site, start: datetime, inputs: HouseInputs, devices: Devices, seed: int
    ) -> None:
        if start.tzinfo is None:
            raise ValueError(f"the start {start} has no time zone")
        self.site = site
        self.inputs = inputs
        self.devices = devices
        self.totals = EnergyTotals()
        self.faults = FaultBoard(lambda: self._now_s)
        self.operator_limited = False
        """The grid operator asks for its limit; set it to try that."""
        self._seed = seed
        self._instruments = Instruments(seed, devices)
        self._now_s = start.astimezone(UTC).timestamp()
        self._minute_index = -1
        self._minute: Minute
        self._load_minute()
        d = devices
        self._latches: dict[AssetId, tuple[CommandLatch, float]] = {
            PV: (d.pv.latch, d.pv.spec.reaction_s),
            BATTERY: (d.battery.latch, d.battery.spec.reaction_s),
            CHARGER: (d.charger.latch, d.charger.charger.reaction_s),
            TANK: (d.tank.latch, d.tank.spec.reaction_s),
            HEAT_PUMP: (d.heat_pump.latch, d.heat_pump.spec.reaction_s),
            POOL_PUMP: (d.pool_pump.latch, d.pool_pump.spec.reaction_s),
        }
        self._commands = tuple(latch for latch, _ in self._latches.values())
        self._powers: dict[AssetId, float] = dict.fromkeys((*METERED, HOUSEHOLD), 0.0)
        self._phases: PhasePowers = (0.0, 0.0, 0.0)
        self._grid_w = 0.0
        for room in ROOMS:
            self.totals.room_cold_kh[room] = 0.0
        self.totals.asset_kwh.update(dict.fromkeys(self._powers, 0.0))
        self._settle()

    @property
    def now(self) -> datetime:
        """Simulated time, aware UTC."""
        return utc(self._now_s)

    def step(self, dt_s: float) -> None:
        """Advance by ``dt_s`` seconds; any length is stable.

        Raises:
            ValueError: it is negative or not finite.
        """
        if not (dt_s >= 0.0 and math.isfinite(dt_s)):
            raise ValueError(f"a step lasts 0 s or longer, not {dt_s}")
        end_s = round(self._now_s + dt_s, 6)
        while end_s - self._now_s > 1e-6:
            limit_s = self._interval_end(end_s)
            self._advance(limit_s - self._now_s)
            self._now_s = limit_s
        self._now_s = end_s

    def _interval_end(self, end_s: float) -> float:
        now_s = self._now_s
        limit_s = min(end_s, (math.floor(now_s / 60.0) + 1) * 60.0)
        soonest_s = now_s + _EPSILON_S
        for latch in self._commands:
            if soonest_s < latch.due_s < limit_s:
                limit_s = latch.due_s
        d = self.devices
        for event_s in (d.charger.next_change_s(), d.charger.ready_s):
            if soonest_s < event_s < limit_s:
                limit_s = event_s
        if self.faults:
            event_s = self.faults.next_change_s()
            if soonest_s < event_s < limit_s:
                limit_s = event_s
        if limit_s - now_s > _SETTLING_S and d.heat_pump.settling(
            self._minute.outdoor_c, d.heating.water_c, limit_s - now_s
        ):
            limit_s = now_s + _SETTLING_S
        return round(limit_s, 6)

    def _load_minute(self) -> None:
        index = math.floor(self._now_s / 60.0)
        if index != self._minute_index:
            self._minute_index = index
            self._minute = self.inputs.minute(self._now_s)

    def _advance(self, dt_s: float) -> None:
        """Decide powers for the interval, integrate states, count energy."""
        self._load_minute()
        minute = self._minute
        now_s = self._now_s
        d = self.devices
        mains = True
        if self.faults or any(latch.held is not None for latch in self._commands):
            self._apply_stuck()
            mains = self.faults.find(FaultKind.POWER_CUT) is None
        if mains:
            d.pv.decide(now_s, minute.pv_w)
            d.battery.advance(now_s, dt_s)
            d.charger.advance(now_s, dt_s)
            d.tank.decide(now_s)
            d.pool_pump.decide(now_s, minute.programme_w)
            d.heat_pump.advance(now_s, dt_s, minute.outdoor_c, d.heating.water_c, d.heating.thermostat())
        else:
            d.pv.power_w = d.pool_pump.power_w = 0.0
            d.battery.cut()
            d.charger.cut(now_s)
            d.tank.cut()
            d.heat_pump.cut(dt_s)
        self._balance(minute, mains=mains)
        d.tank.integrate(dt_s, minute.hot_water_w)
        d.heating.integrate(
            dt_s,
            heat_w=d.heat_pump.thermal_w,
            commanded=d.heat_pump.latch.target is not None,
            outdoor_c=minute.outdoor_c,
            solar_w_m2=minute.solar_w_m2,
            internal_w=minute.internal_w,
            windows_open=minute.windows_open,
        )
        if self.faults.find(FaultKind.METER_GAP) is None:
            d.meter.record(now_s, self._phases)
        self._count(dt_s, minute)

    def _apply_stuck(self) -> None:
        for asset_id, (latch, _) in self._latches.items():
            stuck = self.faults.find(FaultKind.STUCK, asset_id) is not None
            if not stuck:
                latch.held = None
            elif latch.held is None:
                latch.held = self._command_equal_to_now(asset_id)

    def _command_equal_to_now(self, asset_id: AssetId) -> float:
        """The command that would keep a device doing what it does."""
        d = self.devices
        if asset_id == CHARGER:
            return d.charger.offered_w()
        if asset_id == HEAT_PUMP:
            return d.heat_pump.compressor_w
        return self._powers[asset_id]

    def _balance(self, minute: Minute, *, mains: bool) -> None:
        """Powers of all assets, and the three phases; the grid is their sum."""
        d = self.devices
        p = self._powers
        p[PV] = d.pv.power_w
        p[BATTERY] = d.battery.power_w
        p[CHARGER] = d.charger.power_w
        p[TANK] = d.tank.power_w
        p[HEAT_PUMP] = d.heat_pump.power_w
        p[POOL_PUMP] = d.pool_pump.power_w
        load_w = p[HOUSEHOLD] = minute.load_w if mains else 0.0
        self._grid_w = sum(p.values())
        charger_w = d.charger.power_w
        three = (d.pv.power_w + d.battery.power_w + d.heat_pump.power_w) / 3.0
        l1 = three + load_w * minute.load_l1 + d.tank.power_w
        l2 = three + load_w * minute.load_l2 + d.pool_pump.power_w
        if d.charger.charger.phases == 3:
            l1 += charger_w / 3.0
            l2 += charger_w / 3.0
        elif d.charger.charger.line == 0:
            l1 += charger_w
        elif d.charger.charger.line == 1:
            l2 += charger_w
        self._phases = (l1, l2, self._grid_w - l1 - l2)

    def _count(self, dt_s: float, minute: Minute) -> None:
        d = self.devices
        t = self.totals
        k = dt_s / 3.6e6
        grid_w = self._grid_w
        if grid_w > 0.0:
            t.import_kwh += grid_w * k
        else:
            t.export_kwh -= grid_w * k
        t.curtailed_kwh += (minute.pv_w + d.pv.power_w) * k
        energies = t.asset_kwh
        for asset_id, power_w in self._powers.items():
            energies[asset_id] += power_w * k
        t.heat_kwh = d.heat_pump.heat_kwh
        t.hot_water_kwh = d.tank.drawn_kwh
        t.hot_water_short_kwh = d.tank.short_kwh
        t.trip_kwh = d.charger.trip_kwh
        t.vehicle_short_kwh = d.charger.short_kwh
        for asset_id, room in zip(ROOMS, d.heating.rooms, strict=True):
            t.room_cold_kh[asset_id] = room.cold_kh

    def _settle(self) -> None:
        """Powers of the first moment, before any time has passed."""
        d = self.devices
        d.pv.decide(self._now_s, self._minute.pv_w)
        d.battery.power_w = d.battery.spec.standby_w
        d.charger.power_w = d.charger.charger.standby_w
        d.tank.decide(self._now_s)
        d.pool_pump.decide(self._now_s, self._minute.programme_w)
        self._balance(self._minute, mains=True)
        d.meter.record(self._now_s - 60.0, self._phases)

    def command(self, asset_id: AssetId, power_w: float) -> None:
        """Ask a device for a power, W, load convention.

        The charger turns it into amperes (rounded down, 0 below 6 A), the tank into the highest stage
        not above it, the heat pump into its map and minimum run. For PV it is the limit (≤ 0) of
        generation; for a flexible load, what it may take.

        Raises:
            DeviceOffline: it does not answer.
            DeviceError: there is no such device, or it takes no commands.
            ValueError: the power is not finite.
        """
        if not math.isfinite(power_w):
            raise ValueError(f"{asset_id}: {power_w} W is no power")
        self._put(asset_id, float(power_w))

    def release(self, asset_id: AssetId) -> None:
        """Let a device follow its own rules again.

        Raises:
            DeviceOffline: it does not answer.
            DeviceError: there is no such device, or it takes no commands.
        """
        self._put(asset_id, None)

    def _put(self, asset_id: AssetId, power_w: float | None) -> None:
        found = self._latches.get(asset_id)
        if found is None:
            raise DeviceError(f"{asset_id!r} takes no commands; those that do: {', '.join(self._latches)}")
        self._require_online(asset_id)
        latch, reaction_s = found
        slow = self.faults.find(FaultKind.SLOW, asset_id)
        latch.put(power_w, self._now_s, reaction_s * (slow.factor if slow else 1.0))

    def _offline(self, target: str) -> bool:
        return bool(self.faults) and (
            self.faults.find(FaultKind.OFFLINE, target) is not None
            or self.faults.find(FaultKind.POWER_CUT) is not None
        )

    def _require_online(self, target: str) -> None:
        if self._offline(target):
            raise DeviceOffline(f"{target} does not answer")

    def read(self) -> SiteState:
        """What meter and devices report now; an asset that does not answer is offline, its values missing."""
        assets = {}
        for asset_id in REPORTING:
            try:
                assets[asset_id] = self.read_asset(asset_id)
            except DeviceOffline:
                assets[asset_id] = lost(asset_id)
        try:
            grid = self.read_grid()
        except DeviceOffline:
            grid = GridState()
        return SiteState(
            at=self.now,
            grid=grid,
            assets=assets,
            outdoor_c=self._instruments.outdoor(self._minute.outdoor_c, self._now_s),
            operator_limited=self.operator_limited,
        )

    def read_grid(self) -> GridState:
        """The meter's newest sample.

        Raises:
            DeviceOffline: the meter does not answer.
        """
        self._require_online(METER)
        gap = self.faults.find(FaultKind.METER_GAP)
        return self.devices.meter.read(self._now_s, gap.start_s if gap else None)

    def read_asset(self, asset_id: AssetId) -> AssetState:
        """What one device reports now.

        Raises:
            DeviceOffline: it does not answer.
            DeviceError: there is no such device.
        """
        if asset_id not in REPORTING:
            raise DeviceError(f"there is no device {asset_id!r}; there are {', '.join(REPORTING)}")
        self._require_online(asset_id)
        power_w = self._powers.get(asset_id, 0.0)
        return self._instruments.asset(asset_id, power_w, self._now_s, self._minute.windows_open)

    def true_powers_w(self) -> dict[AssetId, float]:
        """Exact powers of the last interval, the household included, W."""
        return dict(self._powers)

    def true_grid_w(self) -> float:
        """Exact power at the connection: the sum of :meth:`true_powers_w`, W."""
        return self._grid_w

    def true_phases_w(self) -> PhasePowers:
        """Exact power per phase, W."""
        return self._phases

    def snapshot(self) -> dict[str, Any]:
        """The whole state as plain data that survives JSON."""
        return {
            "format": FORMAT,
            "house": self.site.name,
            "seed": self._seed,
            "now_s": self._now_s,
            "devices": take_devices(self.devices),
            "faults": self.faults.snapshot(),
            "totals": self.totals.to_dict(),
            "powers_w": dict(self._powers),
            "phases_w": list(self._phases),
            "operator_limited": self.operator_limited,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot of the same kind of house and seed, bit for bit.

        Raises:
            DataError: it is of another format, house or seed.
        """
        for key, own in (("format", FORMAT), ("house", self.site.name), ("seed", self._seed)):
            if snapshot.get(key) != own:
                raise DataError(f"snapshot: {key} is {snapshot.get(key)!r}, this house needs {own!r}")
        self._now_s = snapshot["now_s"]
        self._load_minute()
        restore_devices(self.devices, snapshot["devices"], self._now_s)
        self.faults.restore(snapshot["faults"])
        self.totals = EnergyTotals.from_dict(snapshot["totals"])
        self._powers = {asset_id: snapshot["powers_w"][asset_id] for asset_id in self._powers}
        a, b, c = snapshot["phases_w"]
        self._phases = (a, b, c)
        self._grid_w = sum(self._powers.values())
        self.operator_limited = snapshot["operator_limited"]
