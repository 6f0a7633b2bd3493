"""What a charge point is going to do, as far as anybody can know now: the schedule that clients are shown.

The rules are walked through the hours to come, from one moment at which something may change to the
next: slots of the plan, prices, midnights, the departure, and where an energy is reached. What is shown is
so what is run, unless the sun, the household or a person does something else; then the reasons of the
setpoints say what. A fuse that other loads fill, and vehicles that wait for each other, are not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ohmstead.core.charging_info import local_day
from ohmstead.core.charging_wants import Prospect, Stand, Want, Wants, first_stand
from ohmstead.core.reason import Rule
from ohmstead.core.units import energy_kwh

LOOKS_AHEAD = timedelta(days=2)
"""How far ahead the rules are followed where no departure lies further away."""
ROUNDED_TO_S = 60
"""Ends are rounded up to this, so that a schedule does not change with every cycle."""

TAKEN_STEP_W = 250.0
"""What a vehicle takes of what it may is told in steps of this: it is never quite the same."""
ASLEEP_SHARE = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """Charging to come in [start, end): power, W; the part beyond the sun, W; the rule that wants it."""

    start: datetime
    end: datetime
    power_w: float
    rule: Rule
    bought_w: float = 0.0


def charging_ahead(prospect: Prospect, now: datetime) -> tuple[Ahead, ...]:
    """All charging to come, in order and without overlap; equal neighbours are one.

    Once a vehicle has left only the plan tells of the next one.
    """
    out: list[Ahead] = []
    for piece in _pieces(prospect, now):
        # What goes on where the last piece ends, with the same power for the same reason.
        if out and replace(out[-1], start=out[-1].end, end=piece.end) == piece:
            out[-1] = replace(out[-1], end=piece.end)
        else:
            out.append(piece)
    return tuple(out)


def _pieces(prospect: Prospect, now: datetime) -> Iterator[Ahead]:
    wants, stand = Wants(prospect, now), first_stand(prospect, now)
    need = prospect.need
    leaves = None if need is None else need.departure
    for start, end in pairwise(_edges(prospect, now, wants.sun_lasts_until)):
        if need is None or (leaves is not None and start >= leaves):
            yield from _expected(wants, prospect, start, end)
        else:
            yield from _stretch(wants, prospect, stand, start, end)


def _stretch(
    wants: Wants, prospect: Prospect, stand: Stand, start: datetime, end: datetime
) -> Iterator[Ahead]:
    """A stretch in which no slot and no price changes."""
    slot = None if prospect.plan is None else prospect.plan.at(start)
    if slot is not None and stand.slot_start != slot.start:
        stand.slot_start, stand.slot_kwh = slot.start, 0.0
    stand.at = start
    while stand.at < end:
        want = wants.best(stand)
        until = _until(wants, prospect, stand, want, end)
        if want is not None and want.power_w > 0.0:
            power_w = _taken_w(prospect, want)
            yield Ahead(start=stand.at, end=until, power_w=power_w, rule=want.rule, bought_w=want.bought_w)
            _take(prospect, stand, want, until)
        stand.running = want is not None and want.power_w > 0.0
        stand.at = until


def _until(wants: Wants, prospect: Prospect, stand: Stand, want: Want | None, end: datetime) -> datetime:
    """When a want is to be looked at again: its energy is reached, or a deadline becomes binding."""
    until = end
    if want is not None and want.power_w > 0.0:
        taken_w = _taken_w(prospect, want)
        seconds = want.kwh * 3.6e6 / taken_w
        if seconds < (end - stand.at).total_seconds():
            until = min(end, _rounded_up(stand.at, seconds))
    binding = wants.binding_at(stand)
    if binding is not None and stand.at < binding < until:
        # Charging meanwhile only puts it off; it is looked at once more then.
        until = binding
    return until


def _take(prospect: Prospect, stand: Stand, want: Want, until: datetime) -> None:
    taken_kwh = energy_kwh(_taken_w(prospect, want), (until - stand.at).total_seconds())
    stand.taken_kwh += taken_kwh
    stand.slot_kwh += taken_kwh
    if want.rule is Rule.CHEAP_HOURS and prospect.spot_share_kwh > 0.0:
        _, day_end = local_day(stand.at, prospect.zone)
        stand.spot_kwh[day_end] = stand.spot_kwh.get(day_end, 0.0) + taken_kwh


def _taken_w(prospect: Prospect, want: Want) -> float:
    """What the vehicle takes of a power: near full, or with a small charger on board, less than it may.

    One that takes hardly anything is asleep or full: that says nothing of when it wakes.
    """
    at_most_w = prospect.memory.at_most_w
    if at_most_w is None or at_most_w < ASLEEP_SHARE * want.power_w:
        return want.power_w
    return min(want.power_w, max(TAKEN_STEP_W, TAKEN_STEP_W * round(at_most_w / TAKEN_STEP_W)))


def _expected(wants: Wants, prospect: Prospect, start: datetime, end: datetime) -> Iterator[Ahead]:
    """What the plan has for a vehicle that is not here yet."""
    slot = None if prospect.plan is None else prospect.plan.at(start)
    if slot is None:
        return
    want = next(wants.planned(Stand(at=start), slot), None)
    if want is not None:
        needs_s = want.kwh * 3.6e6 / want.power_w
        if needs_s < (end - start).total_seconds():
            end = min(end, _rounded_up(start, needs_s))
        yield Ahead(start=start, end=end, power_w=want.power_w, rule=want.rule, bought_w=want.bought_w)


def _edges(prospect: Prospect, now: datetime, soon: datetime) -> list[datetime]:
    """Every moment at which a want may change whatever is charged, from now to the horizon."""
    need, plan = prospect.need, prospect.plan
    leaves = None if need is None else need.departure
    horizon = now + LOOKS_AHEAD
    edges = {now, soon}
    if leaves is not None and leaves > now:
        edges.add(leaves)
        horizon = leaves
    if plan is not None and plan.slots:
        edges.update(edge for slot in plan.slots for edge in (slot.start, slot.end))
        horizon = max(horizon, plan.slots[-1].end)
    if prospect.tariff is not None and (plan is None or prospect.spot_share_kwh > 0.0):
        edges.update(edge for s in prospect.tariff.between(now, horizon) for edge in (s.start, s.end))
    if prospect.spot_share_kwh > 0.0:
        midnight = now
        while midnight < horizon:
            _, midnight = local_day(midnight, prospect.zone)
            edges.add(midnight)
    if prospect.manual is not None and prospect.manual.until is not None:
        edges.add(prospect.manual.until)
    return sorted({*(e for e in edges if now <= e < horizon), horizon})


def _rounded_up(start: datetime, seconds: float) -> datetime:
    """The end of a want, rounded; later than its start even where next to nothing is left of it."""
    exact_s = start.timestamp() + max(1.0, seconds)
    return datetime.fromtimestamp(-(-exact_s // ROUNDED_TO_S) * ROUNDED_TO_S, UTC)
