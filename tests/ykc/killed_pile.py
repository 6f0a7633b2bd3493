"""A pile in a process of its own, to be killed: ``python -m tests.ykc.killed_pile PORT STORE``."""

from __future__ import annotations

import asyncio
import sys

from ohmstead.ykc.pile.events import PileEvent, StartCharging, StopCharging
from ohmstead.ykc.pile.facts import GunReading, PileFacts
from ohmstead.ykc.pile.host import PileHost
from ohmstead.ykc.pile.store import PileStore

PILE = "20231212000010"


async def main(port: int, path: str) -> None:
    meter_kwh = 0.0

    def handle(event: PileEvent) -> None:
        match event:
            case StartCharging(gun):
                host.act(lambda pile, now: pile.guns[gun].began(now))
            case StopCharging(gun, reason):
                host.act(lambda pile, now: pile.guns[gun].ended(reason, now))

    store = PileStore(path)
    facts = PileFacts(number=PILE)
    host = PileHost(facts, "127.0.0.1", port, store=store, handle=handle, longest_retry_s=0.05)
    host.start()
    host.act(lambda pile, now: pile.guns["01"].plug(now))
    while True:
        await asyncio.sleep(0.001)
        meter_kwh += 0.001
        reading = GunReading(voltage_v=400.0, current_a=100.0, meter_kwh=meter_kwh)
        host.act(lambda pile, now, reading=reading: pile.guns["01"].measure(reading, now))  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
