"""Pile and platform over real sockets, through a network that splits, joins, damages and cuts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.codes import GunStatus
from ohmstead.ykc.messages.orders import RemoteStop, RemoteStopResult
from ohmstead.ykc.pile.events import PileEvent, PowerLimit, StartCharging, StopCharging
from ohmstead.ykc.pile.facts import GunReading, PileFacts
from ohmstead.ykc.pile.host import PileHost
from ohmstead.ykc.pile.store import PileStore
from ohmstead.ykc.platform.connection import MAX_BYTES_PER_S
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.server import PlatformServer
from ohmstead.ykc.platform.session import PileEntry
from ohmstead.ykc.quirks import CrcMode, Quirks
from tests.ykc import vectors
from tests.ykc.relay import relay

PILE = "20231212000010"
ENTRIES = {
    PILE: PileEntry(quirks=Quirks(), tariff=flat_tariff("0100", 1.2)),
    "20231212000011": PileEntry(quirks=Quirks(crc=CrcMode.BE), tariff=flat_tariff("0100", 1.2)),
}
PATIENCE_S = 60.0


@dataclass
class Charger:
    """A pile with electronics that begin and end at once; every kWh comes from the test."""

    port: int
    store: PileStore
    facts: PileFacts = field(default_factory=lambda: PileFacts(number=PILE))
    events: list[PileEvent] = field(default_factory=list)
    meter_kwh: float = 0.0
    limit: int = 100

    def __post_init__(self) -> None:
        self.host = PileHost(
            self.facts,
            "127.0.0.1",
            self.port,
            store=self.store,
            handle=self.handle,
            meter_kwh=lambda gun: self.meter_kwh,
            longest_retry_s=0.02,
        )

    def handle(self, event: PileEvent) -> None:
        self.events.append(event)
        match event:
            case StartCharging(gun):
                self.host.act(lambda pile, now: pile.guns[gun].began(now))
            case StopCharging(gun, reason):
                self.host.act(lambda pile, now: pile.guns[gun].ended(reason, now))
            case PowerLimit(percent):
                self.limit = percent

    def plug(self, plugged: bool = True) -> None:
        self.host.act(lambda pile, now: (pile.guns["01"].plug if plugged else pile.guns["01"].unplug)(now))

    def take(self, kwh: float) -> None:
        self.meter_kwh = round(self.meter_kwh + kwh, 4)
        reading = GunReading(voltage_v=230.0, current_a=10.0, meter_kwh=self.meter_kwh)
        self.host.act(lambda pile, now: pile.guns["01"].measure(reading, now))


def orders(pile: Charger) -> set[str]:
    """The serial numbers of all that this pile began."""
    return {event.serial for event in pile.events if isinstance(event, StartCharging)}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another room
            await asyncio.sleep(0.005)


@asynccontextmanager
async def platform(bills: BillStore) -> AsyncIterator[tuple[PlatformServer, int]]:
    server = PlatformServer(ENTRIES, bills)
    try:
        yield server, await server.listen("127.0.0.1", 0)
    finally:
        await server.close()
        bills.close()


@asynccontextmanager
async def charger(port: int, path: Path | str, facts: PileFacts | None = None) -> AsyncIterator[Charger]:
    store = PileStore(path)
    made = Charger(port, store, facts or PileFacts(number=PILE))
    made.host.start()
    try:
        yield made
    finally:
        await made.host.stop()
        store.close()


@pytest.mark.parametrize("crc", list(CrcMode))
async def test_a_session_in_each_order_of_checksums(crc: CrcMode, tmp_path: Path) -> None:
    facts = PileFacts(number="20231212000011", crc=crc, guns=2)
    bills = BillStore(":memory:")
    async with platform(bills) as (server, port), charger(port, tmp_path / "pile", facts) as pile:
        await until(lambda: pile.host.pile.memory.tariff is not None)
        pile.plug()
        await server.limit(facts.number, 55)
        assert pile.limit == 55
        serial = await server.start(facts.number, "01", balance_yuan=100.0)
        pile.take(1.5)
        assert (await server.read(facts.number, "01")).energy_kwh == 1.5
        assert server.session(facts.number).realtime["01"].status == GunStatus.CHARGING
        await server.stop(facts.number, "01")
        await until(lambda: len(bills.bills()) == 1)
        assert [(bill.serial, bill.energy_kwh) for bill in bills.bills()] == [(serial, 1.5)]
        await until(lambda: pile.host.pile.undelivered == 0)
        await server.stop(facts.number, "01")


async def test_what_a_pile_refuses_is_an_error(tmp_path: Path) -> None:
    async with platform(BillStore(":memory:")) as (server, port), charger(port, tmp_path / "p") as pile:
        with pytest.raises(DeviceOffline, match="not connected"):
            await server.start("20231212000011", "01", balance_yuan=1.0)
        await until(lambda: pile.host.pile.memory.tariff is not None)
        pile.plug()
        pile.host.act(lambda p, now: p.guns["01"].set_faults(1, now))
        with pytest.raises(DeviceError, match="start refused, reason 3"):
            await server.start(PILE, "01", balance_yuan=1.0)
        with pytest.raises(DeviceError, match="20 % refused"):
            await server.limit(PILE, 20)
        reply = await server.ask(PILE, RemoteStop(pile=PILE, gun="01"), RemoteStopResult)
        assert reply.reason == 2


async def test_stored_bills_come_with_the_next_connection(tmp_path: Path) -> None:
    bills = BillStore(tmp_path / "bills")
    async with platform(bills) as (server, port):
        async with charger(port, tmp_path / "pile") as pile:
            await until(lambda: pile.host.pile.memory.tariff is not None)
            pile.plug()
            serial = await server.start(PILE, "01", balance_yuan=100.0)
            pile.take(2.0)
            await pile.host.stop()
            pile.take(0.5)
            pile.plug(False)
            assert pile.store.waiting(PILE)
        assert bills.bills() == []
        async with charger(port, tmp_path / "pile") as pile:
            await until(lambda: len(bills.bills()) == 1)
            await until(lambda: pile.host.pile.undelivered == 0)
            assert pile.store.waiting(PILE) == []
        assert [(bill.serial, bill.energy_kwh) for bill in bills.bills()] == [(serial, 2.5)]


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_or_doubled_on_a_bad_line(seed: int, tmp_path: Path) -> None:
    bills = BillStore(tmp_path / "bills")
    async with (
        platform(bills) as (server, port),
        relay(port, seed) as (line, line_port),
        charger(line_port, tmp_path / "pile") as pile,
    ):
        await until(lambda: pile.host.pile.memory.tariff is not None)
        line.cut, line.damage = 0.08, 0.04
        for attempt in itertools.count():
            if attempt >= 25 and len(orders(pile)) >= 3:
                break
            if attempt % 8 == 7 or not pile.host.pile.online:
                pile.host.cut()  # a damaged login would be waited for longer than a test wants to
            await asyncio.sleep(0.05)
            pile.plug()
            try:
                async with asyncio.timeout(0.1):
                    await server.start(PILE, "01", balance_yuan=1000.0)
            except (DeviceError, TimeoutError):
                pass
            if pile.host.pile.guns["01"].order is not None:
                pile.take(0.75)
            await asyncio.sleep(0.01)
            pile.plug(False)
        line.cut = line.damage = 0.0
        pile.host.cut()
        await until(lambda: pile.host.pile.online and pile.host.pile.undelivered == 0)
        started = orders(pile)
        assert line.cuts + line.damaged > 0
        assert {bill.serial for bill in bills.bills()} == started
        assert sum(bill.energy_kwh for bill in bills.bills()) == pytest.approx(pile.meter_kwh)


async def test_the_newest_connection_of_a_pile_wins(tmp_path: Path) -> None:
    async with platform(BillStore(":memory:")) as (server, port):
        old, old_writer = await asyncio.open_connection("127.0.0.1", port)
        old_writer.write(bytes.fromhex(vectors.LOGIN))
        await until(lambda: server.online == (PILE,))
        first = server.session(PILE)
        _, new_writer = await asyncio.open_connection("127.0.0.1", port)
        new_writer.write(bytes.fromhex(vectors.LOGIN))
        await until(lambda: server.session(PILE) is not first)
        async with asyncio.timeout(PATIENCE_S):
            while await old.read(4096):
                pass
        assert server.online == (PILE,)
        for writer in (old_writer, new_writer):
            writer.close()
            await writer.wait_closed()
        await until(lambda: server.online == ())


async def test_strangers_are_refused_and_floods_are_closed() -> None:
    async with platform(BillStore(":memory:")) as (server, port):
        for data in (
            bytes.fromhex(vectors.DC_LOGIN),
            b"GET / HTTP/1.1\r\n\r\n" * 300,
            bytes.fromhex(vectors.HEARTBEAT) * (MAX_BYTES_PER_S // 17 + 5),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(data)
            async with asyncio.timeout(PATIENCE_S):
                try:
                    while await reader.read(4096):
                        pass
                except ConnectionError:
                    pass
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        assert server.online == ()
