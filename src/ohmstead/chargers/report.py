"""Figures of a fleet while it runs, one line for each period: for programs that watch a load test."""

from __future__ import annotations

import time
from typing import Any

from ohmstead.chargers.fleet import Fleet
from ohmstead.chargers.protocol import Happening


class Report:
    """Args: of which fleet, and how many real seconds a period has at least."""

    def __init__(self, fleet: Fleet, every_s: float) -> None:
        self._fleet = fleet
        self._every_s = every_s
        self._began_s = self._told_s = time.monotonic()

    def line(self) -> dict[str, Any] | None:
        """The figures since the last line; ``None`` while the period is not over.

        ``registered``, ``orders`` and ``cpu_s`` (of this process) are of now, the others of the period.
        """
        now_s = time.monotonic()
        took_s = now_s - self._told_s
        if took_s < self._every_s:
            return None
        self._told_s = now_s
        period = self._fleet.traffic.period()
        return {
            "at_s": round(now_s - self._began_s, 3),
            "registered": self._fleet.registered,
            "orders": self._fleet.happened[Happening.STARTED],
            "messages": period.messages,
            "messages_per_s": round(period.messages / took_s, 1),
            "p50_ms": None if period.p50_ms is None else round(period.p50_ms, 3),
            "p99_ms": None if period.p99_ms is None else round(period.p99_ms, 3),
            "cpu_s": round(time.process_time(), 3),
        }
