"""Between two cycles the daemon watches the meter; a slow device or a clock that jumps does not stop it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit, Reason, Rule, Setpoint
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings, Tuning
from ohmstead.core.state import AssetState, GridState
from ohmstead.daemon import sensing
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.cycle_log import CycleLog, replay_file
from ohmstead.daemon.loop import ControlLoop
from ohmstead.daemon.sensing import Senses
from ohmstead.devices.base import Controllable, Device, Meter
from tests.daemon.homes import Home, command_in_force, home

PATIENCE_S = 60.0
"""Far above what anything here takes: reaching it means that something hangs."""
NIGHT = datetime.fromisoformat("2026-04-13T02:00:00+00:00")
MINUTE = timedelta(minutes=1)
FULL_W = 11_000.0


@dataclass
class Gate:
    """A device behind a gate: while it is closed, it answers nothing; what it was told is noted."""

    real: Device
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    telling: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    told_w: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reading.set()
        self.telling.set()

    @property
    def id(self) -> str:
        return self.real.id

    async def update(self) -> AssetState:
        if not self.reading.is_set():
            self.begun.set()
        await self.reading.wait()
        return await self.real.update()

    async def apply(self, power_w: float) -> None:
        assert isinstance(self.real, Controllable)
        if not self.telling.is_set():
            self.begun.set()
        await self.telling.wait()
        self.told_w.append(power_w)
        await self.real.apply(power_w)

    async def release(self) -> None:
        assert isinstance(self.real, Controllable)
        await self.real.release()


@dataclass
class Chatty:
    """A meter that tells when it has something new."""

    real: Meter
    news: asyncio.Event = field(default_factory=asyncio.Event)
    reads: int = 0

    async def update(self) -> GridState:
        self.reads += 1
        return await self.real.update()

    async def changed(self) -> None:
        await self.news.wait()
        self.news.clear()


@dataclass
class Listener:
    """Notes what it is told."""

    records: list[CycleRecord] = field(default_factory=list)

    def cycle(self, record: CycleRecord) -> None:
        self.records.append(record)


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - what is looked at tells nobody of its changes
            await asyncio.sleep(0.005)


def gated(asset: str) -> tuple[list[Gate], Callable[[list[Device]], list[Device]]]:
    gates: list[Gate] = []

    def put_in_front(found: list[Device]) -> list[Device]:
        gates.extend(Gate(d) for d in found if d.id == asset)
        return [*gates, *(d for d in found if d.id != asset)]

    return gates, put_in_front


async def charging(it: Home) -> None:
    """The car charges at full power, which the phase limit then does not allow any more."""
    it.loop.engine.command(ManualCommand(asset="charger", power_w=FULL_W))
    await it.cycles(2 * MINUTE)
    assert command_in_force(it.house, "charger") == FULL_W
    it.loop.engine.tune(Tuning(phase_limit_a=10.0))


def lowered(it: Home) -> bool:
    power_w = command_in_force(it.house, "charger")
    return power_w is not None and power_w < FULL_W


async def test_between_two_cycles_the_meter_is_read_and_what_is_over_a_limit_lowered() -> None:
    listener = Listener()
    it = home(start=NIGHT, listeners=(listener,))
    await charging(it)
    last = listener.records[-1]
    now = it.clock.now()
    await it.loop.protection.rest_until(now + timedelta(seconds=8))
    assert it.clock.now() == now + timedelta(seconds=8)
    assert lowered(it)
    (record,) = listener.records[listener.records.index(last) + 1 :]
    assert record.at == now + timedelta(seconds=2)
    (sent,) = [s for s in record.setpoints if s.send]
    assert (sent.asset, sent.reason.rule, sent.reason.without_limit_w) == ("charger", Rule.MANUAL, FULL_W)
    assert sent.reason.limit in (Limit.FUSE_L1, Limit.FUSE_L2, Limit.FUSE_L3)


async def test_without_it_limits_hold_in_the_cycle_only() -> None:
    it = home(start=NIGHT)
    it.loop.engine.settings = Settings(protect_every_s=0.0)
    await charging(it)
    await it.loop.protection.rest_until(it.clock.now() + timedelta(seconds=9))
    assert not lowered(it)
    await it.loop.cycle()
    assert lowered(it)


async def test_what_was_lowered_is_in_the_cycle_log_and_is_replayed(tmp_path: Path) -> None:
    listener = Listener()
    it = home(start=NIGHT, listeners=(listener,))
    path = tmp_path / "cycles.gz"
    with CycleLog(path, it.house.site, it.loop.engine.settings) as written:
        it.loop._listeners = (listener, written)
        await charging(it)
        for limit_a in (9.0, 8.0):
            await it.loop.protection.rest_until(it.loop.engine.next_wakeup(it.clock.now()))
            await it.loop.cycle()
            it.loop.engine.tune(Tuning(phase_limit_a=limit_a))
    replayed = list(replay_file(path))
    assert [r.record.at for r in replayed] == [r.at for r in listener.records]
    assert any(r.record.held is not None for r in replayed)
    assert all(r.same for r in replayed)


async def test_a_device_that_does_not_answer_does_not_hold_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensing, "READ_TIMEOUT_S", 2 * PATIENCE_S)
    gates, put_in_front = gated("tank")
    it = home(start=NIGHT, devices=put_in_front)
    it.loop.engine.settings = Settings(protect_every_s=0.5)
    await charging(it)
    gates[0].reading.clear()
    cycle = asyncio.create_task(it.loop.protection.during(it.loop.cycle()))
    await gates[0].begun.wait()
    await it.clock.sleep_until(it.clock.now() + timedelta(seconds=3))
    await until(lambda: lowered(it))
    assert not cycle.done()
    gates[0].reading.set()
    record = await cycle
    assert record.held is None
    assert lowered(it)


async def test_stopping_in_the_middle_leaves_nothing_behind() -> None:
    gates, put_in_front = gated("tank")
    it = home(start=NIGHT, devices=put_in_front)
    gates[0].reading.clear()
    cycle = asyncio.create_task(it.loop.protection.during(it.loop.cycle()))
    await gates[0].begun.wait()
    cycle.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cycle
    assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []


async def test_a_cycle_decides_on_the_newest_reading_of_the_meter() -> None:
    gates, put_in_front = gated("tank")
    it = home(start=NIGHT, devices=put_in_front)
    await it.cycles(MINUTE)
    gates[0].reading.clear()
    looking = asyncio.create_task(it.senses.image(it.clock.now()))
    await gates[0].begun.wait()
    await it.clock.sleep_until(it.clock.now() + timedelta(seconds=4))
    newest = await it.senses.grid()
    gates[0].reading.set()
    assert (await looking).grid == newest


async def test_listeners_hear_of_decisions_in_their_order() -> None:
    listener = Listener()
    gates, put_in_front = gated("charger")
    it = home(start=NIGHT, devices=put_in_front, listeners=(listener,))
    await it.cycles(MINUTE)
    it.loop.engine.command(ManualCommand(asset="charger", power_w=FULL_W))
    gates[0].telling.clear()
    cycle = asyncio.create_task(it.loop.cycle())
    await gates[0].begun.wait()
    it.loop.engine.tune(Tuning(phase_limit_a=10.0))
    await it.clock.sleep_until(it.clock.now() + timedelta(seconds=2))
    look = asyncio.create_task(it.loop.protection.look())
    memory = it.loop.engine.memory
    await until(lambda: it.loop.engine.memory is not memory)
    gates[0].telling.set()
    record = await look
    assert record is not None
    assert listener.records[-2:] == [await cycle, record]
    assert gates[0].told_w[-1] < FULL_W


def setpoint(power_w: float) -> Setpoint:
    return Setpoint(asset="tank", power_w=power_w, reason=Reason(rule=Rule.MANUAL))


async def test_what_was_overtaken_by_a_newer_setpoint_is_not_told() -> None:
    gates, put_in_front = gated("tank")
    home(devices=put_in_front)
    actuators = Actuators(gates)
    gates[0].telling.clear()
    first = asyncio.create_task(actuators.apply([setpoint(3000.0)]))
    await gates[0].begun.wait()
    second = asyncio.create_task(actuators.apply([setpoint(2000.0)]))
    third = asyncio.create_task(actuators.apply([setpoint(1000.0)]))
    await asyncio.sleep(0.01)
    gates[0].telling.set()
    assert [await first, await second, await third] == [[], [], []]
    assert gates[0].told_w == [3000.0, 1000.0]


@dataclass
class Standing:
    """A clock by which nothing ever comes, but which may be set."""

    time: datetime = NIGHT
    speed: float = 1.0
    waking: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        return self.time

    async def sleep_until(self, when: datetime) -> None:
        await self.waking.wait()


def standing(meter: Callable[[Meter], Meter] = lambda meter: meter) -> tuple[Standing, ControlLoop]:
    it, clock = home(start=NIGHT, meter=meter), Standing()
    loop = ControlLoop(engine=it.loop.engine, senses=it.loop.senses, actuators=it.loop.actuators, clock=clock)
    return clock, loop


async def test_a_meter_that_tells_by_itself_is_looked_at_whenever_it_does() -> None:
    meters: list[Chatty] = []

    def put_in_front(meter: Meter) -> Meter:
        meters.append(Chatty(meter))
        return meters[0]

    _, loop = standing(put_in_front)
    await loop.cycle()
    rest = asyncio.create_task(loop.protection.rest_until(NIGHT + timedelta(seconds=10)))
    for reads in (2, 3, 4):
        meters[0].news.set()
        await until(lambda: meters[0].reads == reads)  # noqa: B023 - awaited within the turn
    rest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rest


async def test_a_clock_that_is_set_back_does_not_put_off_the_next_cycle() -> None:
    clock, loop = standing()
    await loop.cycle()
    rest = asyncio.create_task(loop.protection.rest_until(NIGHT + timedelta(seconds=10)))
    await asyncio.sleep(0)
    clock.time -= timedelta(hours=1)
    clock.waking.set()
    async with asyncio.timeout(PATIENCE_S):
        await rest


async def test_a_meter_that_does_not_answer_changes_nothing() -> None:
    it = home(start=NIGHT)
    await charging(it)

    class Dead:
        async def update(self) -> GridState:
            raise OSError("gone")

    it.senses.meter = Dead()
    assert await it.loop.protection.look() is None
    assert it.senses.failing == {"meter": "gone"}
    assert not lowered(it)


async def test_where_nothing_was_ever_read_there_is_no_reading() -> None:
    class Dead:
        async def update(self) -> GridState:
            raise OSError("gone")

    senses = Senses(Dead(), [])
    assert (await senses.grid()).power_w.value is None
