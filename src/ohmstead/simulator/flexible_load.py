"""A load with its own daily programme that may be shed, such as a pool pump."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ohmstead.simulator.actuator import CommandLatch
from ohmstead.simulator.noise import Noise
from ohmstead.simulator.series import DAY_S, MINUTES, MinuteSeries
from ohmstead.simulator.timeline import utc


@dataclass(frozen=True, kw_only=True, slots=True)
class FlexibleLoadSpec:
    """Local hours of the programme, from April to September and in the other months."""

    power_w: float = 800.0
    summer_h: tuple[float, float] = (9.5, 15.5)
    winter_h: tuple[float, float] = (11.0, 13.0)
    reaction_s: float = 1.0


class FlexibleLoadProgramme:
    """What the load would take if nobody shed it, W."""

    def __init__(self, seed: int, timezone: ZoneInfo, spec: FlexibleLoadSpec) -> None:
        self._noise = Noise(seed, "flexible load")
        self._timezone = timezone
        self._spec = spec
        self.series = MinuteSeries(self._make_day)

    def _window(self, ordinal: int) -> tuple[int, int]:
        """Minutes since 1970 of one local day's run; its start varies by ten minutes either way."""
        day = date.fromordinal(ordinal)
        start, end = self._spec.summer_h if 4 <= day.month <= 9 else self._spec.winter_h
        midnight = datetime.combine(day, time(12), self._timezone).timestamp() / 60.0 - 12 * 60
        shift = round(10.0 * self._noise.signed(ordinal))
        return round(midnight + start * 60.0) + shift, round(midnight + end * 60.0) + shift

    def _make_day(self, day: int) -> array[float]:
        power = array("d", bytes(8 * MINUTES))
        first = day * MINUTES
        centre = utc(day * DAY_S).astimezone(self._timezone).toordinal()
        for ordinal in (centre - 1, centre, centre + 1):
            start, end = self._window(ordinal)
            for minute in range(max(start, first), min(end, first + MINUTES)):
                power[minute - first] = self._spec.power_w
        return power


class FlexibleLoadTwin:
    """Follows its programme unless a command leaves it less than it needs."""

    def __init__(self, spec: FlexibleLoadSpec) -> None:
        self.spec = spec
        self.latch = CommandLatch()
        self.power_w = 0.0

    def decide(self, now_s: float, programme_w: float) -> None:
        """Set the power of the coming interval."""
        self.latch.update(now_s)
        limit = self.latch.target
        self.power_w = programme_w if limit is None or limit >= programme_w else 0.0
