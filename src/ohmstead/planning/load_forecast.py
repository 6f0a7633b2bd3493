"""What the household will take: past days at the same hour, weighed by what has proved right.

The features of a step are means of past days at the same local time (seasonal naive forecasts), the
recent level and the last two hours; ridge regression on the home's own history weighs them. Without
history it is a standard profile; every day measured moves it towards the home.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ohmstead.planning.history import Sample, Series, on_wall_grid, sample_length_s, wall_index

STANDARD_MEAN_W = 400.0
"""3500 kWh a year: a household of three to four."""
_STANDARD_SHAPE = (
    0.62, 0.54, 0.50, 0.48, 0.48, 0.54, 0.80, 1.08, 1.12, 1.06, 1.04, 1.12,
    1.26, 1.18, 1.04, 0.98, 1.00, 1.16, 1.44, 1.62, 1.56, 1.40, 1.14, 0.84,
)  # fmt: skip
"""Hour of day → share of the mean: the two humps every household profile has, own smoothing."""

LEARNING_DAYS = 56
_TRUST_DAYS = 4.0
"""After so many days the home's own history counts half."""
_RIDGE_DAYS = 8
"""The regression needs at least so many days."""
_RECENT_H = 2.0
_FADE_H = 3.0
"""Deviations of the last two hours fade with this time constant."""
QUANTILES = (0.1, 0.9)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadForecast:
    """Expected mean and the 10 % and 90 % quantiles per step, W, ≥ 0; shape [n]."""

    mean_w: tuple[float, ...]
    low_w: tuple[float, ...]
    high_w: tuple[float, ...]


class LoadForecaster:
    """Learns from means of the household's power; needs none to start."""

    def __init__(self, *, standard_mean_w: float = STANDARD_MEAN_W) -> None:
        self._standard_mean_w = standard_mean_w
        self._samples: tuple[Sample, ...] = ()

    def fit(self, history: Sequence[Sample]) -> None:
        """Take a history of (start, mean W), 15 or 30 min apart, in any order, gaps allowed.

        Values that are not finite or negative count as missing. Only the last weeks are used.
        """
        usable = sorted((s, v) for s, v in history if np.isfinite(v) and v >= 0.0)
        if usable:
            oldest = usable[-1][0] - timedelta(days=LEARNING_DAYS)
            usable = [x for x in usable if x[0] > oldest]
        self._samples = tuple(usable)

    def forecast(self, start: datetime, n: int, step_s: int, timezone: str) -> LoadForecast:
        """The ``n`` steps from ``start`` on, from what was measured before ``start``."""
        zone = ZoneInfo(timezone)
        samples = [x for x in self._samples if x[0] < start]
        length_s = sample_length_s(samples)
        model = _Model(samples, zone, length_s, self._standard_mean_w)
        origin = wall_index(start, zone, length_s)
        targets = np.array(
            [wall_index(start + timedelta(seconds=step_s * i), zone, length_s) for i in range(n)]
        )
        mean = model.predict(origin, targets)
        low, high = model.quantiles(targets, mean)
        return LoadForecast(mean_w=_series(mean), low_w=_series(low), high_w=_series(high))


class _Model:
    """Features and their weights on the grid of local time."""

    def __init__(self, samples: Sequence[Sample], zone: ZoneInfo, step_s: int, standard_w: float) -> None:
        self._per_day = round(86400 / step_s)
        self._step_h = step_s / 3600.0
        self._standard_w = standard_w
        self._first, self._values = on_wall_grid(samples, zone, step_s)
        self.days = float(np.isfinite(self._values).sum()) / self._per_day
        self._weights: Series | None = None
        self._spread: tuple[Series, Series] | None = None
        if self.days >= _RIDGE_DAYS:
            self._train()

    def predict(self, origin: int, targets: NDArray[np.int64]) -> Series:
        """Expected load at targets ≥ origin, knowing only what lies before the origin, W."""
        features = self._features(origin, targets)
        own = features[:, 0]
        if self._weights is not None:
            own = features @ self._weights
        trust = self.days / (self.days + _TRUST_DAYS)
        return np.maximum(0.0, trust * own + (1.0 - trust) * features[:, 1])

    def quantiles(self, targets: NDArray[np.int64], mean: Series) -> tuple[Series, Series]:
        """10 % and 90 % by hour of day from the training errors; a standard width before."""
        if self._spread is None:
            return 0.5 * mean, 1.8 * mean
        hour = self._hour(targets)
        low = np.maximum(0.0, np.minimum(mean, mean + self._spread[0][hour]))
        return low, np.maximum(mean, mean + self._spread[1][hour])

    def _features(self, origin: int, targets: NDArray[np.int64]) -> Series:
        """Shape [n, 6]; every column is a load, W, so that weights near 1 are natural."""
        day = self._per_day
        back = np.maximum(1, (targets - origin) // day + 1)
        standard = self._standard_w * np.array(_STANDARD_SHAPE)[self._hour(targets)]
        recent_days = self._mean_of(targets[:, None] - (back[:, None] + np.arange(7)) * day)
        fallback = np.where(np.isfinite(recent_days), recent_days, standard)
        weeks_back = np.maximum(1, -(-back // 7))
        weekday = self._mean_of(targets[:, None] - (weeks_back[:, None] + np.arange(4)) * 7 * day)
        yesterday = self._at(targets - back * day)
        recent = self._recent_deviation(origin)
        lead_h = (targets - origin) * self._step_h
        columns = (
            fallback,
            standard,
            np.where(np.isfinite(weekday), weekday, fallback),
            np.where(np.isfinite(yesterday), yesterday, fallback),
            np.full(len(targets), self._level(origin)),
            recent * np.exp(-lead_h / _FADE_H),
        )
        return np.stack(columns, axis=1)

    def _train(self) -> None:
        end = self._first + len(self._values)
        day = self._per_day
        rows: list[Series] = []
        wanted: list[Series] = []
        hours: list[NDArray[np.int64]] = []
        for origin in range(self._first + 7 * day, end, day // 4):
            targets = np.arange(origin, min(origin + day, end))
            actual = self._at(targets)
            there = np.isfinite(actual)
            rows.append(self._features(origin, targets)[there])
            wanted.append(actual[there])
            hours.append(self._hour(targets)[there])
        x, y, hour = np.concatenate(rows), np.concatenate(wanted), np.concatenate(hours)
        if len(y) < day:
            return
        # Shrink towards "as on the days before", not towards zero.
        prior = np.array([0.5, 0.0, 0.25, 0.15, 0.1, 0.3])
        scale = float(np.mean(x[:, 0] ** 2)) + 1.0
        gram = x.T @ x + 0.02 * len(y) * scale * np.eye(x.shape[1])
        self._weights = prior + np.linalg.solve(gram, x.T @ (y - x @ prior))
        errors = y - np.maximum(0.0, x @ self._weights)
        by_hour = [errors[hour == h] for h in range(24)]
        spread = [np.quantile(e if len(e) >= 20 else errors, QUANTILES) for e in by_hour]
        self._spread = (np.array([s[0] for s in spread]), np.array([s[1] for s in spread]))

    def _at(self, index: NDArray[np.int64]) -> Series:
        at = index - self._first
        inside = (at >= 0) & (at < len(self._values))
        if len(self._values) == 0:
            return np.full(index.shape, np.nan)
        return np.where(inside, self._values[np.clip(at, 0, len(self._values) - 1)], np.nan)

    def _mean_of(self, index: NDArray[np.int64]) -> Series:
        values = self._at(index)
        there = np.isfinite(values)
        count = there.sum(axis=1)
        total = np.where(there, values, 0.0).sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _level(self, origin: int) -> float:
        last = self._at(np.arange(origin - self._per_day, origin))
        last = last[np.isfinite(last)]
        return float(last.mean()) if len(last) else self._standard_w

    def _recent_deviation(self, origin: int) -> float:
        steps = max(1, round(_RECENT_H / self._step_h))
        index = np.arange(origin - steps, origin)
        usual = self._mean_of(index[:, None] - np.arange(1, 8) * self._per_day)
        difference = self._at(index) - usual
        difference = difference[np.isfinite(difference)]
        return float(difference.mean()) if len(difference) else 0.0

    def _hour(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        return (index % self._per_day) * 24 // self._per_day


def _series(values: Series) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
