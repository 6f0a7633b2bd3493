"""Many simulated chargers in one event loop: built, switched on, driven, counted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import structlog

from ohmstead.chargers.driver import ScriptDriver, trouble, visits
from ohmstead.chargers.firmware import SimulatedInstaller
from ohmstead.chargers.mapping import Status
from ohmstead.chargers.message_log import MessageFile
from ohmstead.chargers.ocpp_charger import OcppCharger, id_prefixes
from ohmstead.chargers.protocol import ChargerEvent, ChargerFacts, ChargerProtocol, Happening, ProtocolName
from ohmstead.chargers.scenario import Scenario
from ohmstead.chargers.script import Script, ScriptError
from ohmstead.chargers.traffic import Traffic
from ohmstead.chargers.virtual_time import LoopClock, SkewedClock, VirtualTimeLoop
from ohmstead.chargers.ykc_charger import YkcCharger
from ohmstead.errors import ConfigError
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ykc.database import IN_MEMORY
from ohmstead.ykc.numbers import PILE_DIGITS
from ohmstead.ykc.pile.store import PileStore

log = structlog.get_logger(__name__)

MAX_CHARGERS: Final = 100_000
YKC_PREFIX: Final = "8800"
_AT_ONCE: Final = 64
"""Chargers that are switched off together at the end."""
_DIALLING: Final = 128
"""Lines that are opened at the same time: real chargers have a processor each, these share one, and of ten
thousand at once none would be through with its handshake before its time is over."""
_DIAL_S: Final = 10.0
_DIALLED: Final = frozenset({Happening.CONNECTED, Happening.REGISTERED, Happening.ERROR})


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetPlan:
    """What to run. ``url`` has the form that the protocol needs; ``script`` is a JavaScript file."""

    count: int
    url: str
    protocol: ProtocolName
    scenario: Scenario
    script: Path | None = None
    seed: int = 1
    id_prefix: str | None = None
    longest_retry_s: float = 300.0
    messages: TextIO | None = None
    """Where every message is written."""

    def ids(self) -> list[str]:
        """The chargers' identities.

        Raises:
            ConfigError: the count or the prefix cannot be.
        """
        if not 1 <= self.count <= MAX_CHARGERS:
            raise ConfigError(f"count: found {self.count}, allowed: 1 to {MAX_CHARGERS}")
        if self.protocol is ProtocolName.YKC:
            prefix = YKC_PREFIX if self.id_prefix is None else self.id_prefix
            if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= PILE_DIGITS - 6):
                raise ConfigError(f"id prefix: found {prefix!r}, allowed for YunKuaiChong: 1 to 8 digits")
            return [f"{prefix}{n:0{PILE_DIGITS - len(prefix)}d}" for n in range(1, self.count + 1)]
        prefix = "SIM-" if self.id_prefix is None else self.id_prefix
        return [f"{prefix}{n:05d}" for n in range(1, self.count + 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What a run came to. ``boot_s``: until the last charger was registered, ``None`` where one never was.

    ``seconds`` are simulated; ``boot_s``, messages per second and round trips are real, but in virtual time.
    """

    chargers: int
    boots: int
    boot_s: float | None
    seconds: float
    messages: int
    messages_per_s: float
    p50_ms: float | None
    p99_ms: float | None
    orders: int
    energy_kwh: float
    errors: int
    scripts_stopped: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Fleet:
    """Args: what to run, whose time it is, and what measures speed (real seconds; by default the same clock).

    Raises:
        ConfigError: an id, an address or the script cannot be used.
    """

    def __init__(
        self, plan: FleetPlan, clock: LoopClock, stopwatch: Callable[[], float] | None = None
    ) -> None:
        self.plan = plan
        self._clock = clock
        self._stopwatch = stopwatch or clock.monotonic
        self._zero_s = clock.monotonic()
        self._began_s = self._stopwatch()
        self.traffic = Traffic(self._stopwatch)
        self._virtual = isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
        self.happened: Counter[Happening] = Counter()
        self.script_errors: dict[str, str] = {}
        self._registered: set[str] = set()
        self._gate = asyncio.Semaphore(_DIALLING)
        self._dialling: dict[str, asyncio.Future[None]] = {}
        self._boot_s: float | None = None
        self._scripts: dict[str, ScriptDriver] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._source = _read_script(plan.script)
        self._pile_store = PileStore(IN_MEMORY) if plan.protocol is ProtocolName.YKC else None
        self._point_store = Store() if plan.protocol is ProtocolName.OCPP16 else None
        self.chargers: dict[str, ChargerProtocol] = {}
        try:
            for charger_id in plan.ids():
                self.chargers[charger_id] = self._build(charger_id)
        except BaseException:
            self._close_stores()
            raise

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Switch all on, let the scenario go on, and switch all off at the end."""
        try:
            self._begin()
            yield
        finally:
            await self._end()

    async def run(self, duration_s: float) -> Summary:
        """Run for a time of the fleet's clock."""
        async with self.running():
            await self._clock.sleep(duration_s)
            return self.summary()

    def statuses(self) -> Counter[Status]:
        """How many connectors have which status."""
        return Counter(view.status for charger in self.chargers.values() for view in charger.connectors())

    @property
    def registered(self) -> int:
        """Chargers that the central system accepted and that are connected."""
        return sum(charger.registered for charger in self.chargers.values())

    def summary(self) -> Summary:
        """What it came to until now."""
        real_s = self._stopwatch() - self._began_s
        energy_kwh = sum(view.energy_kwh for c in self.chargers.values() for view in c.connectors())
        return Summary(
            chargers=len(self.chargers),
            boots=self.happened[Happening.REGISTERED],
            boot_s=None if self._boot_s is None else round(self._boot_s, 3),
            seconds=round(self._clock.monotonic() - self._zero_s, 3),
            messages=self.traffic.messages,
            messages_per_s=round(self.traffic.messages / real_s, 1) if real_s > 0.0 else 0.0,
            p50_ms=_rounded(self.traffic.percentile_ms(0.5)),
            p99_ms=_rounded(self.traffic.percentile_ms(0.99)),
            orders=self.happened[Happening.STARTED],
            energy_kwh=round(energy_kwh, 3),
            errors=self.happened[Happening.ERROR],
            scripts_stopped=len(self.script_errors),
        )

    # Inside

    def _build(self, charger_id: str) -> ChargerProtocol:
        supply, updates = self.plan.scenario.supply, self.plan.scenario.updates
        facts = ChargerFacts(
            id=charger_id,
            url=self.plan.url,
            connectors=supply.connectors,
            max_a=supply.max_a,
            phases=supply.phases,
            voltage_v=supply.voltage_v,
            dc=supply.dc,
            step_s=self.plan.scenario.step_s,
            pings=not self._virtual,
            configuration=self.plan.scenario.configuration,
            restart_s=0.0
            if updates is None
            else self._rng(charger_id, "restart").uniform(*updates.restart_s),
            longest_retry_s=self.plan.longest_retry_s,
        )
        rng = self._rng(charger_id, "network")
        ahead_s = self._rng(charger_id, "clock").uniform(*self.plan.scenario.clock_skew_s)
        clock = SkewedClock(self._clock, ahead_s)
        written = None if self.plan.messages is None else MessageFile(self.plan.messages, self._clock.now)
        if self._pile_store is not None:
            see_frame = self.traffic.of_ykc()
            return YkcCharger(
                facts,
                store=self._pile_store,
                listener=self._heard,
                clock=clock,
                rng=rng,
                observer=see_frame if written is None else written.of_ykc(charger_id, see_frame),
            )
        assert self._point_store is not None  # noqa: S101 - one of the two
        see = self.traffic.of_ocpp()
        return OcppCharger(
            facts,
            store=self._point_store,
            listener=self._heard,
            clock=clock,
            rng=rng,
            id_prefix=id_prefixes(self._rng(charger_id, "ids")) if self._virtual else None,
            installer=None
            if updates is None
            else SimulatedInstaller(updates, self._rng(charger_id, "update")),
            observer=see if written is None else written.of_ocpp(charger_id, see),
        )

    def _rng(self, charger_id: str, what: str) -> random.Random:
        return random.Random(f"{self.plan.seed}/{charger_id}/{what}")

    def _begin(self) -> None:
        scenario = self.plan.scenario
        for charger_id, charger in self.chargers.items():
            self._spawn(
                self._switch_on(charger, self._rng(charger_id, "switch").uniform(0.0, scenario.spread_s))
            )
            if self._source is not None:
                self._spawn(self._run_script(charger))
                continue
            for connector in range(1, charger.facts.connectors + 1):
                rng = self._rng(charger_id, f"visits {connector}")
                self._spawn(visits(charger, connector, scenario, rng))
            for number, settings in enumerate(scenario.troubles):
                self._spawn(trouble(charger, settings, self._rng(charger_id, f"trouble {number}")))

    async def _switch_on(self, charger: ChargerProtocol, after_s: float) -> None:
        await self._clock.sleep(after_s)
        async with self._gate:
            dialled = self._dialling[charger.facts.id] = asyncio.get_running_loop().create_future()
            await charger.connect()
            with suppress(TimeoutError):
                async with asyncio.timeout(_DIAL_S):
                    await dialled

    async def _run_script(self, charger: ChargerProtocol) -> None:
        assert self._source is not None  # noqa: S101 - only called with one
        charger_id = charger.facts.id
        seed = self._rng(charger_id, "script").getrandbits(31)
        file = str(self.plan.script)
        try:
            script = Script(self._source, file, seed=seed)
        except ScriptError as error:
            self.script_errors[charger_id] = str(error)
            return
        driver = ScriptDriver(charger, script, lambda: self._clock.monotonic() - self._zero_s)
        self._scripts[charger_id] = driver
        self.script_errors[charger_id] = await driver.run()
        del self._scripts[charger_id]

    def _heard(self, event: ChargerEvent) -> None:
        self.happened[event.what] += 1
        dialled = self._dialling.pop(event.charger, None) if event.what in _DIALLED else None
        if dialled is not None and not dialled.done():
            dialled.set_result(None)
        if event.what is Happening.REGISTERED and event.charger not in self._registered:
            self._registered.add(event.charger)
            if len(self._registered) == self.plan.count:
                self._boot_s = self._stopwatch() - self._began_s
        driver = self._scripts.get(event.charger)
        if driver is not None:
            driver.heard(event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        chargers = list(self.chargers.values())
        for at in range(0, len(chargers), _AT_ONCE):
            await asyncio.gather(*(charger.disconnect() for charger in chargers[at : at + _AT_ONCE]))
        self._close_stores()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _close_stores(self) -> None:
        if self._pile_store is not None:
            self._pile_store.close()
        if self._point_store is not None:
            self._point_store.close()


def _read_script(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the script cannot be read ({error})") from error


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
