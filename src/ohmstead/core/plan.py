"""The plan as data: energy per slot and asset with bounds, and what energy is worth.

One :class:`Plan` feeds the dispatcher, the dashboard and the explanation. It never becomes a raw
setpoint: it gives an import budget, an energy band and a marginal value.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ohmstead.core.site import AssetId, Phases
from ohmstead.core.state import SiteState


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetSlot:
    """What the plan wants of one asset in one slot.

    Args:
        power_w: planned mean power, load convention.
        import_w: how much of it is not covered by planned surplus (≥ 0) and may be bought, or come out
            of a battery whose band allows it; the rest waits for surplus.
        export_w: how much a storage may sell to the grid (≥ 0).
        energy_low_kwh: the stored energy that must remain at the slot's end; ``None``: no band.
            For a battery the energy in its cells; for a vehicle, a tank or rooms the energy above
            their own zero (0 % SoC; the coldest allowed temperature).
        energy_high_kwh: the stored energy not to be exceeded by the slot's end.
        energy_kwh: the stored energy planned at the slot's end.
        value_eur_per_kwh: what one more kWh taken by the asset in this slot saves later. Surplus
            goes to the asset with the highest value, and to the grid where that pays better.
    """

    power_w: float
    import_w: float = 0.0
    export_w: float = 0.0
    energy_low_kwh: float | None = None
    energy_high_kwh: float | None = None
    energy_kwh: float | None = None
    value_eur_per_kwh: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanSlot:
    """One step [start, end) of the plan, with the forecasts that it rests on (load convention)."""

    start: datetime
    end: datetime
    import_eur_per_kwh: float
    export_eur_per_kwh: float
    price_known: bool
    pv_w: float
    load_w: float
    grid_w: float
    outdoor_c: float | None = None
    assets: Mapping[AssetId, AssetSlot] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class SolverReport:
    """How the plan was found."""

    status: str
    """``optimal``, ``time_limit`` (the best found so far), ``rounded`` (relaxed, then rounded)."""
    gap: float
    duration_s: float
    columns: int
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A plan over the coming hours. ``expected_cost_eur`` covers its slots."""

    id: str
    made_at: datetime
    slots: tuple[PlanSlot, ...]
    expected_cost_eur: float
    solver: SolverReport | None = None
    _starts: tuple[datetime, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_starts", tuple(s.start for s in self.slots))

    def at(self, when: datetime) -> PlanSlot | None:
        """The slot that covers a moment, or ``None`` outside the plan."""
        i = bisect_right(self._starts, when) - 1
        if i < 0 or when >= self.slots[i].end:
            return None
        return self.slots[i]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningTask:
    """What the engine asks the planner for: the state to start from, and why now."""

    now: datetime
    trigger: str
    """``start``, ``interval``, ``prices``, ``vehicle``, ``deadline`` or ``deviation``."""
    state: SiteState
    previous: Plan | None = None
    at_once: frozenset[AssetId] = frozenset()
    """Charge points whose vehicle charges at once, whatever a plan says."""
    phases: Mapping[AssetId, Phases] = field(default_factory=dict)
    """What vehicles use, where it is other than the charge point's wiring."""
