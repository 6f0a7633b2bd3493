"""What went over the wires of a fleet: messages and round trips."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from ohmstead.ykc.layout import Direction, Message

_KEEP: Final = 100_000
_OUTSTANDING: Final = 256
_OCPP_HEAD: Final = re.compile(r'\s*\[\s*([234])\s*,\s*"([^"]*)"')


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A while: messages both ways, and round trips that ended in it, ms; ``None`` where none did."""

    messages: int
    p50_ms: float | None
    p99_ms: float | None


class Traffic:
    """Counts for all chargers of one fleet. Round trips are those that chargers asked for.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.sent = 0
        self.received = 0
        self._trips_s: deque[float] = deque(maxlen=_KEEP)
        self._trips = 0
        self._told = (0, 0)

    @property
    def messages(self) -> int:
        """Both ways."""
        return self.sent + self.received

    def percentile_ms(self, share: float) -> float | None:
        """Round trip that this share (0..1) of the last 100 000 did not exceed, ms."""
        return _percentile_ms(sorted(self._trips_s), share)

    def period(self) -> Period:
        """What there was since this was asked last; of round trips at most the last 100 000."""
        messages, trips = self._told
        self._told = self.messages, self._trips
        ended = sorted(islice(reversed(self._trips_s), self._trips - trips))
        return Period(
            messages=self.messages - messages,
            p50_ms=_percentile_ms(ended, 0.5),
            p99_ms=_percentile_ms(ended, 0.99),
        )

    def of_ocpp(self) -> Callable[[str, str], None]:
        """An observer for one OCPP charge point."""
        asked: dict[str, float] = {}

        def observe(way: str, text: str) -> None:
            out = way == "out"
            self._count(out)
            head = _OCPP_HEAD.match(text)
            if head is None:
                return
            call = head[1] == "2"
            if out and call:
                if len(asked) >= _OUTSTANDING:
                    del asked[next(iter(asked))]
                asked[head[2]] = self._clock()
            elif not out and not call and (began := asked.pop(head[2], None)) is not None:
                self._ended(self._clock() - began)

        return observe

    def of_ykc(self) -> Callable[[Direction, Message, bytes], None]:
        """An observer for one pile."""
        asked: dict[tuple[int, bytes], float] = {}

        def observe(way: Direction, message: Message, seq: bytes) -> None:
            out = way is Direction.UP
            self._count(out)
            if out and message.REPLY is not None:
                if len(asked) >= _OUTSTANDING:
                    del asked[next(iter(asked))]
                asked[message.REPLY, seq] = self._clock()
            elif not out and (began := asked.pop((message.TYPE, seq), None)) is not None:
                self._ended(self._clock() - began)

        return observe

    def _ended(self, trip_s: float) -> None:
        self._trips += 1
        self._trips_s.append(trip_s)

    def _count(self, out: bool) -> None:
        if out:
            self.sent += 1
        else:
            self.received += 1


def _percentile_ms(ordered_s: Sequence[float], share: float) -> float | None:
    if not ordered_s:
        return None
    return 1e3 * ordered_s[min(len(ordered_s) - 1, int(share * len(ordered_s)))]
