"""The steps of a plan: fine near, coarse far, and how series are brought onto them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ohmstead.core.forecast import quarter_start
from ohmstead.planning.request import PlannerSettings

Series = NDArray[np.float64]

_SHORTEST_S = 60.0


@dataclass(frozen=True, slots=True)
class Steps:
    """Edges of the steps as seconds since 1970 UTC, shape [n + 1], and their lengths, shape [n]."""

    edges_s: Series
    hours: Series

    @property
    def n(self) -> int:
        """How many steps."""
        return len(self.hours)

    def edge(self, i: int) -> datetime:
        """Edge ``i`` as a time."""
        return datetime.fromtimestamp(float(self.edges_s[i]), UTC)

    @property
    def middles_s(self) -> Series:
        """The middle of each step, seconds since 1970 UTC."""
        return np.asarray((self.edges_s[:-1] + self.edges_s[1:]) / 2.0)

    def hours_from_now(self) -> Series:
        """Hours from the first edge to each step's start."""
        return np.asarray((self.edges_s[:-1] - self.edges_s[0]) / 3600.0)

    def share_within(self, start: datetime, end: datetime) -> Series:
        """Share of each step that lies in [start, end), 0..1."""
        low = np.maximum(self.edges_s[:-1], start.timestamp())
        high = np.minimum(self.edges_s[1:], end.timestamp())
        return np.asarray(np.maximum(0.0, high - low) / (self.hours * 3600.0))


def make_steps(now: datetime, settings: PlannerSettings) -> Steps:
    """Steps from now on: the rest of this quarter hour, then 15, 30 and 60 min on round edges.

    A rest of less than a minute joins the next quarter hour.
    """
    first = quarter_start(now) + timedelta(minutes=15)
    if (first - now).total_seconds() < _SHORTEST_S:
        first += timedelta(minutes=15)
    edges = [now.timestamp(), first.timestamp()]
    origin = quarter_start(now).timestamp()
    end = origin + settings.horizon_h * 3600.0
    while edges[-1] < end - 1.0:
        ahead_h = (edges[-1] - origin) / 3600.0
        length = 900.0 if ahead_h < settings.fine_h else 1800.0 if ahead_h < settings.medium_h else 3600.0
        edges.append((edges[-1] // length + 1.0) * length)
    edges_s = np.array(edges)
    return Steps(edges_s, np.diff(edges_s) / 3600.0)


def mean_on_steps(values: Series, *, start: datetime, step_s: float, steps: Steps) -> Series:
    """Time-weighted means of an even series on the steps, shape [n].

    Beyond its end the series repeats its last day (or its whole, where it is shorter); before its
    start its first value holds.
    """
    origin = start.timestamp()
    need = int(np.ceil((steps.edges_s[-1] - origin) / step_s))
    if need > len(values):
        period = min(len(values), max(1, round(86400.0 / step_s)))
        tail = values[-period:]
        missing = need - len(values)
        values = np.concatenate([values, np.resize(tail, missing)])
    cumulative = np.concatenate([[0.0], np.cumsum(values)]) * step_s
    grid = np.arange(len(cumulative)) * step_s
    at = steps.edges_s - origin
    integral = np.interp(at, grid, cumulative) + np.minimum(at, 0.0) * values[0]
    return np.asarray(np.diff(integral) / np.diff(at))
