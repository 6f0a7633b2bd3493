"""Price slots: half open, in order, with gaps."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.tariff import PriceSlot, Tariff
from tests.core.world import NOON, prices

HOUR = timedelta(hours=1)


def slot(start_h: float, end_h: float, price: float = 0.3) -> PriceSlot:
    return PriceSlot(
        start=NOON + start_h * HOUR,
        end=NOON + end_h * HOUR,
        import_eur_per_kwh=price,
        export_eur_per_kwh=0.08,
    )


def test_a_slot_has_its_start_and_not_its_end() -> None:
    tariff = prices(0.1, 0.2)
    first, second = tariff.slots
    assert tariff.at(NOON) is first
    assert tariff.at(NOON + HOUR - timedelta(microseconds=1)) is first
    assert tariff.at(NOON + HOUR) is second
    assert tariff.at(NOON + 2 * HOUR) is None
    assert tariff.at(NOON - timedelta(microseconds=1)) is None


def test_slots_may_come_in_any_order_and_leave_gaps() -> None:
    late, early = slot(2, 3), slot(0, 1)
    tariff = Tariff(name="t", slots=[late, early])
    assert tuple(tariff.slots) == (early, late)
    assert tariff.at(NOON + 1.5 * HOUR) is None
    assert tariff.between(NOON + 1 * HOUR, NOON + 2 * HOUR) == ()
    assert tariff.between(NOON + 0.5 * HOUR, NOON + 2.1 * HOUR) == (early, late)


def test_no_slots_are_no_error() -> None:
    tariff = Tariff(name="t", slots=[])
    assert tariff.at(NOON) is None
    assert tariff.between(NOON, NOON + HOUR) == ()
    assert tariff.since(NOON) == ()


slots_of_hours = st.lists(st.booleans(), min_size=1, max_size=12).map(
    lambda there: Tariff(name="t", slots=[slot(h, h + 1) for h, yes in enumerate(there) if yes])
)
moments = st.integers(min_value=-90, max_value=13 * 60).map(lambda m: NOON + timedelta(minutes=m))


@given(slots_of_hours, moments, moments)
def test_between_gives_exactly_the_slots_that_touch(tariff: Tariff, a: datetime, b: datetime) -> None:
    start, end = sorted((a, b))
    expected = tuple(s for s in tariff.slots if s.start < end and s.end > start)
    assert tariff.between(start, end) == expected


@given(slots_of_hours, moments)
def test_what_is_stored_since_a_moment_answers_the_same_from_then_on(tariff: Tariff, now: datetime) -> None:
    kept = Tariff(name="t", slots=tariff.since(now))
    for minutes in range(0, 13 * 60, 25):
        when = now + timedelta(minutes=minutes)
        assert kept.at(when) == tariff.at(when)
        assert kept.between(now, when) == tariff.between(now, when)
