"""A hot-water tank as one mixed volume, and when its water is drawn."""

from __future__ import annotations

from ohmstead.core.site import HotWaterTank
from ohmstead.core.units import WATER_KWH_PER_L_K

COLD_WATER_C = 10.0
"""Water from the main (EN 16147 tests with 10 °C)."""

SURROUNDINGS_C = 20.0
"""Where the tank stands."""

_DRAWN_KWH_BY_HOUR = (
    (7.0, 1.61), (8.0, 0.42), (9.0, 0.21), (10.0, 0.105), (11.0, 0.21), (12.0, 0.315),
    (14.0, 0.105), (15.0, 0.105), (16.0, 0.21), (18.0, 0.315), (19.0, 0.105), (20.0, 0.735), (21.0, 1.4),
)  # fmt: skip
"""Local hour → kWh: about the daily 5.845 kWh of EN 16147's tapping pattern M, hour by hour."""

PATTERN_KWH_PER_DAY = sum(kwh for _, kwh in _DRAWN_KWH_BY_HOUR)


def capacity_kwh_per_k(tank: HotWaterTank) -> float:
    """Heat that warms the tank by one kelvin, kWh/K."""
    return tank.volume_l * WATER_KWH_PER_L_K


def energy_above_cold_kwh(tank: HotWaterTank, temperature_c: float) -> float:
    """Heat above cold water, kWh; 0 for a tank that is colder."""
    return max(0.0, temperature_c - COLD_WATER_C) * capacity_kwh_per_k(tank)


def drawn_w(*, local_hour: float, daily_kwh: float = PATTERN_KWH_PER_DAY) -> float:
    """Mean heat drawn in the hour that contains ``local_hour`` (0..24), W, scaled to a day's use."""
    hour = float(int(local_hour))
    for at, kwh in _DRAWN_KWH_BY_HOUR:
        if at == hour:
            return kwh / PATTERN_KWH_PER_DAY * daily_kwh * 1000.0
    return 0.0
