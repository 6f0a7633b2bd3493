"""How simulated dates map to the dates of the measured data.

Simulated dates are those of the price data (2025-10 to 2026-08). The household of 2024 is moved by
exactly 104 weeks, which keeps weekdays; dates that it does not cover then take the same weekday and
time of day from the nearest earlier or later weeks that it does cover. The typical year is read by month,
day and hour; 29 February reads 28 February.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from ohmstead.simulator.dataset import (
    HOUSEHOLD_START,
    HOUSEHOLD_STEP_S,
    PRICES_START,
    PRICES_STEP_S,
    household,
    prices_eur_per_mwh,
)

HOUSEHOLD_SHIFT = timedelta(weeks=104)
HOUSEHOLD_FIRST = HOUSEHOLD_START + HOUSEHOLD_SHIFT
"""First simulated moment with the household's own data."""

_HOUSEHOLD_FIRST_S = int(HOUSEHOLD_FIRST.timestamp())
_FOUR_WEEKS = 28 * 86400 // HOUSEHOLD_STEP_S
_CUMULATIVE_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def utc(unix_s: float) -> datetime:
    """An aware datetime of a time since 1970."""
    return datetime.fromtimestamp(unix_s, UTC)


def prices_end() -> datetime:
    """End of the price data, exclusive."""
    return PRICES_START + timedelta(seconds=PRICES_STEP_S * len(prices_eur_per_mwh()))


def household_index(unix_s: float) -> int:
    """Row of the household data for a simulated moment.

    Outside the data it steps by four weeks at a time into it: the weekday and the half-hour stay,
    the season is as near as the nine recorded months allow.
    """
    count = len(household().load_w)
    index = math.floor((unix_s - _HOUSEHOLD_FIRST_S) / HOUSEHOLD_STEP_S)
    if index >= count:
        index -= -(-(index - count + 1) // _FOUR_WEEKS) * _FOUR_WEEKS
    elif index < 0:
        index += -(index // _FOUR_WEEKS) * _FOUR_WEEKS
    return index


def typical_year_hour(unix_hour: int) -> int:
    """Row of the typical year for an hour counted since 1970."""
    when = utc(unix_hour * 3600.0)
    day = 28 if (when.month, when.day) == (2, 29) else when.day
    return (_CUMULATIVE_DAYS[when.month - 1] + day - 1) * 24 + when.hour
