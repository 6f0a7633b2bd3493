"""Simulated chargers that come and go while a person works with them, as the service shows them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

import structlog

from ohmstead.chargers.driver import ScriptDriver, trouble, visits
from ohmstead.chargers.firmware import SimulatedInstaller
from ohmstead.chargers.fleet import FleetPlan
from ohmstead.chargers.hands import Hands
from ohmstead.chargers.message_log import MessageLog, Way
from ohmstead.chargers.ocpp_charger import OcppCharger
from ohmstead.chargers.protocol import ChargerEvent, ChargerFacts, ChargerProtocol, ProtocolName
from ohmstead.chargers.scenario import Scenario
from ohmstead.chargers.script import Action, Script
from ohmstead.chargers.virtual_time import LoopClock, SkewedClock
from ohmstead.chargers.ykc_charger import YkcCharger
from ohmstead.errors import ConfigError, DeviceError
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ykc.database import IN_MEMORY
from ohmstead.ykc.pile.store import PileStore

log = structlog.get_logger(__name__)

MAX_CHARGERS: Final = 1000
BY_HAND: Final = Scenario(name="by-hand", summary="Nothing happens by itself", spread_s=0.0, step_s=1.0)
_LONGEST_RETRY_S: Final = 30.0
_AT_ONCE: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Chargers to add. Without a scenario they wait for what somebody does to them."""

    count: int
    protocol: ProtocolName
    url: str
    scenario: Scenario = BY_HAND
    id_prefix: str | None = None


class BenchCharger:
    """One charger, what was said with it, and what drives it."""

    def __init__(self, protocol: ProtocolName, scenario: Scenario, messages: MessageLog) -> None:
        self.protocol = protocol
        self.scenario = scenario
        self.messages = messages
        self.script: str | None = None
        """The file name of the script that drives it."""
        self.script_error: str | None = None
        """Why its last script stopped."""
        self.driver: ScriptDriver | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.switching_on: asyncio.Task[None] | None = None
        self.machine: ChargerProtocol
        self.hands: Hands

    def heard(self, event: ChargerEvent) -> None:
        """It told something."""
        where = f" connector {event.connector}" if event.connector else ""
        words = f": {event.words}" if event.words else ""
        self.messages.add(Way.EVENT, f"{event.what}{where}{words}")
        if self.driver is not None:
            self.driver.heard(event)

    async def idle(self) -> None:
        """Let nothing drive it any more."""
        tasks, self.tasks = self.tasks, []
        self.driver = self.script = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Bench:
    """Chargers of both protocols in this event loop; all of them are switched off at the end.

    Args:
        clock: whose time it is.
        seed: of everything that is drawn.
    """

    def __init__(self, clock: LoopClock, seed: int = 1) -> None:
        self._clock = clock
        self._seed = seed
        self._began_s = clock.monotonic()
        self._points = Store()
        self._piles = PileStore(IN_MEMORY)
        self.chargers: dict[str, BenchCharger] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.remove(list(self.chargers))
        self._points.close()
        self._piles.close()

    async def add(self, wish: Wish) -> list[str]:
        """Switch new chargers on; their ids.

        Raises:
            ConfigError: so many, such an id or such an address cannot be.
        """
        free = MAX_CHARGERS - len(self.chargers)
        if not 1 <= wish.count <= free:
            raise ConfigError(f"count: found {wish.count}, allowed: 1 to {free} (of {MAX_CHARGERS} at most)")
        plan = FleetPlan(
            count=wish.count + len(self.chargers),
            url=wish.url,
            protocol=wish.protocol,
            scenario=wish.scenario,
            id_prefix=wish.id_prefix,
        )
        ids = [one for one in plan.ids() if one not in self.chargers][: wish.count]
        built = {charger_id: self._build(charger_id, wish) for charger_id in ids}
        self.chargers.update(built)
        for charger in built.values():
            self._begin(charger)
        return ids

    async def remove(self, ids: Iterable[str]) -> list[str]:
        """Switch chargers off and forget them; which of the ids there were."""
        gone = {one: self.chargers.pop(one) for one in ids if one in self.chargers}
        chargers = list(gone.values())
        for at in range(0, len(chargers), _AT_ONCE):
            await asyncio.gather(*(_switch_off(charger) for charger in chargers[at : at + _AT_ONCE]))
        return list(gone)

    async def act(self, ids: Iterable[str], action: Action) -> dict[str, str]:
        """Do something to chargers, all at the same time; by charger why it could not be done.

        Raises:
            DataError: there is no such action, or an argument cannot be.
        """
        chargers = [(one, self.chargers[one]) for one in ids if one in self.chargers]
        outcomes = await asyncio.gather(
            *(charger.hands.carry_out(action) for _, charger in chargers), return_exceptions=True
        )
        failed = {}
        for (charger_id, charger), outcome in zip(chargers, outcomes, strict=True):
            if isinstance(outcome, DeviceError):
                failed[charger_id] = str(outcome)
                charger.messages.add(Way.EVENT, f"{action.do} failed: {outcome}")
            elif isinstance(outcome, BaseException):
                raise outcome
        return failed

    async def run_script(self, ids: Iterable[str], source: str, file: str) -> None:
        """Let a script drive chargers, in place of what did before.

        Raises:
            ConfigError: quickjs is not installed.
            ScriptError: it cannot be run; then everything goes on as before.
        """
        chosen = [self.chargers[one] for one in ids if one in self.chargers]
        scripts = [
            Script(source, file, seed=self._rng(one.machine.facts.id, "script").getrandbits(31))
            for one in chosen
        ]
        for charger, script in zip(chosen, scripts, strict=True):
            await charger.idle()
            charger.script, charger.script_error = file, None
            say = _sayer(charger)
            charger.driver = ScriptDriver(
                charger.machine, script, lambda: self._clock.monotonic() - self._began_s, say
            )
            self._spawn(charger, _drive(charger, charger.driver))

    async def stop_script(self, ids: Iterable[str]) -> None:
        """Let scripts and scenarios go no further."""
        await asyncio.gather(*(self.chargers[one].idle() for one in ids if one in self.chargers))

    # Inside

    def _build(self, charger_id: str, wish: Wish) -> BenchCharger:
        supply, updates = wish.scenario.supply, wish.scenario.updates
        facts = ChargerFacts(
            id=charger_id,
            url=wish.url,
            connectors=supply.connectors,
            max_a=supply.max_a,
            phases=supply.phases,
            voltage_v=supply.voltage_v,
            dc=supply.dc,
            step_s=wish.scenario.step_s,
            longest_retry_s=_LONGEST_RETRY_S,
            configuration=wish.scenario.configuration,
            restart_s=0.0 if updates is None else updates.restart_s[0],
        )
        charger = BenchCharger(wish.protocol, wish.scenario, MessageLog(self._clock.now))
        rng = self._rng(charger_id, "network")
        ahead_s = self._rng(charger_id, "clock").uniform(*wish.scenario.clock_skew_s)
        clock = SkewedClock(self._clock, ahead_s)
        if wish.protocol is ProtocolName.YKC:
            charger.machine = YkcCharger(
                facts,
                store=self._piles,
                listener=charger.heard,
                clock=clock,
                rng=rng,
                observer=charger.messages.ykc,
            )
        else:
            charger.machine = OcppCharger(
                facts,
                store=self._points,
                listener=charger.heard,
                clock=clock,
                rng=rng,
                installer=None if updates is None else SimulatedInstaller(updates, rng),
                observer=charger.messages.ocpp,
            )
        charger.hands = Hands(charger.machine, _sayer(charger))
        return charger

    def _begin(self, charger: BenchCharger) -> None:
        scenario, machine = charger.scenario, charger.machine
        charger_id = machine.facts.id
        after_s = self._rng(charger_id, "switch").uniform(0.0, scenario.spread_s)
        charger.switching_on = self._task(charger, self._switch_on(machine, after_s))
        if scenario is BY_HAND:
            return
        for connector in range(1, machine.facts.connectors + 1):
            rng = self._rng(charger_id, f"visits {connector}")
            self._spawn(charger, visits(machine, connector, scenario, rng))
        for number, settings in enumerate(scenario.troubles):
            self._spawn(charger, trouble(machine, settings, self._rng(charger_id, f"trouble {number}")))

    async def _switch_on(self, machine: ChargerProtocol, after_s: float) -> None:
        await self._clock.sleep(after_s)
        await machine.connect()

    def _rng(self, charger_id: str, what: str) -> random.Random:
        return random.Random(f"{self._seed}/{charger_id}/{what}")

    def _spawn(self, charger: BenchCharger, work: Coroutine[Any, Any, None]) -> None:
        charger.tasks.append(self._task(charger, work))

    def _task(self, charger: BenchCharger, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(lambda done: _ended(charger.machine.facts.id, done))
        return task


def _sayer(charger: BenchCharger) -> Callable[[str], None]:
    return lambda words: charger.messages.add(Way.EVENT, f"log: {words}")


async def _drive(charger: BenchCharger, driver: ScriptDriver) -> None:
    error = await driver.run()
    charger.script_error = error
    charger.script = charger.driver = None
    charger.messages.add(Way.EVENT, f"script stopped: {error}")


async def _switch_off(charger: BenchCharger) -> None:
    await charger.idle()
    if charger.switching_on is not None:
        charger.switching_on.cancel()
        await asyncio.gather(charger.switching_on, return_exceptions=True)
    with suppress(DeviceError):
        await charger.machine.disconnect()


def _ended(charger_id: str, task: asyncio.Task[None]) -> None:
    """A mistake of this program is told, and stops one charger's life only."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("simulated_charger_failed", charger=charger_id, error=repr(error))
