"""The storage behind HTTP: what the battery agent and the vehicle agent have in common."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry

from ohmstead.agents import storage as model
from ohmstead.agents.commands import Commands
from ohmstead.agents.gauges import Gauges
from ohmstead.agents.schema import (
    BatteryControlled,
    BatteryUpdate,
    Control,
    StorageOrder,
    StorageStatus,
    VehicleControlled,
    VehicleStatus,
    VehicleUpdate,
)
from ohmstead.agents.storage import Mode, Storage
from ohmstead.agents.units import Clock, kw, watts

_GAUGES = {
    "state_of_charge_kwh": "Energy in the cells, kWh",
    "power_kw": "Power at the terminals, kW; charging is positive",
    "connected": "1 while something is plugged in",
}


class StorageHost:
    """Holds the present state; every call first lets time pass."""

    def __init__(self, storage: Storage, clock: Clock, registry: CollectorRegistry) -> None:
        self._storage = storage
        self._clock = clock
        self._commands: Commands[model.Applied] = Commands()
        registry.register(Gauges(_GAUGES, self._values))

    @property
    def now(self) -> Storage:
        """The storage at this moment."""
        self._storage = model.advance(self._storage, self._clock())
        return self._storage

    def update(self, body: BatteryUpdate) -> None:
        """Take a measurement.

        Raises:
            DataError: energy or reserve above the capacity.
        """
        now = self.now
        facts = now.facts
        changes: dict[str, float | bool | None] = {
            "capacity_kwh": body.capacity_kwh,
            "max_charge_w": watts(body.max_charge_kw),
            "max_discharge_w": watts(body.max_discharge_kw),
            "reserve_kwh": body.reserve_kwh,
            "efficiency": body.efficiency,
            "bidirectional": body.bidirectional if isinstance(body, VehicleUpdate) else None,
        }
        self._storage = model.measure(
            now,
            self._clock(),
            facts=replace(facts, **{k: v for k, v in changes.items() if v is not None}),  # type: ignore[arg-type]
            energy_kwh=body.state_of_charge_kwh,
            connected=body.connected if isinstance(body, VehicleUpdate) else None,
        )

    def control(self, body: Control) -> model.Applied:
        """Put a command in force; one that was carried out before is only answered.

        Raises:
            SupersededError: its issuer sent a newer one, which came first.
            DeviceError: nothing is plugged in.
        """
        return self._commands.once(body.command_id, lambda: self._control(body), body.sequence)

    def _control(self, body: Control) -> model.Applied:
        self._storage, applied = model.control(
            self.now,
            self._clock(),
            mode=body.mode,
            power_w=1e3 * body.power_kw,
            valid_for_s=body.valid_for_s,
            command_id=body.command_id,
        )
        return applied

    def battery_status(self) -> StorageStatus:
        """The state as the battery agent tells it."""
        return StorageStatus(**_told(self.now, self._clock()))

    def vehicle_status(self) -> VehicleStatus:
        """The state as the vehicle agent tells it."""
        now = self.now
        return VehicleStatus(
            connected=now.connected,
            bidirectional=now.facts.bidirectional,
            **_told(now, self._clock()),
        )

    def battery_controlled(self, applied: model.Applied) -> BatteryControlled:
        """The answer to a command."""
        return BatteryControlled(status=self.battery_status(), **_outcome(applied))

    def vehicle_controlled(self, applied: model.Applied) -> VehicleControlled:
        """The answer to a command."""
        return VehicleControlled(status=self.vehicle_status(), **_outcome(applied))

    def _values(self) -> dict[str, float | None]:
        now = self.now
        flow_w = model.flow(now).applied_w
        discharging = now.command is not None and now.command.mode is Mode.DISCHARGE
        return {
            "state_of_charge_kwh": now.energy_kwh,
            "power_kw": -flow_w / 1e3 if discharging else flow_w / 1e3,
            "connected": float(now.connected),
        }


def _outcome(applied: model.Applied) -> dict[str, object]:
    return {
        "requested_kw": kw(applied.requested_w),
        "applied_kw": kw(applied.applied_w),
        "limited_by": applied.limited_by,
    }


def _told(now: Storage, now_s: float) -> dict[str, object]:
    facts, command, flow = now.facts, now.command, model.flow(now)
    return {
        "state_of_charge_kwh": round(now.energy_kwh, 9),
        "capacity_kwh": facts.capacity_kwh,
        "max_charge_kw": kw(facts.max_charge_w),
        "max_discharge_kw": kw(facts.max_discharge_w),
        "reserve_kwh": facts.reserve_kwh,
        "efficiency": facts.efficiency,
        "mode": command.mode if command is not None and flow.applied_w > 0 else Mode.IDLE,
        "power_kw": kw(flow.applied_w),
        "limited_by": flow.limited_by,
        "command": None
        if command is None
        else StorageOrder(
            mode=command.mode,
            power_kw=kw(command.power_w),
            lease_left_s=round(command.until_s - now_s, 3),
            command_id=command.id,
        ),
        "measured_age_s": None if now.measured_at_s is None else round(now_s - now.measured_at_s, 3),
    }
