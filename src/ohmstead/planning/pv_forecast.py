"""What the sun will give: a physical or issued forecast, corrected by what it got wrong before.

Three predictors are weighed against each other on the home's own recent history: the reference (a
weather model's or a service's forecast) corrected per hour of the day, the usual share of a clear
sky per hour, and the share of a clear sky that the last day had. On top, the last two hours'
deviation persists for a while. A reference that is badly biased is so corrected, one that is
worthless gets little weight, and a home without any has the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ohmstead.core.site import PvSystem, Site
from ohmstead.models.pv import clear_sky_power_w, power_w
from ohmstead.models.sun import sun_position
from ohmstead.planning.history import Sample, Series

HALF_LIFE_DAYS = 10.0
"""A day this old counts half."""
LEARNING_DAYS = 45
USUAL_SHARE = 0.6
"""Of a clear sky, before anything is known: about the sunshine of Central Europe in summer."""
_PRIOR_DAYS = 2.0
"""The reference is believed as it is with the weight of so many days."""
_RECENT_H = 2.0
_FADE_H = 3.0
_RECENT_BOUNDS = (0.3, 2.5)
QUANTILES = (0.1, 0.9)


@dataclass(frozen=True, kw_only=True, slots=True)
class PvSample:
    """A measured interval; powers in load convention (≤ 0), W.

    ``reference_w`` is what had been forecast for it before the fact; ``None``: nothing.
    """

    start: datetime
    pv_w: float
    reference_w: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PvForecast:
    """Expected mean per step and its quantiles, load convention (≤ 0), W; shape [n].

    ``low_w`` is the 10 % quantile of the signed power: the stronger sun.
    """

    mean_w: tuple[float, ...]
    low_w: tuple[float, ...]
    high_w: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WeatherSample:
    """Mean weather of the interval that begins at ``start``.

    Beam and diffuse may be missing; they are then estimated from the global irradiance.
    """

    start: datetime
    ghi_w_m2: float
    outdoor_c: float
    dni_w_m2: float | None = None
    dhi_w_m2: float | None = None


@dataclass(frozen=True, slots=True)
class _Learned:
    hourly_ratio: Series
    hourly_share: Series
    weights: Series
    spread: tuple[float, float]


class PvForecaster:
    """All generators of a site together."""

    def __init__(self, site: Site) -> None:
        self._systems = [a for a in site.assets if isinstance(a, PvSystem)]
        self._latitude_deg = site.latitude_deg
        self._longitude_deg = site.longitude_deg
        self._peak_w = sum(s.peak_w for s in self._systems)
        self._history: tuple[PvSample, ...] = ()

    def reference(self, weather: Sequence[WeatherSample], *, step_s: int = 3600) -> tuple[Sample, ...]:
        """The physical model's (start, W ≤ 0) for a run of weather, to be given as a reference."""
        if not weather:
            return ()
        sun = sun_position(
            np.array([w.start.timestamp() + step_s / 2.0 for w in weather]),
            latitude_deg=self._latitude_deg,
            longitude_deg=self._longitude_deg,
        )
        total = np.zeros(len(weather))
        split = all(w.dni_w_m2 is not None and w.dhi_w_m2 is not None for w in weather)
        for system in self._systems:
            total += power_w(
                system,
                sun,
                ghi_w_m2=np.array([w.ghi_w_m2 for w in weather]),
                outdoor_c=np.array([w.outdoor_c for w in weather]),
                dni_w_m2=np.array([w.dni_w_m2 or 0.0 for w in weather]) if split else None,
                dhi_w_m2=np.array([w.dhi_w_m2 or 0.0 for w in weather]) if split else None,
            )
        return tuple((w.start, float(p)) for w, p in zip(weather, total, strict=True))

    def fit(self, history: Sequence[PvSample]) -> None:
        """Take the measured past, even steps of 15 to 60 min, any order; not finite is missing."""
        usable = sorted((s for s in history if np.isfinite(s.pv_w)), key=lambda s: s.start)
        if usable:
            oldest = usable[-1].start - timedelta(days=LEARNING_DAYS)
            usable = [s for s in usable if s.start > oldest]
        self._history = tuple(usable)

    def forecast(
        self, start: datetime, n: int, step_s: int, *, reference: Sequence[Sample] = ()
    ) -> PvForecast:
        """The ``n`` steps from ``start`` on, from what was measured before ``start``.

        ``reference`` is a forecast as (start, W ≤ 0) in even steps of its own; where it has no
        value the other predictors stand in.
        """
        past = [s for s in self._history if s.start < start]
        length_s = _length_s([s.start for s in past])
        learned = self._learn(past, start, length_s)
        times = np.array([start.timestamp() + step_s * i for i in range(n)])
        expected = self._combine(learned, times, step_s, _sampled(reference, times), past)
        expected *= self._recent(learned, past, start, length_s, times)
        expected = np.clip(expected, 0.0, self._most_w())
        spread = np.sqrt(np.maximum(expected, 0.0) * self._clear_w(times, step_s))
        weak = np.clip(expected + learned.spread[0] * spread, 0.0, expected)
        strong = np.clip(expected + learned.spread[1] * spread, expected, self._most_w())
        return PvForecast(mean_w=_signed(expected), low_w=_signed(strong), high_w=_signed(weak))

    def _most_w(self) -> float:
        """The inverters' limit; modules give a little more than their peak in cold sun."""
        return sum(1.1 * s.peak_w if s.inverter_w is None else s.inverter_w for s in self._systems)

    def _clear_w(self, times_s: Series, step_s: float) -> Series:
        sun = sun_position(
            times_s + step_s / 2.0, latitude_deg=self._latitude_deg, longitude_deg=self._longitude_deg
        )
        total = np.zeros(len(times_s))
        for system in self._systems:
            total -= clear_sky_power_w(system, sun)
        return total

    def _learn(self, past: list[PvSample], now: datetime, length_s: int) -> _Learned:
        """Correction and usual share per hour, then the weights of the predictors."""
        start = _Learned(np.ones(24), np.full(24, USUAL_SHARE), np.array([1.0, 0.0, 0.0]), (-0.6, 0.6))
        if not past or self._peak_w <= 0.0:
            return start
        times = np.array([s.start.timestamp() for s in past])
        actual = np.array([max(0.0, -s.pv_w) for s in past])
        reference = np.array([np.nan if s.reference_w is None else max(0.0, -s.reference_w) for s in past])
        clear = self._clear_w(times, length_s)
        weight = 0.5 ** ((now.timestamp() - times) / 86400.0 / HALF_LIFE_DAYS)
        hour = _hour(times)
        there = np.isfinite(reference)
        ratio = _ratios(actual[there], reference[there], weight[there], hour[there], prior=1.0,
                        prior_w=0.15 * self._peak_w * _PRIOR_DAYS * 3600.0 / length_s)  # fmt: skip
        share = _ratios(actual, clear, weight, hour, prior=USUAL_SHARE,
                        prior_w=0.15 * self._peak_w * _PRIOR_DAYS * 3600.0 / length_s)  # fmt: skip
        learned = _Learned(ratio, share, start.weights, start.spread)
        days = (times[-1] - times[0]) / 86400.0
        if days < 3.0:
            return learned
        x = self._predictors(learned, times, length_s, np.where(there, reference, np.nan), past)
        daylight = clear > 0.02 * self._peak_w
        weights = _nonnegative(x[daylight], actual[daylight], weight[daylight], start.weights)
        errors = (actual - x @ weights)[daylight]
        relative = errors / np.sqrt(np.maximum((x @ weights)[daylight], 1.0) * clear[daylight])
        low, high = np.quantile(relative, QUANTILES)
        return _Learned(ratio, share, weights, (float(min(low, 0.0)), float(max(high, 0.0))))

    def _combine(
        self, learned: _Learned, times: Series, step_s: int, reference: Series, past: list[PvSample]
    ) -> Series:
        return np.asarray(self._predictors(learned, times, step_s, reference, past) @ learned.weights)

    def _predictors(
        self, learned: _Learned, times: Series, step_s: float, reference: Series, past: list[PvSample]
    ) -> Series:
        """Shape [n, 3], W ≥ 0: corrected reference, usual share, share of the day before."""
        hour = _hour(times)
        clear = self._clear_w(times, step_s)
        usual = clear * learned.hourly_share[hour]
        corrected = np.where(np.isfinite(reference), reference * learned.hourly_ratio[hour], usual)
        before = clear * self._day_before(times, past, usual, clear)
        return np.asarray(np.stack([corrected, usual, before], axis=1))

    def _day_before(self, times: Series, past: list[PvSample], usual: Series, clear: Series) -> Series:
        """Share of a clear sky on the last whole day known before each time."""
        ordinary: Series = np.divide(usual, clear, out=np.full(len(times), USUAL_SHARE), where=clear > 1.0)
        if not past:
            return ordinary
        past_s = np.array([s.start.timestamp() for s in past])
        given = np.array([max(0.0, -s.pv_w) for s in past])
        length = _length_s([s.start for s in past])
        day_of = np.floor(past_s / 86400.0).astype(np.int64)
        first = int(day_of.min())
        energy = np.bincount(day_of - first, weights=given)
        possible = np.bincount(day_of - first, weights=self._clear_w(past_s, length))
        counts = np.bincount(day_of - first)
        whole = (counts >= 0.9 * 86400.0 / length) & (possible > 1.0)
        shares = np.where(whole, energy / np.maximum(possible, 1.0), np.nan)
        index = np.minimum(np.floor(times / 86400.0).astype(np.int64) - 1 - first, len(shares) - 1)
        found = np.where(index >= 0, shares[np.maximum(index, 0)], np.nan)
        return np.where(np.isfinite(found), found, ordinary)

    def _recent(
        self, learned: _Learned, past: list[PvSample], start: datetime, length_s: int, times: Series
    ) -> Series:
        """Factor per step: the last hours' ratio of measured to expected, fading."""
        since = start - timedelta(hours=_RECENT_H)
        recent = [s for s in past if s.start >= since]
        if not recent:
            return np.ones(len(times))
        at = np.array([s.start.timestamp() for s in recent])
        reference = np.array([np.nan if s.reference_w is None else max(0.0, -s.reference_w) for s in recent])
        expected = float(self._combine(learned, at, length_s, reference, past).mean())
        if expected < 0.05 * self._peak_w:
            return np.ones(len(times))
        actual = float(np.mean([max(0.0, -s.pv_w) for s in recent]))
        factor = min(_RECENT_BOUNDS[1], max(_RECENT_BOUNDS[0], actual / expected))
        fade = np.exp(-(times - start.timestamp()) / 3600.0 / _FADE_H)
        return 1.0 + (factor - 1.0) * fade


def _ratios(
    actual: Series, base: Series, weight: Series, hour: NDArray[np.int64], *, prior: float, prior_w: float
) -> Series:
    """Σ actual / Σ base per hour, drawn towards the overall ratio, and that towards the prior."""
    overall = (float(weight @ actual) + prior * prior_w) / (float(weight @ base) + prior_w)
    over = np.bincount(hour, weights=weight * actual, minlength=24)
    under = np.bincount(hour, weights=weight * base, minlength=24)
    return np.asarray((over + overall * prior_w) / (under + prior_w))


def _nonnegative(x: Series, y: Series, weight: Series, prior: Series) -> Series:
    """Weighted least squares with weights ≥ 0, drawn a little to the prior: projected gradient."""
    gram = x.T @ (x * weight[:, None])
    ridge = 0.02 * float(np.trace(gram)) / len(prior)
    gram = gram + ridge * np.eye(len(prior))
    right = x.T @ (y * weight) + ridge * prior
    step = 1.0 / (float(np.linalg.norm(gram, 2)) + 1e-9)
    out = prior.copy()
    for _ in range(2000):
        out = np.maximum(0.0, out - step * (gram @ out - right))
    return out


def _sampled(reference: Sequence[Sample], times: Series) -> Series:
    """The reference at given times, W ≥ 0; NaN where it has no interval."""
    usable = sorted((s.timestamp(), max(0.0, -w)) for s, w in reference if np.isfinite(w))
    if not usable:
        return np.full(len(times), np.nan)
    starts = np.array([s for s, _ in usable])
    values = np.array([w for _, w in usable])
    length = float(np.median(np.diff(starts))) if len(starts) > 1 else 3600.0
    at = np.searchsorted(starts, times + 1e-6) - 1
    covered = (at >= 0) & (times < starts[np.maximum(at, 0)] + length)
    return np.where(covered, values[np.maximum(at, 0)], np.nan)


def _length_s(starts: list[datetime]) -> int:
    if len(starts) < 2:
        return 900
    return int(np.median(np.diff(np.array([s.timestamp() for s in starts])))) or 900


def _hour(times_s: Series) -> NDArray[np.int64]:
    return np.mod(np.floor(times_s / 3600.0), 24.0).astype(np.int64)


def _signed(values: Series) -> tuple[float, ...]:
    return tuple(min(0.0, -float(v)) for v in values)
