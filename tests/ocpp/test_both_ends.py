"""Our charge point at our central system, over a line that is cut anywhere in any message."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ohmstead.ocpp.central.charger import Transaction
from ohmstead.ocpp.central.store import Store as CentralStore
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.charge_point.backoff import Backoff
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.clock import RealClock, VirtualClock
from ohmstead.ocpp.smart_charging import Supply
from tests.ocpp.central.serving import OPEN
from tests.ocpp.charge_point.points import START

RUNS = 70
CUTS = 5
SESSIONS = 3
PATIENCE_S = 60.0


@dataclass
class Line:
    """Carries bytes between two ends, and breaks after so many of them."""

    to_port: int
    cuts: list[int]
    port: int = 0
    carried: int = 0
    broken: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[Line]:
        """Accepts connections at ``port``."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in tuple(self._open):
                writer.transport.abort()
            await server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        self._open |= {writer, far_writer}
        try:
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                self._open.discard(end)
                end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                left = self.cuts[0] - self.carried if self.cuts else len(data)
                writer.write(data[: max(0, left)])
                await writer.drain()
                self.carried += len(data)
                if self.cuts and self.carried >= self.cuts[0]:
                    self.cuts.pop(0)
                    self.broken += 1
                    break
        for end in tuple(self._open):
            end.transport.abort()


@asynccontextmanager
async def charge_point(path: Path, port: int) -> AsyncIterator[tuple[ChargePoint, VirtualClock]]:
    """A charge point in virtual time that tries again soon."""
    clock = VirtualClock(START)
    settings = ChargePointSettings(
        url=f"ws://127.0.0.1:{port}/ocpp",
        identity="CP1",
        connectors={1: Supply(max_a=32.0)},
        configuration={"MeterValueSampleInterval": "60", "TransactionMessageRetryInterval": "1"},
        step_s=30.0,
        backoff=Backoff(first_s=1.0, max_s=4.0),
    )
    store = Store(path, durable=False)
    point = ChargePoint(settings, store=store, clock=clock, network_clock=RealClock(), rng=random.Random(1))
    await point.start()
    try:
        yield point, clock
    finally:
        await point.stop()
        store.close()


async def _charge(point: ChargePoint, clock: VirtualClock) -> None:
    """Three cars after each other; each card is held there until it is accepted."""

    async def until(look: object) -> None:
        while not look():  # type: ignore[operator]
            await clock.advance(0.5)
            await asyncio.sleep(0)

    await until(lambda: point.state is ChargePointState.REGISTERED)
    for _ in range(SESSIONS):
        point.plug_in(1)
        presenting = asyncio.create_task(_present(point))
        await until(presenting.done)
        for _ in range(20):
            await clock.advance(15)
            await asyncio.sleep(0)
        point.unplug(1)
        await clock.advance(5)
    await until(lambda: point.sender.is_idle)


async def _present(point: ChargePoint) -> None:
    while not await point.present_id_tag(1, "CARD"):
        await point.wait_until(lambda: point.is_online)


async def _one_run(folder: Path, dice: random.Random) -> tuple[tuple[Transaction, ...], Line]:
    store = CentralStore.open(folder / "central.db")
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            CentralSystem(OPEN, store) as central,
            Line(central.port, sorted(dice.sample(range(300, 16_000), CUTS))).laid() as line,
            charge_point(folder / "point.db", line.port) as (point, clock),
        ):
            await _charge(point, clock)
        assert store.orphan_stops() == 0
        return store.transactions(), line
    finally:
        store.close()


@pytest.mark.slow
async def test_wherever_the_line_is_cut_each_transaction_is_booked_once_with_its_energy(
    tmp_path: Path,
) -> None:
    dice, broken = random.Random(25), 0
    for run in range(RUNS):
        folder = tmp_path / str(run)
        folder.mkdir()
        found, line = await _one_run(folder, dice)
        broken += line.broken
        booked = sorted(found, key=lambda t: t.id)
        assert len(booked) == SESSIONS, (run, line)
        for before, after in itertools.pairwise(booked):
            assert after.meter_start_wh == before.meter_stop_wh, (run, line)
        for transaction in booked:
            assert transaction.meter_stop_wh is not None
            taken_wh = transaction.meter_stop_wh - transaction.meter_start_wh
            assert transaction.energy_kwh == taken_wh / 1e3
            assert 1.5 < transaction.energy_kwh < 2.5, "22 kW for five minutes"
    assert broken >= 300
