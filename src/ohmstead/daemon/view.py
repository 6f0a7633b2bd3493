"""The home as the web sees it: payloads made out of the last cycle, the plan and the history."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from ohmstead import __version__
from ohmstead.core.codec import from_data
from ohmstead.core.engine import Engine
from ohmstead.core.plan import Plan
from ohmstead.core.reason import Limit, Reason
from ohmstead.core.record import CycleRecord
from ohmstead.core.site import (
    Load,
)
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.daemon.journal import HOUSEHOLD, decision_row, household_w
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.notable import Notable
from ohmstead.daemon.payloads import KINDS, measured, plan_payload
from ohmstead.explain import sentence
from ohmstead.recorder import DecisionRow, Recorder
from ohmstead.web.schema import (
    AssetInfo,
    ClockInfo,
    DayTotals,
    DecisionPayload,
    GridInfo,
    HealthPayload,
    HeatingPayload,
    HistoryPayload,
    LearningInfo,
    PlanInfo,
    PlanPayload,
    PricePoint,
    RunTotals,
    SiteInfo,
    StatePayload,
    TariffInfo,
    WarningInfo,
)
from ohmstead.web.view import Event, Hub

PRICES_AHEAD = timedelta(hours=36)


class DaemonView:
    """Implements :class:`ohmstead.web.view.SiteView` for a running daemon."""

    def __init__(
        self,
        *,
        engine: Engine,
        ledger: Ledger,
        recorder: Recorder | None,
        mode: Literal["demo", "run"],
        speed: float = 1.0,
        health: Callable[[], tuple[dict[str, str], float | None]],
        warnings: Callable[[], list[WarningInfo]],
        plan_status: Callable[[], tuple[str, str | None]],
        heating: HeatingHost | None = None,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._recorder = recorder
        self._mode = mode
        self._speed = speed
        self._health = health
        self._warnings = warnings
        self._plan_status = plan_status
        self._heating = heating
        self._zone = ZoneInfo(engine.site.timezone)
        self._names = {a.id: a.name for a in engine.site.assets}
        self._last: CycleRecord | None = None
        self._notable = Notable()
        self.hub = Hub()

    def cycle(self, record: CycleRecord) -> None:
        """Keep the cycle, and tell those who listen."""
        self._last = record
        if self.hub.readers:
            self.hub.publish(Event(kind="state", payload=self.state()))

    def decided(self, row: DecisionRow) -> None:
        """Tell those who listen of a decision."""
        if self.hub.readers:
            self.hub.publish(Event(kind="decision", payload=self._decision(row)))

    def planned(self, plan: Plan) -> None:
        """Tell those who listen of a new plan."""
        if self.hub.readers:
            self.hub.publish(Event(kind="plan", payload=self._plan_payload(plan)))

    def news(self, record: CycleRecord) -> list[DecisionRow]:
        """The setpoints of a cycle that are worth telling."""
        rows = []
        for setpoint in record.setpoints:
            new, previous_w = self._notable.is_new(record.at, setpoint)
            if new:
                rows.append(decision_row(record.at, setpoint, previous_w))
        return rows

    def _now(self) -> datetime:
        """The time of the last cycle; before the first, where the run before it ended."""
        if self._last is not None:
            return self._last.at
        return self._engine.memory.at or self._ledger.since

    def state(self) -> StatePayload:
        """See :meth:`ohmstead.web.view.SiteView.state`."""
        site, record = self._engine.site, self._last
        now = self._now()
        assets = self._assets(record)
        grid = GridInfo(power_w=None, quality="missing")
        if record is not None:
            seen = record.state.grid
            grid = GridInfo(
                power_w=seen.power_w.value, phases_w=seen.phases_w, quality=seen.power_w.quality.value
            )
        return StatePayload(
            at=now,
            mode=self._mode,
            site=SiteInfo(name=site.name, timezone=site.timezone),
            clock=ClockInfo(speed=self._speed, simulated=self._mode == "demo"),
            grid=grid,
            assets=assets,
            powers_w={"grid": grid.power_w} | {k: a.power_w for k, a in assets.items() if a.kind != "room"},
            outdoor_c=None if record is None else record.state.outdoor_c.value,
            tariff=self._tariff(now),
            today=self._today(),
            total=self._total(),
            plan=self._plan_info(),
            warnings=self._warnings(),
        )

    def _assets(self, record: CycleRecord | None) -> dict[str, AssetInfo]:
        site = self._engine.site
        setpoints = {} if record is None else {s.asset: s for s in record.setpoints}
        out: dict[str, AssetInfo] = {}
        for asset in site.assets:
            known = None if record is None else record.state.assets.get(asset.id)
            if isinstance(asset, Load):
                power_w = None if record is None else household_w(record.state, asset.id)
                out[asset.id] = AssetInfo(kind="load", name=asset.name, power_w=power_w)
                continue
            info = AssetInfo(kind=KINDS[type(asset)], name=asset.name, online=False, quality="missing")
            if known is not None:
                info = measured(asset, known)
            setpoint = setpoints.get(asset.id)
            if setpoint is not None:
                info = info.model_copy(
                    update={
                        "setpoint_w": setpoint.power_w,
                        "reason": sentence(setpoint.reason, power_w=setpoint.power_w, zone=self._zone),
                        "reason_code": setpoint.reason.rule.value,
                    }
                )
            out[asset.id] = info
        if HOUSEHOLD not in out and not any(isinstance(a, Load) for a in site.assets):
            power_w = None if record is None else record.state.residual_w()
            out[HOUSEHOLD] = AssetInfo(kind="load", name="Household", power_w=power_w)
        return out

    def _tariff(self, now: datetime) -> TariffInfo | None:
        tariff = self._engine.tariff
        if tariff is None:
            return None
        price = tariff.at(now)
        return TariffInfo(
            name=tariff.name,
            import_eur_per_kwh=None if price is None else price.import_eur_per_kwh,
            export_eur_per_kwh=None if price is None else price.export_eur_per_kwh,
            next=[
                PricePoint(
                    start=s.start,
                    end=s.end,
                    import_eur_per_kwh=s.import_eur_per_kwh,
                    export_eur_per_kwh=s.export_eur_per_kwh,
                    known=s.known,
                )
                for s in tariff.between(now, now + PRICES_AHEAD)
            ],
        )

    def _today(self) -> DayTotals:
        ledger, today = self._ledger, self._ledger.today
        return DayTotals(
            import_kwh=today.import_kwh,
            export_kwh=today.export_kwh,
            pv_kwh=today.pv_kwh,
            load_kwh=today.load_kwh,
            cost_eur=today.cost_eur,
            baseline_cost_eur=today.baseline_eur if ledger.has_baseline else None,
            saved_eur=ledger.saved_today_eur,
        )

    def _total(self) -> RunTotals:
        ledger = self._ledger
        return RunTotals(
            since=ledger.since,
            cost_eur=ledger.total.cost_eur,
            baseline_cost_eur=ledger.total.baseline_eur if ledger.has_baseline else None,
            saved_eur=ledger.saved_eur,
        )

    def _plan_info(self) -> PlanInfo | None:
        plan = self._engine.plan
        if plan is None:
            return None
        status = "" if plan.solver is None else plan.solver.status
        return PlanInfo(made_at=plan.made_at, status=status, trigger=self._plan_status()[1])

    def plan(self) -> PlanPayload | None:
        """See :meth:`ohmstead.web.view.SiteView.plan`."""
        return None if self._engine.plan is None else self._plan_payload(self._engine.plan)

    def _plan_payload(self, plan: Plan) -> PlanPayload:
        return plan_payload(plan, self._engine.site.assets, self._plan_status()[1])

    def heating(self) -> HeatingPayload:
        """See :meth:`ohmstead.web.view.SiteView.heating`."""
        if self._heating is None:
            return HeatingPayload(at=self._now())
        return self._heating.payload()

    def reset_learning(self, room: str) -> LearningInfo:
        """See :meth:`ohmstead.web.view.SiteView.reset_learning`."""
        if self._heating is None:
            raise KeyError(room)
        return self._heating.reset_learning(room)

    def decisions(self, limit: int, asset: str | None) -> list[DecisionPayload]:
        """See :meth:`ohmstead.web.view.SiteView.decisions`."""
        if self._recorder is None:
            return []
        return [self._decision(row) for row in self._recorder.decisions(limit, asset=asset)]

    def _decision(self, row: DecisionRow) -> DecisionPayload:
        reason = from_data(Reason, json.loads(row.detail))
        power_w = row.setpoint_w or 0.0
        return DecisionPayload(
            at=row.at,
            asset=row.asset,
            asset_name=self._names.get(row.asset, row.asset),
            setpoint_w=power_w,
            previous_w=row.previous_w,
            code=row.code,
            limit=None if row.limit == Limit.DEVICE else row.limit,
            sentence=sentence(reason, power_w=power_w, zone=self._zone),
            review_at=row.review_at,
        )

    def history(
        self, start: datetime, end: datetime, resolution_s: int, series: Sequence[str] | None
    ) -> HistoryPayload:
        """See :meth:`ohmstead.web.view.SiteView.history`."""
        found = {} if self._recorder is None else self._recorder.history(series, start, end, resolution_s)
        times = sorted({at for points in found.values() for at, _ in points})
        columns = {name: dict(points) for name, points in found.items()}
        return HistoryPayload(
            start=start,
            end=end,
            resolution_s=resolution_s,
            times=times,
            series={name: [column.get(at) for at in times] for name, column in columns.items()},
        )

    def health(self) -> HealthPayload:
        """See :meth:`ohmstead.web.view.SiteView.health`."""
        details, age_s = self._health()
        status: Literal["ok", "degraded", "starting", "stalled"] = "ok"
        if self._last is None:
            status = "starting"
        elif age_s is not None and age_s > 60.0:
            status = "stalled"
        elif details:
            status = "degraded"
        return HealthPayload(
            status=status,
            version=__version__,
            cycle_age_s=age_s,
            planner=self._plan_status()[0],
            recorder="off" if self._recorder is None else details.get("recorder", "ok"),
            details=details,
        )

    def subscribe(self) -> AsyncIterator[Event]:
        """See :meth:`ohmstead.web.view.SiteView.subscribe`."""
        return self.hub.subscribe()
