"""The platform on a socket: listens, keeps one connection for each pile, and bounds what strangers can do.

The protocol knows no authentication but the pile's number and no encryption, so this listens on a private
network or behind a tunnel only, and takes nobody but the piles that it is told.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from ohmstead.errors import DataError, DeviceError, DeviceOffline
from ohmstead.ykc.codes import CardRefusal, Result, StartRefusal, StopRefusal, Work
from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages import orders, service
from ohmstead.ykc.messages.realtime import Realtime, RealtimeRequest
from ohmstead.ykc.numbers import serial_number
from ohmstead.ykc.platform.connection import PileConnection
from ohmstead.ykc.platform.events import (
    BillArrived,
    Measured,
    OrderClosed,
    PlatformEvent,
    StartAsked,
)
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.session import PileEntry, PlatformSession

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 4096
BACKLOG = 1024
MAX_CONNECTIONS_PER_ADDRESS = 256
M = TypeVar("M", bound=Message)


def _nobody(pile: str, event: PlatformEvent) -> None:
    del pile, event


def utc_now() -> datetime:
    """The time of the machine."""
    return datetime.now(UTC)


class PlatformServer:
    """Args: the piles that may come, by number; where bills are kept; who answers a start asked for at a
    pile (``None`` refuses), and who hears of everything else.

    ``start_asked`` gives ``(card, balance in yuan)`` or the reason of a refusal.
    """

    def __init__(
        self,
        piles: Mapping[str, PileEntry],
        bills: BillStore,
        *,
        start_asked: Callable[[orders.StartRequest | orders.ParallelStartRequest], tuple[str, float] | int]
        | None = None,
        heard: Callable[[str, PlatformEvent], None] = _nobody,
        clock: Callable[[], datetime] = utc_now,
        max_connections: int = MAX_CONNECTIONS,
        max_per_address: int = MAX_CONNECTIONS_PER_ADDRESS,
    ) -> None:
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._clock = clock
        self._piles = piles
        self._bills = bills
        self._start_asked = start_asked
        self._heard = heard
        self._server: asyncio.Server | None = None
        self._all: set[PileConnection] = set()
        self._by_address: Counter[str] = Counter()
        self._by_pile: dict[str, PileConnection] = {}
        self._serials = 0

    async def listen(self, host: str, port: int) -> int:
        """Begin to listen; the port (for 0 the one that was free).

        Raises:
            OSError: the address is taken or not ours.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: PileConnection(self), host, port, backlog=BACKLOG)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """End all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._all):
            connection.abort()
        while self._all:  # noqa: ASYNC110 - aborting takes one turn of the loop
            await asyncio.sleep(0)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    # What a caller may ask

    @property
    def online(self) -> tuple[str, ...]:
        """The piles that are logged in."""
        return tuple(sorted(self._by_pile))

    def session(self, pile: str) -> PlatformSession:
        """The session of a pile.

        Raises:
            DeviceOffline: it is not here.
        """
        return self._connection(pile).session

    async def start(self, pile: str, gun: str, *, balance_yuan: float, card: str = orders.NO_CARD) -> str:
        """Start an order. It is accepted when this returns; whether it charges, realtime data tell.

        Returns:
            Its serial number. A driver who has to plug in has 60 s for it.

        Raises:
            DeviceOffline: the pile is not here or does not answer.
            DeviceError: it refused.
        """
        connection = self._connection(pile)
        serial = self._new_serial(pile, gun)
        start = orders.RemoteStart(
            serial=serial, pile=pile, gun=gun, card=card, physical_card=card, balance_yuan=balance_yuan
        )
        reply = await connection.sent(
            connection.session.start(start, self._clock()), orders.RemoteStartResult
        )
        if reply.result != Result.OK and reply.reason != StartRefusal.NOT_PLUGGED:
            raise DeviceError(f"pile {pile}: start refused, reason {reply.reason}")
        return serial

    async def stop(self, pile: str, gun: str) -> None:
        """Stop what a gun charges; nothing to stop is no error.

        Raises:
            DeviceOffline: the pile is not here or does not answer.
            DeviceError: it refused.
        """
        reply = await self._connection(pile).ask(
            orders.RemoteStop(pile=pile, gun=gun), orders.RemoteStopResult
        )
        if reply.result != Result.OK and reply.reason != StopRefusal.NOT_CHARGING:
            raise DeviceError(f"pile {pile}: stop refused, reason {reply.reason}")

    async def limit(self, pile: str, max_power_percent: int, *, locked: bool = False) -> None:
        """Limit the whole pile to a share of its rating, 30 to 100 %.

        Raises:
            DeviceOffline: the pile is not here or does not answer.
            DeviceError: it refused.
        """
        reply = await self._connection(pile).ask(
            service.WorkingParameters(
                pile=pile, work=Work.LOCKED if locked else Work.ALLOWED, max_power_percent=max_power_percent
            ),
            service.WorkingParametersResult,
        )
        if reply.result != Result.OK:
            raise DeviceError(f"pile {pile}: {max_power_percent} % refused")

    async def read(self, pile: str, gun: str) -> Realtime:
        """Ask for realtime data now.

        Raises:
            DeviceOffline: the pile is not here or does not answer.
        """
        return await self._connection(pile).ask(RealtimeRequest(pile=pile, gun=gun), Realtime)

    def ask(self, pile: str, request: Message, kind: type[M]) -> Awaitable[M]:
        """Send any other request.

        Raises:
            DeviceOffline: the pile is not here or does not answer.
        """
        return self._connection(pile).ask(request, kind)

    # What connections tell

    def clock(self) -> datetime:
        """Aware UTC."""
        return self._clock()

    def entry(self, pile: str) -> PileEntry | None:
        """What is known of a pile."""
        return self._piles.get(pile)

    def admit(self, connection: PileConnection) -> bool:
        """Whether one more connection is taken."""
        full = len(self._all) >= self._max_connections
        crowded = self._by_address[connection.address] >= self._max_per_address
        self._all.add(connection)
        self._by_address[connection.address] += 1
        if full or crowded:
            log.warning("ykc_too_many_connections", address=connection.address)
        return not (full or crowded)

    def gone(self, connection: PileConnection) -> None:
        """A connection is lost."""
        self._all.discard(connection)
        self._by_address[connection.address] -= 1
        if not self._by_address[connection.address]:
            del self._by_address[connection.address]
        if self._by_pile.get(connection.session.pile) is connection:
            del self._by_pile[connection.session.pile]
            log.info("ykc_offline", pile=connection.session.pile)

    def logged_in(self, connection: PileConnection) -> None:
        """A pile is here; an older connection of it is a dead one."""
        pile = connection.session.pile
        before = self._by_pile.get(pile)
        self._by_pile[pile] = connection
        if before is not None and before is not connection:
            before.close("the pile connected again")
        login = connection.session.login
        log.info("ykc_online", pile=pile, address=connection.address, software=login and login.software)

    def happened(self, connection: PileConnection, event: PlatformEvent) -> None:
        """Anything else: bills are stored and confirmed, starts are decided, the rest is passed on."""
        pile = connection.session.pile
        match event:
            case BillArrived():
                self._book(connection, event)
            case StartAsked():
                self._decide_start(connection, event)
            case OrderClosed(serial, why):
                log.info("ykc_order_closed", pile=pile, serial=serial, why=why)
            case Measured():
                pass
        self._heard(pile, event)

    # Inside

    def _connection(self, pile: str) -> PileConnection:
        connection = self._by_pile.get(pile)
        if connection is None:
            raise DeviceOffline(f"pile {pile} is not connected")
        return connection

    def _new_serial(self, pile: str, gun: str) -> str:
        entry = self._piles[pile]
        self._serials += 1
        wall = self._clock().astimezone(entry.quirks.zone)
        return serial_number(pile, gun, wall, self._serials)

    def _book(self, connection: PileConnection, bill: BillArrived) -> None:
        record = bill.record
        try:
            stored = self._bills.store(record, self._clock())
        except DataError:
            log.exception("ykc_bill_not_stored", pile=record.pile, serial=record.serial)
            return  # unconfirmed: the pile keeps it and sends it again
        connection.session.confirm(bill)
        if stored.new:
            log.info("ykc_bill", pile=record.pile, serial=record.serial, energy_kwh=record.energy_kwh)
        for words in stored.doubts:
            log.warning("ykc_bill_doubtful", pile=record.pile, serial=record.serial, what=words)

    def _decide_start(self, connection: PileConnection, asked: StartAsked) -> None:
        decision = self._start_asked(asked.request) if self._start_asked else CardRefusal.NO_CARDS_HERE
        if isinstance(decision, tuple):
            card, balance_yuan = decision
            serial = self._new_serial(asked.request.pile, asked.request.gun)
            connection.session.allow_start(asked, serial, self._clock(), card=card, balance_yuan=balance_yuan)
        else:
            connection.session.refuse_start(asked, decision)
