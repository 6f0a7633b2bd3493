"""People, vehicles and bad luck at one simulated charger, as a scenario has them; or a script instead."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

import structlog

from ohmstead.chargers.mapping import Fault, StopReason
from ohmstead.chargers.protocol import ChargerEvent, ChargerProtocol, ConnectorView
from ohmstead.chargers.scenario import Range, Scenario, Starts, TroubleKind, TroubleSettings
from ohmstead.chargers.script import Action, Script, ScriptError
from ohmstead.chargers.vehicle import SimulatedVehicle
from ohmstead.errors import DataError, DeviceError

log = structlog.get_logger(__name__)

PATIENCE_S: Final = 60.0
"""A driver tries the card again after this, if nothing began."""
SCRIPT_EVERY_S: Final = 1.0
_EVENTS_KEPT: Final = 32
E = TypeVar("E", bound=StrEnum)


def draw(rng: random.Random, between: Range) -> float:
    """A value out of a range."""
    return rng.uniform(*between)


async def visits(charger: ChargerProtocol, connector: int, scenario: Scenario, rng: random.Random) -> None:
    """One bay: vehicles come, charge, and go, until cancelled."""
    settings = scenario.visits
    if rng.random() >= settings.share:
        return
    await asyncio.sleep(draw(rng, settings.after_s))
    while True:
        charger.plug_in(connector, new_vehicle(scenario, rng))
        leaves_in_s = draw(rng, settings.stays_s)
        try:
            async with asyncio.timeout(leaves_in_s):
                await _begin(charger, connector, scenario, rng)
                await asyncio.get_running_loop().create_future()  # stay until it is time to go
        except TimeoutError:
            pass
        charger.unplug(connector)
        if settings.returns_after_s is None:
            return
        await asyncio.sleep(draw(rng, settings.returns_after_s))


async def _begin(charger: ChargerProtocol, connector: int, scenario: Scenario, rng: random.Random) -> None:
    starts = scenario.starts
    if starts.by is Starts.REMOTE:
        return
    await asyncio.sleep(draw(rng, starts.after_s))
    while not _view(charger, connector).in_order:
        if charger.registered:
            try:
                await charger.start_charging(connector, starts.id_tag)
            except DeviceError as error:
                log.debug("start_refused", charger=charger.facts.id, error=str(error))
        await asyncio.sleep(PATIENCE_S)


def new_vehicle(scenario: Scenario, rng: random.Random) -> SimulatedVehicle:
    """The next vehicle."""
    settings = scenario.vehicles
    return SimulatedVehicle(
        capacity_kwh=draw(rng, settings.capacity_kwh),
        soc=draw(rng, settings.soc),
        max_a=draw(rng, settings.max_a),
        phases=settings.phases,
        reaction_s=draw(rng, settings.reaction_s),
        stops_at_soc=draw(rng, settings.stops_at_soc),
    )


async def trouble(charger: ChargerProtocol, settings: TroubleSettings, rng: random.Random) -> None:
    """One kind of bad luck, again and again, until cancelled."""
    if rng.random() >= settings.share:
        return
    while True:
        await asyncio.sleep(draw(rng, settings.every_s))
        lasts_s = draw(rng, settings.lasts_s)
        match settings.kind:
            case TroubleKind.NETWORK_CUT:
                charger.cut()
            case TroubleKind.POWER_CUT:
                await charger.disconnect()
                await asyncio.sleep(lasts_s)
                await charger.connect()
            case TroubleKind.FAULT:
                connector = rng.randint(1, charger.facts.connectors)
                charger.set_fault(connector, settings.fault)
                await asyncio.sleep(lasts_s)
                charger.set_fault(connector, None)


class ScriptDriver:
    """Runs a script against a charger: its state in, its actions carried out.

    Args:
        now_s: seconds since the fleet began.
    """

    ACTIONS: Final = (
        *("plug_in", "unplug", "start", "stop", "fault", "repair"),
        *("cut", "switch_off", "switch_on", "status", "meter", "log"),
    )

    def __init__(self, charger: ChargerProtocol, script: Script, now_s: Callable[[], float]) -> None:
        self._charger = charger
        self._script = script
        self._now_s = now_s
        self._events: list[ChargerEvent] = []
        carry_out = (
            *(self._plug_in, self._unplug, self._start, self._stop, self._fault, self._repair),
            *(self._cut, self._switch_off, self._switch_on, self._status, self._meter, self._log),
        )
        self._actions: Mapping[str, Callable[[Action], Awaitable[None]]] = dict(
            zip(self.ACTIONS, carry_out, strict=True)
        )

    def heard(self, event: ChargerEvent) -> None:
        """The charger told something; the script sees it at its next step."""
        self._events.append(event)
        del self._events[:-_EVENTS_KEPT]

    async def run(self) -> str:
        """Step until the script fails; what it did wrong. Nothing else stops by that."""
        while True:
            try:
                for action in self._script.step(self._state()):
                    await self._carry_out(action)
            except ScriptError as error:
                log.warning("script_stopped", charger=self._charger.facts.id, error=str(error))
                return str(error)
            await asyncio.sleep(SCRIPT_EVERY_S)

    async def _carry_out(self, action: Action) -> None:
        run = self._actions.get(action.do)
        if run is None:
            allowed = ", ".join(self._actions)
            raise ScriptError(f"{self._script.file}: action {action.do!r}, allowed: {allowed}")
        try:
            await run(action)
        except ScriptError:
            raise
        except DataError as error:
            raise ScriptError(f"{self._script.file}: {error}") from error
        except DeviceError as error:
            log.info("script_action_failed", charger=self._charger.facts.id, do=action.do, error=str(error))

    def _state(self) -> dict[str, Any]:
        events, self._events = self._events, []
        return {
            "id": self._charger.facts.id,
            "t_s": round(self._now_s(), 3),
            "registered": self._charger.registered,
            "connectors": [
                {
                    "id": view.id,
                    "status": view.status.value,
                    "plugged": view.plugged,
                    "in_order": view.in_order,
                    "power_w": round(view.power_w, 1),
                    "energy_kwh": round(view.energy_kwh, 4),
                    "soc": view.soc,
                }
                for view in self._charger.connectors()
            ],
            "events": [
                {"what": event.what.value, "connector": event.connector, "words": event.words}
                for event in events
            ],
        }

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
        log.info("script", charger=self._charger.facts.id, words=action.text("words", ""))


def _member(kind: type[E], key: str, value: str) -> E:
    try:
        return kind(value)
    except ValueError as error:
        raise DataError(f"{key}: found {value!r}, allowed: {', '.join(kind)}") from error


def _view(charger: ChargerProtocol, connector: int) -> ConnectorView:
    return charger.connectors()[connector - 1]
