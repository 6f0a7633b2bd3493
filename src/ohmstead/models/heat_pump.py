"""What a heat pump makes of electricity: COP by outdoor and supply temperature.

The linear form and the coefficients are those of hplib's generic regulated air/water heat pump
(RE-Lab-Projects/hplib, database CC BY 4.0): ``COP = p1·T_in + p2·T_out + p3 + p4·T_ambient``. An
air source has T_in = T_ambient, so p1 and p4 are one number here.
"""

from __future__ import annotations

from dataclasses import dataclass

_PER_OUTDOOR_K = 46.37462900126993 - 46.22057938564581
_PER_SUPPLY_K = -0.08756667775339223
_BASE = 7.0454352113504

MIN_COP = 1.0
"""A heat pump is never worse than its heating rod."""
MAX_COP = 7.0
"""Bound of the data that the fit rests on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatingCurve:
    """Supply temperature by outdoor temperature: linear, between two bounds."""

    at_zero_c: float = 34.0
    slope_k_per_k: float = 0.4
    min_c: float = 25.0
    max_c: float = 50.0

    def supply_c(self, outdoor_c: float) -> float:
        """The supply temperature that the weather asks for, °C."""
        return min(self.max_c, max(self.min_c, self.at_zero_c - self.slope_k_per_k * outdoor_c))


def cop(*, outdoor_c: float, supply_c: float) -> float:
    """Heat per electricity of an air/water heat pump, no unit, within [MIN_COP, MAX_COP]."""
    raw = _BASE + _PER_OUTDOOR_K * outdoor_c + _PER_SUPPLY_K * supply_c
    return min(MAX_COP, max(MIN_COP, raw))
