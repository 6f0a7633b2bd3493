"""How good each price slot is among those it is compared with: 1 the cheapest, 0 the dearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from ohmstead.core.tariff import PriceSlot, Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreEntry:
    """A slot [start, end), its import price and its weighting, 0..1."""

    start: datetime
    end: datetime
    eur_per_kwh: float
    weighting: float


def scores(slots: Sequence[PriceSlot]) -> tuple[ScoreEntry, ...]:
    """``(max − p) / (max − min)`` of each published slot; 1 for all where they cost the same."""
    slots = [s for s in slots if s.known]
    if not slots:
        return ()
    low = min(s.import_eur_per_kwh for s in slots)
    high = max(s.import_eur_per_kwh for s in slots)
    spread = high - low
    return tuple(
        ScoreEntry(
            start=s.start,
            end=s.end,
            eur_per_kwh=s.import_eur_per_kwh,
            weighting=(high - s.import_eur_per_kwh) / spread if spread > 0.0 else 1.0,
        )
        for s in slots
    )


def scores_of_day(tariff: Tariff, day: date, tz: tzinfo) -> tuple[ScoreEntry, ...]:
    """The scores of a local day of 23, 24 or 25 hours, among its own slots.

    A slot that reaches over midnight is cut there.
    """
    start = datetime.combine(day, time(0), tz).astimezone(tz)
    end = datetime.combine(day + timedelta(days=1), time(0), tz).astimezone(tz)
    return tuple(
        ScoreEntry(
            start=max(entry.start, start.astimezone(entry.start.tzinfo)),
            end=min(entry.end, end.astimezone(entry.end.tzinfo)),
            eur_per_kwh=entry.eur_per_kwh,
            weighting=entry.weighting,
        )
        for entry in scores(tariff.between(start, end))
    )
