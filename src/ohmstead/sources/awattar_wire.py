"""Reading an answer of aWATTar's ``/v1/marketdata``.

The answer: ``{"object": "list", "data": [{"start_timestamp": ms, "end_timestamp": ms,
"marketprice": 85.3, "unit": "Eur/MWh"}, …]}``, times in milliseconds since 1970 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from ohmstead.errors import DataError
from ohmstead.sources.prices import WholesalePrice, checked

UNIT = "eur/mwh"
_EARLIEST_MS = 946_684_800_000
_LATEST_MS = 4_102_444_800_000
_DURATIONS_MIN = (15, 30, 60)
_HIGHEST_EUR_PER_MWH = 20_000.0
"""Well beyond the price limits of the market, which are a few thousand €/MWh."""


class _Slot(msgspec.Struct, frozen=True):
    start_timestamp: int
    end_timestamp: int
    marketprice: float
    unit: str


class _Answer(msgspec.Struct, frozen=True):
    data: list[_Slot]


def parse_marketdata(body: bytes, source: str) -> tuple[WholesalePrice, ...]:
    """The prices of an answer, in order; empty when it has none.

    Args:
        body: the answer as received.
        source: names the answer in errors: its URL or file.

    Raises:
        DataError: no JSON of this shape, another unit, times that cannot be, or overlapping slots.
    """
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{source}: {error}") from error
    return checked([_price(slot, i, source) for i, slot in enumerate(answer.data)], source)


def _price(slot: _Slot, index: int, source: str) -> WholesalePrice:
    where = f"{source}: data[{index}]"
    if slot.unit.replace(" ", "").lower() != UNIT:
        raise DataError(f"{where}.unit: found {slot.unit!r}, allowed is 'Eur/MWh'")
    if abs(slot.marketprice) > _HIGHEST_EUR_PER_MWH:
        raise DataError(
            f"{where}.marketprice: found {slot.marketprice}, allowed is ±{_HIGHEST_EUR_PER_MWH:.0f} Eur/MWh"
        )
    start = _time(slot.start_timestamp, f"{where}.start_timestamp")
    end = _time(slot.end_timestamp, f"{where}.end_timestamp")
    minutes = (end - start).total_seconds() / 60
    if minutes not in _DURATIONS_MIN:
        raise DataError(f"{where}: found a slot of {minutes:g} minutes, allowed are 15, 30 and 60")
    return WholesalePrice(start=start, end=end, eur_per_kwh=slot.marketprice / 1000)


def _time(milliseconds: int, where: str) -> datetime:
    if not _EARLIEST_MS <= milliseconds <= _LATEST_MS:
        raise DataError(f"{where}: found {milliseconds}, expected milliseconds since 1970")
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
