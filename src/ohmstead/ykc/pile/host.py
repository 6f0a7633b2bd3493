"""A pile on a socket: dials, logs in, and dials again; the session decides, this carries bytes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

from ohmstead.ykc.link import Observer
from ohmstead.ykc.pile.events import (
    CloseLink,
    LoggedIn,
    PileEvent,
    RecordDelivered,
    SaveMemory,
    SaveOrder,
    SaveRecord,
)
from ohmstead.ykc.pile.facts import PileFacts
from ohmstead.ykc.pile.session import Pile
from ohmstead.ykc.pile.store import PileStore

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 300.0
CONNECT_S = 10.0
CLOSE_S = 2.0
_UNSENT_BYTES = 1 << 16


def utc_now() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


class PileHost(asyncio.Protocol):
    """Args: what the pile is; the platform's address; the store; what the electronics do with an event;
    the register of each gun's meter, kWh, for orders that a power cut left open.

    Use from one event loop only.

    Raises:
        DataError: the store cannot be read.
    """

    def __init__(
        self,
        facts: PileFacts,
        host: str,
        port: int,
        *,
        store: PileStore,
        handle: Callable[[PileEvent], None],
        meter_kwh: Callable[[str], float] = lambda _: 0.0,
        clock: Callable[[], datetime] = utc_now,
        rng: random.Random | None = None,
        longest_retry_s: float = LONGEST_RETRY_S,
        observer: Observer | None = None,
    ) -> None:
        self.facts = facts
        self._address = (host, port)
        self._store = store
        self._handle = handle
        self._clock = clock
        self._rng = rng or random.Random()
        self._longest_retry_s = longest_retry_s
        self._retry_s = FIRST_RETRY_S
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = clock()
        self._dialling: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self._running = False
        self._settling = False
        self.pile = Pile(facts, store.memory(facts.number), observer)
        self._restore(meter_kwh)

    def _restore(self, meter_kwh: Callable[[str], float]) -> None:
        now = self._clock()
        for record in self._store.waiting(self.facts.number):
            self.pile.deliver(record, now)
        for order in self._store.open_orders(self.facts.number):
            if order.gun in self.pile.guns:
                self.pile.resume(order, max(order.meter_kwh, meter_kwh(order.gun)), now)
        self._settle()

    @property
    def connected(self) -> bool:
        """A connection stands, logged in or not."""
        return self._transport is not None

    def start(self) -> None:
        """Dial, and keep dialling; returns at once."""
        if not self._running:
            self._running = True
            self._dial(0.0)

    async def stop(self) -> None:
        """Hang up. Charging is not ended by that: bills are kept, and open orders too."""
        self._running = False
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.close()
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._lost.wait()
            except TimeoutError:
                self.cut()

    def act(self, action: Callable[[Pile, datetime], None]) -> None:
        """Let the electronics tell the session something, and send what comes of it."""
        action(self.pile, self._clock())
        self._settle()

    def cut(self) -> None:
        """Lose the connection, as a network does."""
        if self._transport is not None:
            self._transport.abort()

    def wrap_transport(self, wrap: Callable[[asyncio.Transport], asyncio.Transport]) -> None:
        """Send through something else from now on, as long as this connection lasts."""
        if self._transport is not None:
            self._transport = wrap(self._transport)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        stream.set_write_buffer_limits(high=_UNSENT_BYTES)
        self._transport = stream
        self._lost.clear()
        self.pile.opened(self._clock())
        self._settle()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.pile.receive(data, self._clock())
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, for whatever reason."""
        del exc
        self._transport = None
        self._lost.set()
        self.pile.closed()
        self._settle()
        if self._running:
            self._dial(self._wait_s())

    # Inside

    def _dial(self, after_s: float) -> None:
        self._dialling = asyncio.get_running_loop().create_task(self._keep_dialling(after_s))

    async def _keep_dialling(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        while True:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await asyncio.get_running_loop().create_connection(lambda: self, *self._address)
            except OSError:  # TimeoutError is one
                await asyncio.sleep(self._wait_s())
            else:
                return

    def _wait_s(self) -> float:
        """Twice as long each time, with jitter, so that a fleet does not come back as one."""
        self._retry_s = min(self._longest_retry_s, self._retry_s * 2.0)
        return self._retry_s * self._rng.uniform(0.5, 1.0)

    def _settle(self) -> None:
        """Save, do, then send, and arm the timer; what the electronics do at once is settled here too."""
        if self._settling:
            return
        self._settling = True
        try:
            while events := self.pile.events():
                for event in events:
                    self._carry_out(event)
        finally:
            self._settling = False
        data = self.pile.take()
        if data and self._transport is not None:
            self._transport.write(data)
        self._arm()

    def _carry_out(self, event: PileEvent) -> None:
        number = self.facts.number
        match event:
            case SaveOrder(order):
                self._store.save_order(number, order)
            case SaveRecord(record):
                self._store.save_record(record)
                self.pile.deliver(record, self._clock())
            case RecordDelivered(serial, legal):
                self._store.delivered(number, serial, legal=legal)
            case SaveMemory(memory):
                self._store.save_memory(number, memory)
            case CloseLink():
                if self._transport is not None:
                    self._transport.abort()
            case LoggedIn():
                self._retry_s = FIRST_RETRY_S
        self._handle(event)

    def _arm(self) -> None:
        """Arm the timer for the next timeout. One that is earlier stays: it finds nothing and arms anew."""
        at = self.pile.next_timeout()
        if at is None or not self._running:
            return
        if self._timer is not None:
            if self._armed_for <= at:
                return
            self._timer.cancel()
        self._armed_for = at
        delay_s = max(0.0, (at - self._clock()).total_seconds())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._expired)

    def _expired(self) -> None:
        self._timer = None
        self.pile.expire(self._clock())
        self._settle()
