"""The curve of a session in few points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.ocpp.central.curve import thinned
from ohmstead.ocpp.central.meter_values import MeterSample

START = datetime(2026, 4, 3, 18, 0, tzinfo=UTC)


def sample(after_s: float, power_w: float | None = 1000.0) -> MeterSample:
    return MeterSample(at=START + timedelta(seconds=after_s), energy_wh=after_s, power_w=power_w)


def test_a_short_curve_stays_as_it_was_measured() -> None:
    short = [sample(10.0 * n) for n in range(500)]
    assert [one for _, one in thinned(short, 500)] == short
    assert thinned([], 500) == []
    assert thinned([MeterSample(at=None, power_w=1.0)], 500) == []


def test_the_ends_stay_and_each_part_between_is_its_mean() -> None:
    # Two parts of 50 s each lie between the ends.
    powers_w = [1.0, 100.0, 200.0, 300.0, None, 7.0, None, 9.0, 8.0, 2.0]
    long = [sample(100.0 * n / 9, power_w) for n, power_w in enumerate(powers_w)]
    found = [(one.energy_wh, one.power_w) for _, one in thinned(long, 4)]
    assert found == [(0.0, 1.0), (100.0 / 9, 200.0), (500.0 / 9, 8.0), (100.0, 2.0)]


def test_a_part_in_which_nothing_told_its_power_tells_none() -> None:
    long = [sample(0.0), *(sample(n, None) for n in range(1, 9)), sample(9.0)]
    assert [one.power_w for _, one in thinned(long, 3)] == [1000.0, None, 1000.0]


@pytest.mark.parametrize("most", [2, 3, 7, 500])
def test_there_are_never_more_points_and_time_runs_forwards(most: int) -> None:
    """Also with a pause of hours in the middle, and with several samples of one moment."""
    long = [sample(float(n)) for n in range(1000)] + [sample(30_000.0 + n // 2) for n in range(1000)]
    found = thinned(long, most)
    times = [at for at, _ in found]
    assert len(found) <= most
    assert times == sorted(times)
    assert (found[0][1], found[-1][1]) == (long[0], long[-1])


def test_samples_of_one_moment_are_no_division_by_zero() -> None:
    assert [one.power_w for _, one in thinned([sample(0.0)] * 10, 5)] == [1000.0, 1000.0, 1000.0]
