"""A fleet of charge points written with the ``ocpp`` library: boot, charge, then heartbeats and MeterValues.

As its documentation shows it, without permessage-deflate. It prints the lines that
``ohmstead chargers run --json --report-every`` prints, as far as the benchmark reads them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
import time
from collections.abc import Awaitable, Callable

from benchmarks.ocpp_ends.load import OPENING_AT_ONCE, rss_kb
from benchmarks.ocpp_ends.peer_client import PeerCharger, open_charger

CHARGING_AFTER_S = 20.0


class PeerFleet:
    """Counts calls, and how long each took."""

    def __init__(self, url: str, count: int, every_s: float) -> None:
        self._url = url
        self._count = count
        self._every_s = every_s
        self._began_s = time.monotonic()
        self._before_kb = rss_kb()
        self._gate = asyncio.Semaphore(OPENING_AT_ONCE)
        self.booted = self.charging = 0
        self.boot_s: float | None = None
        self._took_s: list[float] = []

    async def live(self, number: int) -> None:
        """One charger, for ever."""
        identity = f"PEER{number:05d}"
        async with self._gate:
            charger = await open_charger(f"{self._url}/{identity}", identity)
            await self._timed(charger.register)
        self.booted += 1
        if self.booted == self._count:
            self.boot_s = time.monotonic() - self._began_s
        await asyncio.gather(self._again_and_again(lambda: charger.send("Heartbeat")), self._charge(charger))

    async def _charge(self, charger: PeerCharger) -> None:
        after_s = self._began_s + CHARGING_AFTER_S - time.monotonic()
        await asyncio.sleep(max(0.0, after_s) + random.uniform(0.0, 4.0))
        await self._timed(charger.begin)
        self.charging += 1
        await self._again_and_again(lambda: charger.send("MeterValues"))

    async def _again_and_again(self, send: Callable[[], Awaitable[None]]) -> None:
        due_s = time.monotonic()
        while True:
            due_s += self._every_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await self._timed(send)

    async def _timed(self, send: Callable[[], Awaitable[None]]) -> None:
        at_s = time.monotonic()
        await send()
        self._took_s.append(time.monotonic() - at_s)

    def line(self, took_s: float) -> dict[str, float | int | None]:
        """The figures since the last one; a call and its answer are two messages."""
        ended, self._took_s = sorted(self._took_s), []
        return {
            "registered": self.booted,
            "orders": self.charging,
            "messages": 2 * len(ended),
            "messages_per_s": 2 * len(ended) / took_s,
            "p50_ms": 1e3 * ended[len(ended) // 2] if ended else None,
            "p99_ms": 1e3 * ended[int(0.99 * len(ended))] if ended else None,
            "cpu_s": time.process_time(),
            "boot_s": self.boot_s,
            "rss_per_charger_kb": (rss_kb() - self._before_kb) / self._count,
        }


async def main() -> None:
    """The command line: URL, count, seconds between two of the same message, seconds per line."""
    url, count, every_s, line_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    fleet = PeerFleet(url, count, every_s)
    living = asyncio.gather(*(fleet.live(number) for number in range(count)))
    told_s = time.monotonic()
    while not living.done():
        await asyncio.wait({living}, timeout=line_s)
        now_s = time.monotonic()
        print(json.dumps(fleet.line(now_s - told_s)), flush=True)
        told_s = now_s
    await living


if __name__ == "__main__":
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    asyncio.run(main())
    os._exit(0)
