"""Minute-by-minute series that are worked out one UTC day at a time, when somebody asks."""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate
from typing import Generic, TypeVar

DAY_S = 86400
MINUTES = 1440
T = TypeVar("T")


class DayCache(Generic[T]):
    """The last ``size`` days that were asked for; a day is the number of days since 1970."""

    __slots__ = ("_days", "_make", "_size")

    def __init__(self, make: Callable[[int], T], size: int = 96) -> None:
        self._make = make
        self._size = size
        self._days: OrderedDict[int, T] = OrderedDict()

    def __getitem__(self, day: int) -> T:
        found = self._days.get(day)
        if found is None:
            found = self._make(day)
            self._days[day] = found
            if len(self._days) > self._size:
                self._days.popitem(last=False)
        return found


class MinuteSeries:
    """A quantity that is constant over each minute; ``make(day)`` gives the 1440 values of a day."""

    __slots__ = ("_cache",)

    def __init__(self, make: Callable[[int], array[float]]) -> None:
        def with_sums(day: int) -> tuple[array[float], array[float]]:
            values = make(day)
            return values, array("d", accumulate(values, initial=0.0))

        self._cache = DayCache(with_sums)

    def day(self, day: int) -> array[float]:
        """The 1440 values of a UTC day."""
        return self._cache[day][0]

    def at(self, unix_s: float) -> float:
        """The value of the minute that covers a moment."""
        minute = math.floor(unix_s / 60.0)
        return self._cache[minute // MINUTES][0][minute % MINUTES]

    def _integral_minutes(self, day: int, minute: float) -> float:
        """Integral of a day from its midnight, value × minutes."""
        values, sums = self._cache[day]
        whole = int(minute)
        part = minute - whole
        return sums[whole] + (values[whole] * part if part > 0.0 else 0.0)

    def mean(self, start_s: float, end_s: float) -> float:
        """Time-weighted mean over [start, end).

        Raises:
            ValueError: the interval is empty.
        """
        if end_s <= start_s:
            raise ValueError(f"empty interval [{start_s}, {end_s})")
        total = 0.0
        day = math.floor(start_s / DAY_S)
        while day * DAY_S < end_s:
            low = max(0.0, (start_s - day * DAY_S) / 60.0)
            high = min(float(MINUTES), (end_s - day * DAY_S) / 60.0)
            total += self._integral_minutes(day, high) - self._integral_minutes(day, low)
            day += 1
        return total * 60.0 / (end_s - start_s)
