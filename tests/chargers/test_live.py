from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from ohmstead.chargers.live import GARBAGE_THRESHOLDS, run_live
from ohmstead.chargers.virtual_time import ScaledTimeLoop

resource = pytest.importorskip("resource")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds, files = gc.get_threshold(), resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    gc.set_threshold(*thresholds)
    resource.setrlimit(resource.RLIMIT_NOFILE, files)


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_real_time_runs_on_a_fast_loop_and_any_other_speed_on_a_scaled_one() -> None:
    assert type(run_live(running_loop(), 1.0)).__module__ == "uvloop"
    assert gc.get_threshold() == GARBAGE_THRESHOLDS
    assert isinstance(run_live(running_loop(), 60.0), ScaledTimeLoop)
