"""The event loop of a process that serves, in a process of its own: its settings are the whole process's."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import asyncio, gc, sys, weakref
from ohmstead.daemon.event_loop import GARBAGE_THRESHOLDS, run_serving

class Loop:
    def __init__(self):
        self.itself = self

async def main():
    assert sys.platform == "win32" or type(asyncio.get_running_loop()).__module__ == "uvloop"
    await asyncio.sleep(0)
    first = weakref.ref(Loop())
    for _ in range(2 * GARBAGE_THRESHOLDS[0]):
        Loop()
    assert first() is None, "left over in a cycle, and never found"
    return gc.get_threshold()

assert run_serving(main()) == GARBAGE_THRESHOLDS
"""


def test_it_is_libuvs_and_what_is_left_over_in_cycles_is_still_found() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
