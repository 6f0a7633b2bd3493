"""The engine: a sans-I/O state machine that hosts feed with images and plans.

A host calls :meth:`Engine.observe` with each process image, :meth:`Engine.step` to decide, carries
out the setpoints, and arms its timer for :meth:`Engine.next_wakeup`. Where
:meth:`Engine.planning_task` gives a task, the host has it planned and hands the plan to
:meth:`Engine.adopt`. Everything that affects decisions is in here or in :class:`Memory`.
"""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from ohmstead.core.charging_info import ChargingInfo, ChargingMode, applied, lapsed, local_day
from ohmstead.core.decide import Decision, decide
from ohmstead.core.memory import ManualCommand, Memory
from ohmstead.core.obedience import disobeys
from ohmstead.core.phase_watch import phases_used
from ohmstead.core.plan import Plan, PlanningTask, PlanSlot
from ohmstead.core.protect import protect
from ohmstead.core.reason import Setpoint
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings, Tuning
from ohmstead.core.site import AssetId, Battery, ChargePoint, Site
from ohmstead.core.state import BatteryState, ChargePointState, GridState, SiteState
from ohmstead.core.tariff import Tariff

CYCLE_S = 10.0
"""Longest time between two cycles."""
DEVIATION_SHARE = 0.1
"""A battery this share of its capacity off the plan asks for a new one."""
RETRY_PLAN_S = 60.0
"""A request that brought no plan is repeated after this time."""


class Engine:
    """Limits, strategies and dispatch of one site, from cycle to cycle.

    ``zone`` is the local time that repeated deadlines and daily shares mean; the site's if not given.
    """

    def __init__(
        self,
        site: Site,
        settings: Settings | None = None,
        *,
        memory: Memory | None = None,
        plan: Plan | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self.site = site
        self.zone = zone or ZoneInfo(site.timezone)
        self.settings = settings or Settings()
        self.memory = memory or Memory()
        self.plan = plan
        self.tariff: Tariff | None = None
        self._state: SiteState | None = None
        self._held: tuple[Setpoint, ...] = ()
        """The setpoints in force."""
        self._asked_at: datetime | None = None
        self._asked_for: str | None = None

    def set_tariff(self, tariff: Tariff | None) -> None:
        """Use these prices from the next cycle on."""
        self.tariff = tariff

    def observe(self, state: SiteState) -> None:
        """Take the process image that the next step decides on."""
        self._state = state

    def command(self, command: ManualCommand) -> None:
        """Ask for a power by hand; it holds until it expires or is withdrawn.

        Raises:
            KeyError: the site has no such asset.
        """
        self.site.asset(command.asset)
        self.memory.manual[command.asset] = command

    def withdraw(self, asset: str) -> None:
        """Take a command by hand back; nothing happens where there is none."""
        self.memory.manual.pop(asset, None)

    @property
    def charging_infos(self) -> dict[AssetId, ChargingInfo]:
        """What people want of charge points; those nobody spoke of are not in it."""
        return dict(self.memory.charging)

    def set_charging_info(self, info: ChargingInfo) -> None:
        """Charge as a person wants it from the next cycle on; it is remembered.

        Raises:
            KeyError: the site has no such charge point.
        """
        points = [a.id for a in self.site.assets if isinstance(a, ChargePoint)]
        if info.charge_point not in points:
            raise KeyError(f"no charge point {info.charge_point!r}; there are: {', '.join(points)}")
        self.memory.charging[info.charge_point] = info

    def forget_charging_info(self, asset: AssetId) -> None:
        """Charge as configured again; nothing happens where nothing was set."""
        self.memory.charging.pop(asset, None)

    @property
    def tuned(self) -> Settings:
        """The settings in force: as configured, with what was changed since."""
        return self.memory.tuning.over(self.settings)

    def tune(self, tuning: Tuning) -> None:
        """Change settings from the next cycle on; it is remembered."""
        self.memory.tuning = tuning

    @property
    def disobedient(self) -> tuple[AssetId, ...]:
        """Assets that have ignored their commands so often that a person should look at them."""
        return tuple(a for a, memory in self.memory.assets.items() if disobeys(memory))

    def failed(self, asset: str) -> None:
        """An asset did not take its last command: the next cycle sends it again."""
        self.memory.of(asset).commanded_at = None

    def step(self, now: datetime) -> CycleRecord:
        """Decide one cycle on the image observed last.

        Raises:
            RuntimeError: nothing was observed yet.
        """
        if self._state is None:
            raise RuntimeError("observe() an image before step()")
        state = self._state = self._as_wanted(self._state, now)
        before, slot = self.memory, self.plan_slot(now)
        decision = decide(
            now=now,
            site=self.site,
            settings=self.settings,
            state=state,
            memory=before,
            tariff=self.tariff,
            slot=slot,
        )
        self.memory, self._held = decision.memory, decision.setpoints
        return CycleRecord(
            at=now,
            state=state,
            memory=before,
            slot=slot,
            plan_id=None if slot is None or self.plan is None else self.plan.id,
            tariff_name="" if self.tariff is None else self.tariff.name,
            prices=() if self.tariff is None else self.tariff.since(now),
            setpoints=decision.setpoints,
            conflicts=decision.conflicts,
            left_w=decision.left_w,
        )

    def protect(
        self, now: datetime, grid: GridState, *, operator_limited: bool = False
    ) -> CycleRecord | None:
        """Lower at a reading of the meter what is over a limit; ``None`` where nothing is to be lowered."""
        if self._state is None:
            return None
        state = replaced(self._state, at=now, grid=grid, operator_limited=operator_limited)
        before, held = self.memory, self._held
        decision = protect(
            now=now, site=self.site, settings=self.settings, state=state, memory=before, held=held
        )
        if decision is None:
            return None
        self._state, self.memory, self._held = state, decision.memory, decision.setpoints
        return CycleRecord(
            at=now,
            state=state,
            memory=before,
            slot=None,
            plan_id=None,
            tariff_name="",
            prices=(),
            setpoints=decision.setpoints,
            conflicts=decision.conflicts,
            left_w=decision.left_w,
            held=held,
        )

    def plan_slot(self, now: datetime) -> PlanSlot | None:
        """The slot to follow; ``None`` where the plan is too old or does not cover this moment."""
        if self.plan is None:
            return None
        age_s = (now - self.plan.made_at).total_seconds()
        if age_s > self.settings.plan_max_age_s or age_s < -self.settings.plan_max_age_s:
            return None
        return self.plan.at(now)

    def planning_task(self, now: datetime) -> PlanningTask | None:
        """What to plan, if a new plan is due; at most one request a minute."""
        if self._state is None:
            return None
        state = self._state = self._as_wanted(self._state, now)
        asked_s = (now - self._asked_at).total_seconds() if self._asked_at is not None else None
        if asked_s is not None and 0 <= asked_s < RETRY_PLAN_S:
            return None
        key = self._situation(state)
        trigger = self._trigger(now, key, state)
        if trigger is None:
            return None
        self._asked_at, self._asked_for = now, key
        return self._task(now, trigger, state)

    def task(self, now: datetime, trigger: str) -> PlanningTask:
        """What to plan for somebody who asks, whether or not a plan is due.

        Raises:
            RuntimeError: nothing was observed yet.
        """
        if self._state is None:
            raise RuntimeError("observe() an image before task()")
        self._state = self._as_wanted(self._state, now)
        return self._task(now, trigger, self._state)

    def _task(self, now: datetime, trigger: str, state: SiteState) -> PlanningTask:
        return PlanningTask(
            now=now,
            trigger=trigger,
            state=state,
            previous=self.plan,
            at_once=frozenset(
                a for a, info in self.memory.charging.items() if info.mode is ChargingMode.NORMAL
            ),
            phases=phases_used(self.site, self.memory),
        )

    def adopt(self, plan: Plan) -> None:
        """Follow a plan from the next cycle on."""
        self.plan = plan
        self.memory.planned_at = plan.made_at
        if self._asked_for is not None:
            self.memory.plan_trigger_key = self._asked_for

    def drop_plan(self) -> None:
        """Follow no plan from the next cycle on: the rules alone decide."""
        self.plan, self.memory.planned_at = None, None

    def next_wakeup(self, now: datetime) -> datetime:
        """When to step again at the latest: the next slot's start or the cycle time."""
        wake = now + timedelta(seconds=CYCLE_S)
        slot = self.plan_slot(now)
        return min(wake, slot.end) if slot is not None and slot.end > now else wake

    def _as_wanted(self, state: SiteState, now: datetime) -> SiteState:
        """The image with what people want of charge points worked in; deadlines that are over go."""
        if not self.memory.charging:
            return state
        self._note_local_day(now)
        wanted: dict[AssetId, ChargePointState] = {}
        for asset_id, info in self.memory.charging.items():
            current = self.memory.charging[asset_id] = lapsed(info, now, self.zone)
            seen = state.assets.get(asset_id)
            if isinstance(seen, ChargePointState):
                wanted[asset_id] = applied(current, seen, now, self.zone)
        return replaced(state, assets={**state.assets, **wanted}) if wanted else state

    def _note_local_day(self, now: datetime) -> None:
        start, end = self.memory.day_start, self.memory.day_end
        if start is None or end is None or not start <= now < end:
            self.memory.day_start, self.memory.day_end = local_day(now, self.zone)

    def _trigger(self, now: datetime, key: str, state: SiteState) -> str | None:
        if self.plan is None or self.memory.planned_at is None:
            return "start"
        before = dict(part.split("=", 1) for part in self.memory.plan_trigger_key.split(";") if part)
        after = dict(part.split("=", 1) for part in key.split(";") if part)
        for name in ("prices", "vehicle", "deadline"):
            if before.get(name) != after.get(name):
                return name
        age_s = (now - self.memory.planned_at).total_seconds()
        if age_s >= self.settings.plan_interval_s or age_s < 0:
            return "interval"
        return "deviation" if self._deviates(now, state) else None

    def _situation(self, state: SiteState) -> str:
        """What a plan depends on besides time, as one comparable text."""
        points = [s for s in state.assets.values() if isinstance(s, ChargePointState)]
        last = self.tariff.slots[-1].end.isoformat() if self.tariff and self.tariff.slots else ""
        phases = phases_used(self.site, self.memory)
        vehicles = ",".join(
            f"{p.id}:{int(p.connected)}" + (f":{phases[p.id]}" if p.id in phases else "") for p in points
        )
        deadlines = ",".join(f"{p.id}:{p.departure}:{p.target_soc}" for p in points if p.connected)
        name = self.tariff.name if self.tariff else ""
        return f"prices={name}@{last};vehicle={vehicles};deadline={deadlines}"

    def _deviates(self, now: datetime, state: SiteState) -> bool:
        """A battery far outside the band between the planned start and end of this slot."""
        slot = self.plan_slot(now)
        if self.plan is None or slot is None:
            return False
        index = self.plan.slots.index(slot)
        before = self.plan.slots[index - 1].assets if index > 0 else {}
        for battery in self.site.assets:
            known = state.assets.get(battery.id)
            if not isinstance(battery, Battery) or not isinstance(known, BatteryState):
                continue
            planned, start = slot.assets.get(battery.id), before.get(battery.id)
            if known.soc.value is None or planned is None or planned.energy_kwh is None:
                continue
            energy_kwh = known.soc.value * battery.capacity_kwh
            ends = [planned.energy_kwh]
            if start is not None and start.energy_kwh is not None:
                ends.append(start.energy_kwh)
            elif index == 0:
                ends.append(energy_kwh)
            slack_kwh = DEVIATION_SHARE * battery.capacity_kwh
            if not min(ends) - slack_kwh <= energy_kwh <= max(ends) + slack_kwh:
                return True
        return False


def replay(record: CycleRecord, site: Site, settings: Settings) -> Decision:
    """Decide a recorded cycle again; the setpoints come out bit for bit the same.

    Raises:
        ValueError: the record says that something was lowered where nothing is to be.
    """
    if record.held is not None:
        again = protect(
            now=record.at,
            site=site,
            settings=settings,
            state=record.state,
            memory=record.memory,
            held=record.held,
        )
        if again is None:
            raise ValueError(f"nothing is to be lowered at {record.at}")
        return again
    tariff = Tariff(name=record.tariff_name, slots=record.prices) if record.prices else None
    return decide(
        now=record.at,
        site=site,
        settings=settings,
        state=record.state,
        memory=record.memory,
        tariff=tariff,
        slot=record.slot,
    )
