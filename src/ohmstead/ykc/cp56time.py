"""CP56Time2a, the seven-byte time of IEC 60870-5-4, as piles use it: wall-clock time without a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SIZE = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class WallTime:
    """What a clock on the wall beside the pile shows; the reader must know its zone.

    ``at`` is naive and has milliseconds at most. ``weekday`` is 1 (Monday) to 7, 0 where not given, the
    usual case. ``invalid`` and ``summer`` are the flags IV and SU; other bits are reserved.
    """

    at: datetime
    weekday: int = 0
    invalid: bool = False
    summer: bool = False


def read_time(data: bytes) -> WallTime | None:
    """The time of seven bytes, or ``None`` where they are no date, such as seven zeros."""
    milliseconds = data[0] | data[1] << 8
    try:
        at = datetime(  # noqa: DTZ001 - the wire gives no zone
            2000 + (data[6] & 0x7F),
            data[5] & 0x0F,
            data[4] & 0x1F,
            data[3] & 0x1F,
            data[2] & 0x3F,
            milliseconds // 1000,
            milliseconds % 1000 * 1000,
        )
    except ValueError:
        return None
    return WallTime(at=at, weekday=data[4] >> 5, invalid=bool(data[2] & 0x80), summer=bool(data[3] & 0x80))


def write_time(time: WallTime | None) -> bytes:
    """The seven bytes of a time; zeros for ``None``.

    Raises:
        ValueError: the year is not in 2000 to 2127.
    """
    if time is None:
        return bytes(SIZE)
    at = time.at
    if not 2000 <= at.year <= 2127:
        raise ValueError(f"year {at.year}, allowed: 2000 to 2127")
    milliseconds = at.second * 1000 + at.microsecond // 1000
    return bytes(
        (
            milliseconds & 0xFF,
            milliseconds >> 8,
            at.minute | time.invalid << 7,
            at.hour | time.summer << 7,
            at.day | time.weekday << 5,
            at.month,
            at.year - 2000,
        )
    )
