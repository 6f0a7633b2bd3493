"""A thermostatic radiator valve and a room sensor as batteries allow them: slow, coarse, sleepy."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SensorSpec:
    """A battery sensor on a wall, beside the air it measures."""

    lag_s: float = 240.0
    """Time constant of its housing."""
    resolution_k: float = 0.1
    look_s: float = 60.0
    """It measures this often, and reports when the rounded value changed."""
    report_s: float = 1800.0
    """It reports at least this often."""


@dataclass(slots=True)
class SensorTwin:
    """State of a sensor; ``reported_c`` is what a host sees."""

    spec: SensorSpec
    housing_c: float
    reported_c: float
    reported_s: float = 0.0
    looked_s: float = 0.0

    def move(self, now_s: float, dt_s: float, air_c: float) -> bool:
        """Follow the air for ``dt_s``; True when a report was sent at ``now_s``."""
        s = self.spec
        self.housing_c += (air_c - self.housing_c) * (1.0 - math.exp(-dt_s / s.lag_s))
        if now_s - self.looked_s < s.look_s:
            return False
        self.looked_s = now_s
        rounded_c = round(round(self.housing_c / s.resolution_k) * s.resolution_k, 6)
        if rounded_c == self.reported_c and now_s - self.reported_s < s.report_s:
            return False
        self.reported_c, self.reported_s = rounded_c, now_s
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class ValveSpec:
    """A TRV that opens fully for a high setpoint and closes for a low one."""

    stroke_s: float = 90.0
    """From closed to open."""
    listen_s: float = 20.0
    """Its radio listens this often."""
    max_c: float = 30.0
    min_c: float = 5.0
    leakage: float = 0.005
    """What a closed valve lets through."""


@dataclass(slots=True)
class ValveTwin:
    """State of a TRV; ``setpoint_c`` is what a host reads back."""

    spec: ValveSpec
    setpoint_c: float
    opening: float = 0.0
    opened: int = 0
    """How often it began to open."""
    mode: str = "heat"
    _asked: tuple[str, float] | None = None
    _listened_s: float = 0.0

    def ask(self, mode: str, setpoint_c: float) -> None:
        """Send a command; the valve takes it when it listens next."""
        self._asked = (mode, setpoint_c)

    def turn(self, mode: str, setpoint_c: float) -> None:
        """A person turns the knob."""
        self.mode, self.setpoint_c = mode, setpoint_c

    def move(self, now_s: float, dt_s: float, air_c: float) -> None:
        """Listen, and move towards open or closed."""
        s = self.spec
        if now_s - self._listened_s >= s.listen_s:
            self._listened_s = now_s
            if self._asked is not None:
                (self.mode, self.setpoint_c), self._asked = self._asked, None
        wanted = 1.0 if self.mode == "heat" and self.setpoint_c > air_c + 2.0 else 0.0
        if wanted > 0.0 and self.opening == 0.0:
            self.opened += 1
        step = dt_s / s.stroke_s
        self.opening = min(wanted, self.opening + step) if wanted else max(0.0, self.opening - step)

    @property
    def flow(self) -> float:
        """Share of the full flow, 0..1; a lift valve gives most of it in its first half."""
        opening = 1.0 - (1.0 - self.opening) ** 2
        return max(self.spec.leakage, opening)
