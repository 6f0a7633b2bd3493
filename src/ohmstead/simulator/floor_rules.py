"""Regulators for the floor house: the heat orchestrator, and two rules to compare it with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from ohmstead.heating.heat_orchestrator import Floor, Settings
from ohmstead.simulator.floor_home import WARSAW, FloorHome
from ohmstead.simulator.floor_house import FloorHouse

OFF_C = Settings().room_off_setpoint
ALL_ROOMS_C, ONE_ROOM_C = -20.0, -25.0
"""``bulk_mode_temp`` and ``sequential_mode_temp`` that open all rooms with demand down to −20 °C."""


class FloorRule(Protocol):
    """Somebody who runs the house."""

    def run(self, duration: timedelta) -> None:
        """Let time pass."""
        ...

    def wish(self, room: str, value_c: float) -> None:
        """A person wants another temperature."""
        ...


class Orchestrated:
    """The heat orchestrator with its host."""

    def __init__(self, house: FloorHouse, settings: Settings) -> None:
        self.home = FloorHome(house, settings=settings)
        self.run = self.home.run

    def wish(self, room: str, value_c: float) -> None:
        """Edit the room's helper."""
        self.home.edit(f"user_sp_{room}", value_c)


class PlainHysteresis:
    """Thermostats alone: every room at its wish, both floors together, the pump while a room lacks heat.

    The pump starts when a room is colder than its wish by more than ``hysteresis_k`` and stops when none is
    colder. It breaks the plant's rule that the floors never heat together, and knows no off window, no
    minimum times and no quota: what the orchestrator's comfort is to be measured against.
    """

    def __init__(self, house: FloorHouse, hysteresis_k: float) -> None:
        self.house, self.hysteresis_k = house, hysteresis_k
        self.wished = {room: r.spec.user_c for room, r in house.rooms.items()}

    def wish(self, room: str, value_c: float) -> None:
        """Take it with the next minute."""
        self.wished[room] = value_c

    def run(self, duration: timedelta) -> None:
        """Switch once, then let time pass."""
        self._serve(frozenset(Floor))
        self.house.advance(self.house.now + duration)

    def _serve(self, floors: frozenset[Floor]) -> None:
        house = self.house
        lacks = []
        for room, r in house.rooms.items():
            served = r.spec.floor in floors
            setpoint_c = self.wished[room] if served else OFF_C
            if r.setpoint_c != setpoint_c:
                house.set_temperature(room, setpoint_c)
            if served:
                lacks.append(self.wished[room] - round(r.air_c, 1))
        if max(lacks) > self.hysteresis_k and not house.pump_on:
            house.turn_on()
        elif max(lacks) <= 0.0 and house.pump_on:
            house.press_off()


class FixedTurns(PlainHysteresis):
    """The plain rule by the clock: each floor has every other hour. Otherwise as `PlainHysteresis`."""

    def run(self, duration: timedelta) -> None:
        """Switch once, then let time pass."""
        turn = Floor.GF if self.house.now.astimezone(WARSAW).hour % 2 == 0 else Floor.FF
        self._serve(frozenset({turn}))
        self.house.advance(self.house.now + duration)


def floor_rules(hysteresis_k: float) -> dict[str, Callable[[FloorHouse], FloorRule]]:
    """The regulators by name, the project's own first; each heats ``hysteresis_k`` below the wish."""
    return {
        "orchestrator": lambda house: Orchestrated(house, Settings(heating_hyst_on=hysteresis_k)),
        "orchestrator_all_rooms": lambda house: Orchestrated(
            house,
            Settings(
                heating_hyst_on=hysteresis_k, bulk_mode_temp=ALL_ROOMS_C, sequential_mode_temp=ONE_ROOM_C
            ),
        ),
        "fixed_turns": lambda house: FixedTurns(house, hysteresis_k),
        "hysteresis": lambda house: PlainHysteresis(house, hysteresis_k),
    }
