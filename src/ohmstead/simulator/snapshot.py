"""The moving state of the devices as plain data that survives JSON."""

from __future__ import annotations

import math
from typing import Any

from ohmstead.simulator.house_devices import Devices

FORMAT = 1

_FIELDS: dict[str, tuple[str, ...]] = {
    "pv": ("power_w",),
    "battery": ("soc", "power_w", "loss_kwh"),
    "charger": ("soc", "power_w", "connected", "session_kwh", "trip_kwh", "short_kwh"),
    "tank": (
        "upper_c",
        "lower_c",
        "power_w",
        "heating",
        "limited",
        "drawn_kwh",
        "short_kwh",
        "loss_kwh",
    ),
    "heat_pump": (
        "power_w",
        "thermal_w",
        "running",
        "since_s",
        "frost",
        "defrost_s",
        "compressor_w",
        "heat_kwh",
        "starts",
    ),
    "pool_pump": ("power_w",),
    "heating": ("water_c", "demand"),
}
_LATCHES = ("pv", "battery", "charger", "tank", "heat_pump", "pool_pump")
_ROOM = ("air_c", "structure_c", "emitter_c", "valve", "heat_kwh", "gain_kwh", "loss_kwh", "cold_kh")


def take_devices(devices: Devices) -> dict[str, Any]:
    """State of all devices."""
    out: dict[str, Any] = {
        name: {field: getattr(getattr(devices, name), field) for field in fields}
        for name, fields in _FIELDS.items()
    }
    ready_s = devices.charger.ready_s
    out["charger"]["ready_s"] = None if ready_s == math.inf else ready_s
    for name in _LATCHES:
        out[name]["latch"] = getattr(devices, name).latch.snapshot()
    out["rooms"] = [{field: getattr(room, field) for field in _ROOM} for room in devices.heating.rooms]
    out["meter"] = devices.meter.snapshot()
    return out


def restore_devices(devices: Devices, state: dict[str, Any], now_s: float) -> None:
    """Put devices into the state that :func:`take_devices` gave at ``now_s``."""
    for name, fields in _FIELDS.items():
        for field in fields:
            setattr(getattr(devices, name), field, state[name][field])
    ready_s = state["charger"]["ready_s"]
    devices.charger.ready_s = math.inf if ready_s is None else ready_s
    devices.charger.resync(now_s)
    for name in _LATCHES:
        getattr(devices, name).latch.restore(state[name]["latch"])
    for room, saved in zip(devices.heating.rooms, state["rooms"], strict=True):
        for field in _ROOM:
            setattr(room, field, saved[field])
    devices.meter.restore(state["meter"])
