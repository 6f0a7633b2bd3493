"""Prices of energy as a provider publishes them, before network, levies and tax."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from ohmstead.errors import DataError


@dataclass(frozen=True, kw_only=True, slots=True)
class WholesalePrice:
    """The price of energy in a time [start, end), aware UTC. It may be negative."""

    start: datetime
    end: datetime
    eur_per_kwh: float


class PriceProvider(Protocol):
    """Where prices come from."""

    @property
    def name(self) -> str:
        """Which provider, area and product: as ``awattar-at``."""
        ...

    @property
    def is_spot(self) -> bool:
        """The prices are those of the market; else they are what the supplier asks, all included."""
        ...

    async def fetch(self, now: datetime) -> tuple[WholesalePrice, ...]:
        """Prices from before ``now`` as far ahead as they are published, in order, without overlap.

        Raises:
            SourceError: the server could not be used, or had no prices.
            DataError: its answer could not be used.
        """
        ...


def checked(prices: Sequence[WholesalePrice], source: str) -> tuple[WholesalePrice, ...]:
    """The prices in order, exact repetitions dropped. Gaps are allowed.

    Raises:
        DataError: slots overlap, end before they start, have no time zone, or a price is no number.
    """
    for price in prices:
        if price.start.tzinfo is None or price.end.tzinfo is None:
            raise DataError(f"{source}: slot {_slot(price)} has no time zone")
    ordered = sorted(set(prices), key=lambda p: (p.start, p.end))
    for price in ordered:
        if price.end <= price.start:
            raise DataError(f"{source}: slot {_slot(price)} does not end after it starts")
        if not math.isfinite(price.eur_per_kwh):
            raise DataError(f"{source}: slot {_slot(price)} has the price {price.eur_per_kwh}")
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise DataError(f"{source}: slots {_slot(before)} and {_slot(after)} overlap")
    return tuple(ordered)


def gaps(prices: Sequence[WholesalePrice]) -> tuple[tuple[datetime, datetime], ...]:
    """The times between the first and the last price for which there is none."""
    pairs = pairwise(prices)
    return tuple((before.end, after.start) for before, after in pairs if before.end < after.start)


def _slot(price: WholesalePrice) -> str:
    return f"{price.start.isoformat()}..{price.end.isoformat()}"
