"""Winter weeks for heating trials: outdoor temperature, sun, heat of people, wanted temperature.

Every value is a function of the time and the seed, so that regulators meet the same week.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from ohmstead.simulator.noise import Noise

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S


class Weather(StrEnum):
    """The weeks on offer."""

    MILD = "mild"
    """+8 °C, constant target."""
    COLD = "cold"
    """−2 °C, constant target."""
    FRONT = "front"
    """+7 °C falls to −9 °C within ten hours in the middle of each week; constant target."""
    SETBACK = "setback"
    """+3 °C; the target is 3 K lower from 22:00 to 6:00."""


_MEAN_C = {Weather.MILD: 8.0, Weather.COLD: -2.0, Weather.FRONT: 7.0, Weather.SETBACK: 3.0}
_SETBACK_K = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WinterWeeks:
    """Weather and habits; times in seconds since a Monday 0:00."""

    weather: Weather
    seed: int = 1

    def outdoor_c(self, t_s: float) -> float:
        """Daily swing of ±2.5 K, warmest at 15:00, and slow noise of ±1 K."""
        mean_c = _MEAN_C[self.weather]
        if self.weather is Weather.FRONT:
            mean_c -= 16.0 * _front(t_s % WEEK_S)
        swing_k = 2.5 * math.cos(2.0 * math.pi * (t_s / DAY_S - 15.0 / 24.0))
        return mean_c + swing_k + Noise(self.seed, "outdoor").smooth(t_s / 10_800.0)

    def sun_w_m2(self, t_s: float) -> float:
        """On a window to the south: eight hours of a low sun behind moving clouds."""
        height = math.sin(math.pi * ((t_s % DAY_S) / 3600.0 - 8.0) / 8.0)
        if not 8.0 <= (t_s % DAY_S) / 3600.0 <= 16.0:
            return 0.0
        clouds = 0.5 + 0.5 * Noise(self.seed, "clouds").smooth(t_s / 5_400.0)
        return 300.0 * height * (0.15 + 0.85 * clouds * clouds)

    def people_w(self, room: str, t_s: float) -> float:
        """Heat of people and appliances in a room, W: some in the evening, a little always."""
        hour = (t_s % DAY_S) / 3600.0
        there = 1.0 if 17.0 <= hour < 22.0 or 6.5 <= hour < 8.0 else 0.0
        return 40.0 + 110.0 * there * Noise(self.seed, "people " + room).uniform(int(t_s // 2700.0))

    def target_c(self, day_c: float, t_s: float) -> float:
        """The wanted temperature of a room that wants ``day_c`` by day."""
        hour = (t_s % DAY_S) / 3600.0
        night = self.weather is Weather.SETBACK and not 6.0 <= hour < 22.0
        return day_c - _SETBACK_K if night else day_c


def _front(t_s: float) -> float:
    """0 before the front, 1 behind it: Wednesday 0:00 to 10:00, back through Saturday."""
    day = t_s / DAY_S
    arriving = min(1.0, max(0.0, (day - 2.0) * 2.4))
    leaving = min(1.0, max(0.0, day - 5.0))
    return arriving - leaving
