"""The TCP transport: plain, or TLS."""

from __future__ import annotations

import asyncio
from typing import cast

from ohmstead.nymea.connection import Connection, Hub

HIGH_WATER_BYTES = 256 * 1024


class TcpClient(asyncio.Protocol):
    """One client on TCP; it is its own :class:`~ohmstead.nymea.connection.Wire`."""

    def __init__(self, hub: Hub, *, authenticate: bool) -> None:
        self._hub = hub
        self._authenticate = authenticate
        self._transport: asyncio.Transport | None = None
        self._connection: Connection | None = None
        self._throttled = False
        self.busy = False

    @property
    def backlog_bytes(self) -> int:
        """How much the client has not yet read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, data: bytes) -> None:
        """Send a message; never blocks."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """End the connection once everything is sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def throttle(self, *, on: bool) -> None:
        """Read no more from the client for the moment, or read on."""
        if self._transport is None or on == self._throttled:
            return
        self._throttled = on
        if on:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a client, or refuse it while the door is locked."""
        self._transport = cast("asyncio.Transport", transport)
        if self._hub.closed_to_new:
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self._connection = Connection(self._hub, self, authenticate=self._authenticate)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._connection is not None:
            self._connection.received(data)

    def pause_writing(self) -> None:
        """The client does not keep up: answer it later."""
        self.busy = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.busy = False
        if self._connection is not None:
            self._connection.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        del exc
        if self._connection is not None:
            self._connection.lost()
