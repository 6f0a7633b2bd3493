"""One connection of the platform: bytes, timers and replies; the session decides."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol, TypeVar, cast

import structlog

from ohmstead.errors import DeviceError, DeviceOffline
from ohmstead.ykc.layout import Message
from ohmstead.ykc.platform.events import Answered, CloseLink, Note, PileLoggedIn, PlatformEvent, Unanswered
from ohmstead.ykc.platform.session import PileEntry, PlatformSession

log = structlog.get_logger(__name__)

MAX_BYTES_PER_S = 200 * 259
"""200 of the longest frames: more than any pile has to say."""
_UNSENT_BYTES = 1 << 18
M = TypeVar("M", bound=Message)


class Owner(Protocol):
    """The server, as its connections see it."""

    def clock(self) -> datetime:
        """Aware UTC."""
        ...

    def entry(self, pile: str) -> PileEntry | None:
        """What is known of a pile."""
        ...

    def admit(self, connection: PileConnection) -> bool:
        """Whether one more connection is taken."""
        ...

    def gone(self, connection: PileConnection) -> None:
        """A connection is lost."""
        ...

    def logged_in(self, connection: PileConnection) -> None:
        """A pile is here."""
        ...

    def happened(self, connection: PileConnection, event: PlatformEvent) -> None:
        """Anything else."""
        ...


class PileConnection(asyncio.Protocol):
    """One connection; it becomes a pile's when that logs in."""

    def __init__(self, server: Owner) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = server.clock()
        self._replies: dict[int, asyncio.Future[Message]] = {}
        self._window: tuple[int, int] = (0, 0)
        self.address = ""
        self.session = PlatformSession(self._entry, server.clock())

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        stream.set_write_buffer_limits(high=_UNSENT_BYTES)
        self._transport = stream
        peer = stream.get_extra_info("peername")
        self.address = peer[0].removeprefix("::ffff:") if peer else ""
        if not self._server.admit(self):
            stream.abort()
            return
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._flooding(len(data)):
            self.close("too much data")
            return
        self.session.receive(data, self._server.clock())
        self.settle()

    def pause_writing(self) -> None:
        """The pile does not read what it is sent."""
        self.close("does not read")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; nobody is left waiting."""
        del exc
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self.session.closed()
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(DeviceOffline(f"pile {self.session.pile}: the connection was lost"))
        self._replies.clear()
        self._server.gone(self)

    # Commands

    async def ask(self, request: Message, kind: type[M]) -> M:
        """Send a request and wait for its reply.

        Raises:
            DeviceOffline: no reply came.
        """
        return await self.sent(self.session.command(request, self._server.clock()), kind)

    async def sent(self, request_id: int | None, kind: type[M]) -> M:
        """Wait for the reply to what the session was told to send.

        Raises:
            DeviceOffline: no reply came.
            DeviceError: too many requests wait already.
        """
        if request_id is None:
            raise DeviceError(f"pile {self.session.pile}: too many requests wait for an answer")
        reply = asyncio.get_running_loop().create_future()
        self._replies[request_id] = reply
        self.settle()
        try:
            message = await reply
        finally:
            self._replies.pop(request_id, None)
        if not isinstance(message, kind):
            raise DeviceError(f"pile {self.session.pile} answered with {message.TITLE}")
        return message

    def close(self, why: str) -> None:
        """End the connection."""
        if self._transport is not None:
            log.info("ykc_closed", pile=self.session.pile, address=self.address, why=why)
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def settle(self) -> None:
        """Carry out events, then send, then arm the timer."""
        while events := self.session.events():
            for event in events:
                self._carry_out(event)
        data = self.session.take()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
        self._arm()

    # Inside

    def _entry(self, pile: str) -> PileEntry | None:
        entry = self._server.entry(pile)
        if entry is None or entry.address in (None, self.address):
            return entry
        log.warning("ykc_wrong_address", pile=pile, address=self.address, allowed=entry.address)
        return None

    def _carry_out(self, event: PlatformEvent) -> None:
        match event:
            case PileLoggedIn():
                self._server.logged_in(self)
            case CloseLink(why):
                data = self.session.take()
                if data and self._transport is not None:
                    self._transport.write(data)
                self.close(why)
            case Answered(request_id, message):
                reply = self._replies.get(request_id)
                if reply is not None and not reply.done():
                    reply.set_result(message)
            case Unanswered(request_id):
                reply = self._replies.get(request_id)
                if reply is not None and not reply.done():
                    reply.set_exception(DeviceOffline(f"pile {self.session.pile} does not answer"))
            case Note(words):
                log.info("ykc_ignored", pile=self.session.pile, address=self.address, what=words)
            case _:
                self._server.happened(self, event)

    def _flooding(self, size: int) -> bool:
        """More than a pile can have to say came within this second."""
        second, seen = self._window
        now = int(asyncio.get_running_loop().time())
        seen = size if second != now else seen + size
        self._window = (now, seen)
        return seen > MAX_BYTES_PER_S

    def _arm(self) -> None:
        """Arm the timer for the next timeout. One that is earlier stays: it finds nothing and arms anew."""
        at = self.session.next_timeout()
        if at is None or self._transport is None:
            return
        if self._timer is not None:
            if self._armed_for <= at:
                return
            self._timer.cancel()
        self._armed_for = at
        delay_s = max(0.0, (at - self._server.clock()).total_seconds())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._expired)

    def _expired(self) -> None:
        self._timer = None
        self.session.expire(self._server.clock())
        self.settle()
