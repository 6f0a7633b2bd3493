"""A heated room as a store of heat between its comfort bounds."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.core.site import Room


@dataclass(frozen=True, kw_only=True, slots=True)
class ComfortBand:
    """The temperatures that people accept, °C."""

    low_c: float
    high_c: float


def comfort_band(room: Room, target_c: float | None) -> ComfortBand:
    """Band around what is wanted now, or around the configured target."""
    target = room.target_c if target_c is None else target_c
    return ComfortBand(low_c=target - room.low_k, high_c=target + room.high_k)


def energy_above_low_kwh(room: Room, *, temperature_c: float, band: ComfortBand) -> float:
    """Heat above the coldest temperature allowed, kWh; negative for a room that is colder."""
    return (temperature_c - band.low_c) * room.heat_capacity_kwh_per_k
