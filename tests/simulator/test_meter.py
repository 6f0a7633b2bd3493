"""The meter's delay, interval and error."""

from __future__ import annotations

import statistics

import pytest

from ohmstead.core.state import Quality
from ohmstead.simulator.meter import GridMeter, MeterSpec


def exact() -> GridMeter:
    return GridMeter(1, MeterSpec(relative_noise=0.0, noise_w=0.0))


def test_a_change_is_seen_after_delay_and_interval() -> None:
    meter = exact()
    meter.record(0.0, (100.0, 200.0, 300.0))
    meter.record(100.0, (0.0, -500.0, 0.0))
    assert meter.read(100.5).power_w.value == 600.0
    assert meter.read(101.0).power_w.value == -500.0
    reading = meter.read(102.9).power_w
    assert reading.at is not None
    assert reading.at.timestamp() == 100.0
    assert meter.read(103.0).power_w.at != reading.at


def test_phases_add_up_to_the_power() -> None:
    meter = GridMeter(1, MeterSpec())
    meter.record(0.0, (1000.0, -2000.0, 30.0))
    for second in range(0, 100, 2):
        state = meter.read(float(second))
        assert state.phases_w is not None
        assert state.power_w.value == pytest.approx(sum(state.phases_w))


def test_error_is_small_and_not_zero() -> None:
    meter = GridMeter(1, MeterSpec())
    meter.record(0.0, (1000.0, 1000.0, 1000.0))
    errors = [meter.read(2.0 * i).power_w.or_(0.0) - 3000.0 for i in range(1000)]
    assert 3.0 < statistics.pstdev(errors) < 20.0
    assert abs(statistics.fmean(errors)) < 1.0


def test_a_gap_repeats_the_last_sample_and_it_grows_stale() -> None:
    meter = exact()
    meter.record(0.0, (1.0, 2.0, 3.0))
    meter.record(51.0, (9.0, 9.0, 9.0))
    meter.record(52.0, (9.0, 9.0, 9.0))
    early, late = meter.read(52.0, frozen_since_s=50.0), meter.read(90.0, frozen_since_s=50.0)
    assert early.power_w.value == late.power_w.value == 6.0
    assert early.power_w.quality is Quality.GOOD
    assert late.power_w.quality is Quality.STALE
    assert early.power_w.at == late.power_w.at


def test_before_anything_was_measured_the_value_is_missing() -> None:
    assert exact().read(0.0).power_w.value is None
