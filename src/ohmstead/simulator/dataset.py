"""The measured data that the twin lives on; sources and licences are in ``data/PROVENANCE.md``.

Everything is parsed once per process and cached.
"""

from __future__ import annotations

import csv
import gzip
import io
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files

PRICES_START = datetime(2025, 9, 30, 22, tzinfo=UTC)
PRICES_STEP_S = 900
HOUSEHOLD_START = datetime(2024, 2, 28, 21, tzinfo=UTC)
HOUSEHOLD_STEP_S = 1800


def _text(name: str) -> str:
    raw = files(__package__).joinpath("data", name).read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class HouseholdData:
    """Mean powers of half-hours from :data:`HOUSEHOLD_START`, W, all ≥ 0; ``None`` is missing."""

    load_w: tuple[float | None, ...]
    pv_w: tuple[float | None, ...]
    pv_forecast_w: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TypicalYear:
    """8760 hours UTC from 1 January 00:00, values at the full hour: °C, W/m², m/s."""

    outdoor_c: array[float]
    ghi_w_m2: array[float]
    dni_w_m2: array[float]
    dhi_w_m2: array[float]
    wind_m_s: array[float]


@dataclass(frozen=True, kw_only=True, slots=True)
class HplibCoefficients:
    """``y = p1·T_in + p2·T_out + p3 + p4·T_amb`` for COP and for power over its reference; °C."""

    cop: tuple[float, float, float, float]
    power: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class TabulaHouse:
    """A single-family house of the TABULA typology."""

    code: str
    a_ref_m2: float
    transmission_w_m2k: float
    ventilation_w_m2k: float
    capacity_wh_m2k: float

    @property
    def ua_w_k(self) -> float:
        """Heat loss by transmission and ventilation, W/K."""
        return (self.transmission_w_m2k + self.ventilation_w_m2k) * self.a_ref_m2


@lru_cache(maxsize=1)
def prices_eur_per_mwh() -> array[float]:
    """Day-ahead prices of quarter-hours from :data:`PRICES_START`, EUR/MWh."""
    return array("d", map(float, _text("at_day_ahead_15min.csv.gz").split()[1:]))


@lru_cache(maxsize=1)
def household() -> HouseholdData:
    """The French household, holes and all."""
    rows = [line.split(",") for line in _text("fr_household_30min.csv.gz").splitlines()[1:]]
    load, pv, forecast = (tuple(float(r[i]) if r[i] else None for r in rows) for i in range(3))
    return HouseholdData(load_w=load, pv_w=pv, pv_forecast_w=forecast)


@lru_cache(maxsize=1)
def typical_year() -> TypicalYear:
    """The PVGIS typical meteorological year at 45° N 8° E."""
    rows = [line.split(",") for line in _text("pvgis_tmy_45n_8e_hourly.csv.gz").splitlines()[1:]]
    outdoor, ghi, dni, dhi, wind = (array("d", [float(r[i]) for r in rows]) for i in range(5))
    return TypicalYear(outdoor_c=outdoor, ghi_w_m2=ghi, dni_w_m2=dni, dhi_w_m2=dhi, wind_m_s=wind)


@lru_cache(maxsize=1)
def air_water_regulated() -> HplibCoefficients:
    """The generic regulated air/water heat pump of hplib (group 1)."""
    for row in csv.DictReader(io.StringIO(_text("hplib_generic.csv"))):
        if float(row["Group"]) == 1.0:
            cop = (row["p1_COP [-]"], row["p2_COP [-]"], row["p3_COP [-]"], row["p4_COP [-]"])
            power = tuple(
                row[f"p{i}_P_el_h [{u}]"] for i, u in ((1, "1/°C"), (2, "1/°C"), (3, "-"), (4, "1/°C"))
            )
            a, b, c, d = (float(x) for x in cop)
            e, f, g, h = (float(x) for x in power)
            return HplibCoefficients(cop=(a, b, c, d), power=(e, f, g, h))
    raise LookupError("hplib_generic.csv: no row of group 1")


@lru_cache(maxsize=8)
def tabula_house(code: str) -> TabulaHouse:
    """The TABULA house of a code, e.g. ``DE.N.SFH.06.Gen.ReEx.001.003``.

    Raises:
        LookupError: there is no such house.
    """
    for row in csv.DictReader(io.StringIO(_text("tabula_de_sfh.csv"))):
        if row["code"] == code:
            return TabulaHouse(
                code=code,
                a_ref_m2=float(row["a_ref_m2"]),
                transmission_w_m2k=float(row["h_transmission_w_m2k"]),
                ventilation_w_m2k=float(row["h_ventilation_w_m2k"]),
                capacity_wh_m2k=float(row["c_m_wh_m2k"]),
            )
    raise LookupError(f"tabula_de_sfh.csv: no house {code!r}")
