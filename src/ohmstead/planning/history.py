"""Measured means on an even grid of local time, for the forecasts that learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Sample = tuple[datetime, float]
"""Start of an interval (aware) and its mean power, W."""

_LOCAL_ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)
"""A Monday; local wall time is counted from here as if it were UTC."""


def sample_length_s(samples: Sequence[Sample]) -> int:
    """Length of the samples: the most frequent distance between neighbours, s (900 for one)."""
    if len(samples) < 2:
        return 900
    starts = np.array([s.timestamp() for s, _ in samples])
    lengths, counts = np.unique(np.diff(starts).astype(int), return_counts=True)
    positive = lengths > 0
    return int(lengths[positive][np.argmax(counts[positive])]) if positive.any() else 900


def wall_index(when: datetime, zone: ZoneInfo, step_s: int) -> int:
    """Number of the local-time step that contains a moment, counted from a Monday 0:00."""
    wall = when.astimezone(zone).replace(tzinfo=UTC)
    return int((wall - _LOCAL_ORIGIN) // timedelta(seconds=step_s))


def on_wall_grid(samples: Sequence[Sample], zone: ZoneInfo, step_s: int) -> tuple[int, Series]:
    """First index and the means by local time; NaN where there is no sample.

    The hour that occurs twice in autumn is averaged, the one left out in spring is NaN.
    """
    usable = [(s, v) for s, v in samples if np.isfinite(v)]
    if not usable:
        return 0, np.zeros(0)
    index = np.array([wall_index(s, zone, step_s) for s, _ in usable])
    values = np.array([v for _, v in usable])
    first = int(index.min())
    sums = np.bincount(index - first, weights=values)
    counts = np.bincount(index - first)
    with np.errstate(invalid="ignore"):
        return first, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
