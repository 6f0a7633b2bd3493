"""What the hosts of the heating state machines need of a house, whoever its devices are.

Reading never waits: it gives what is known now. Only commands do I/O, and they are not confirmed here,
because the state machines look for the effect themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ohmstead.heating.heat_orchestrator import RoomReading, SetpointChange
from ohmstead.heating.room_controller import Command, Inputs


@dataclass(frozen=True, kw_only=True, slots=True)
class FloorSnapshot:
    """The floors now; ``pump_on`` and ``outdoor_c`` are ``None`` while they are not known."""

    pump_on: bool | None
    outdoor_c: float | None
    rooms: Mapping[str, RoomReading]


class FloorPlant(Protocol):
    """Thermostats of two floors, and the heat pump's relay and stop button."""

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` on the event loop after every change."""
        ...

    def snapshot(self) -> FloorSnapshot:
        """What is known now."""
        ...

    def take_changes(self) -> tuple[SetpointChange, ...]:
        """Setpoint changes heard since the last call."""
        ...

    async def refresh(self, now: datetime) -> None:
        """Ask for what nobody tells by itself; called with every tick. A failure is not told."""
        ...

    async def set_setpoint(self, room: str, setpoint_c: float) -> None:
        """Write a thermostat's setpoint.

        Raises:
            DeviceError: it was refused or not answered.
        """
        ...

    async def switch_pump_on(self) -> None:
        """Close the relay.

        Raises:
            DeviceError: it was refused or not answered.
        """
        ...

    async def press_pump_off(self) -> None:
        """Press the button of the graceful shutdown.

        Raises:
            DeviceError: it was refused or not answered.
        """
        ...

    async def notify(self, text: str) -> None:
        """Tell the people of the house.

        Raises:
            DeviceError: it could not be told.
        """
        ...


class RadiatorPlant(Protocol):
    """A room's sensor, wish, valves and windows."""

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` on the event loop after every change."""
        ...

    def inputs(self) -> Inputs:
        """What is known now."""
        ...

    async def refresh(self, now: datetime) -> None:
        """Ask for what nobody tells by itself; called every 30 s. A failure is not told."""
        ...

    async def send(self, command: Command) -> None:
        """Give a valve its mode and temperature.

        Raises:
            DeviceError: it was refused or not answered.
        """
        ...
