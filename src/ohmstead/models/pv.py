"""A photovoltaic generator from irradiance: temperature, system loss, inverter limit."""

from __future__ import annotations

import numpy as np

from ohmstead.core.site import PvSystem
from ohmstead.models.sun import Series, SunPosition, clear_sky_ghi_w_m2, plane_irradiance_w_m2

POWER_PER_K = -0.004
"""Change of a crystalline module's power per kelvin above 25 °C (data sheets: −0.3 … −0.45 %)."""
CELL_RISE_K_PER_W_M2 = 0.03
"""Cell above air temperature, from NOCT 45 °C: (45 − 20)/800 (IEC 61215)."""
SYSTEM_EFFICIENCY = 0.86
"""Wiring, soiling, mismatch and inverter together (PVWatts' default losses of 14 %)."""


def power_w(
    system: PvSystem,
    sun: SunPosition,
    *,
    ghi_w_m2: Series,
    outdoor_c: Series,
    dni_w_m2: Series | None = None,
    dhi_w_m2: Series | None = None,
) -> Series:
    """AC power of one generator, load convention (≤ 0), W, shape [n]."""
    plane = plane_irradiance_w_m2(
        ghi_w_m2,
        sun,
        tilt_deg=system.tilt_deg,
        azimuth_deg=system.azimuth_deg,
        dni_w_m2=dni_w_m2,
        dhi_w_m2=dhi_w_m2,
    )
    cell_c = outdoor_c + CELL_RISE_K_PER_W_M2 * plane
    dc = system.peak_w * plane / 1000.0 * (1.0 + POWER_PER_K * (cell_c - 25.0)) * SYSTEM_EFFICIENCY
    ac = np.clip(dc, 0.0, np.inf if system.inverter_w is None else system.inverter_w)
    return -ac


def clear_sky_power_w(system: PvSystem, sun: SunPosition, *, outdoor_c: float = 15.0) -> Series:
    """What the generator gives under a clear sky, load convention (≤ 0), W, shape [n]."""
    ghi = clear_sky_ghi_w_m2(sun.cos_zenith)
    return power_w(system, sun, ghi_w_m2=ghi, outdoor_c=np.full(ghi.shape, outdoor_c))
