"""Clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.simulator.clock import RealtimeClock, VirtualClock

START = datetime(2026, 4, 13, tzinfo=UTC)


async def test_virtual_time_passes_when_somebody_sleeps() -> None:
    clock = VirtualClock(START)
    await clock.sleep(3600.0)
    clock.advance(5.0)
    assert clock.now() == START + timedelta(seconds=3605)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1.0)


async def test_realtime_runs_at_its_speed_and_a_change_of_speed_does_not_jump() -> None:
    clock = RealtimeClock(START, speed=3600.0)
    before = clock.now()
    await clock.sleep(36.0)
    assert clock.now() - before >= timedelta(seconds=30)
    at_change = clock.now()
    clock.speed = 1.0
    assert clock.speed == 1.0
    assert timedelta(0) <= clock.now() - at_change < timedelta(hours=1)
    with pytest.raises(ValueError, match="above 0"):
        clock.speed = 0.0
