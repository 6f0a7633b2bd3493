"""The load forecast learns from the past only and improves with it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ohmstead.planning.history import Sample
from ohmstead.planning.load_forecast import STANDARD_MEAN_W, LoadForecaster

START = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = "Europe/Vienna"


def household(at: datetime, noise: np.random.Generator) -> float:
    """A home with its own habits: cooks at 11 UTC, washes on weekends."""
    hour = at.hour + at.minute / 60.0
    base = 250.0 + 900.0 * math.exp(-((hour - 11.0) ** 2)) + 300.0 * math.exp(-(((hour - 19.0) / 2.0) ** 2))
    weekend = 600.0 if at.weekday() >= 5 and 8 <= hour < 11 else 0.0
    return float(max(0.0, (base + weekend) * noise.lognormal(0.0, 0.3)))


def measured(days: int, *, seed: int = 1) -> list[Sample]:
    noise = np.random.default_rng(seed)
    times = [START + timedelta(minutes=15 * i) for i in range(96 * days)]
    return [(t, household(t, noise)) for t in times]


def mean_error(days: int) -> float:
    """Mean absolute error of the two days that follow a history of some days, W."""
    samples = measured(44)
    start = START + timedelta(days=42)
    forecaster = LoadForecaster()
    forecaster.fit([s for s in samples if start - timedelta(days=days) <= s[0] < start])
    forecast = forecaster.forecast(start, 192, 900, ZONE).mean_w
    return float(np.mean([abs(f - v) for f, (_, v) in zip(forecast, samples[42 * 96 :], strict=True)]))


def test_without_history_it_is_a_standard_household() -> None:
    forecast = LoadForecaster().forecast(START, 96, 900, ZONE)
    assert np.mean(forecast.mean_w) == pytest.approx(STANDARD_MEAN_W, rel=0.02)
    assert max(forecast.mean_w) > 2 * min(forecast.mean_w)


def test_it_improves_with_the_days() -> None:
    none, some, many = mean_error(0), mean_error(4), mean_error(42)
    assert many < some < none


def test_it_beats_yesterday_and_last_week() -> None:
    samples = measured(44)
    values = dict(samples)
    later = samples[42 * 96 :]
    yesterday = np.mean([abs(values[t - timedelta(days=2)] - v) for t, v in later])
    last_week = np.mean([abs(values[t - timedelta(days=7)] - v) for t, v in later])
    assert mean_error(42) < 0.85 * min(float(yesterday), float(last_week))


def test_what_lies_after_the_start_does_not_matter() -> None:
    start = START + timedelta(days=20)
    samples = measured(25)
    forecaster = LoadForecaster()
    forecaster.fit([s for s in samples if s[0] < start])
    honest = forecaster.forecast(start, 96, 900, ZONE)
    forecaster.fit([(t, v if t < start else 9999.0) for t, v in samples])
    assert forecaster.forecast(start, 96, 900, ZONE) == honest


def test_quantiles_enclose_the_mean_and_most_of_what_comes() -> None:
    samples = measured(44)
    start = START + timedelta(days=42)
    forecaster = LoadForecaster()
    forecaster.fit(samples)
    forecast = forecaster.forecast(start, 192, 900, ZONE)
    pairs = list(zip(forecast.low_w, forecast.mean_w, forecast.high_w, strict=True))
    assert all(0.0 <= low <= mean <= high for low, mean, high in pairs)
    actual = [v for _, v in samples[42 * 96 :]]
    inside = [low <= v <= high for (low, _, high), v in zip(pairs, actual, strict=True)]
    assert 0.65 <= np.mean(inside) <= 0.95


@pytest.mark.parametrize("step", [900, 1800, 3600])
def test_half_hours_gaps_and_the_clock_change_are_fine(step: int) -> None:
    noise = np.random.default_rng(3)
    times = [datetime(2026, 3, 10, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(48 * 25)]
    samples = [(t, household(t, noise)) for t in times if t.day % 5 or t.hour > 12]
    samples += [(times[7], float("nan")), (times[9], -50.0)]
    forecaster = LoadForecaster()
    forecaster.fit(samples)
    # 29 March 2026: the day has 23 hours.
    forecast = forecaster.forecast(datetime(2026, 3, 28, 12, tzinfo=UTC), 48, step, ZONE)
    assert len(forecast.mean_w) == 48
    assert all(math.isfinite(v) and v >= 0.0 for v in (*forecast.mean_w, *forecast.low_w, *forecast.high_w))


def test_a_restless_hour_lifts_the_next_ones_only() -> None:
    samples = measured(30)
    start = START + timedelta(days=30, hours=-6)
    calm = [s for s in samples if s[0] < start]
    restless = [(t, v + (1500.0 if t >= start - timedelta(hours=2) else 0.0)) for t, v in calm]
    forecaster = LoadForecaster()
    forecaster.fit(calm)
    before = np.array(forecaster.forecast(start, 96, 900, ZONE).mean_w)
    forecaster.fit(restless)
    after = np.array(forecaster.forecast(start, 96, 900, ZONE).mean_w)
    lift = after - before
    assert lift[0] > 100.0
    assert abs(lift[80]) < 0.5 * lift[0]
