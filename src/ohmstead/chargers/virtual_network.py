"""Connections between two ends in one event loop, without sockets: for virtual time.

What one end writes the other receives in the loop's next round, in order and never lost, so a run depends on
nothing but its seed; and no message costs a system call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

HIGH_WATER: Final = 65_536
ProtocolFactory = Callable[[], asyncio.BaseProtocol]
_FIRST_PORT: Final = 49_152


class MemoryTransport(asyncio.Transport):
    """One end of a connection; what it writes goes to ``peer``."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        own: tuple[str, int],
        other: tuple[str, int],
    ) -> None:
        super().__init__({"sockname": own, "peername": other})
        self._loop = loop
        self._protocol = cast("asyncio.Protocol", protocol)
        self._peer: MemoryTransport = self
        self._arrived: list[bytes] = []
        """What came while reading was paused, the end of the stream as empty bytes."""
        self._arrived_bytes = 0
        self._reading = True
        self._closing = False
        self._ended = False
        self._choked = False
        self._high, self._low = HIGH_WATER, HIGH_WATER // 4

    def join(self, peer: MemoryTransport) -> None:
        """Make a connection of two ends."""
        self._peer, peer._peer = peer, self

    # asyncio.BaseTransport

    def is_closing(self) -> bool:
        """It is closed, or about to be."""
        return self._closing

    def close(self) -> None:
        """Nothing more is read or sent; what was written still arrives."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._peer._arrive, b"")
            self._loop.call_soon(self._end)

    def abort(self) -> None:
        """The same: there is no buffer to throw away."""
        self.close()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Who is told from now on."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who is told."""
        return self._protocol

    # asyncio.ReadTransport

    def is_reading(self) -> bool:
        """What arrives is passed on."""
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        """Keep what arrives."""
        self._reading = False

    def resume_reading(self) -> None:
        """Pass on what arrived, and what will."""
        if not self._reading:
            self._reading = True
            self._loop.call_soon(self._pass_on)

    # asyncio.WriteTransport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        if data and not self._closing:
            self._loop.call_soon(self._peer._arrive, bytes(data))

    def can_write_eof(self) -> bool:
        """There are no half-closed connections here."""
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """How much the other end may leave unread."""
        self._high = HIGH_WATER if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        """What the other end has not read."""
        return self._peer._arrived_bytes

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Low and high."""
        return self._low, self._high

    # Inside

    def _arrive(self, data: bytes) -> None:
        if self._closing:
            return
        if self._reading and not self._arrived:
            self._receive(data)
            return
        self._arrived.append(data)
        self._arrived_bytes += len(data)
        self._peer._mind_the_peer()

    def _pass_on(self) -> None:
        while self._arrived and self.is_reading():
            data = self._arrived.pop(0)
            self._arrived_bytes -= len(data)
            self._receive(data)
        self._peer._mind_the_peer()

    def _receive(self, data: bytes) -> None:
        if data:
            self._protocol.data_received(data)
        elif not self._protocol.eof_received():
            self.close()

    def _mind_the_peer(self) -> None:
        unread = self._peer._arrived_bytes
        if self._ended:
            return
        if not self._choked and unread > self._high:
            self._choked = True
            self._protocol.pause_writing()
        elif self._choked and unread <= self._low:
            self._choked = False
            self._protocol.resume_writing()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._arrived.clear()
            self._arrived_bytes = 0
            self._protocol.connection_lost(None)


class VirtualNetwork:
    """Who listens in this event loop, by port."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listening: dict[int, tuple[asyncio.Server, ProtocolFactory]] = {}
        self._dialled = 0

    def listens(self, server: asyncio.Server, factory: ProtocolFactory) -> None:
        """A server listens on its ports."""
        for socket in server.sockets:
            self._listening[socket.getsockname()[1]] = (server, factory)

    def reaches(self, port: int | None) -> bool:
        """There is a server of this loop at the port."""
        found = self._listening.get(port or 0)
        return found is not None and found[0].is_serving()

    def connect(self, factory: ProtocolFactory, port: int) -> tuple[asyncio.Transport, Any]:
        """Connect; the server's end hears of it first."""
        self._dialled += 1
        here = ("127.0.0.1", _FIRST_PORT + self._dialled % (65_536 - _FIRST_PORT))
        there = ("127.0.0.1", port)
        theirs, ours = self._listening[port][1](), factory()
        server_end = MemoryTransport(self._loop, theirs, there, here)
        client_end = MemoryTransport(self._loop, ours, here, there)
        server_end.join(client_end)
        theirs.connection_made(server_end)
        ours.connection_made(client_end)
        return client_end, ours
