"""The WebSocket transport: text frames with the same packets as on TCP."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import deque
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ohmstead.nymea.connection import Connection, Hub
from ohmstead.nymea.tcp import HIGH_WATER_BYTES


class WebSocketClient:
    """One client on a WebSocket; it is its own :class:`~ohmstead.nymea.connection.Wire`."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._outbox: deque[bytes] = deque()
        self._outbox_bytes = 0
        self._news = asyncio.Event()
        self._read_on = asyncio.Event()
        self._read_on.set()
        self._closing = False

    @property
    def busy(self) -> bool:
        """The client has not yet read what it was sent."""
        return self._outbox_bytes > HIGH_WATER_BYTES

    @property
    def backlog_bytes(self) -> int:
        """How much the client has not yet read."""
        return self._outbox_bytes

    def send(self, data: bytes) -> None:
        """Send a message; never blocks."""
        self._outbox.append(data)
        self._outbox_bytes += len(data)
        self._news.set()

    def close(self) -> None:
        """End the connection once everything is sent."""
        self._closing = True
        self._read_on.set()
        self._news.set()

    def abort(self) -> None:
        """End the connection now."""
        self._outbox.clear()
        self._socket.transport.abort()
        self.close()

    def throttle(self, *, on: bool) -> None:
        """Read no more from the client for the moment, or read on."""
        if on:
            self._read_on.clear()
        else:
            self._read_on.set()

    async def serve(self, hub: Hub, *, authenticate: bool) -> None:
        """Talk to the client until it leaves."""
        connection = Connection(hub, self, authenticate=authenticate)
        writing = asyncio.create_task(self._write(connection))
        try:
            async for frame in self._socket:
                if isinstance(frame, str):
                    connection.received(frame.encode())
                await self._read_on.wait()
        except ConnectionClosed:
            pass
        finally:
            connection.lost()
            self.close()
            await writing

    async def _write(self, connection: Connection) -> None:
        try:
            while self._outbox or not self._closing:
                if not self._outbox:
                    self._news.clear()
                    await self._news.wait()
                    continue
                data = self._outbox.popleft()
                await self._socket.send(data, text=True)
                self._outbox_bytes -= len(data)
                if connection.waiting and not self.busy:
                    connection.pump()
            await self._socket.close()
        except ConnectionClosed:
            self._outbox.clear()


def refusal(hub: Hub, socket: ServerConnection, request: Request, *, authenticate: bool) -> Response | None:
    """Why a handshake is not taken, if it is not: the door is locked, or a foreign page asks.

    Browsers let any page open a WebSocket to this computer. Where no token is asked for, only a page
    that came from here may; a name in ``Host`` could be anybody's (DNS rebinding).
    """
    if hub.closed_to_new:
        return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "Try again later.\n")
    origin = request.headers.get("Origin")
    if authenticate or origin is None:
        return None
    host = urlsplit(f"//{request.headers.get('Host', '')}").hostname
    if host is not None and _is_address(host) and urlsplit(origin).hostname == host:
        return None
    return socket.respond(HTTPStatus.FORBIDDEN, "Pages of other sites have no access.\n")


def _is_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
