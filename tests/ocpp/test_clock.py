from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from ohmstead.ocpp.clock import RealClock, VirtualClock

START = datetime(2026, 3, 1, tzinfo=UTC)


async def test_virtual_time_calls_in_order_and_only_what_is_due() -> None:
    clock, seen = VirtualClock(START), list[tuple[str, float]]()

    def note(name: str) -> None:
        seen.append((name, clock.monotonic()))

    def first() -> None:
        note("a")
        clock.call_later(0.5, lambda: note("c"))

    clock.call_later(2.0, lambda: note("b"))
    clock.call_later(1.0, first)
    clock.call_later(1.2, lambda: note("never")).cancel()
    clock.call_later(9.0, lambda: note("later"))
    await clock.advance(3.0)
    assert seen == [("a", 1.0), ("c", 1.5), ("b", 2.0)]
    assert clock.now() == START + timedelta(seconds=3)
    assert clock.next_alarm_s() == 6.0


async def test_sleepers_wake_and_can_be_cancelled() -> None:
    clock = VirtualClock(START)
    sleeper, cancelled = asyncio.ensure_future(clock.sleep(5)), asyncio.ensure_future(clock.sleep(5))
    await asyncio.sleep(0)
    cancelled.cancel()
    await clock.advance(4.9)
    assert not sleeper.done()
    await clock.advance(0.2)
    assert sleeper.done()
    assert cancelled.cancelled()
    assert clock.next_alarm_s() is None


async def test_the_real_clock_goes_on_its_own() -> None:
    clock, done = RealClock(), asyncio.Event()
    before = clock.monotonic()
    clock.call_later(0.01, done.set)
    async with asyncio.timeout(60):
        await done.wait()
        await clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.now().tzinfo is UTC
