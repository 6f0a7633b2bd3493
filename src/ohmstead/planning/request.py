"""What the planner is asked, and how it may be tuned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time

from ohmstead.core.forecast import Forecast
from ohmstead.core.plan import Plan
from ohmstead.core.site import AssetId, ChargePoint, Phases, Site
from ohmstead.core.state import SiteState
from ohmstead.core.tariff import PriceSlot
from ohmstead.models.heat_pump import HeatingCurve


@dataclass(frozen=True, kw_only=True, slots=True)
class Penalties:
    """Prices of what should not happen. All are far above any tariff, ordered by what yields first."""

    over_limit_eur_per_kwh: float = 100.0
    """Above a fuse, a circuit, the contract or the operator's limit."""
    over_peak_eur_per_kwh: float = 0.5
    """Above the wished import peak."""
    vehicle_short_eur_per_kwh: float = 2.0
    """Missing in the vehicle's battery at departure."""
    vehicle_low_eur_per_kwh_h: float = 1.0
    """Below the vehicle's minimum SoC, per hour."""
    reserve_eur_per_kwh_h: float = 0.3
    """Below the battery's reserve, per hour."""
    cold_eur_per_k_h: float = 3.0
    """A room below its band."""
    cold_tank_eur_per_k_h: float = 0.3
    """A tank below its comfort floor."""
    hot_eur_per_k_h: float = 2.0
    """A room above its band or a tank above its maximum."""
    no_hot_water_eur_per_kwh: float = 3.0
    """Hot water asked for that a cold tank cannot give."""
    legionella_miss_eur: float = 20.0
    """Thermal disinfection not done in time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannerSettings:
    """How long, how fine, how exact. The defaults are measured (docs/planning.md)."""

    horizon_h: float = 48.0
    fine_h: float = 12.0
    """Steps of 15 min up to here,"""
    medium_h: float = 24.0
    """of 30 min up to here, of 60 min beyond."""
    time_limit_s: float = 2.0
    mip_gap: float = 1e-3
    mip_gap_eur: float = 0.01
    """Absolute gap: a plan one cent from the best one is good enough where costs are near 0."""
    vehicle_binary_steps: int = 32
    heat_pump_binary_steps: int = 16
    battery_binary_steps: int = 24
    switching_eur: float = 0.01
    """Price of one start of a charger or a compressor."""
    changing_eur_per_kwh: float = 0.003
    """Price of leaving the previous plan in the current slot."""
    early_eur_per_kwh_h: float = 1e-5
    """Among equal hours the earlier one: what is charged is safe."""
    fallback_import_eur_per_kwh: float = 0.30
    fallback_export_eur_per_kwh: float = 0.08
    """Prices where nobody knows any."""
    default_departure: time = time(7, 0)
    """Local time by which a vehicle is ready when nobody said more."""
    unknown_soc: float = 0.4
    """SoC on arrival of a vehicle that does not tell."""
    warm_tank_eur_per_k_h: float = 0.0005
    """Preference against heating a tank above its target."""
    heating_limit_c: float = 15.0
    """Mean outdoor temperature above which stored room heat is worth nothing at the end:
    such days need no heating."""
    heating_curve: HeatingCurve = field(default_factory=HeatingCurve)
    penalties: Penalties = field(default_factory=Penalties)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanRequest:
    """Everything a plan depends on; equal requests give equal plans.

    Args:
        prices: in any order; holes are filled by the same hour of another day.
        legionella_due: per tank the time by which it must have been hot; absent: nothing due.
        trigger: why now, for the record.
        at_once: charge points whose vehicle charges at once until it is full: a load that the plan knows
            of, not one that it may move.
        phases: what vehicles use, where it is other than the charge point's wiring.
    """

    now: datetime
    site: Site
    state: SiteState
    prices: tuple[PriceSlot, ...]
    forecast: Forecast
    previous: Plan | None = None
    settings: PlannerSettings = field(default_factory=PlannerSettings)
    trigger: str = "interval"
    legionella_due: Mapping[AssetId, datetime] = field(default_factory=dict)
    at_once: frozenset[AssetId] = frozenset()
    phases: Mapping[AssetId, Phases] = field(default_factory=dict)

    @property
    def site_as_used(self) -> Site:
        """The site, its charge points with the phases that their vehicles use."""
        if not self.phases:
            return self.site
        assets = tuple(
            replace(a, phases=self.phases[a.id]) if isinstance(a, ChargePoint) and a.id in self.phases else a
            for a in self.site.assets
        )
        return replace(self.site, assets=assets)
