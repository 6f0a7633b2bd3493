"""Without a plan: take what is needed anyway in the cheapest hours that are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import HotWaterTank
from ohmstead.core.state import TankState
from ohmstead.core.tariff import PriceSlot
from ohmstead.core.vehicle_need import vehicle_need

FLAT = 0.05
"""Prices that spread less than this share of their mean count as flat."""


def cheap_hours(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """A vehicle with a departure charges, and a tank heats, in the cheapest slots; not with a plan."""
    if cycle.slot is not None or cycle.price is None or cycle.tariff is None:
        return
    yield from _vehicles(cycle, desk, cycle.price)
    yield from _tanks(cycle, desk, cycle.price)


def _vehicles(cycle: Cycle, desk: Desk, price: PriceSlot) -> Iterator[Proposal]:
    assert cycle.tariff is not None  # noqa: S101 - checked by the caller
    for point in cycle.points_by_deadline():
        need = vehicle_need(point, cycle.state_of(point.id))
        if need is None or need.departure is None or need.grid_kwh <= 0 or need.departure <= cycle.now:
            continue
        full_w = cycle.full_w(point.id)
        slots = with_neutral_hours(cycle.tariff.between(cycle.now, need.departure), need.departure)
        if full_w <= 0 or not chosen(cycle.now, need.departure, slots, need.grid_kwh * 3.6e6 / full_w):
            continue
        yield Proposal(
            asset=point.id,
            power_w=full_w,
            bought_w=desk.to_buy_w(point.id, full_w),
            reason=Reason(
                rule=Rule.CHEAP_HOURS,
                params={
                    "price_eur_per_kwh": price.import_eur_per_kwh,
                    "departure": need.departure.isoformat(),
                    "need_kwh": need.grid_kwh,
                },
                review_at=price.end,
            ),
        )


def _tanks(cycle: Cycle, desk: Desk, price: PriceSlot) -> Iterator[Proposal]:
    assert cycle.tariff is not None  # noqa: S101 - checked by the caller
    end = cycle.now + timedelta(days=1)
    slots = cycle.tariff.between(cycle.now, end)
    prices = [s.import_eur_per_kwh for s in slots]
    mean = sum(prices) / len(prices)
    if max(prices) - min(prices) <= FLAT * abs(mean):
        return
    if not chosen(cycle.now, end, slots, cycle.settings.cheap_tank_hours * 3600.0):
        return
    for tank in cycle.all(HotWaterTank):
        state = cycle.state_of(tank.id)
        temperature_c = state.temperature_c.value if isinstance(state, TankState) else None
        if temperature_c is None or temperature_c >= tank.target_c:
            continue
        power_w = cycle.full_w(tank.id)
        yield Proposal(
            asset=tank.id,
            power_w=power_w,
            bought_w=desk.to_buy_w(tank.id, power_w),
            reason=Reason(
                rule=Rule.CHEAP_HOURS,
                params={
                    "price_eur_per_kwh": price.import_eur_per_kwh,
                    "temperature_c": temperature_c,
                    "target_c": tank.target_c,
                },
                review_at=price.end,
            ),
        )


def with_neutral_hours(slots: Sequence[PriceSlot], end: datetime) -> Sequence[PriceSlot]:
    """The slots up to an end, hours whose price is not published yet taken at the mean of the known."""
    if not slots or slots[-1].end >= end:
        return slots
    length_s = sum((s.end - s.start).total_seconds() for s in slots)
    cost = sum(s.import_eur_per_kwh * (s.end - s.start).total_seconds() for s in slots)
    unknown = replace(
        slots[-1], start=slots[-1].end, end=end, import_eur_per_kwh=cost / length_s, known=False
    )
    return (*slots, unknown)


def chosen(
    now: datetime,
    end: datetime,
    slots: Sequence[PriceSlot],
    duration_s: float,
    *,
    earliest: bool = False,
) -> bool:
    """Whether the slot of now is among the cheapest that together last long enough.

    Of a slot only the part between now and the end counts. Of equally dear slots the later ones are
    taken, so that the sun may come first (with ``earliest`` the earlier ones), but known ones before those
    whose price is not published.
    """
    taken = taken_slots(cheapest_first(slots, earliest=earliest), now, end, duration_s)
    return any(slot.start <= now < slot.end for slot, _ in taken)


def taken_slots(
    cheapest: Sequence[PriceSlot], now: datetime, end: datetime, duration_s: float
) -> Iterator[tuple[PriceSlot, float]]:
    """The slots that a duration is taken from, and how much of it cheaper ones leave to each, s.

    ``cheapest`` has the slots in their order already: for who asks about many moments.
    """
    left_s = duration_s
    for slot in cheapest:
        if left_s <= 0.0:
            return
        yield slot, left_s
        left_s -= max(0.0, (min(slot.end, end) - max(slot.start, now)).total_seconds())


def cheapest_first(slots: Sequence[PriceSlot], *, earliest: bool) -> list[PriceSlot]:
    """In the order in which :func:`chosen` takes them."""
    sign = 1.0 if earliest else -1.0
    return sorted(slots, key=lambda s: (s.import_eur_per_kwh, not s.known, sign * s.start.timestamp()))
