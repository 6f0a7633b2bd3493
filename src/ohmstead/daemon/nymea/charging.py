"""Charging as the port tells it: infos that nobody set, the state of charging, schedules, scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.plan import Plan, PlanSlot
from ohmstead.core.reason import Rule, Setpoint
from ohmstead.core.scores import ScoreEntry as PriceScore
from ohmstead.core.site import AssetId, ChargePoint, Site
from ohmstead.core.state import ChargePointState, SiteState
from ohmstead.core.strategies.cheap_hours import when_chosen, with_neutral_hours
from ohmstead.core.tariff import Tariff
from ohmstead.core.vehicle_need import VehicleNeed, vehicle_need
from ohmstead.daemon.nymea.states import phases_at, phases_of
from ohmstead.nymea.site_values import (
    ChargingActionIssuer,
    ChargingSchedule,
    ChargingState,
    ScoreEntry,
)

NOTHING_W = 100.0
"""A smaller planned power is no charging."""
ROUNDED_TO = timedelta(minutes=5)
MIN_CURRENT_AHEAD = timedelta(days=1)
"""How far ahead a minimum current without an end is told."""

_STATES = {
    Rule.SURPLUS: ChargingState.SURPLUS,
    Rule.CHEAP_HOURS: ChargingState.SPOT_MARKET,
    Rule.PLAN_BUDGET: ChargingState.SPOT_MARKET,
    Rule.DEADLINE: ChargingState.TIME_REQUIREMENT,
    Rule.CHARGE_NOW: ChargingState.TIME_REQUIREMENT,
    Rule.VEHICLE_MIN_SOC: ChargingState.TIME_REQUIREMENT,
    Rule.MIN_CURRENT: ChargingState.SURPLUS,
}


def charging_state(setpoint: Setpoint | None) -> ChargingState:
    """Why a charger charges; a command by hand is nymea's idle, as no rule wants it."""
    if setpoint is None or setpoint.power_w <= 0.0:
        return ChargingState.IDLE
    return _STATES.get(setpoint.reason.rule, ChargingState.IDLE)


def info_of(point: ChargePoint, known: ChargingInfo | None, state: SiteState | None) -> ChargingInfo:
    """How a charger is to charge: as somebody set it, else as the charger and its vehicle report."""
    if known is not None:
        return known
    seen = None if state is None else state.assets.get(point.id)
    info = ChargingInfo(
        charge_point=point.id, target_soc=point.target_soc, min_current_a=max(point.min_a, 6.0)
    )
    if not isinstance(seen, ChargePointState) or seen.departure is None:
        return info
    return replace(
        info,
        mode=ChargingMode.ECO_WITH_TARGET_TIME,
        end_at=seen.departure,
        target_soc=point.target_soc if seen.target_soc is None else seen.target_soc,
    )


def schedules(
    site: Site,
    plan: Plan | None,
    infos: Mapping[AssetId, ChargingInfo],
    state: SiteState | None,
    now: datetime,
    tariff: Tariff | None = None,
) -> tuple[ChargingSchedule, ...]:
    """What each charger is going to do from now on; equal slots are one schedule.

    The plan tells, but for the mode that charges at once. Without a plan the rules tell: the cheapest hours
    before a deadline, or where there are no prices the latest start that it allows, and the minimum current.
    """
    slots = [] if plan is None else [slot for slot in plan.slots if slot.end > now]
    found: list[ChargingSchedule] = []
    for point in site.assets:
        if not isinstance(point, ChargePoint):
            continue
        info = infos.get(point.id)
        need = None if state is None else vehicle_need(point, state.assets.get(point.id))
        if info is not None and info.mode is ChargingMode.NORMAL:
            found += _at_once(point, need, now)
        elif any(point.id in slot.assets for slot in slots):
            found += _merged(_of_point(point, slots, info, now))
        elif info is not None:
            found += _by_rule(point, info, need, now, tariff)
    return tuple(found)


def _at_once(point: ChargePoint, need: VehicleNeed | None, now: datetime) -> Iterator[ChargingSchedule]:
    if need is not None and need.grid_kwh > 0.0:
        yield _at_most(point, now, _rounded_up(now + _charging_time(point, need)))


def _by_rule(
    point: ChargePoint, info: ChargingInfo, need: VehicleNeed | None, now: datetime, tariff: Tariff | None
) -> Iterator[ChargingSchedule]:
    if need is None or need.grid_kwh <= 0.0:
        return
    end = need.departure
    known = () if tariff is None or end is None or end <= now else tariff.between(now, end)
    if end is not None and known and not info.mode.has_min_current:
        slots, needed_s = with_neutral_hours(known, end), _charging_time(point, need).total_seconds()
        for first, last in when_chosen(now, end, slots, needed_s):
            full = _at_most(point, first, min(end, _rounded_up(last)))
            yield replace(full, issuer=ChargingActionIssuer.SPOT_MARKET)
        return
    start = now if end is None else max(now, _rounded_up(end - _charging_time(point, need)) - ROUNDED_TO)
    if info.mode.has_min_current:
        until = now + MIN_CURRENT_AHEAD if end is None else start
        current_a = max(info.min_current_a, point.min_a)
        if until > now:
            yield replace(
                _at_most(point, now, _rounded_up(until)),
                max_current_a=min(current_a, point.max_a),
                issuer=ChargingActionIssuer.SURPLUS,
            )
    if end is not None and end > start:
        yield _at_most(point, start, end)


def _at_most(point: ChargePoint, start: datetime, end: datetime) -> ChargingSchedule:
    """All that a charger can."""
    return ChargingSchedule(
        charge_point=point.id,
        start=start,
        end=end,
        enabled=True,
        max_current_a=point.max_a,
        phase_count=phases_of(point),
        issuer=ChargingActionIssuer.TIME_REQUIREMENT,
    )


def _charging_time(point: ChargePoint, need: VehicleNeed) -> timedelta:
    full_kw = phases_of(point) * point.max_a * point.voltage_v / 1000
    return timedelta(hours=need.grid_kwh / full_kw)


def _rounded_up(moment: datetime) -> datetime:
    """So that a schedule does not change with every cycle."""
    step_s = ROUNDED_TO.total_seconds()
    return datetime.fromtimestamp(-(-moment.timestamp() // step_s) * step_s, moment.tzinfo)


def _of_point(
    point: ChargePoint, slots: Iterable[PlanSlot], info: ChargingInfo | None, now: datetime
) -> Iterator[ChargingSchedule]:
    for slot in slots:
        planned = slot.assets.get(point.id)
        if planned is None or planned.power_w < NOTHING_W:
            continue
        phases = phases_at(point, planned.power_w)
        yield ChargingSchedule(
            charge_point=point.id,
            start=max(slot.start, now),
            end=slot.end,
            enabled=True,
            # A smaller mean is charged at the least that can be signalled, for part of the slot.
            max_current_a=max(
                point.min_a, min(point.max_a, round(planned.power_w / (phases * point.voltage_v), 1))
            ),
            phase_count=phases,
            issuer=_issuer(planned.import_w, info),
        )


def _issuer(import_w: float, info: ChargingInfo | None) -> ChargingActionIssuer:
    """Surplus needs no reason; what is bought is bought for a deadline, or because it is cheap."""
    if import_w < NOTHING_W:
        return ChargingActionIssuer.SURPLUS
    if info is not None and not info.mode.has_deadline and info.spot_market:
        return ChargingActionIssuer.SPOT_MARKET
    return ChargingActionIssuer.TIME_REQUIREMENT


def _merged(found: Iterable[ChargingSchedule]) -> list[ChargingSchedule]:
    out: list[ChargingSchedule] = []
    for schedule in found:
        last = out[-1] if out else None
        alike = last is not None and replace(last, start=schedule.start, end=schedule.end) == schedule
        if last is not None and alike and last.end == schedule.start:
            out[-1] = replace(last, end=schedule.end)
        else:
            out.append(schedule)
    return out


def entry_of(score: PriceScore) -> ScoreEntry:
    """A score as the port tells it; ``value`` is the import price, EUR/kWh."""
    return ScoreEntry(start=score.start, end=score.end, value=score.eur_per_kwh, weighting=score.weighting)
