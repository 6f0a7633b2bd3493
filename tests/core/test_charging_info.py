"""Deadlines by the clock on the wall, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.charging_info import (
    ChargingInfo,
    ChargingMode,
    applied,
    lapsed,
    local_day,
    next_deadline,
    with_end_time,
)
from ohmstead.core.codec import from_data, to_data
from ohmstead.core.state import ChargePointState

VIENNA = ZoneInfo("Europe/Vienna")
WEEKDAYS = (1, 2, 3, 4, 5)


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VIENNA).astimezone(UTC)


def until(end_at: datetime, *repeat_days: int) -> ChargingInfo:
    return ChargingInfo(
        charge_point="car",
        mode=ChargingMode.ECO_WITH_TARGET_TIME,
        end_at=end_at,
        repeat_days=repeat_days,
    )


@pytest.mark.parametrize(
    ("info", "now", "expected"),
    [
        (until(local(2026, 5, 1, 7)), local(2026, 4, 28, 12), local(2026, 5, 1, 7)),
        (until(local(2026, 5, 1, 7)), local(2026, 5, 1, 7), None),
        # Friday 1 May is over: the next weekday is Monday.
        (until(local(2026, 5, 1, 7), *WEEKDAYS), local(2026, 5, 1, 7), local(2026, 5, 4, 7)),
        # Only on Fridays, just after Friday's: a week later.
        (until(local(2026, 5, 1, 7), 5), local(2026, 5, 1, 7, 1), local(2026, 5, 8, 7)),
        # The clocks go forward on 29 March and back on 25 October 2026.
        (until(local(2026, 3, 27, 7), 6, 7), local(2026, 3, 28, 20), local(2026, 3, 29, 7)),
        (until(local(2026, 3, 22, 2, 30), 7), local(2026, 3, 28, 20), local(2026, 3, 29, 3, 30)),
        (until(local(2026, 3, 22, 2, 30), 7), local(2026, 3, 29, 4), local(2026, 4, 5, 2, 30)),
        (
            until(local(2026, 10, 18, 2, 30), 7),
            local(2026, 10, 24, 20),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
        # Over the end of a year.
        (until(local(2026, 12, 28, 6), 1), local(2026, 12, 30, 6), local(2027, 1, 4, 6)),
    ],
)
def test_the_next_deadline(info: ChargingInfo, now: datetime, expected: datetime | None) -> None:
    assert next_deadline(info, now, VIENNA) == expected


@given(
    start=st.integers(0, 730 * 24 * 60).map(lambda m: local(2026, 1, 1, 0) + timedelta(minutes=m)),
    days=st.sets(st.integers(1, 7), min_size=1),
    ahead=st.integers(0, 400 * 24 * 60),
)
def test_a_repeated_deadline_is_always_ahead_and_within_eight_days(
    start: datetime, days: set[int], ahead: int
) -> None:
    info = until(start, *days)
    now = start + timedelta(minutes=ahead)
    found = next_deadline(info, now, VIENNA)
    assert found is not None
    assert now < found <= now + timedelta(days=8)
    assert found.astimezone(VIENNA).isoweekday() in days


def test_deadlines_of_a_year_are_at_the_same_time_of_day() -> None:
    info = until(local(2026, 1, 5, 7), *WEEKDAYS)
    found = [local(2026, 1, 5, 7)]
    while len(found) < 261:
        after = next_deadline(info, found[-1], VIENNA)
        assert after is not None
        found.append(after)
    assert {t.astimezone(VIENNA).time() for t in found} == {time(7)}
    lengths = {(b - a).total_seconds() / 3600 for a, b in pairwise(found)}
    assert lengths == {24.0, 72.0, 71.0, 73.0}


def test_a_mode_without_deadline_has_none() -> None:
    info = ChargingInfo(charge_point="car", end_at=local(2026, 5, 1, 7))
    assert next_deadline(info, local(2026, 4, 1, 7), VIENNA) is None


def test_an_old_end_time_becomes_the_next_moment_of_that_time_once() -> None:
    plain = ChargingInfo(charge_point="car")
    evening, morning = local(2026, 3, 28, 22), local(2026, 3, 28, 5)
    assert with_end_time(plain, time(7), morning, VIENNA).end_at == local(2026, 3, 28, 7)
    moved = with_end_time(plain, time(7), evening, VIENNA)
    assert moved.end_at == local(2026, 3, 29, 7)
    assert with_end_time(moved, time(9), evening, VIENNA) == moved


def test_a_deadline_that_is_over_leaves_the_rest_of_the_mode() -> None:
    end = local(2026, 5, 1, 7)
    once = until(end)
    assert lapsed(once, end - timedelta(seconds=1), VIENNA) == once
    over = lapsed(once, end, VIENNA)
    assert (over.mode, over.end_at) == (ChargingMode.ECO, None)
    with_min = ChargingInfo(charge_point="car", mode=ChargingMode.ECO_MIN_WITH_TARGET_TIME, end_at=end)
    assert lapsed(with_min, end, VIENNA).mode is ChargingMode.ECO_WITH_MIN_CURRENT
    assert lapsed(until(end, 1), end, VIENNA) == until(end, 1)


def test_the_persons_deadline_stands_for_the_reported_one() -> None:
    now = local(2026, 5, 1, 6)
    seen = ChargePointState(id="car", connected=True, departure=local(2026, 5, 1, 8), target_soc=0.6)
    assert applied(None, seen, now, VIENNA) is seen
    due = applied(until(local(2026, 5, 3, 7)), seen, now, VIENNA)
    assert (due.departure, due.target_soc) == (local(2026, 5, 3, 7), 0.8)
    eco = applied(ChargingInfo(charge_point="car"), seen, now, VIENNA)
    assert (eco.departure, eco.target_soc) == (None, 0.0)
    normal = applied(ChargingInfo(charge_point="car", mode=ChargingMode.NORMAL), seen, now, VIENNA)
    assert (normal.departure, normal.target_soc) == (None, 1.0)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 5, 1), 24)])
def test_a_local_day_has_23_to_25_hours(day: tuple[int, int, int], hours: int) -> None:
    start, end = local_day(local(*day, 12), VIENNA)
    assert (end - start).total_seconds() == hours * 3600
    assert start == local(*day, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"target_soc": 80.0}, "target_soc: found 80.0, allowed: 0 to 1"),
        ({"daily_spot_share": -0.1}, "daily_spot_share: found -0.1, allowed: 0 to 1"),
        ({"min_current_a": 5.0}, "min_current_a: found 5.0, allowed: 6 to 80 A"),
        ({"repeat_days": (0,)}, "repeat_days: found .0., allowed: 1 .Monday. to 7 .Sunday."),
        ({"end_at": local(2026, 5, 1, 7).replace(tzinfo=None)}, "end_at: .* has no time zone"),
        ({"mode": ChargingMode.ECO_WITH_TARGET_TIME}, "end_at: missing; mode eco_with_target_time needs it"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ChargingInfo(charge_point="car", **wrong)  # type: ignore[arg-type]


def test_it_is_stored_and_comes_back() -> None:
    info = until(local(2026, 5, 1, 7), 5, 1, 5)
    assert info.repeat_days == (1, 5)
    assert from_data(ChargingInfo, to_data(info)) == info
