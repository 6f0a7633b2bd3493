"""The vehicle at a simulated charger: battery, taper, reaction time, one to three phases.

A smaller model than the twin's on purpose: it answers a charger, thousands of times a second.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

MIN_CURRENT_A: Final = 6.0
"""Below this no vehicle charges with Mode 3 (IEC 61851-1, table A.8)."""
_TAPER_END: Final = 0.1
"""Share of the current that is left when the battery is full."""


@dataclass(slots=True)
class SimulatedVehicle:
    """A vehicle that obeys what it is offered, after its reaction time.

    ``soc`` 0..1. Above ``taper_soc`` the current falls linearly to a tenth at full. ``stops_at_soc`` is
    where it ends charging by itself. ``efficiency`` is from the connector into the battery. ``wobble`` is the
    share (0..1) by which it takes less at random, drawn from ``rng``.
    """

    capacity_kwh: float = 60.0
    soc: float | None = 0.3
    max_a: float = 32.0
    phases: int = 3
    taper_soc: float = 0.8
    reaction_s: float = 3.0
    stops_at_soc: float = 1.0
    efficiency: float = 0.92
    wobble: float = 0.0
    rng: random.Random | None = None
    _offered_for_s: float = 0.0

    @property
    def full(self) -> bool:
        """It does not want any more."""
        return self.soc is not None and self.soc >= self.stops_at_soc - 1e-9

    def current_a(self, offered_a: float) -> float:
        """What it takes per phase of an offer once it reacted, A ≥ 0."""
        if offered_a < MIN_CURRENT_A or self.full:
            return 0.0
        soc = self.soc or 0.0
        share = 1.0
        if soc > self.taper_soc:
            share -= (1.0 - _TAPER_END) * (soc - self.taper_soc) / (1.0 - self.taper_soc)
        return min(offered_a, self.max_a * share)

    def take(self, offered_a: float, phases: int, voltage_v: float, dt_s: float) -> tuple[float, ...]:
        """Let ``dt_s`` seconds pass under an offer.

        Returns:
            The mean current of each phase used, A; never more than offered, on at most ``phases``.
        """
        used = min(self.phases, phases)
        current_a = self.current_a(offered_a)
        if current_a <= 0.0:
            self._offered_for_s = 0.0
            return (0.0,) * used
        waited_s = max(0.0, min(dt_s, self.reaction_s - self._offered_for_s))
        self._offered_for_s += dt_s
        current_a *= (dt_s - waited_s) / dt_s if dt_s > 0.0 else 0.0
        if self.wobble > 0.0 and self.rng is not None:
            current_a *= 1.0 - self.wobble * self.rng.random()
        soc = self.soc or 0.0
        stored_kwh = current_a * used * voltage_v * dt_s / 3.6e6 * self.efficiency
        room_kwh = max(0.0, (self.stops_at_soc - soc) * self.capacity_kwh)
        if stored_kwh > room_kwh:
            current_a *= room_kwh / stored_kwh
            self.soc = self.stops_at_soc
        else:
            self.soc = soc + stored_kwh / self.capacity_kwh
        return (current_a,) * used

    def minutes_left(self, power_w: float) -> int:
        """Until it stops, at this power into the connector; 0 where nothing flows."""
        if power_w <= 0.0:
            return 0
        missing_kwh = max(0.0, self.stops_at_soc - (self.soc or 0.0)) * self.capacity_kwh
        return min(65535, round(missing_kwh / self.efficiency / power_w * 6e4))
