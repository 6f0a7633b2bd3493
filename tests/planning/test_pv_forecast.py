"""The solar forecast learns the error of what it is given, and does without."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ohmstead.core.site import PvSystem, Site
from ohmstead.planning.history import Sample
from ohmstead.planning.pv_forecast import PvForecaster, PvSample, WeatherSample

SITE = Site(
    latitude_deg=48.2, longitude_deg=16.4, assets=(PvSystem(id="pv", peak_w=5000.0, curtailable=False),)
)
START = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 30


def weather(days: int) -> list[WeatherSample]:
    """Hours of clear and cloudy days in turn."""
    out: list[WeatherSample] = []
    for i in range(24 * days):
        at = START + timedelta(hours=i)
        clearness = (1.0, 0.8, 0.35, 0.6)[(i // 24) % 4]
        up = max(0.0, math.sin((at.hour + 0.5 - 4.0) / 15.0 * math.pi)) if 4 <= at.hour < 19 else 0.0
        out.append(WeatherSample(start=at, ghi_w_m2=820.0 * up * clearness, outdoor_c=15.0))
    return out


def world(*, bias: float) -> tuple[list[PvSample], list[Sample]]:
    """Measured power and a forecast of it that is wrong by a factor; the last day is kept apart."""
    physical = PvForecaster(SITE).reference(weather(DAYS))
    # A chimney shades the mornings: no weather model knows.
    truth = [(t, w * (0.5 if t.hour < 9 else 1.0)) for t, w in physical]
    samples = [
        PvSample(start=t, pv_w=w, reference_w=r * bias)
        for (t, w), (_, r) in zip(truth, physical, strict=True)
    ]
    return samples, [(t, w * bias) for t, w in physical]


def error_w(forecast: tuple[float, ...], samples: list[PvSample]) -> float:
    return float(np.mean([abs(f - s.pv_w) for f, s in zip(forecast, samples, strict=True)]))


@pytest.mark.parametrize("bias", [0.3, 1.0, 2.0])
def test_a_biased_reference_is_corrected(bias: float) -> None:
    samples, reference = world(bias=bias)
    now = START + timedelta(days=DAYS - 1)
    forecaster = PvForecaster(SITE)
    forecaster.fit([s for s in samples if s.start < now])
    day = [s for s in samples if s.start >= now]
    forecast = forecaster.forecast(now, 24, 3600, reference=reference)
    believed = tuple(w for t, w in reference if t >= now)
    energy = sum(forecast.mean_w) / sum(s.pv_w for s in day)
    assert 0.8 < energy < 1.2
    assert error_w(forecast.mean_w, day) < error_w(believed, day)


def test_without_history_the_reference_is_believed() -> None:
    _, reference = world(bias=1.0)
    forecast = PvForecaster(SITE).forecast(START, 24, 3600, reference=reference)
    assert forecast.mean_w == pytest.approx([w for _, w in reference[:24]], abs=1e-6)


def test_without_anything_it_is_a_usual_sky() -> None:
    forecast = PvForecaster(SITE).forecast(START, 96, 900)
    assert min(forecast.mean_w) < -1000.0
    assert forecast.mean_w[0] == 0.0
    kwh = -sum(forecast.mean_w) / 4000.0
    assert 10.0 < kwh < 30.0, "5 kWp on a day in May"


def test_the_last_hours_persist_for_a_while() -> None:
    samples, reference = world(bias=1.0)
    now = START + timedelta(days=DAYS - 2, hours=10)
    past = [s for s in samples if s.start < now]
    dark = [
        PvSample(start=s.start, pv_w=s.pv_w * (0.4 if s.start >= now - timedelta(hours=2) else 1.0),
                 reference_w=s.reference_w)
        for s in past
    ]  # fmt: skip
    forecaster = PvForecaster(SITE)
    forecaster.fit(past)
    usual = forecaster.forecast(now, 24, 900, reference=reference).mean_w
    forecaster.fit(dark)
    darker = forecaster.forecast(now, 24, 900, reference=reference).mean_w
    assert darker[0] > 0.75 * usual[0]
    assert darker[0] / usual[0] < darker[-1] / usual[-1]


def test_powers_keep_their_sign_and_the_inverters_limit() -> None:
    samples, reference = world(bias=1.0)
    site = Site(
        latitude_deg=48.2, longitude_deg=16.4, assets=(PvSystem(id="pv", peak_w=5000.0, inverter_w=2000.0),)
    )
    forecaster = PvForecaster(site)
    forecaster.fit(samples[:-48])
    forecast = forecaster.forecast(samples[-48].start, 48, 3600, reference=reference)
    for low, mean, high in zip(forecast.low_w, forecast.mean_w, forecast.high_w, strict=True):
        assert -2000.0 <= low <= mean <= high <= 0.0


def test_missing_measurements_are_not_zero() -> None:
    samples, reference = world(bias=1.0)
    now = START + timedelta(days=DAYS - 1)
    past = [s for s in samples if s.start < now]
    holes = [
        PvSample(start=s.start, pv_w=float("nan") if i % 3 == 0 else s.pv_w, reference_w=s.reference_w)
        for i, s in enumerate(past)
    ]
    whole, holed = PvForecaster(SITE), PvForecaster(SITE)
    whole.fit(past)
    holed.fit(holes)
    a = sum(whole.forecast(now, 24, 3600, reference=reference).mean_w)
    b = sum(holed.forecast(now, 24, 3600, reference=reference).mean_w)
    assert b == pytest.approx(a, rel=0.15)


def test_a_site_without_sun_forecasts_nothing() -> None:
    assert set(PvForecaster(Site()).forecast(START, 48, 900).mean_w) == {0.0}
