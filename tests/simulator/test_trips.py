"""The commuter's car."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.timeline import utc
from ohmstead.simulator.trips import TripPattern, TripSchedule

ZONE = ZoneInfo("Europe/Vienna")
START_S = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 500))
def test_trips_do_not_overlap_and_follow_the_week(seed: int) -> None:
    trips = TripSchedule(seed, ZONE, TripPattern()).between(START_S, START_S + 90 * 86400.0)
    for before, after in pairwise(trips):
        assert before.depart_s < before.back_s < after.depart_s
    work = [t for t in trips if utc(t.depart_s).astimezone(ZONE).weekday() < 5]
    assert 50 <= len(work) <= 66
    for trip in work:
        depart, back = utc(trip.depart_s).astimezone(ZONE), utc(trip.back_s).astimezone(ZONE)
        assert 7.0 <= depart.hour + depart.minute / 60 <= 8.0
        assert 16.0 <= back.hour + back.minute / 60 <= 18.5
        assert 5.0 < trip.energy_kwh < 10.0


def test_around_tells_last_and_next() -> None:
    schedule = TripSchedule(1, ZONE, TripPattern())
    for hour in range(24 * 20):
        now_s = START_S + hour * 3600.0
        last, following = schedule.around(now_s)
        assert last.depart_s <= now_s < following.depart_s
    last, following = schedule.around(START_S)
    assert schedule.around(following.depart_s)[0] == following
