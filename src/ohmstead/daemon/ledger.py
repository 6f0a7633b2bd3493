"""What was paid, what it would have cost without energy management, and what is still in store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from ohmstead.core.site import AssetId, Battery, ChargePoint, HotWaterTank, Site
from ohmstead.core.state import BatteryState, ChargePointState, SiteState, TankState
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.core.units import WATER_KWH_PER_L_K


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Energy and money of some stretch of time. Energies are ≥ 0; ``baseline_eur`` is a net cost."""

    import_kwh: float = 0.0
    export_kwh: float = 0.0
    pv_kwh: float = 0.0
    load_kwh: float = 0.0
    import_eur: float = 0.0
    export_eur: float = 0.0
    baseline_eur: float = 0.0

    @property
    def cost_eur(self) -> float:
        """Paid for import less earned by export."""
        return self.import_eur - self.export_eur

    def plus(self, other: Flow) -> Flow:
        """Both together."""
        mine, theirs = asdict(self), asdict(other)
        return Flow(**{k: mine[k] + theirs[k] for k in mine})


@dataclass(kw_only=True, slots=True)
class Ledger:
    """Running totals of one home.

    Args:
        zone: local time zone; a day starts at local midnight.
        since: start of the records.
        stored_eur: what our stores hold more than those of the house without management, in money.
    """

    zone: tzinfo
    since: datetime
    total: Flow = field(default_factory=Flow)
    today: Flow = field(default_factory=Flow)
    minute: Flow = field(default_factory=Flow)
    day: str = ""
    stored_eur: float = 0.0
    stored_at_midnight_eur: float = 0.0
    has_baseline: bool = False

    def add(
        self,
        at: datetime,
        duration_s: float,
        *,
        grid_w: float | None,
        pv_w: float,
        load_w: float,
        price: PriceSlot | None,
        baseline_kwh: tuple[float, float] | None = None,
    ) -> None:
        """Book a stretch that ended at ``at``, with the mean powers of it (load convention).

        ``baseline_kwh`` are import and export of the same stretch without management. A meter that
        said nothing (``grid_w`` is ``None``) books no energy: missing is not zero, it is a gap.
        """
        day = at.astimezone(self.zone).date().isoformat()
        if day != self.day:
            self.day, self.today = day, Flow()
            self.stored_at_midnight_eur = self.stored_eur
        hours = duration_s / 3600.0
        grid_kwh = 0.0 if grid_w is None else grid_w * hours / 1000.0
        import_price = 0.0 if price is None else price.import_eur_per_kwh
        export_price = 0.0 if price is None else price.export_eur_per_kwh
        baseline_eur = 0.0
        if baseline_kwh is not None:
            self.has_baseline = True
            baseline_eur = baseline_kwh[0] * import_price - baseline_kwh[1] * export_price
        flow = Flow(
            import_kwh=max(0.0, grid_kwh),
            export_kwh=max(0.0, -grid_kwh),
            pv_kwh=max(0.0, -pv_w) * hours / 1000.0,
            load_kwh=max(0.0, load_w) * hours / 1000.0,
            import_eur=max(0.0, grid_kwh) * import_price,
            export_eur=max(0.0, -grid_kwh) * export_price,
            baseline_eur=baseline_eur,
        )
        self.total, self.today = self.total.plus(flow), self.today.plus(flow)
        self.minute = self.minute.plus(flow)

    def take_minute(self) -> Flow:
        """What was booked since it was last taken."""
        taken, self.minute = self.minute, Flow()
        return taken

    @property
    def saved_eur(self) -> float | None:
        """Saved since the start of the records, energy in store included; ``None`` without a baseline."""
        if not self.has_baseline:
            return None
        return self.total.baseline_eur - self.total.cost_eur + self.stored_eur

    @property
    def saved_today_eur(self) -> float | None:
        """The same since local midnight."""
        if not self.has_baseline:
            return None
        stored_eur = self.stored_eur - self.stored_at_midnight_eur
        return self.today.baseline_eur - self.today.cost_eur + stored_eur

    def to_data(self) -> dict[str, Any]:
        """Everything but the time zone, as plain data."""
        return {
            "since": self.since.isoformat(),
            "total": asdict(self.total),
            "today": asdict(self.today),
            "day": self.day,
            "stored_eur": self.stored_eur,
            "stored_at_midnight_eur": self.stored_at_midnight_eur,
            "has_baseline": self.has_baseline,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any], zone: tzinfo) -> Ledger:
        """The ledger that :meth:`to_data` made plain.

        Raises:
            ValueError, KeyError, TypeError: the data is not a ledger's.
        """
        return cls(
            zone=zone,
            since=datetime.fromisoformat(data["since"]),
            total=Flow(**data["total"]),
            today=Flow(**data["today"]),
            day=data["day"],
            stored_eur=data["stored_eur"],
            stored_at_midnight_eur=data["stored_at_midnight_eur"],
            has_baseline=data["has_baseline"],
        )


def stored_kwh(site: Site, state: SiteState, vehicle_socs: Mapping[AssetId, float] | None = None) -> float:
    """What the stores of a home would save of bought electricity, kWh.

    A battery counts what it can give, a vehicle what it took from the plug, a tank the heat above
    its comfort floor.

    Args:
        vehicle_socs: SoC of each charge point's vehicle wherever it is, as a simulation knows it;
            without it a vehicle that is away counts nothing.
    """
    total = 0.0
    for asset in site.assets:
        known = state.assets.get(asset.id)
        if isinstance(asset, Battery) and isinstance(known, BatteryState):
            total += known.soc.or_(0.0) * asset.capacity_kwh * asset.discharge_efficiency
        elif isinstance(asset, ChargePoint) and isinstance(known, ChargePointState):
            soc = known.soc.or_(0.0) if vehicle_socs is None else vehicle_socs.get(asset.id, 0.0)
            total += soc * asset.vehicle_capacity_kwh / asset.efficiency
        elif isinstance(asset, HotWaterTank) and isinstance(known, TankState):
            above_k = known.temperature_c.or_(asset.min_c) - asset.min_c
            total += above_k * asset.volume_l * WATER_KWH_PER_L_K
    return total


def mean_price_eur_per_kwh(tariff: Tariff, now: datetime, hours: float = 24.0) -> float:
    """Mean import price of the coming hours; 0 where no price is known."""
    slots = tariff.between(now, now + timedelta(hours=hours))
    return sum(s.import_eur_per_kwh for s in slots) / len(slots) if slots else 0.0
