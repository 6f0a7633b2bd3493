"""The meter at the grid connection: it samples, it is late, and it is not exact."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from ohmstead.core.state import GridState, Quality, Reading
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.timeline import utc

PhasePowers = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterSpec:
    """``relative_noise`` and ``noise_w`` are standard deviations per phase."""

    interval_s: float = 2.0
    delay_s: float = 1.0
    relative_noise: float = 0.003
    noise_w: float = 2.0
    stale_s: float = 15.0


class GridMeter:
    """Keeps the last few powers, so that a reading can be of a moment ago."""

    def __init__(self, seed: int, spec: MeterSpec) -> None:
        self.spec = spec
        self._noise = Noise(seed, "meter")
        self._pieces: deque[tuple[float, PhasePowers]] = deque()

    def record(self, start_s: float, phases_w: PhasePowers) -> None:
        """The powers that hold from ``start_s`` on, until the next call."""
        pieces = self._pieces
        pieces.append((start_s, phases_w))
        oldest = start_s - self.spec.delay_s - 2.0 * self.spec.interval_s
        while len(pieces) > 1 and pieces[1][0] <= oldest:
            pieces.popleft()

    def read(self, now_s: float, frozen_since_s: float | None = None) -> GridState:
        """The newest sample that has arrived by ``now_s``; none after ``frozen_since_s``."""
        s = self.spec
        latest = now_s - s.delay_s if frozen_since_s is None else min(now_s - s.delay_s, frozen_since_s)
        bucket = math.floor(latest / s.interval_s)
        sample_s = bucket * s.interval_s
        true = next((p for start, p in reversed(self._pieces) if start <= sample_s), None)
        if true is None:
            if not self._pieces:
                return GridState()
            true = self._pieces[0][1]
        a, b, c = (
            round(
                w + (s.relative_noise * abs(w) + s.noise_w) * self._noise.normal(bucket * 3 + i),
                1,
            )
            for i, w in enumerate(true)
        )
        quality = Quality.STALE if now_s - sample_s > s.stale_s else Quality.GOOD
        return GridState(
            power_w=Reading(value=a + b + c, at=utc(sample_s), quality=quality), phases_w=(a, b, c)
        )

    def snapshot(self) -> list[list[float]]:
        """State as plain data."""
        return [[start, *powers] for start, powers in self._pieces]

    def restore(self, state: list[Any]) -> None:
        """Take back what :meth:`snapshot` gave."""
        self._pieces = deque((start, (a, b, c)) for start, a, b, c in state)
