"""Prices as the planner and the strategies see them: slots with an import and an export price."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSlot:
    """A time [start, end) with one price. Times are aware and UTC.

    ``export_eur_per_kwh`` is what the house *receives* for a kWh; negative means it pays.
    ``known`` is False where the price is a forecast and not yet published.
    """

    start: datetime
    end: datetime
    import_eur_per_kwh: float
    export_eur_per_kwh: float
    known: bool = True


class Tariff:
    """An ordered run of price slots without overlap; gaps are allowed and give ``None``."""

    __slots__ = ("_starts", "name", "slots")

    def __init__(self, *, name: str, slots: Iterable[PriceSlot]) -> None:
        self.name = name
        self.slots: Sequence[PriceSlot] = tuple(sorted(slots, key=lambda s: s.start))
        self._starts = [s.start for s in self.slots]

    def at(self, when: datetime) -> PriceSlot | None:
        """The slot that covers a moment, or ``None``."""
        i = bisect_right(self._starts, when) - 1
        if i < 0 or when >= self.slots[i].end:
            return None
        return self.slots[i]

    def between(self, start: datetime, end: datetime) -> tuple[PriceSlot, ...]:
        """The slots that touch [start, end), in order."""
        i = max(0, bisect_right(self._starts, start) - 1)
        out: list[PriceSlot] = []
        while i < len(self.slots) and self.slots[i].start < end:
            if self.slots[i].end > start:
                out.append(self.slots[i])
            i += 1
        return tuple(out)

    def since(self, when: datetime) -> tuple[PriceSlot, ...]:
        """The slot that covers a moment and all later ones."""
        return tuple(self.slots[max(0, bisect_right(self._starts, when) - 1) :])
