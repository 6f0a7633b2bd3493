"""Many light chargers: each has one session, keeps what was not answered, and comes back by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.transport import Connection, open_connection

BOOT = {"chargePointVendor": "Ohmstead", "chargePointModel": "Light"}
SAMPLE_S = 2.0


@dataclass
class Course:
    """What all chargers of a fleet do at once."""

    on_begun: Callable[[int], None]
    """Told how many sessions were begun, as soon as each answer arrives."""
    beginning: asyncio.Event = field(default_factory=asyncio.Event)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0


@dataclass
class LightCharger:
    """One charger with one connector and one session."""

    url: str
    number: int
    course: Course
    transaction_id: int | None = None
    stopped: bool = False
    connects: int = 0
    """Connections that were opened."""
    answers: int = 0
    """Messages of the session that were answered."""
    asked: list[str] = field(default_factory=list)
    booted: bool = False
    _samples: int = 0

    @property
    def identity(self) -> str:
        """Its own."""
        return f"CP{self.number:03}"

    @property
    def meter_start_wh(self) -> int:
        """The register at the start."""
        return 100_000 * self.number

    @property
    def charged_wh(self) -> int:
        """What the session takes."""
        return 5000 + 7 * self.number

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost."""
        dice = random.Random(self.number)
        while True:
            try:
                connection = await open_connection(
                    self.url, self.identity, self._take, ping_interval_s=None, open_timeout_s=30.0
                )
            except DeviceOffline:
                await asyncio.sleep(dice.uniform(0.2, 1.5))
                continue
            self.connects += 1
            serving = asyncio.ensure_future(connection.run())
            try:
                await self._session(connection, dice)
                await serving
            except DeviceError:
                await asyncio.sleep(dice.uniform(0.1, 0.5))
            finally:
                await connection.close()
                await serving

    async def _session(self, connection: Connection, dice: random.Random) -> None:
        if not self.booted:
            await connection.call("BootNotification", BOOT)
            self.booted = True
        await self.course.beginning.wait()
        if self.transaction_id is None:
            start = {
                "connectorId": 1,
                "idTag": f"TAG{self.number}",
                "meterStart": self.meter_start_wh,
                "timestamp": "2026-06-01T12:00:00Z",
            }
            self.transaction_id = (await connection.call("StartTransaction", start))["transactionId"]
            self.answers += 1
            self.course.begun += 1
            self.course.on_begun(self.course.begun)
        while not self.course.ending.is_set():
            await connection.call("MeterValues", self._meter_values())
            self.answers += 1
            self._samples += 1
            await self._pause(dice.uniform(0.5, 1.5) * SAMPLE_S)
        if not self.stopped:
            stop = {
                "transactionId": self.transaction_id,
                "meterStop": self.meter_start_wh + self.charged_wh,
                "timestamp": "2026-06-01T13:00:00Z",
            }
            await connection.call("StopTransaction", stop)
            self.stopped = True

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.course.ending.wait()
        except TimeoutError:
            pass

    def _meter_values(self) -> Payload:
        register_wh = self.meter_start_wh + min(50 * self._samples, self.charged_wh)
        value = {
            "timestamp": f"2026-06-01T12:{self._samples // 60:02}:{self._samples % 60:02}Z",
            "sampledValue": [{"value": str(register_wh)}],
        }
        return {"connectorId": 1, "transactionId": self.transaction_id, "meterValue": [value]}

    def _take(self, action: str, _payload: Payload) -> Payload:
        self.asked.append(action)
        return {"status": "Accepted"}


class Balancer:
    """A TCP load balancer: each connection goes to the next server that takes it."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self._next = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> str:
        """Listen; the URL for chargers."""
        self._server = await asyncio.start_server(self._balance, "127.0.0.1", 0, backlog=1000)
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ocpp"

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _balance(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            for _ in self.ports:
                self._next += 1
                port = self.ports[self._next % len(self.ports)]
                try:
                    onward = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    continue
                await asyncio.gather(_copy(reader, onward[1]), _copy(onward[0], writer))
                return
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on; either end's end ends both."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()
