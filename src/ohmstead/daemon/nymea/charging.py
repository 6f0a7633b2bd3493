"""Charging as the port tells it: infos that nobody set, the state of charging, schedules, scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from ohmstead.core.charging_ahead import Ahead, charging_ahead
from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.charging_wants import Prospect
from ohmstead.core.memory import AssetMemory, Memory
from ohmstead.core.phase_watch import as_used
from ohmstead.core.plan import Plan
from ohmstead.core.reason import Rule, Setpoint
from ohmstead.core.scores import ScoreEntry as PriceScore
from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, ChargePoint, Site
from ohmstead.core.state import ChargePointState, SiteState
from ohmstead.core.tariff import Tariff
from ohmstead.core.vehicle_need import vehicle_need
from ohmstead.daemon.nymea.states import phases_at
from ohmstead.nymea.site_values import (
    ChargingActionIssuer,
    ChargingSchedule,
    ChargingState,
    ScoreEntry,
)

NOTHING_W = 100.0
"""Less that is bought is no purchase."""

_STATES = {
    Rule.SURPLUS: ChargingState.SURPLUS,
    Rule.CHEAP_HOURS: ChargingState.SPOT_MARKET,
    Rule.PLAN_BUDGET: ChargingState.SPOT_MARKET,
    Rule.DEADLINE: ChargingState.TIME_REQUIREMENT,
    Rule.CHARGE_NOW: ChargingState.TIME_REQUIREMENT,
    Rule.VEHICLE_MIN_SOC: ChargingState.TIME_REQUIREMENT,
    Rule.MIN_CURRENT: ChargingState.SURPLUS,
}

_ISSUERS = {
    Rule.SURPLUS: ChargingActionIssuer.SURPLUS,
    Rule.MIN_CURRENT: ChargingActionIssuer.SURPLUS,
    Rule.CHEAP_HOURS: ChargingActionIssuer.SPOT_MARKET,
    Rule.DEADLINE: ChargingActionIssuer.TIME_REQUIREMENT,
    Rule.CHARGE_NOW: ChargingActionIssuer.TIME_REQUIREMENT,
    Rule.VEHICLE_MIN_SOC: ChargingActionIssuer.TIME_REQUIREMENT,
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
    *,
    settings: Settings | None = None,
    memory: Memory | None = None,
    zone: tzinfo | None = None,
) -> tuple[ChargingSchedule, ...]:
    """What each charger is going to do from now on, by the plan and by the rules; equal slots are one.

    Args:
        infos: what people set; a charger that nobody spoke of is not in it.
        memory: what the engine remembers: phases found, accounts of the day, commands by hand.
        zone: the local time that a daily share means; the site's if not given.
    """
    memory = memory or Memory()
    found: list[ChargingSchedule] = []
    for wired in site.assets:
        if not isinstance(wired, ChargePoint):
            continue
        point, seen = as_used(wired, memory), None if state is None else state.assets.get(wired.id)
        prospect = Prospect(
            site=site,
            point=point,
            info=infos.get(point.id),
            need=vehicle_need(point, seen),
            soc_known=isinstance(seen, ChargePointState) and seen.soc.value is not None,
            plan=plan,
            tariff=tariff,
            settings=settings or Settings(),
            memory=memory.assets.get(point.id) or AssetMemory(),
            manual=memory.manual.get(point.id),
            zone=zone or ZoneInfo(site.timezone),
        )
        found += _merged(_of_point(prospect, ahead) for ahead in charging_ahead(prospect, now))
    return tuple(found)


def _of_point(prospect: Prospect, ahead: Ahead) -> ChargingSchedule:
    point = prospect.point
    phases = phases_at(point, ahead.power_w)
    return ChargingSchedule(
        charge_point=point.id,
        start=ahead.start,
        end=ahead.end,
        enabled=True,
        max_current_a=max(
            point.min_a, min(point.max_a, round(ahead.power_w / (phases * point.voltage_v), 1))
        ),
        phase_count=phases,
        issuer=_issuer(ahead, prospect.info),
    )


def _issuer(ahead: Ahead, info: ChargingInfo | None) -> ChargingActionIssuer:
    """Surplus needs no reason; what is planned to be bought is for a deadline, or because it is cheap."""
    if ahead.rule is not Rule.PLAN_BUDGET:
        return _ISSUERS.get(ahead.rule, ChargingActionIssuer.UNKNOWN)
    if ahead.bought_w < NOTHING_W:
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
