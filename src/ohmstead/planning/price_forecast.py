"""Prices beyond the published ones: the same hour of past weeks, lifted to today's level."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ohmstead.core.forecast import QUARTER_S, quarter_start
from ohmstead.core.tariff import PriceSlot, Tariff

WEEKS = 4
"""How far back past prices count."""
_STEP = timedelta(seconds=QUARTER_S)
_Pair = tuple[float, float]


def extend_prices(
    known: Sequence[PriceSlot],
    *,
    start: datetime,
    end: datetime,
    timezone: str,
    history: Sequence[PriceSlot] = (),
    fallback: _Pair = (0.30, 0.08),
) -> tuple[PriceSlot, ...]:
    """Quarter-hour prices for the whole of [start, end).

    Where a price is known it stays. Else the forecast is the mean of the same local quarter hour
    of the same weekday over the last weeks (of any day, where that weekday has none), shifted by
    the amount by which the last known day lies above its own forecast. Shifting and not scaling,
    because prices may be negative. Without any price: ``fallback`` (import, export), €/kWh.

    Slots that are not known have ``known=False``. Prices that are not finite count as missing.
    """
    zone = ZoneInfo(timezone)
    published = Tariff(name="known", slots=[s for s in known if _usable(s)])
    past = [s for s in (*history, *known) if _usable(s)]
    profile = _Profile(past, zone, before=end)
    level = _level(published, profile, zone)
    out: list[PriceSlot] = []
    at = quarter_start(start)
    while at < end:
        slot = published.at(at)
        if slot is not None:
            pair, is_known = (slot.import_eur_per_kwh, slot.export_eur_per_kwh), slot.known
        else:
            usual = profile.at(at.astimezone(zone))
            pair = fallback if usual is None else (usual[0] + level[0], usual[1] + level[1])
            is_known = False
        out.append(
            PriceSlot(
                start=at,
                end=at + _STEP,
                import_eur_per_kwh=pair[0],
                export_eur_per_kwh=pair[1],
                known=is_known,
            )
        )
        at += _STEP
    return tuple(out)


class _Profile:
    """Means by local quarter hour and weekday, of the last weeks."""

    def __init__(self, slots: Iterable[PriceSlot], zone: ZoneInfo, *, before: datetime) -> None:
        oldest = before - timedelta(weeks=WEEKS)
        by_weekday: dict[tuple[int, int], list[_Pair]] = {}
        by_quarter: dict[int, list[_Pair]] = {}
        for slot in slots:
            if slot.end <= oldest:
                continue
            pair = (slot.import_eur_per_kwh, slot.export_eur_per_kwh)
            at = slot.start
            while at < slot.end:
                local = at.astimezone(zone)
                quarter = _quarter(local)
                by_weekday.setdefault((local.weekday(), quarter), []).append(pair)
                by_quarter.setdefault(quarter, []).append(pair)
                at += _STEP
        self._by_weekday = {k: _mean(v) for k, v in by_weekday.items()}
        self._by_quarter = {k: _mean(v) for k, v in by_quarter.items()}
        self._overall = _mean(list(self._by_quarter.values())) if self._by_quarter else None

    def at(self, local: datetime) -> _Pair | None:
        quarter = _quarter(local)
        found = self._by_weekday.get((local.weekday(), quarter), self._by_quarter.get(quarter))
        return self._overall if found is None else found


def _level(published: Tariff, profile: _Profile, zone: ZoneInfo) -> _Pair:
    """By how much the last known day lies above what the profile gives for it."""
    if not published.slots:
        return (0.0, 0.0)
    newest = published.slots[-1].end
    differences: list[_Pair] = []
    for slot in published.between(newest - timedelta(days=1), newest):
        usual = profile.at(slot.start.astimezone(zone))
        if usual is not None:
            differences.append((slot.import_eur_per_kwh - usual[0], slot.export_eur_per_kwh - usual[1]))
    return _mean(differences) if differences else (0.0, 0.0)


def _mean(pairs: Sequence[_Pair]) -> _Pair:
    means = np.mean(np.array(pairs), axis=0)
    return (float(means[0]), float(means[1]))


def _quarter(local: datetime) -> int:
    return local.hour * 4 + local.minute // 15


def _usable(slot: PriceSlot) -> bool:
    return math.isfinite(slot.import_eur_per_kwh) and math.isfinite(slot.export_eur_per_kwh)
