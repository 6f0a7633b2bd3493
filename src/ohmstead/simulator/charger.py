"""A mode-3 charging station and the car on its cable (IEC 61851-1)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ohmstead.core.units import IEC61851_MIN_A, NOMINAL_VOLTAGE_V
from ohmstead.simulator.actuator import CommandLatch
from ohmstead.simulator.trips import Trip, TripSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerSpec:
    """Currents per phase. ``resolution_a``: steps that the station can signal, rounded down."""

    phases: int = 3
    line: int = 0
    """Which phase of the house it is on, 0 to 2, where it has one."""
    max_a: float = 16.0
    resolution_a: float = 0.1
    standby_w: float = 4.0
    reaction_s: float = 8.0
    start_s: float = 6.0
    """From the offer of current to the first ampere: contactor, car's own checks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleSpec:
    """A car. Loss on board: ``fixed + linear·P``; 8 % of 11 kW, 12 % of 4.1 kW."""

    capacity_kwh: float = 60.0
    onboard_w: float = 11000.0
    fixed_loss_w: float = 250.0
    linear_loss: float = 0.06
    taper_soc: float = 0.8
    """Above it the power falls linearly to ``taper_share`` at full."""
    taper_share: float = 0.25
    uses_of_offer: float = 0.985
    """The car stays a little below what it may take."""
    usual_target_soc: float = 0.8


class ChargerTwin:
    """State: the offer, the car's SoC, the session. Released it offers all that the plug allows."""

    def __init__(
        self, charger: ChargerSpec, vehicle: VehicleSpec, schedule: TripSchedule, now_s: float, soc: float
    ) -> None:
        self.charger = charger
        self.vehicle = vehicle
        self.latch = CommandLatch()
        self.soc = soc
        self.power_w = 0.0
        self.connected = False
        self.session_kwh = 0.0
        self.ready_s = math.inf
        """When the car may take current again, after a start."""
        self.trip_kwh = 0.0
        """Driven so far."""
        self.short_kwh = 0.0
        """Driven so far on energy that had to be bought elsewhere."""
        self._schedule = schedule
        self._last, self._next = schedule.around(now_s)
        self.connected = now_s >= self._last.back_s

    def next_change_s(self) -> float:
        """When the car next comes or goes."""
        return self._next.depart_s if self.connected else self._last.back_s

    @property
    def departure_s(self) -> float | None:
        """When the connected car leaves; ``None`` while it is away."""
        return self._next.depart_s if self.connected else None

    def target_soc(self) -> float:
        """SoC wanted at the next departure: the usual one, more before a long trip."""
        return trip_target_soc(self.vehicle, self._next)

    def follow_schedule(self, now_s: float) -> None:
        """Let the car come or go. Its SoC falls when it comes back."""
        if self.connected and now_s >= self._next.depart_s:
            self.connected = False
            self._last, self._next = self._schedule.around(now_s)
        if not self.connected and now_s >= self._last.back_s:
            self.connected = True
            self.session_kwh = 0.0
            used = self._last.energy_kwh
            floor_kwh = 0.05 * self.vehicle.capacity_kwh
            left = self.soc * self.vehicle.capacity_kwh - used
            self.trip_kwh += used
            self.short_kwh += max(0.0, floor_kwh - left)
            self.soc = max(floor_kwh, left) / self.vehicle.capacity_kwh

    def offered_a(self) -> float:
        """Current per phase that the station signals: 0, or 6 A and more."""
        target = self.latch.target
        c = self.charger
        if target is None:
            return c.max_a
        steps = math.floor(target / (NOMINAL_VOLTAGE_V * c.phases * c.resolution_a) + 1e-9)
        amps = min(c.max_a, steps * c.resolution_a)
        return amps if amps >= IEC61851_MIN_A - 1e-9 else 0.0

    def offered_w(self) -> float:
        """The offer as a power, W."""
        return self.offered_a() * NOMINAL_VOLTAGE_V * self.charger.phases

    def _car_w(self, now_s: float) -> float:
        """AC power that the car takes of the offer, W."""
        v = self.vehicle
        amps = self.offered_a()
        if not self.connected or amps == 0.0 or self.soc >= 1.0 or now_s < self.ready_s:
            return 0.0
        limit = v.onboard_w
        if self.soc > v.taper_soc:
            share = (self.soc - v.taper_soc) / (1.0 - v.taper_soc)
            limit *= 1.0 - (1.0 - v.taper_share) * min(1.0, share)
        return min(limit, amps * NOMINAL_VOLTAGE_V * self.charger.phases * v.uses_of_offer)

    def charging(self) -> bool:
        """Current flows."""
        return self.power_w > self.charger.standby_w

    def advance(self, now_s: float, dt_s: float) -> None:
        """Choose the power for [now, now + dt) and move the energy."""
        self.latch.update(now_s)
        self.follow_schedule(now_s)
        v = self.vehicle
        offered = self.connected and self.offered_a() > 0.0 and self.soc < 1.0
        if not offered:
            self.ready_s = math.inf
        elif self.ready_s == math.inf:
            self.ready_s = now_s + self.charger.start_s
        car_w = self._car_w(now_s)
        if car_w > 0.0:
            cell_w = max(0.0, car_w - v.fixed_loss_w - v.linear_loss * car_w)
            soc = self.soc + cell_w * dt_s / (3.6e6 * v.capacity_kwh)
            if soc > 1.0:
                car_w *= (1.0 - self.soc) / (soc - self.soc)
                soc = 1.0
            self.soc = soc
            self.session_kwh += car_w * dt_s / 3.6e6
        self.power_w = self.charger.standby_w + car_w

    def cut(self, now_s: float) -> None:
        """No mains: the car drives on its schedule all the same."""
        self.follow_schedule(now_s)
        self.power_w = 0.0
        self.ready_s = math.inf

    def resync(self, now_s: float) -> None:
        """Find the trips around a moment again, after a restore; ``connected`` is restored already."""
        self._last, self._next = self._schedule.around(now_s)
        if self.connected and now_s < self._last.back_s:
            # Taken just before the car was let go.
            self._last, self._next = self._schedule.around(self._last.depart_s - 1.0)


def trip_target_soc(vehicle: VehicleSpec, trip: Trip) -> float:
    """SoC to leave with: the usual one, or enough for the trip and a fifth in hand."""
    return min(1.0, max(vehicle.usual_target_soc, trip.energy_kwh / vehicle.capacity_kwh + 0.2))
