"""Which numbers a configuration may hold, told from the unit at the end of a field's name.

Most wrong configurations are right numbers in a wrong unit: kW for W, percent for a share, cent for
euro. A value that cannot be is refused, with the number that was probably meant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ohmstead.core.units import IEC61851_MIN_A
from ohmstead.heating.heat_orchestrator import SETTING_RANGES


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """The allowed range of a number.

    Args:
        unit: as it is written behind the number; empty for a bare count.
        low: smallest allowed value.
        high: largest allowed value.
        least: smallest allowed value that is not 0, where ``low`` is 0.
        mistaken: units that people write instead, as ``word → factor into unit``.
    """

    unit: str
    low: float
    high: float
    least: float | None = None
    mistaken: Mapping[str, float]
    integer: bool = False

    def allows(self, value: float) -> bool:
        """Whether a number is in the range."""
        return value == self.low or self._smallest() <= value <= self.high

    def _smallest(self) -> float:
        return self.low if self.least is None else max(self.low, self.least)

    def describe(self) -> str:
        """The range in words, as ``0, or 25 to 1000000 W``."""
        low = self._smallest()
        unit = f" {self.unit}" if self.unit else ""
        zero = "0, or " if low > self.low == 0 else ""
        kind = "a whole number, " if self.integer else ""
        return f"{kind}{zero}{_plain(low)} to {_plain(self.high)}{unit}"

    def guess(self, value: float) -> str:
        """A sentence for a number out of range that would fit in another unit, else empty."""
        for word, factor in self.mistaken.items():
            meant = value * factor
            if factor != 1.0 and math.isfinite(meant) and self.allows(meant):
                target = self.unit or "a share of 1"
                return f" Looks like {word}, but the unit is {target}: did you mean {_plain(meant)}?"
        return ""


_POWER = Quantity(unit="W", low=0.0, high=1e6, least=25.0, mistaken={"kW": 1e3})
_ENERGY = Quantity(unit="kWh", low=0.1, high=1000.0, mistaken={"Wh": 1e-3})
_SHARE = Quantity(unit="", low=0.0, high=1.0, mistaken={"percent": 1e-2, "%": 1e-2})
_EFFICIENCY = replace(_SHARE, low=0.3)
_PRICE = Quantity(unit="EUR/kWh", low=-1.0, high=2.0, mistaken={"cent": 1e-2, "ct": 1e-2, "ct/kWh": 1e-2})
_PENALTY = replace(_PRICE, low=0.0, high=1000.0, mistaken={})
_CURRENT = Quantity(unit="A", low=1.0, high=250.0, mistaken={"mA": 1e-3})
_VOLTAGE = Quantity(unit="V", low=100.0, high=260.0, mistaken={"volt between phases": 1 / math.sqrt(3.0)})
_TEMPERATURE = Quantity(unit="°C", low=-40.0, high=95.0, mistaken={"C": 1.0})
_DIFFERENCE = Quantity(unit="K", low=0.0, high=10.0, mistaken={"°C": 1.0})
_DURATION = Quantity(
    unit="s", low=0.0, high=86400.0, mistaken={"min": 60.0, "h": 3600.0, "ms": 1e-3, "seconds": 1.0}
)
_PORT = Quantity(unit="", low=0, high=65535, mistaken={}, integer=True)

ANY_NUMBER = Quantity(unit="", low=-1e9, high=1e9, mistaken={})

BY_SUFFIX: tuple[tuple[str, Quantity], ...] = (
    ("_w_per_k", Quantity(unit="W/K", low=0.0, high=5000.0, mistaken={"kW/K": 1e3})),
    ("_kwh_per_k", Quantity(unit="kWh/K", low=0.01, high=1000.0, mistaken={"Wh/K": 1e-3})),
    ("_eur_per_kwh", _PRICE),
    ("_efficiency", _EFFICIENCY),
    ("_soc", _SHARE),
    ("_kwh", _ENERGY),
    ("_deg", Quantity(unit="°", low=-360.0, high=360.0, mistaken={})),
    ("_days", Quantity(unit="days", low=1.0, high=3660.0, mistaken={"weeks": 7.0})),
    ("_w", _POWER),
    ("_a", _CURRENT),
    ("_v", _VOLTAGE),
    ("_c", _TEMPERATURE),
    ("_k", _DIFFERENCE),
    ("_l", Quantity(unit="l", low=5.0, high=10000.0, mistaken={"m³": 1e3, "litres": 1.0})),
    ("_s", _DURATION),
    ("_h", Quantity(unit="h", low=0.0, high=96.0, mistaken={"min": 1 / 60.0})),
    ("_hours", Quantity(unit="h", low=0.0, high=24.0, mistaken={"min": 1 / 60.0})),
    ("_eur", Quantity(unit="EUR", low=0.0, high=100.0, mistaken={})),
    ("_eur_per_kwh_h", Quantity(unit="EUR/kWh per hour", low=0.0, high=100.0, mistaken={})),
    ("_eur_per_k_h", Quantity(unit="EUR/K per hour", low=0.0, high=100.0, mistaken={})),
    ("_steps", Quantity(unit="steps", low=0.0, high=192.0, mistaken={}, integer=True)),
)
"""The longest suffix that fits counts."""

BY_FIELD: Mapping[tuple[str, str], Quantity] = {
    ("Site", "latitude_deg"): Quantity(unit="° north", low=-90.0, high=90.0, mistaken={}),
    ("Site", "longitude_deg"): Quantity(unit="° east", low=-180.0, high=180.0, mistaken={}),
    ("PvSystem", "peak_w"): replace(_POWER, low=25.0),
    ("PvSystem", "tilt_deg"): Quantity(unit="° from horizontal", low=0.0, high=90.0, mistaken={}),
    ("PvSystem", "azimuth_deg"): Quantity(unit="° from north, clockwise", low=0.0, high=360.0, mistaken={}),
    ("Battery", "wear_eur_per_kwh"): replace(_PRICE, low=0.0, high=1.0),
    ("Battery", "max_charge_w"): replace(_POWER, low=25.0),
    ("ChargePoint", "max_a"): replace(_CURRENT, low=IEC61851_MIN_A, high=80.0),
    ("ChargePoint", "min_a"): replace(_CURRENT, low=IEC61851_MIN_A, high=80.0),
    ("ChargePoint", "efficiency"): _EFFICIENCY,
    ("Settings", "balance_deadband_w"): replace(_POWER, low=0.0, high=500.0, least=None, mistaken={}),
    ("HotWaterTank", "min_c"): replace(_TEMPERATURE, low=10.0, high=80.0),
    ("HotWaterTank", "target_c"): replace(_TEMPERATURE, low=20.0, high=90.0),
    ("HotWaterTank", "max_c"): replace(_TEMPERATURE, low=30.0),
    ("HotWaterTank", "legionella_c"): replace(_TEMPERATURE, low=60.0, high=80.0),
    ("HotWaterTank", "legionella_every_days"): Quantity(
        unit="days", low=1.0, high=14.0, mistaken={"weeks": 7.0}
    ),
    ("HotWaterTank", "max_w"): replace(_POWER, low=25.0),
    ("HeatPump", "min_w"): replace(_POWER, low=25.0),
    ("HeatPump", "max_w"): replace(_POWER, low=25.0),
    ("HeatPump", "max_starts_per_h"): Quantity(unit="per hour", low=1, high=20, mistaken={}, integer=True),
    ("HeatPump", "frost_c"): replace(_TEMPERATURE, low=-30.0, high=15.0),
    ("Room", "target_c"): replace(_TEMPERATURE, low=5.0, high=35.0),
    ("FlexibleLoad", "max_w"): replace(_POWER, low=25.0),
    ("FlexibleLoad", "shed_order"): Quantity(unit="", low=0, high=1000, mistaken={}, integer=True),
    ("SpotTariff", "vat"): replace(_SHARE, high=0.5),
    ("FeedIn", "spot_factor"): Quantity(unit="× spot price", low=0.0, high=2.0, mistaken={"percent": 1e-2}),
    ("Settings", "acquisition_tolerance"): _SHARE,
    ("Settings", "battery_level_consideration"): _SHARE,
    ("Settings", "phase_limit_a"): replace(_CURRENT, low=0.0),
    ("Settings", "meter_max_age_s"): replace(_DURATION, low=1.0, high=3600.0),
    ("Settings", "protect_every_s"): replace(_DURATION, low=0.0, high=10.0, least=0.5),
    ("Settings", "fuse_margin_a"): replace(_CURRENT, low=0.0, high=20.0),
    ("Settings", "plan_interval_s"): replace(_DURATION, low=60.0, high=3600.0),
    ("PlannerSettings", "horizon_h"): Quantity(unit="h", low=1.0, high=96.0, mistaken={"days": 24.0}),
    ("PlannerSettings", "fallback_import_eur_per_kwh"): _PRICE,
    ("Penalties", "over_limit_eur_per_kwh"): _PENALTY,
    ("Penalties", "over_peak_eur_per_kwh"): _PENALTY,
    ("Penalties", "vehicle_short_eur_per_kwh"): _PENALTY,
    ("Penalties", "no_hot_water_eur_per_kwh"): _PENALTY,
    ("PlannerSettings", "time_limit_s"): replace(_DURATION, low=0.1, high=60.0),
    ("PlannerSettings", "mip_gap"): replace(_SHARE, low=0.0, high=0.1),
    ("WeatherSettings", "interval_s"): replace(_DURATION, low=600.0, high=86400.0),
    ("RecorderSettings", "minutes_kept_days"): Quantity(unit="days", low=2.0, high=3660.0, mistaken={}),
    ("FloorRoom", "target_c"): replace(_TEMPERATURE, low=5.0, high=30.0),
    ("FloorRoom", "priority"): Quantity(unit="", low=1.0, high=100.0, mistaken={}),
    ("FloorHeating", "satisfied_offset_k"): replace(_DIFFERENCE, high=2.0),
    ("FloorHeating", "enable_offset_k"): replace(_DIFFERENCE, high=5.0),
    ("RadiatorRoom", "target_c"): replace(_TEMPERATURE, low=5.0, high=30.0),
    ("RadiatorRoom", "hysteresis_k"): replace(_DIFFERENCE, low=0.1, high=3.0),
    ("RadiatorRoom", "learning_cycles"): Quantity(unit="", low=1, high=100, mistaken={}, integer=True),
    ("RadiatorRoom", "cooldown_s"): replace(_DURATION, low=60.0, high=7200.0),
    ("RadiatorRoom", "min_heating_s"): replace(_DURATION, low=30.0, high=3600.0),
    ("RadiatorRoom", "max_heating_s"): replace(_DURATION, low=600.0, high=21600.0),
    ("RadiatorRoom", "max_valid_overshoot_k"): replace(_DIFFERENCE, low=0.5),
    ("RadiatorRoom", "desired_overshoot_k"): replace(_DIFFERENCE, high=1.0),
    ("RadiatorRoom", "window_open_delay_s"): replace(_DURATION, high=3600.0),
    ("WebSettings", "port"): _PORT,
    ("NymeaSettings", "tcp_port"): _PORT,
    ("NymeaSettings", "websocket_port"): _PORT,
    ("NymeaSettings", "tls_port"): _PORT,
    ("NymeaSettings", "tls_websocket_port"): _PORT,
    ("NymeaSettings", "manual_hold_s"): replace(_DURATION, low=60.0),
    ("CentralSettings", "port"): Quantity(unit="", low=1, high=65535, mistaken={}, integer=True),
    ("CentralSettings", "security_profile"): Quantity(unit="", low=0, high=3, mistaken={}, integer=True),
    ("CentralSettings", "max_chargers"): Quantity(unit="", low=1, high=100000, mistaken={}, integer=True),
    ("CentralSettings", "heartbeat_s"): replace(_DURATION, low=10.0),
    ("CentralSettings", "ping_s"): replace(_DURATION, low=5.0, high=3600.0),
} | {
    ("Settings", name): Quantity(unit="", low=low, high=high, mistaken={})
    for name, (low, high) in SETTING_RANGES.items()
}
"""Fields whose range is narrower than their unit's."""

_NUMBER_WITH_UNIT = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)\s*(\S.*)?", re.ASCII)


def quantity_of(owner: str, field: str) -> Quantity | None:
    """The range of a field of a class, or ``None`` where neither the class nor the name tells one."""
    exact = BY_FIELD.get((owner, field))
    if exact is not None:
        return exact
    fitting = [(suffix, quantity) for suffix, quantity in BY_SUFFIX if f"_{field}".endswith(suffix)]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def complaint(value: object, quantity: Quantity) -> str | None:
    """What is wrong with a value as a number of that quantity; ``None`` where nothing is."""
    allowed = f"allowed: {quantity.describe()}."
    if isinstance(value, str):
        return allowed + _guess_from_text(value, quantity)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return allowed
    try:
        number = float(value)
    except OverflowError:
        return allowed
    if not math.isfinite(number):
        return allowed
    if quantity.integer and not number.is_integer():
        return allowed
    return None if quantity.allows(number) else allowed + quantity.guess(number)


def _guess_from_text(text: str, quantity: Quantity) -> str:
    match = _NUMBER_WITH_UNIT.fullmatch(text)
    if match is None:
        return ""
    number = float(match[1].replace(",", "."))
    word = (match[2] or quantity.unit).strip().lower()
    factors = {name.lower(): factor for name, factor in quantity.mistaken.items()} | {
        quantity.unit.lower(): 1.0
    }
    meant = number * factors.get(word, math.nan)
    if not quantity.allows(meant):
        return ""
    return f" Write the bare number: {_plain(meant)}"


def _plain(value: float) -> str:
    """Six significant digits without exponent."""
    text = f"{value:.6g}"
    return f"{float(text):.10f}".rstrip("0").rstrip(".") if "e" in text else text
