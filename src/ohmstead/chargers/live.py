"""The event loop of a fleet that talks to a central system elsewhere: thousands of sockets in one process."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from ohmstead.chargers.virtual_time import ScaledTimeLoop
from ohmstead.open_files import raise_open_files

T = TypeVar("T")

GARBAGE_THRESHOLDS: Final = (50_000, 10, 10)
"""A collection every 700 objects would walk again and again through chargers that stay."""


def run_live(main: Coroutine[Any, Any, T], speed: float) -> T:
    """Run a fleet to its end.

    Args:
        speed: simulated by real seconds; at 1 on libuv's event loop, where there is one (not on Windows).
    """
    raise_open_files()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    factory = _real_time_loop() if speed == 1.0 else lambda: ScaledTimeLoop(speed)
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)


def _real_time_loop() -> Any:
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
