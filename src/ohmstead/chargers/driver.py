"""People, vehicles and bad luck at one simulated charger, as a scenario has them; or a script instead."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

import structlog

from ohmstead.chargers.bad_line import LineFault
from ohmstead.chargers.hands import Hands
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
        wobble=settings.wobble,
        rng=random.Random(rng.getrandbits(64)) if settings.wobble else None,
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
            case _:
                charger.impair(LineFault(settings.kind.value), lasts_s)
                await asyncio.sleep(lasts_s)


class ScriptDriver:
    """Runs a script against a charger: its state in, its actions carried out.

    Args:
        now_s: seconds since the fleet began.
        say: takes the words of `log`; without it they go to this process's log.
    """

    def __init__(
        self,
        charger: ChargerProtocol,
        script: Script,
        now_s: Callable[[], float],
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._charger = charger
        self._script = script
        self._now_s = now_s
        self._events: list[ChargerEvent] = []
        self._hands = Hands(charger, say)

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
        try:
            await self._hands.carry_out(action)
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


def _view(charger: ChargerProtocol, connector: int) -> ConnectorView:
    return charger.connectors()[connector - 1]
