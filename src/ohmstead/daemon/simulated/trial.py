"""One simulated period under one strategy, settled by the minute: the unit of every comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.core.engine import Engine
from ohmstead.core.plan import Plan, PlanningTask
from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, ChargePoint
from ohmstead.core.state import ChargePointState, SiteState
from ohmstead.core.tariff import Tariff
from ohmstead.daemon.simulated.world import house_stored_kwh
from ohmstead.errors import DataError
from ohmstead.simulator.house import House

MINUTE_S = 60
DEFAULT_CYCLE_S = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a period cost, and what people had of it.

    Args:
        cost_eur: paid for import less earned by export, each minute netted, less the value of what
            is in store at the end more than at the start.
        stored_eur: that value, by the mean import price of the period.
        cold_kh: kelvin-hours that rooms were colder than half a kelvin below their target.
        cold_water_kwh: heat that people wanted and the tank was too cold to give.
        vehicle_short_kwh: energy missing in the vehicle at its departures, against the wish.
        assets_kwh: what each asset took in the period (PV below 0).
        plans: how many plans were made.
    """

    cost_eur: float
    import_kwh: float
    export_kwh: float
    stored_eur: float
    cold_kh: float
    cold_water_kwh: float
    vehicle_short_kwh: float
    assets_kwh: Mapping[AssetId, float]
    plans: int


class _Bill:
    """Each minute netted and paid at its price."""

    def __init__(self, house: House) -> None:
        self.import_kwh = self.export_kwh = self.cost_eur = 0.0
        self._prices_eur = 0.0
        self._minutes = 0
        self._before_kwh = house.totals.import_kwh - house.totals.export_kwh

    @property
    def mean_price_eur_per_kwh(self) -> float:
        """Mean import price of the settled minutes."""
        return self._prices_eur / max(1, self._minutes)

    def settle(self, house: House, settlement: Tariff) -> None:
        """Pay the minute that has just ended.

        Raises:
            DataError: there is no price for it.
        """
        now_kwh = house.totals.import_kwh - house.totals.export_kwh
        net_kwh, self._before_kwh = now_kwh - self._before_kwh, now_kwh
        price = settlement.at(house.now - timedelta(seconds=MINUTE_S))
        if price is None:
            raise DataError(f"tariff {settlement.name} has no price at {house.now.isoformat()}")
        self.import_kwh += max(0.0, net_kwh)
        self.export_kwh += max(0.0, -net_kwh)
        self.cost_eur += net_kwh * (price.import_eur_per_kwh if net_kwh > 0 else price.export_eur_per_kwh)
        self._prices_eur += price.import_eur_per_kwh
        self._minutes += 1


def run_trial(
    house: House,
    *,
    days: float,
    settlement: Tariff,
    tariff_at: Callable[[datetime], Tariff] | None = None,
    plan: Callable[[PlanningTask], Plan] | None = None,
    settings: Settings | None = None,
    cycle_s: int = DEFAULT_CYCLE_S,
    progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Run a house for some days.

    Args:
        settlement: every price of the period.
        tariff_at: what the engine knows of prices at a moment; ``None``: no engine at all, the
            devices control themselves.
        plan: makes plans for the engine; ``None``: rules only.
        cycle_s: time between two control cycles; divides a minute.
        progress: told the share done, about once a simulated day.
    """
    engine = None if tariff_at is None else Engine(house.site, settings or Settings())
    before, stored_before = dict(house.totals.asset_kwh), house_stored_kwh(house)
    cold_kh, cold_water_kwh = sum(house.totals.room_cold_kh.values()), house.totals.hot_water_short_kwh
    bill, last, short_kwh, plans = _Bill(house), house.read(), 0.0, 0
    for minute in range(int(days * 1440)):
        if engine is None or tariff_at is None:
            house.step(MINUTE_S)
        else:
            if minute % 15 == 0:
                engine.set_tariff(tariff_at(house.now))
            for _ in range(MINUTE_S // cycle_s):
                _control(engine, house)
                house.step(cycle_s)
            task = None if plan is None else engine.planning_task(house.now)
            if task is not None and plan is not None:
                engine.adopt(plan(task))
                plans += 1
        bill.settle(house, settlement)
        state = house.read()
        short_kwh += _short_kwh(house, last, state)
        last = state
        if progress is not None and minute % 1440 == 0:
            progress(minute / (days * 1440))
    stored_eur = (house_stored_kwh(house) - stored_before) * bill.mean_price_eur_per_kwh
    return Outcome(
        cost_eur=bill.cost_eur - stored_eur,
        import_kwh=bill.import_kwh,
        export_kwh=bill.export_kwh,
        stored_eur=stored_eur,
        cold_kh=sum(house.totals.room_cold_kh.values()) - cold_kh,
        cold_water_kwh=house.totals.hot_water_short_kwh - cold_water_kwh,
        vehicle_short_kwh=short_kwh,
        assets_kwh={a: e - before.get(a, 0.0) for a, e in house.totals.asset_kwh.items()},
        plans=plans,
    )


def _control(engine: Engine, house: House) -> None:
    engine.observe(house.read())
    for setpoint in engine.step(house.now).setpoints:
        if setpoint.send:
            house.command(setpoint.asset, setpoint.told_w)


def _short_kwh(house: House, before: SiteState, now: SiteState) -> float:
    """Energy missing to the wish of vehicles that have just left."""
    short_kwh = 0.0
    for asset in house.site.assets:
        old, new = before.assets.get(asset.id), now.assets.get(asset.id)
        if not isinstance(asset, ChargePoint) or not isinstance(old, ChargePointState):
            continue
        left = old.connected and isinstance(new, ChargePointState) and not new.connected
        if left and old.soc.value is not None:
            wish = asset.target_soc if old.target_soc is None else old.target_soc
            short_kwh += max(0.0, wish - old.soc.value) * asset.vehicle_capacity_kwh
    return short_kwh
