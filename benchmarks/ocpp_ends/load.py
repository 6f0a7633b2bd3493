"""What both clients do: open connections, boot, then send in a closed loop, and say what it cost."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

AT = "2026-04-03T10:15:00Z"
TAG = "04A2B3C4D5E680"
OPENING_AT_ONCE = 64

MEASURANDS = (
    ("Energy.Active.Import.Register", "Wh", None, "1234567"),
    ("Power.Active.Import", "W", None, "10980.5"),
    ("Current.Import", "A", "L1", "15.9"),
    ("Current.Import", "A", "L2", "15.8"),
    ("Current.Import", "A", "L3", "16.0"),
    ("Voltage", "V", "L1-N", "230.1"),
    ("Voltage", "V", "L2-N", "229.7"),
    ("Voltage", "V", "L3-N", "231.4"),
    ("Current.Offered", "A", None, "16.0"),
    ("SoC", "Percent", None, "54"),
)


class Meter:
    """The meter of a three-phase charger: each reading is 10 s and 30 Wh after the one before."""

    def __init__(self) -> None:
        self._readings = 0
        self._samples = _samples()

    def read(self) -> tuple[str, list[dict[str, str]]]:
        """The time, and ten samples; a message with them has about 1.5 kB."""
        self._readings += 1
        at = datetime.fromisoformat(AT) + timedelta(seconds=10 * self._readings)
        self._samples[0]["value"] = str(1234567 + 30 * self._readings)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ"), self._samples


def _samples() -> list[dict[str, str]]:
    values = []
    for measurand, unit, phase, value in MEASURANDS:
        one = {
            "value": value,
            "context": "Sample.Periodic",
            "format": "Raw",
            "measurand": measurand,
            "location": "EV" if measurand == "SoC" else "Outlet",
            "unit": unit,
        }
        values.append(one if phase is None else one | {"phase": phase})
    return values


class Charger(Protocol):
    """One connection of either library."""

    async def boot(self) -> None:
        """BootNotification and StartTransaction, answered."""

    async def send(self, action: str) -> None:
        """A Heartbeat or MeterValues, answered."""

    async def close(self) -> None:
        """End the connection."""


def rss_kb() -> int:
    """Resident memory of this process, kB (proc(5))."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


async def run(
    open_charger: Callable[[str, str], Awaitable[Charger]], url: str, count: int, action: str, seconds: float
) -> dict[str, Any]:
    """Boot ``count`` chargers, then let each send for so long, one message at a time."""
    before_kb = rss_kb()
    gate = asyncio.Semaphore(OPENING_AT_ONCE)
    chargers: list[Charger] = []

    async def start(number: int) -> None:
        async with gate:
            charger = await open_charger(f"{url}/CP{number:05d}", f"CP{number:05d}")
            await charger.boot()
            chargers.append(charger)

    began_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(start(i) for i in range(count)))
    boot_s, boot_cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    open_kb = rss_kb() - before_kb

    took_s: list[float] = []
    end_s = time.perf_counter() + seconds

    async def talk(charger: Charger) -> None:
        while (at_s := time.perf_counter()) < end_s:
            await charger.send(action)
            took_s.append(time.perf_counter() - at_s)

    print("talking", flush=True)
    began_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(talk(charger) for charger in chargers))
    wall_s, talk_cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    print("talked", flush=True)
    took_s.sort()
    result = {
        "messages": len(took_s),
        "per_s": len(took_s) / wall_s,
        "cpu_us": 1e6 * talk_cpu_s / len(took_s),
        "p50_ms": 1e3 * took_s[len(took_s) // 2],
        "p99_ms": 1e3 * took_s[int(0.99 * len(took_s))],
        "boot_s": boot_s,
        "boot_cpu_ms": 1e3 * boot_cpu_s / count,
        "kb_per_charger": open_kb / count,
    }
    await asyncio.gather(*(charger.close() for charger in chargers))
    return result


def main(open_charger: Callable[[str, str], Awaitable[Charger]]) -> None:
    """The command line of a client: URL, count, action, seconds; prints one JSON object last."""
    url, count, action, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    result = asyncio.run(run(open_charger, url, count, action, seconds))
    print(json.dumps(result), flush=True)
    os._exit(0)  # thousands of sockets are closed by the system, and nothing of it is measured
