"""The event loop of a process that serves thousands of connections."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from ohmstead.open_files import raise_open_files

T = TypeVar("T")

GARBAGE_THRESHOLDS: Final = (200_000, 5, 5)
"""What is being worked on for thousands of connections at once looks like garbage to a collector that
comes every 700 objects: it then spends a third of the processor's time on walking through them. What is
really left over in cycles is still found, some megabytes later."""


def run_serving(main: Coroutine[Any, Any, T]) -> T:
    """Like :func:`asyncio.run`, on libuv's event loop where there is one (not on Windows)."""
    raise_open_files()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Any:
    try:
        return importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
