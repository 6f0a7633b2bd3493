"""Samples of the power balance: weighted by time, cut at the minute, kept so long and no longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ohmstead.nymea.power_log import Piece, PowerLog, balance_of, consumption_w, counted_w
from ohmstead.nymea.site_values import SampleRate

VIENNA = ZoneInfo("Europe/Vienna")
START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
S = timedelta(seconds=1)


def log() -> PowerLog:
    return PowerLog(tz=VIENNA, width=1, totals_kwh=[10.0])


def test_a_minute_is_the_mean_over_its_time_not_a_snapshot() -> None:
    it = log()
    assert it.add(START, (100.0,), (100.0,)) == []
    assert it.add(START + 15 * S, (500.0,), (500.0,)) == []
    ((rate, sample),) = it.add(START + 75 * S, (0.0,), (0.0,))
    assert rate is SampleRate.MINUTE
    assert sample.at == START + 60 * S
    assert sample.powers_w == pytest.approx((400.0,))
    assert sample.totals_kwh == pytest.approx((10.0 + (15 * 100 + 45 * 500) / 3.6e6,))


def test_a_gap_is_not_counted() -> None:
    it = log()
    it.add(START, (1000.0,), (1000.0,))
    it.add(START + 30 * S, (1000.0,), (1000.0,))
    ((_, sample),) = it.add(START + 7200 * S, (1000.0,), (1000.0,))
    assert sample.powers_w == (1000.0,)
    assert it.totals_kwh == pytest.approx([10.0 + 30 * 1000 / 3.6e6])
    assert it.add(START + 7260 * S, (0.0,), (0.0,))[0][1].powers_w == (1000.0,)


def test_a_clock_that_goes_back_counts_nothing() -> None:
    it = log()
    it.add(START, (1000.0,), (1000.0,))
    assert it.add(START - 60 * S, (1000.0,), (1000.0,)) == []
    assert it.totals_kwh == [10.0]


def test_longer_samples_are_means_of_minutes_and_days_are_local() -> None:
    it = log()
    done: list[tuple[SampleRate, datetime, float]] = []
    for minute in range(26 * 60 + 1):
        power_w = float(minute)
        for rate, sample in it.add(START + minute * 60 * S, (power_w,), (power_w,)):
            done.append((rate, sample.at, sample.powers_w[0]))
    quarters = [d for d in done if d[0] is SampleRate.QUARTER]
    assert len(quarters) == 26 * 4
    assert quarters[0][1] == START + 900 * S
    assert quarters[0][2] == pytest.approx(7.0)
    days = [at for rate, at, _ in done if rate is SampleRate.DAY]
    # 29 March 2026 has 23 h in Vienna: midnight is at 23:00 UTC before and at 22:00 UTC after.
    assert days == [START + timedelta(hours=1), START + timedelta(hours=24)]
    weeks = [at for rate, at, _ in done if rate is SampleRate.WEEK]
    assert weeks == [START + timedelta(hours=24)]
    found = it.samples(SampleRate.QUARTER, START + timedelta(hours=1), START + timedelta(hours=2))
    assert [s.at for s in found] == [START + timedelta(minutes=m) for m in (60, 75, 90, 105, 120)]
    assert it.samples(SampleRate.ANY, None, None) == it.samples(SampleRate.MINUTE, None, None)


def test_old_samples_give_way() -> None:
    it = PowerLog(tz=VIENNA, width=1, kept=dict.fromkeys(SampleRate, 3), totals_kwh=[0.0])
    for minute in range(10):
        it.add(START + minute * 60 * S, (1.0,), (1.0,))
    assert len(it.samples(SampleRate.MINUTE, None, None)) == 3


def test_the_balance_adds_up() -> None:
    powers = (-500.0, -3000.0, 1500.0)
    assert consumption_w(*powers) == 1000.0
    assert counted_w(*powers) == (0.0, 500.0, 3000.0, 1000.0)
    balance = balance_of(powers, (1.0, 2.0, 3.0, 4.0))
    assert balance.consumption_w == 1000.0
    assert balance.total_consumption_kwh == 4.0
    assert balance.powers_w == (1000.0, -3000.0, -500.0, 1500.0)


def test_a_past_fills_the_log_and_leaves_the_counters_where_they_are() -> None:
    it = log()
    quarter, minute = timedelta(minutes=15), timedelta(minutes=1)
    past = [Piece(START + i * quarter, START + (i + 1) * quarter, (400.0,), (400.0,)) for i in range(4)]
    begin = START + 4 * quarter
    past += [Piece(begin + i * minute, begin + (i + 1) * minute, (100.0,), (100.0,)) for i in range(15)]
    it.seed(past)
    assert it.totals_kwh == pytest.approx([10.0])
    assert [s.powers_w for s in it.samples(SampleRate.QUARTER, None, None)] == [(400.0,)] * 4 + [(100.0,)]
    minutes = it.samples(SampleRate.MINUTE, None, None)
    assert len(minutes) == 15
    assert minutes[-1].totals_kwh == pytest.approx((10.0,))
    assert it.samples(SampleRate.HOUR, None, None)[0].totals_kwh == pytest.approx((10.0 - 0.025,))
    now = begin + quarter
    it.add(now, (100.0,), (100.0,))
    assert it.add(now + minute, (0.0,), (0.0,))[0][1].totals_kwh == pytest.approx((10.0 + 0.1 / 60,))
