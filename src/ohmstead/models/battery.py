"""A house battery between the grid side and its cells."""

from __future__ import annotations

from ohmstead.core.site import Battery


def next_energy_kwh(battery: Battery, *, energy_kwh: float, power_w: float, duration_s: float) -> float:
    """Energy in the cells after a constant power at the grid side (charging positive), kWh.

    Losses are drawn where they arise: one charged kWh brings ``charge_efficiency`` into the
    cells, one delivered kWh takes 1/``discharge_efficiency`` out of them.
    """
    moved_kwh = power_w * duration_s / 3.6e6
    if moved_kwh >= 0.0:
        return energy_kwh + moved_kwh * battery.charge_efficiency
    return energy_kwh + moved_kwh / battery.discharge_efficiency


def round_trip(battery: Battery) -> float:
    """Share of the energy put in that comes out again."""
    return battery.charge_efficiency * battery.discharge_efficiency
