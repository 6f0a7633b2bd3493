"""What can be done to one simulated charger, by name: for scripts, and for people at the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

import structlog

from ohmstead.chargers.mapping import Fault, StopReason
from ohmstead.chargers.protocol import ChargerProtocol
from ohmstead.chargers.script import Action
from ohmstead.chargers.vehicle import SimulatedVehicle
from ohmstead.errors import DataError

log = structlog.get_logger(__name__)
E = TypeVar("E", bound=StrEnum)


class Hands:
    """Carries out actions at a charger; ``docs/chargers.md`` has their arguments.

    Args:
        say: takes the words of `log`; without it they go to this process's log.
    """

    ACTIONS: Final = (
        *("plug_in", "unplug", "start", "stop", "fault", "repair"),
        *("cut", "lose_network", "restore_network", "switch_off", "switch_on", "status", "meter", "log"),
    )

    def __init__(self, charger: ChargerProtocol, say: Callable[[str], None] | None = None) -> None:
        self._charger = charger
        self._say = say
        carry_out = (
            *(self._plug_in, self._unplug, self._start, self._stop, self._fault, self._repair),
            *(self._cut, self._lose_network, self._restore_network, self._switch_off, self._switch_on),
            *(self._status, self._meter, self._log),
        )
        self._actions: Mapping[str, Callable[[Action], Awaitable[None]]] = dict(
            zip(self.ACTIONS, carry_out, strict=True)
        )

    async def carry_out(self, action: Action) -> None:
        """Do it.

        Raises:
            DataError: there is no such action, or an argument cannot be.
            DeviceError: the charger cannot do it now.
        """
        run = self._actions.get(action.do)
        if run is None:
            raise DataError(f"action {action.do!r}, allowed: {', '.join(self._actions)}")
        await run(action)

    def _connector(self, action: Action) -> int:
        return int(action.number("connector", 1, 1, self._charger.facts.connectors))

    async def _plug_in(self, action: Action) -> None:
        given = action.arguments.get("vehicle", {})
        if not isinstance(given, Mapping):
            raise DataError("plug_in: vehicle: allowed: an object")
        facts = Action("plug_in.vehicle", given)
        self._charger.plug_in(
            self._connector(action),
            SimulatedVehicle(
                capacity_kwh=facts.number("capacity_kwh", 60.0, 1.0, 2000.0),
                soc=facts.number("soc", 0.3, 0.0, 1.0),
                max_a=facts.number("max_a", 32.0, 0.0, 1000.0),
                phases=int(facts.number("phases", 3, 1, 3)),
                reaction_s=facts.number("reaction_s", 3.0, 0.0, 3600.0),
                stops_at_soc=facts.number("stops_at_soc", 1.0, 0.01, 1.0),
            ),
        )

    async def _unplug(self, action: Action) -> None:
        self._charger.unplug(self._connector(action))

    async def _start(self, action: Action) -> None:
        await self._charger.start_charging(self._connector(action), action.text("id_tag", "D14B0A54"))

    async def _stop(self, action: Action) -> None:
        reason = action.text("reason", StopReason.LOCAL.value)
        await self._charger.stop_charging(
            self._connector(action), _member(StopReason, "stop: reason", reason)
        )

    async def _fault(self, action: Action) -> None:
        fault = _member(Fault, "fault: fault", action.text("fault", Fault.OTHER.value))
        self._charger.set_fault(self._connector(action), fault)

    async def _repair(self, action: Action) -> None:
        self._charger.set_fault(self._connector(action), None)

    async def _cut(self, action: Action) -> None:
        del action
        self._charger.cut()

    async def _lose_network(self, action: Action) -> None:
        del action
        await self._charger.lose_network()

    async def _restore_network(self, action: Action) -> None:
        del action
        self._charger.restore_network()

    async def _switch_off(self, action: Action) -> None:
        del action
        await self._charger.disconnect()

    async def _switch_on(self, action: Action) -> None:
        del action
        await self._charger.connect()

    async def _status(self, action: Action) -> None:
        await self._charger.send_status(self._connector(action))

    async def _meter(self, action: Action) -> None:
        await self._charger.send_meter_values(self._connector(action))

    async def _log(self, action: Action) -> None:
        words = action.text("words", "")
        if self._say is not None:
            self._say(words)
        else:
            log.info("script", charger=self._charger.facts.id, words=words)


def _member(kind: type[E], key: str, value: str) -> E:
    try:
        return kind(value)
    except ValueError as error:
        raise DataError(f"{key}: found {value!r}, allowed: {', '.join(kind)}") from error
