"""What the household takes and, in the real house, what its sun gives: half-hours of one real home.

The 30-minute energies are measured. Inside a half-hour a seeded texture makes minutes of them, with
the switching of appliances, that keep the half-hour's energy.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import lru_cache

from ohmstead.simulator.dataset import HOUSEHOLD_STEP_S, household
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DAY_S, MINUTES, MinuteSeries
from ohmstead.simulator.timeline import household_index

HALF_HOUR_MINUTES = HOUSEHOLD_STEP_S // 60
HALF_HOURS_PER_DAY = DAY_S // HOUSEHOLD_STEP_S
_WEEK = 7 * HALF_HOURS_PER_DAY
_DAYLIGHT_W = 200.0
_MAX_MINUTE_W = 9000.0
"""A house with a 25 A connection has few minutes above it."""


@lru_cache(maxsize=1)
def filled_load_w() -> tuple[float, ...]:
    """Load with its holes filled: the same half-hour of the week before, else of the week after.

    The thirteen zeros count as holes too: they stand beside holes, and the house never takes less
    than 48 W otherwise.
    """
    filled = [value or None for value in household().load_w]
    for i in range(len(filled)):
        if filled[i] is None and i >= _WEEK:
            filled[i] = filled[i - _WEEK]
    for i in reversed(range(len(filled))):
        if filled[i] is None:
            filled[i] = filled[i + _WEEK]
    return tuple(value for value in filled if value is not None)


@lru_cache(maxsize=1)
def filled_pv_w() -> tuple[float, ...]:
    """PV with its holes filled, W ≥ 0.

    The inverter reports nothing at night and on a dark dusk, so an empty value is a hole only if the
    same half-hour of the fourteen days around it made more than 200 W in the mean; the nearest of
    these days then fills it. Other empty values are 0.
    """
    raw = household().pv_w
    return tuple(_pv_at(raw, i) for i in range(len(raw)))


def _pv_at(raw: Sequence[float | None], i: int) -> float:
    value = raw[i]
    if value is not None:
        return max(0.0, value)
    around = [
        raw[j]
        for days in range(1, 8)
        for j in (i - days * HALF_HOURS_PER_DAY, i + days * HALF_HOURS_PER_DAY)
        if 0 <= j < len(raw)
    ]
    present = [p for p in around if p is not None]
    usual = sum(present) / len(around) if around else 0.0
    return max(0.0, present[0]) if usual > _DAYLIGHT_W else 0.0


def _normalised(weights: list[float], mean: float) -> list[float]:
    factor = mean * len(weights) / sum(weights)
    return [w * factor for w in weights]


class HouseholdTexture:
    """Minutes of half-hours; ``scale`` multiplies the measured load."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        self._scale = scale
        self._fine = Noise(seed, "household minutes")
        self._events = Noise(seed, "household appliances")
        self._phase = Noise(seed, "household phases")
        self.total = MinuteSeries(self._make_day)
        self.share_l1 = MinuteSeries(lambda day: self._make_share(day, 0))
        self.share_l2 = MinuteSeries(lambda day: self._make_share(day, 1))

    def mean_w(self, start_s: float, end_s: float) -> float:
        """Mean load over [start, end), W; whole half-hours come from the data alone, quickly."""
        if start_s % HOUSEHOLD_STEP_S == 0 and end_s % HOUSEHOLD_STEP_S == 0 and end_s > start_s:
            load = filled_load_w()
            first, last = int(start_s) // HOUSEHOLD_STEP_S, int(end_s) // HOUSEHOLD_STEP_S
            total = sum(load[household_index(i * HOUSEHOLD_STEP_S)] for i in range(first, last))
            return self._scale * total / (last - first)
        return self.total.mean(start_s, end_s)

    def _make_day(self, day: int) -> array[float]:
        load = filled_load_w()
        out = array("d")
        for k in range(HALF_HOURS_PER_DAY):
            slot = day * HALF_HOURS_PER_DAY + k
            out.extend(self._minutes(slot, self._scale * load[household_index(slot * HOUSEHOLD_STEP_S)]))
        return out

    def _minutes(self, slot: int, mean_w: float) -> list[float]:
        """Thirty minutes of a mean: a base, a slow wave, and up to three appliances switching."""
        weights = []
        for m in range(HALF_HOUR_MINUTES):
            minute = slot * HALF_HOUR_MINUTES + m
            weights.append(0.6 + 0.15 * self._fine.smooth(minute / 7.0) + 0.08 * self._fine.signed(minute))
        strength = min(2.0, mean_w / 600.0)
        for event in range(3):
            n = (slot * 3 + event) * 4
            if self._events.uniform(n) < 0.7:
                start = int(self._events.uniform(n + 1) * HALF_HOUR_MINUTES)
                length = 1 + int(self._events.uniform(n + 2) ** 2 * 14)
                height = strength * (0.4 + 1.4 * self._events.uniform(n + 3))
                for m in range(start, min(HALF_HOUR_MINUTES, start + length)):
                    weights[m] += height
        minutes = _normalised(weights, mean_w)
        if max(minutes) > _MAX_MINUTE_W:
            # Flattening towards the mean keeps the energy, and no half-hour reaches the limit itself.
            flat = (_MAX_MINUTE_W - mean_w) / (max(minutes) - mean_w)
            minutes = [mean_w + (w - mean_w) * max(0.0, flat) for w in minutes]
        return minutes

    def _make_share(self, day: int, phase: int) -> array[float]:
        """Share of the load on L1 or L2; the rest is on L3. Appliances move it about by quarter-hours."""
        base, spread = ((0.40, 0.15), (0.32, 0.12))[phase]
        quarters = [
            base + spread * self._phase.signed((day * 96 + q) * 2 + phase) for q in range(MINUTES // 15)
        ]
        return array("d", [quarters[m // 15] for m in range(MINUTES)])


class RecordedPv:
    """The PV of the real household, with a minute texture that keeps the half-hour's energy."""

    def __init__(self, seed: int, inverter_w: float) -> None:
        self._noise = Noise(seed, "recorded pv minutes")
        self._inverter_w = inverter_w
        self.potential = MinuteSeries(self._make_day)

    def _make_day(self, day: int) -> array[float]:
        pv = filled_pv_w()
        out = array("d")
        for k in range(HALF_HOURS_PER_DAY):
            slot = day * HALF_HOURS_PER_DAY + k
            i = household_index(slot * HOUSEHOLD_STEP_S)
            out.extend(self._minutes(slot, pv[max(0, i - 1)], pv[i], pv[min(i + 1, len(pv) - 1)]))
        return out

    def _minutes(self, slot: int, before: float, mean: float, after: float) -> list[float]:
        """The slope of the neighbours, and clouds where the neighbours disagree with the mean."""
        if mean <= 0.0:
            return [0.0] * HALF_HOUR_MINUTES
        slope = max(-1.0, min(1.0, (after - before) / (4.0 * mean)))
        rough = min(1.0, abs(after + before - 2.0 * mean) / (2.0 * mean))
        weights = []
        for m in range(HALF_HOUR_MINUTES):
            x = 2.0 * (m + 0.5) / HALF_HOUR_MINUTES - 1.0
            cloud = 0.5 * rough * self._noise.smooth((slot * HALF_HOUR_MINUTES + m) / 4.0)
            weights.append(max(0.02, 1.0 + slope * x + cloud))
        minutes = _normalised(weights, mean)
        peak = max(minutes)
        if peak > self._inverter_w:
            flat = max(0.0, (self._inverter_w - mean) / (peak - mean)) if peak > mean else 0.0
            minutes = [mean + (w - mean) * flat for w in minutes]
        return minutes


def issued_pv_forecast_w(start_s: float, end_s: float) -> float | None:
    """Mean of the forecast that was issued for [start, end), W ≥ 0.

    The data holds one forecast per half-hour, published before the fact. An empty value counts as 0
    where the sun gave nothing; in daylight it is missing, and then the answer is ``None``.
    """
    data = household()
    pv = filled_pv_w()
    total = 0.0
    slot = math.floor(start_s / HOUSEHOLD_STEP_S)
    while slot * HOUSEHOLD_STEP_S < end_s:
        i = household_index(slot * HOUSEHOLD_STEP_S)
        value = data.pv_forecast_w[i]
        if value is None:
            if pv[i] > 0.0:
                return None
            value = 0.0
        low = max(start_s, slot * HOUSEHOLD_STEP_S)
        high = min(end_s, (slot + 1) * HOUSEHOLD_STEP_S)
        total += max(0.0, value) * (high - low)
        slot += 1
    return total / (end_s - start_s)
