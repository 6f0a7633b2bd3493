"""The event loop of a fleet that talks to a central system elsewhere: thousands of sockets in one process."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

from ohmstead.chargers.virtual_time import ScaledTimeLoop

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


def raise_open_files() -> None:
    """Allow this process as many sockets as the system lets it have; often it begins with 1024."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # such as macOS, whose hard limit is more than it allows
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _real_time_loop() -> Any:
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
