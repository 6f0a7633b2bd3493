"""Three OCPP chargers behind one fuse, on real loopback sockets, in simulated time.

The world's physics is here and shares nothing with the planner: sun with clouds, a household on three
phases, cars that take what they are offered. Time stands still while a message is on its way.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ohmstead.core.engine import Engine
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.site import AssetId, GridConnection, Phases, PvSystem, Site
from ohmstead.core.site import ChargePoint as ChargePointAsset
from ohmstead.core.state import AssetState, GridState, PvState, Reading
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.loop import ControlLoop
from ohmstead.daemon.sensing import Senses
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Device
from ohmstead.devices.ocpp import OcppOptions, open_ocpp
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.charge_point.backoff import Backoff
from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle
from ohmstead.ocpp.clock import RealClock, VirtualClock
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.smart_charging import Supply

FUSE_A = 25.0
VOLTAGE_V = 230.0
STEP_S = 5.0
"""Of the world, and of the meter: it shows the mean of the last step."""
SETTLE_S = 20.0
"""Real time that messages may take between two steps; they need a fraction of it."""


@dataclass(frozen=True, kw_only=True)
class Bay:
    """One charger and the wire that it hangs on."""

    id: AssetId
    phases: Phases = Phases.ALL
    deaf: bool = False
    """It accepts every limit and keeps none."""


class DeafChargePoint(ChargePoint):
    """A charger as some are: ``Accepted``, and nothing happens."""

    def answer(self, action: str, payload: Payload) -> Payload | None:
        if action == "SetChargingProfile":
            return {"status": "Accepted"}
        return super().answer(action, payload)


class Cable:
    """A network cable between a charger and the central system that can be pulled."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.pulled = False

    async def plug(self) -> str:
        """Serve; the address to connect to."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ocpp"

    def pull(self) -> None:
        """Cut everything and let nothing through until it is put back."""
        self.pulled = True
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        self.pull()
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.pulled:
            writer.transport.abort()
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, inner_writer}
        for a, b in ((reader, inner_writer), (inner_reader, writer)):
            task = asyncio.ensure_future(_pump(a, b))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass
class Household:
    """What nobody controls, W per phase: a base, and appliances that come and go."""

    rng: random.Random
    base_w: tuple[float, float, float] = (300.0, 250.0, 200.0)
    largest_w: float = 2300.0
    running: list[tuple[float, int, float]] = field(default_factory=list)
    """Until when, on which phase, how much."""

    def phases_w(self, now_s: float) -> list[float]:
        self.running = [entry for entry in self.running if entry[0] > now_s]
        if self.rng.random() < STEP_S / 900.0:
            minutes = self.rng.uniform(2.0, 40.0)
            power_w = self.rng.uniform(300.0, self.largest_w)
            self.running.append((now_s + 60.0 * minutes, self.rng.randrange(3), power_w))
        loads = list(self.base_w)
        for _, phase, power_w in self.running:
            loads[phase] += power_w
        return loads


@dataclass(frozen=True)
class Meter:
    yard: Yard

    async def update(self) -> GridState:
        phases = self.yard.grid_phases_w
        return GridState(
            power_w=Reading(value=sum(phases), at=self.yard.clock.now()),
            phases_w=(phases[0], phases[1], phases[2]),
        )


@dataclass(frozen=True)
class SolarDevice:
    yard: Yard

    @property
    def id(self) -> AssetId:
        return "pv"

    async def update(self) -> AssetState:
        return PvState(id="pv", power_w=Reading(value=-self.yard.pv_w, at=self.yard.clock.now()))


class Yard:
    """The world, the chargers and the daemon's loop over them."""

    def __init__(self, start: datetime, bays: tuple[Bay, ...], *, pv_peak_w: float, seed: int) -> None:
        self.bays = bays
        self.clock = VirtualClock(start)
        self.pv_peak_w = pv_peak_w
        self.household = Household(random.Random(seed))
        self._clouds = random.Random(seed + 1)
        self._cloud = 0.0
        self.pv_w = 0.0
        self.grid_phases_w = [0.0, 0.0, 0.0]
        self.over_s = [0.0, 0.0, 0.0]
        """For how long each phase has been over its fuse now."""
        self.longest_over_s = 0.0
        self.highest_a = 0.0
        self.import_kwh = 0.0
        self.export_kwh = 0.0
        self.points: dict[AssetId, ChargePoint] = {}
        self.cables: dict[AssetId, Cable] = {}
        self.events: list[tuple[datetime, Callable[[], object]]] = []
        self.engine: Engine
        self.loop: ControlLoop
        self.central: CentralSystem
        self.records: list[CycleRecord] = []
        site = Site(
            name="Yard",
            timezone="Europe/Vienna",
            grid=GridConnection(fuse_a=FUSE_A),
            assets=(
                PvSystem(id="pv", peak_w=pv_peak_w),
                *(ChargePointAsset(id=bay.id, phases=bay.phases, reaction_s=10.0) for bay in bays),
            ),
        )
        self.engine = Engine(site, Settings())

    def cycle(self, record: CycleRecord) -> None:
        """See :class:`ohmstead.daemon.loop.CycleListener`."""
        self.records.append(record)

    def plug_in(self, bay: AssetId, vehicle: SimulatedVehicle) -> None:
        """A car arrives."""
        self.points[bay].plug_in(1, vehicle)

    def power_w(self, bay: AssetId) -> float:
        """What a charger truly takes."""
        return self.points[bay].charging.outlets[1].power_w

    async def run(self, hours: float) -> None:
        """Let time pass, with a control cycle after each step."""
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end:
            while self.events and self.events[0][0] <= self.clock.now():
                self.events.pop(0)[1]()
            await self.clock.advance(STEP_S)
            self._measure()
            await self._delivered()
            await self.loop.cycle()

    def _measure(self) -> None:
        now = self.clock.now()
        self._cloud += self._clouds.gauss(-0.002 * self._cloud * STEP_S, 0.02)
        self._cloud = min(1.0, max(0.0, self._cloud))
        height = math.sin(math.pi * ((now.hour + now.minute / 60.0) - 4.0) / 14.0)
        self.pv_w = self.pv_peak_w * max(0.0, height) * (1.0 - 0.8 * self._cloud)
        phases = self.household.phases_w(self.clock.monotonic())
        for bay in self.bays:
            outlet = self.points[bay.id].charging.outlets[1]
            outlet.advance(self.clock.monotonic())
            on = {Phases.L1: (0,), Phases.L2: (1,), Phases.L3: (2,)}.get(bay.phases, (0, 1, 2))
            for wire, current_a in zip(on, outlet.currents_a, strict=False):
                phases[wire] += current_a * VOLTAGE_V
        self.grid_phases_w = [power_w - self.pv_w / 3.0 for power_w in phases]
        for wire, power_w in enumerate(self.grid_phases_w):
            current_a = power_w / VOLTAGE_V
            self.highest_a = max(self.highest_a, current_a)
            self.over_s[wire] = self.over_s[wire] + STEP_S if current_a > FUSE_A + 1e-6 else 0.0
        self.longest_over_s = max(self.longest_over_s, *self.over_s)
        energy_kwh = sum(self.grid_phases_w) * STEP_S / 3.6e6
        self.import_kwh += max(0.0, energy_kwh)
        self.export_kwh += max(0.0, -energy_kwh)

    async def _delivered(self) -> None:
        """Messages under way arrive before the next step."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while any(p.is_online and not p.sender.is_idle for p in self.points.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.0005)


@asynccontextmanager
async def yard(
    start: datetime, bays: tuple[Bay, ...], folder: Path, *, pv_peak_w: float, seed: int = 1
) -> AsyncIterator[Yard]:
    """Chargers connected, nothing plugged in."""
    world = Yard(start, bays, pv_peak_w=pv_peak_w, seed=seed)
    settings = CentralSettings(port=0, unknown_chargers=UnknownChargers.REFUSE)
    async with contextlib.AsyncExitStack() as stack:
        store = stack.enter_context(contextlib.closing(Store.open(folder / "ocpp.db")))
        central = CentralSystem(settings, store, clock=world.clock, network_clock=RealClock())
        world.central = await stack.enter_async_context(central)
        adapter = open_ocpp(Environment(ocpp=central))
        stack.push_async_callback(adapter.close)
        devices: list[Device] = [SolarDevice(world)]
        for number, bay in enumerate(bays):
            asset = world.engine.site.asset(bay.id)
            devices.append(adapter.device(asset, OcppOptions(charger=bay.id, remote_start=True)))
            cable = world.cables[bay.id] = Cable(central.port)
            stack.push_async_callback(cable.close)
            point = (DeafChargePoint if bay.deaf else ChargePoint)(
                ChargePointSettings(
                    url=await cable.plug(),
                    identity=bay.id,
                    connectors={1: Supply(max_a=16.0, phases=3 if bay.phases is Phases.ALL else 1)},
                    backoff=Backoff(),
                ),
                clock=world.clock,
                network_clock=RealClock(),
                rng=random.Random(number),
            )
            world.points[bay.id] = point
            await point.start()
            stack.push_async_callback(point.stop)
        async with asyncio.timeout(30):
            while not all(point.is_online for point in world.points.values()):
                await world.clock.advance(0.1)
                await asyncio.sleep(0.005)
        world.loop = ControlLoop(
            engine=world.engine,
            senses=Senses(Meter(world), devices),
            actuators=Actuators(devices),
            clock=_LoopClock(world.clock),
            listeners=(world,),
        )
        yield world


@dataclass(frozen=True)
class _LoopClock:
    """The loop is driven step by step: only its ``now`` is asked for."""

    clock: VirtualClock
    speed: float = 1.0

    def now(self) -> datetime:
        return self.clock.now()

    async def sleep_until(self, when: datetime) -> None:
        raise AssertionError(f"nobody waits here, {when}")
