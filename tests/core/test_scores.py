"""Scores of price slots."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ohmstead.core.scores import scores, scores_of_day
from tests.core.world import NOON, prices

VIENNA = ZoneInfo("Europe/Vienna")


def weightings(*eur: float) -> list[float]:
    return [entry.weighting for entry in scores(prices(*eur).slots)]


def test_the_cheapest_has_one_and_the_dearest_none() -> None:
    assert weightings(0.3, 0.1, 0.2) == pytest.approx([0.0, 1.0, 0.5])


def test_negative_prices() -> None:
    assert weightings(0.0, -0.1, 0.1) == pytest.approx([0.5, 1.0, 0.0])


def test_equal_prices_are_all_as_good_as_can_be() -> None:
    assert weightings(0.2, 0.2, 0.2) == [1.0, 1.0, 1.0]
    assert scores(()) == ()


def test_what_is_not_published_yet_has_no_score() -> None:
    known, guessed = prices(0.3, 0.1).slots
    assert [e.weighting for e in scores((known, replace(guessed, known=False)))] == [1.0]


@pytest.mark.parametrize(
    ("day", "first", "hours"),
    [
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 5, 1), datetime(2026, 4, 30, 22, tzinfo=UTC), 24),
    ],
)
def test_a_day_is_a_local_one_and_compared_with_itself(day: date, first: datetime, hours: int) -> None:
    tariff = prices(*[0.01 * i for i in range(72)], start=first - timedelta(days=1))
    found = scores_of_day(tariff, day, VIENNA)
    assert len(found) == hours
    assert (found[0].start, found[-1].end) == (first, first + timedelta(hours=hours))
    assert (found[0].weighting, found[-1].weighting) == (1.0, 0.0)


def test_a_slot_over_midnight_is_cut() -> None:
    tariff = prices(0.1, start=NOON, hours=48)
    (found,) = scores_of_day(tariff, date(2026, 5, 2), VIENNA)
    assert found.start == datetime(2026, 5, 1, 22, tzinfo=UTC)
    assert found.end == datetime(2026, 5, 2, 22, tzinfo=UTC)
