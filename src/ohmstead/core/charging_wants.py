"""What the rules of :mod:`ohmstead.core.order` are going to want for one charge point at a moment to come.

Each function here stands beside one strategy and says the same of a future that is as expected: the sun
of the plan's forecast, the prices as published, a vehicle that takes what it is given.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from ohmstead.core.charging_info import ChargingInfo, ChargingMode, local_day
from ohmstead.core.flexibility import charge_spans
from ohmstead.core.forecast import QUARTER_S, quarter_start
from ohmstead.core.limits.fuse import fuse_limit_w
from ohmstead.core.memory import RUNNING_W, AssetMemory, ManualCommand
from ohmstead.core.plan import AssetSlot, Plan, PlanSlot
from ohmstead.core.reason import Rule
from ohmstead.core.settings import Settings
from ohmstead.core.site import Battery, ChargePoint, Phases, Site
from ohmstead.core.strategies.cheap_hours import cheapest_first, taken_slots, with_neutral_hours
from ohmstead.core.strategies.deadline import BEGUN, NOT_WORTH_KWH
from ohmstead.core.strategies.plan_budget import CARRIED, NOTHING_W
from ohmstead.core.strategies.surplus import VALUE_MARGIN_EUR_PER_KWH
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.core.units import PHASES, energy_kwh
from ohmstead.core.vehicle_need import VehicleNeed

QUARTER = timedelta(seconds=QUARTER_S)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prospect:
    """All that is known of a charge point and of the hours to come.

    Args:
        point: with the phases that its vehicle uses.
        info: what a person wants; ``None`` where nobody said.
        need: of the vehicle on the cable; ``None``: there is none.
        soc_known: the vehicle tells its SoC.
        plan: the plan that is followed; ``None``: the rules go by prices and deadlines.
        settings: as in force.
        manual: a command by hand.
        zone: the local time that a daily share means.
    """

    site: Site
    point: ChargePoint
    info: ChargingInfo | None
    need: VehicleNeed | None
    soc_known: bool = True
    plan: Plan | None
    tariff: Tariff | None
    settings: Settings
    memory: AssetMemory = field(default_factory=AssetMemory)
    manual: ManualCommand | None = None
    zone: tzinfo

    @property
    def full_w(self) -> float:
        """The most that the charge point and the fuses before it admit, W; 0: nothing at all."""
        grid, spans = self.site.grid, charge_spans(self.point)
        phases = PHASES if self.point.phases is Phases.ALL else 1
        fuses_w = [fuse_limit_w(self.site, self.settings)]
        fuses_w += [
            (c.fuse_a - self.settings.fuse_margin_a) * grid.voltage_v
            for c in self.site.circuits
            if self.point.id in c.assets
        ]
        full_w = min(spans[-1][1], phases * min(fuses_w))
        return full_w if full_w >= self.smallest_w else 0.0

    @property
    def smallest_w(self) -> float:
        """The least that can be signalled, W."""
        return charge_spans(self.point)[0][0]

    @property
    def to_full_kwh(self) -> float:
        """What fits into the vehicle, kWh at the plug."""
        if self.need is None:
            return 0.0
        missing = max(0.0, max(1.0, self.need.target_soc) - self.need.soc)
        return missing * self.point.vehicle_capacity_kwh / self.point.efficiency

    @property
    def min_current_w(self) -> float:
        """What a vehicle gets in any case in the modes with a minimum current, W; else 0."""
        if self.info is None or not self.info.mode.has_min_current:
            return 0.0
        current_a = min(max(self.info.min_current_a, self.point.min_a), self.point.max_a)
        return self.smallest_w * current_a / self.point.min_a

    @property
    def spot_share_kwh(self) -> float:
        """What is bought in the cheapest hours of each day, kWh at the plug."""
        if self.info is None or not self.info.spot_market:
            return 0.0
        return self.info.daily_spot_share * self.point.vehicle_capacity_kwh / self.point.efficiency


@dataclass(frozen=True, kw_only=True, slots=True)
class Want:
    """A power that a rule wants until it has brought ``kwh``; ``bought_w`` is the part beyond the sun."""

    power_w: float
    rule: Rule
    kwh: float = math.inf
    bought_w: float = 0.0


@dataclass(kw_only=True, slots=True)
class Stand:
    """How far the walk into the future has come.

    Args:
        taken_kwh: charged since now.
        slot_kwh: of that, in the plan's slot that began at ``slot_start``.
        spot_kwh: bought as the share of a local day, by the day's end.
        running: it charged until just now.
    """

    at: datetime
    taken_kwh: float = 0.0
    slot_start: datetime | None = None
    slot_kwh: float = 0.0
    spot_kwh: dict[datetime, float] = field(default_factory=dict)
    running: bool = False


class Wants:
    """The wants of one prospect, moment by moment; price slots are sorted once."""

    def __init__(self, prospect: Prospect, now: datetime) -> None:
        self._p = prospect
        self.sun_lasts_until = quarter_start(now) + QUARTER
        self._full_w, self._smallest_w = prospect.full_w, prospect.smallest_w
        self._to_full_kwh, self._spot_share_kwh = prospect.to_full_kwh, prospect.spot_share_kwh
        self._min_current_w = min(self._full_w, prospect.min_current_w)
        self._mode = None if prospect.info is None else prospect.info.mode
        self._may_buy = self._mode in (None, ChargingMode.NORMAL) or self._mode.has_deadline
        self._batteries = {a.id: a for a in prospect.site.assets if isinstance(a, Battery)}
        self._binding: tuple[float, datetime | None] | None = None
        self._cheapest: dict[tuple[datetime, bool], list[PriceSlot]] = {}
        self._taken: dict[
            tuple[datetime, bool], tuple[tuple[float, float], list[tuple[PriceSlot, float]]]
        ] = {}

    def best(self, stand: Stand) -> Want | None:
        """The want that is followed: the highest, of equals the earliest in the order of the rules."""
        p = self._p
        left_kwh = self._to_full_kwh - stand.taken_kwh
        if self._full_w <= 0.0 or left_kwh <= 0.0:
            return None
        if p.manual is not None and (p.manual.until is None or stand.at < p.manual.until):
            return Want(power_w=min(self._full_w, max(0.0, p.manual.power_w)), rule=Rule.MANUAL, kwh=left_kwh)
        found: Want | None = None
        for want in self._in_order(stand):
            if found is None or want.power_w > found.power_w + 1.0:
                found = want
        if found is None:
            return None
        return Want(
            power_w=found.power_w,
            rule=found.rule,
            kwh=min(found.kwh, left_kwh),
            bought_w=found.bought_w,
        )

    def binding_at(self, stand: Stand) -> datetime | None:
        """When the deadline becomes binding if nothing is charged before, to the minute."""
        if self._binding is None or self._binding[0] != stand.taken_kwh:
            self._binding = stand.taken_kwh, self._binding_after(stand.taken_kwh)
        return self._binding[1]

    def _binding_after(self, taken_kwh: float) -> datetime | None:
        need = self._p.need
        if need is None or need.departure is None or self._full_w <= 0.0:
            return None
        missing_kwh = need.grid_kwh - taken_kwh
        if missing_kwh < NOT_WORTH_KWH:
            return None
        begun = BEGUN if self._p.memory.rule is Rule.DEADLINE else 1.0
        margin_s = self._p.settings.deadline_margin_s * begun
        found = need.departure - timedelta(seconds=margin_s + missing_kwh * 3.6e6 / self._full_w)
        return found.replace(second=0, microsecond=0)

    def _in_order(self, stand: Stand) -> Iterator[Want]:
        p, need = self._p, self._p.need
        assert need is not None  # noqa: S101 - nothing fits into a vehicle that is not there
        missing_kwh = need.grid_kwh - stand.taken_kwh
        yield from self._minimum_soc(stand, need)
        if self._mode is ChargingMode.NORMAL and missing_kwh > 0.0:
            yield Want(power_w=self._full_w, rule=Rule.CHARGE_NOW, kwh=missing_kwh)
        binding = self.binding_at(stand)
        if binding is not None and binding <= stand.at:
            yield Want(power_w=self._full_w, rule=Rule.DEADLINE, kwh=missing_kwh)
        if self._min_current_w > 0.0:
            yield Want(power_w=self._min_current_w, rule=Rule.MIN_CURRENT)
        slot = None if p.plan is None else p.plan.at(stand.at)
        if slot is not None:
            yield from self.planned(stand, slot)
        yield from self._on_sun_now(stand)
        yield from self._cheap_hours(stand, need.departure, missing_kwh)
        yield from self._spot_market(stand)

    def _minimum_soc(self, stand: Stand, need: VehicleNeed) -> Iterator[Want]:
        point = self._p.point
        floor_kwh = max(0.0, point.min_soc - need.soc) * point.vehicle_capacity_kwh / point.efficiency
        if self._p.soc_known and floor_kwh > stand.taken_kwh:
            yield Want(power_w=self._full_w, rule=Rule.VEHICLE_MIN_SOC, kwh=floor_kwh - stand.taken_kwh)

    def planned(self, stand: Stand, slot: PlanSlot) -> Iterator[Want]:
        """The plan's power less what must not be bought; below the smallest a pulse of the same energy."""
        wish = slot.assets.get(self._p.point.id)
        if wish is None:
            return
        import_w = wish.import_w if self._may_buy else 0.0
        sun_w = max(0.0, wish.power_w - wish.import_w)
        power_w, smallest_w = import_w + sun_w, self._smallest_w
        if wish.power_w >= NOTHING_W and power_w >= smallest_w:
            yield Want(power_w=min(self._full_w, power_w), rule=Rule.PLAN_BUDGET, bought_w=import_w)
        elif wish.power_w >= NOTHING_W and self._carried(wish, power_w):
            kwh = math.inf
            if wish.power_w < smallest_w:
                kwh = self._due_kwh(stand, slot, wish.power_w)
            if kwh > 0.0:
                yield Want(power_w=smallest_w, rule=Rule.PLAN_BUDGET, kwh=kwh, bought_w=import_w)
        yield from self._surplus(slot, wish)

    def _carried(self, wish: AssetSlot, power_w: float) -> bool:
        enough_w = self._p.smallest_w * (1.0 - self._p.settings.acquisition_tolerance)
        return power_w >= CARRIED * wish.power_w or power_w >= enough_w

    def _due_kwh(self, stand: Stand, slot: PlanSlot, power_w: float) -> float:
        """What is left of a pulse, kWh; one that is hardly worth a start does not begin."""
        due_kwh = energy_kwh(power_w, (slot.end - slot.start).total_seconds())
        if stand.slot_start == slot.start:
            due_kwh -= stand.slot_kwh
        if stand.running:
            return due_kwh
        return due_kwh if due_kwh > energy_kwh(self._p.smallest_w, self._p.point.min_on_s) / 2.0 else 0.0

    def _surplus(self, slot: PlanSlot, wish: AssetSlot) -> Iterator[Want]:
        """The sun that the household, planned loads and stores of a higher value leave."""
        enough_w = self._smallest_w * (1.0 - self._p.settings.acquisition_tolerance)
        sun_w = -slot.pv_w - slot.load_w
        if sun_w < enough_w:
            return
        floor = slot.export_eur_per_kwh + VALUE_MARGIN_EUR_PER_KWH
        if wish.value_eur_per_kwh <= floor and self._mode is None:
            return
        worth = max(wish.value_eur_per_kwh, floor)
        for asset, other in slot.assets.items():
            if asset == self._p.point.id or other.power_w <= 0.0:
                continue
            battery = self._batteries.get(asset)
            if battery is None or self._comes_first(battery, other, worth):
                sun_w -= other.power_w
        if sun_w >= enough_w:
            power_w = min(self._full_w, max(sun_w, self._smallest_w))
            yield Want(power_w=power_w, rule=Rule.SURPLUS)

    def _on_sun_now(self, stand: Stand) -> Iterator[Want]:
        """What charges on the sun now goes on for this quarter hour: a better guess than a forecast.

        To whole amperes, so that not every cloud is news.
        """
        told_w = self._p.memory.commanded_w or 0.0
        if self._p.memory.rule is Rule.SURPLUS and told_w > RUNNING_W and stand.at < self.sun_lasts_until:
            ampere_w = self._smallest_w / self._p.point.min_a
            power_w = max(self._smallest_w, ampere_w * round(told_w / ampere_w))
            yield Want(power_w=min(self._full_w, power_w), rule=Rule.SURPLUS)

    def _comes_first(self, battery: Battery, planned: AssetSlot, worth: float) -> bool:
        """Whether a battery gets surplus before the vehicle: by its value, or because it is still low."""
        level_kwh = self._p.settings.battery_level_consideration * battery.capacity_kwh
        low = planned.energy_kwh is not None and planned.energy_kwh < level_kwh
        return low or planned.value_eur_per_kwh > worth

    def _cheap_hours(self, stand: Stand, departure: datetime | None, kwh: float) -> Iterator[Want]:
        if self._p.plan is not None or departure is None or kwh <= 0.0:
            return
        yield from self._if_cheap(stand, departure, kwh, earliest=False)

    def _spot_market(self, stand: Stand) -> Iterator[Want]:
        share_kwh = self._spot_share_kwh
        if share_kwh <= 0.0:
            return
        _, end = local_day(stand.at, self._p.zone)
        left_kwh = share_kwh - stand.spot_kwh.get(end, 0.0)
        if left_kwh >= NOT_WORTH_KWH:
            yield from self._if_cheap(stand, end, left_kwh, earliest=True)

    def _if_cheap(self, stand: Stand, end: datetime, kwh: float, *, earliest: bool) -> Iterator[Want]:
        """Full power in one of the cheapest slots, for what the cheaper ones to come leave to it."""
        if self._p.tariff is None or stand.at >= end:
            return
        for slot, left_s in self._slots(stand, end, kwh, earliest=earliest):
            if slot.start <= stand.at < slot.end:
                left_kwh = energy_kwh(self._full_w, left_s)
                yield Want(power_w=self._full_w, rule=Rule.CHEAP_HOURS, kwh=min(kwh, left_kwh))

    def _slots(
        self, stand: Stand, end: datetime, kwh: float, *, earliest: bool
    ) -> list[tuple[PriceSlot, float]]:
        """The slots that are taken; they stay the same as long as nothing is charged."""
        assert self._p.tariff is not None  # noqa: S101 - asked by the caller
        key, since = (end, earliest), (stand.taken_kwh, kwh)
        if key not in self._cheapest:
            slots = self._p.tariff.between(stand.at, end)
            known = slots if earliest else with_neutral_hours(slots, end)
            self._cheapest[key] = cheapest_first(known, earliest=earliest)
        if key not in self._taken or self._taken[key][0] != since:
            found = taken_slots(self._cheapest[key], stand.at, end, kwh * 3.6e6 / self._full_w)
            self._taken[key] = since, list(found)
        return self._taken[key][1]


def first_stand(prospect: Prospect, now: datetime) -> Stand:
    """Where the walk begins: with the accounts of this slot and this day."""
    memory = prospect.memory
    stand = Stand(at=now, running=(memory.commanded_w or 0.0) > RUNNING_W)
    stand.slot_start, stand.slot_kwh = memory.budget_slot, memory.budget_kwh
    if prospect.spot_share_kwh > 0.0:
        day_start, day_end = local_day(now, prospect.zone)
        stand.spot_kwh[day_end] = memory.spot_kwh if memory.spot_day == day_start else 0.0
    return stand
