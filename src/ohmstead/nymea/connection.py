"""What all transports share: packets become calls, calls become replies, and nobody can hold up the rest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import structlog

from ohmstead.nymea.api import Api, Result
from ohmstead.nymea.codec import Decoder, Oversized
from ohmstead.nymea.session import Accounts, Call, Reply, Session

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a client may cost.

    Args:
        handshake_s: a connection says hello within this time, or is dropped.
        lockdown_s: after a wrong token or password no new connection is taken for this time.
        call_s: a call is answered within this time, with ``Command timed out`` if need be.
        clients: more are refused.
        calls: unanswered calls of one client; the next waits.
        backlog_bytes: a client that leaves more unread is dropped with the next message.
        broken_packets: so many in a row are taken for another protocol.
    """

    handshake_s: float = 10.0
    lockdown_s: float = 3.0
    call_s: float = 45.0
    clients: int = 1000
    calls: int = 16
    backlog_bytes: int = 4 * 1024 * 1024
    broken_packets: int = 100


class Wire(Protocol):
    """One transport to one client."""

    @property
    def busy(self) -> bool:
        """The client has not yet read what it was sent: answer it later."""
        ...

    @property
    def backlog_bytes(self) -> int:
        """How much the client has not yet read."""
        ...

    def send(self, data: bytes) -> None:
        """Send a message; never blocks."""
        ...

    def close(self) -> None:
        """End the connection once everything is sent."""
        ...

    def abort(self) -> None:
        """End the connection now."""
        ...

    def throttle(self, *, on: bool) -> None:
        """Read no more from the client for the moment, or read on."""
        ...


class Hub:
    """All connections of a server, and the lock that a wrong token puts on the door."""

    def __init__(self, api: Api, accounts: Accounts, limits: Limits) -> None:
        self.api = api
        self.accounts = accounts
        self.limits = limits
        self.connections: set[Connection] = set()
        self._locked_until = 0.0

    @property
    def locked(self) -> bool:
        """New connections are refused now."""
        return asyncio.get_running_loop().time() < self._locked_until

    @property
    def closed_to_new(self) -> bool:
        """Locked, or full."""
        return self.locked or len(self.connections) >= self.limits.clients

    def lock_down(self) -> None:
        """Refuse new connections for a while."""
        self._locked_until = asyncio.get_running_loop().time() + self.limits.lockdown_s
        log.warning("nymea_locked_down", seconds=self.limits.lockdown_s)

    def publish(self, name: str, params: dict[str, Any]) -> None:
        """Send a notification to everybody who asked for its namespace."""
        encoded: bytes | None = None
        for connection in tuple(self.connections):
            if connection.session.wants(name):
                encoded = msgspec.json.encode(params) if encoded is None else encoded
                connection.send(connection.session.notify(name, encoded))

    def drop_all(self) -> None:
        """End all connections."""
        for connection in tuple(self.connections):
            connection.drop()


class Connection:
    """One client, whatever its transport."""

    def __init__(self, hub: Hub, wire: Wire, *, authenticate: bool) -> None:
        self._hub = hub
        self._wire = wire
        self._decoder = Decoder()
        self._packets: deque[bytes] = deque()
        self._calls: set[asyncio.Task[None]] = set()
        self._closing = False
        self._broken = 0
        self.session = Session(hub.api, hub.accounts, authenticate=authenticate)
        hub.connections.add(self)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(hub.limits.handshake_s, self._expect_handshake)

    @property
    def waiting(self) -> bool:
        """There are packets that were not looked at yet."""
        return bool(self._packets)

    def received(self, data: bytes) -> None:
        """Take bytes from the client."""
        try:
            for packet in self._decoder.feed(data):
                self._packets.append(packet)
        except Oversized as error:
            log.warning("nymea_client_dropped", why=str(error))
            self.drop()
            return
        self.pump()

    def pump(self) -> None:
        """Answer what has come, as far as the client keeps up."""
        while self._packets and not self._closing and not self._overloaded():
            self._answer(self._packets.popleft())
        if not self._closing:
            self._wire.throttle(on=bool(self._packets))

    def send(self, data: bytes) -> None:
        """Send a message; a client that does not read is dropped."""
        if self._closing:
            return
        if self._wire.backlog_bytes > self._hub.limits.backlog_bytes:
            log.warning("nymea_client_dropped", why="it does not read what it asked for")
            self.drop()
            return
        self._wire.send(data)

    def drop(self) -> None:
        """End the connection at once."""
        self.lost()
        self._wire.abort()

    def lost(self) -> None:
        """The connection is gone; what was asked on it is given up."""
        self._closing = True
        self._deadline.cancel()
        self._packets.clear()
        self._hub.connections.discard(self)
        for task in self._calls:
            task.cancel()

    def _overloaded(self) -> bool:
        return self._wire.busy or len(self._calls) >= self._hub.limits.calls

    def _expect_handshake(self) -> None:
        if not self.session.handshaken:
            self._finish()

    def _answer(self, packet: bytes) -> None:
        outcome = self.session.receive(packet)
        if isinstance(outcome, Reply):
            self._broken = self._broken + 1 if outcome.broken else 0
            self._reply(outcome)
            if self._broken >= self._hub.limits.broken_packets:
                self._finish()
            return
        self._broken = 0
        result = outcome.method.handler(self.session, outcome.params)
        if isinstance(result, Awaitable):
            self._start(self._await(outcome, result))
        else:
            self._reply(self.session.succeeded(outcome, result))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._calls.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            log.error("nymea_call_failed", exc_info=error)
            self.drop()
        self.pump()

    async def _await(self, call: Call, result: Awaitable[Result]) -> None:
        try:
            async with asyncio.timeout(self._hub.limits.call_s):
                value = await result
        except TimeoutError:
            self._reply(self.session.timed_out(call))
        else:
            self._reply(self.session.succeeded(call, value))

    def _reply(self, reply: Reply) -> None:
        again = reply.lock_down and self._hub.locked
        if reply.lock_down:
            self._hub.lock_down()
        self.send(reply.data)
        if reply.close or again:
            self._finish()

    def _finish(self) -> None:
        """End the connection once the last reply is sent."""
        if not self._closing:
            self.lost()
            self._wire.close()
