"""The car at the cable, simulated: battery, taper, phases, reaction time (IEC 61851-1: 0 or at least 6 A)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

MIN_CURRENT_A: Final = 6.0


class Vehicle(Protocol):
    """What a connector needs of a car."""

    @property
    def soc(self) -> float | None:
        """State of charge, 0 to 1; ``None`` where the car does not tell."""
        ...

    def take(self, offered_a: float, phases: int, voltage_v: float, dt_s: float) -> tuple[float, ...]:
        """Let ``dt_s`` seconds pass under an offer; returns the current per phase, A (import positive).

        Never more than ``offered_a`` on a phase, never more phases than ``phases``.
        """
        ...


@dataclass(slots=True)
class SimulatedVehicle:
    """A car that obeys its offer. Above ``taper_soc`` its current falls linearly, to a tenth when full."""

    capacity_kwh: float = 60.0
    soc: float | None = 0.3
    max_a: float = 32.0
    phases: int = 3
    taper_soc: float = 0.8
    reaction_s: float = 3.0
    """From an offer to the first ampere."""
    efficiency: float = 0.92
    wants: bool = True
    """False: the car pauses by itself."""
    _offered_for_s: float = 0.0

    def take(self, offered_a: float, phases: int, voltage_v: float, dt_s: float) -> tuple[float, ...]:
        """See :class:`Vehicle`."""
        used = min(self.phases, phases)
        soc = self.soc if self.soc is not None else 0.0
        if offered_a < MIN_CURRENT_A or not self.wants or soc >= 1.0:
            self._offered_for_s = 0.0
            return (0.0,) * used
        self._offered_for_s += dt_s
        if self._offered_for_s < self.reaction_s:
            return (0.0,) * used
        taper = 1.0 if soc <= self.taper_soc else 1.0 - 0.9 * (soc - self.taper_soc) / (1.0 - self.taper_soc)
        current_a = min(offered_a, max(1.0, self.max_a * taper))
        full_kwh = (1.0 - soc) * self.capacity_kwh / self.efficiency
        energy_kwh = current_a * used * voltage_v * dt_s / 3.6e6
        if energy_kwh > full_kwh > 0.0:
            current_a *= full_kwh / energy_kwh
            energy_kwh = full_kwh
        self.soc = min(1.0, soc + energy_kwh * self.efficiency / self.capacity_kwh)
        return (current_a,) * used
