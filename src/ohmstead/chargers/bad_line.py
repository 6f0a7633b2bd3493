"""Lines that misbehave for a while: half open, slow, with frames twice or in the wrong order."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Any, Final, cast

HELD_AT_MOST_S: Final = 1.0
"""A frame that waits for another one to overtake it."""


class LineFault(StrEnum):
    """What a line does."""

    HALF_OPEN = "half_open"
    """Nothing arrives at either end, and neither is told; at the end the connection is gone."""
    SLOW_SERVER = "slow_server"
    """What the central system says arrives only afterwards."""
    DUPLICATE_FRAMES = "duplicate_frames"
    """All that the charger says arrives twice."""
    REORDERED_FRAMES = "reordered_frames"
    """What the charger says is overtaken by what it says next."""


def impaired(transport: asyncio.Transport, fault: LineFault, lasts_s: float) -> asyncio.Transport:
    """A transport to use in place of another one: it misbehaves, and is good again after ``lasts_s`` seconds.

    Each write must be whole frames, as both protocols' are.
    """
    return cast("asyncio.Transport", _Impaired(transport, fault, lasts_s))


class _Impaired:
    def __init__(self, transport: asyncio.Transport, fault: LineFault, lasts_s: float) -> None:
        self._transport = transport
        self._fault: LineFault | None = fault
        self._held: bytes = b""
        self._loop = asyncio.get_running_loop()
        if fault in (LineFault.HALF_OPEN, LineFault.SLOW_SERVER):
            transport.pause_reading()
        self._loop.call_later(lasts_s, self._over)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or what the fault makes of it."""
        match self._fault:
            case LineFault.HALF_OPEN:
                return
            case LineFault.DUPLICATE_FRAMES:
                self._transport.write(bytes(data) * 2)
            case LineFault.REORDERED_FRAMES:
                self._overtake(bytes(data))
            case _:
                self._transport.write(data)

    def _overtake(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(data + held)
        else:
            self._held = data
            self._loop.call_later(HELD_AT_MOST_S, self._let_go)

    def _let_go(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)

    def _over(self) -> None:
        fault, self._fault = self._fault, None
        self._let_go()
        if self._transport.is_closing():
            return
        if fault is LineFault.HALF_OPEN:
            self._transport.abort()
        elif fault is LineFault.SLOW_SERVER:
            self._transport.resume_reading()
