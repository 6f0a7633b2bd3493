"""The server: one home on any number of TCP and WebSocket listeners."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from websockets.asyncio.server import Server as WebSocketListener
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.http11 import Request, Response

from ohmstead.nymea.api import Api
from ohmstead.nymea.codec import MAX_PACKET_BYTES
from ohmstead.nymea.connection import Hub, Limits
from ohmstead.nymea.namespaces.energy import energy
from ohmstead.nymea.namespaces.energy_plugin import energy_plugin
from ohmstead.nymea.namespaces.integrations import integrations
from ohmstead.nymea.namespaces.jsonrpc import ServerIdentity, jsonrpc
from ohmstead.nymea.namespaces.notices import notices
from ohmstead.nymea.namespaces.users import users_namespace
from ohmstead.nymea.site_events import SiteEvent
from ohmstead.nymea.site_port import SitePort
from ohmstead.nymea.tcp import TcpClient
from ohmstead.nymea.users import UserStore
from ohmstead.nymea.websocket import WebSocketClient, refusal

CLOSE_S = 2.0
TLS_HANDSHAKE_S = 10.0


def build_api(
    port: SitePort,
    identity: ServerIdentity,
    users: UserStore,
    *,
    now: Callable[[], datetime],
    notify: Callable[[str, dict[str, Any]], None],
) -> Api:
    """The whole table of methods and notifications on one home."""
    made: list[Api] = []
    api = Api(
        (
            jsonrpc(identity, users, lambda: made[0]),
            users_namespace(users, notify),
            integrations(port),
            energy(port),
            *energy_plugin(port, now),
        )
    )
    made.append(api)
    return api


class NymeaServer:
    """Serves a home; nothing is listened on before :meth:`listen_tcp` or :meth:`listen_websocket`.

    Args:
        users: who may come in where a listener asks for it.
        now: the home's time.
    """

    def __init__(
        self,
        port: SitePort,
        identity: ServerIdentity,
        *,
        users: UserStore | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits | None = None,
    ) -> None:
        self._port = port
        self.users = users or UserStore()
        self.api = build_api(port, identity, self.users, now=now, notify=self._notify)
        self.hub = Hub(self.api, self.users, limits or Limits())
        self._listeners: list[asyncio.Server | WebSocketListener] = []
        port.subscribe(self.tell)

    async def listen_tcp(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, authenticate: bool = False
    ) -> int:
        """Take clients on TCP; port 0 takes a free one.

        Returns:
            the port.

        Raises:
            OSError: the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        made = partial(TcpClient, self.hub, authenticate=authenticate)
        handshake_s = None if tls is None else TLS_HANDSHAKE_S
        listener = await loop.create_server(made, host, port, ssl=tls, ssl_handshake_timeout=handshake_s)
        self._listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    async def listen_websocket(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None, authenticate: bool = False
    ) -> int:
        """Take clients on WebSockets; port 0 takes a free one.

        Returns:
            the port.

        Raises:
            OSError: the address cannot be used.
        """

        async def handle(socket: ServerConnection) -> None:
            await WebSocketClient(socket).serve(self.hub, authenticate=authenticate)

        def check(socket: ServerConnection, request: Request) -> Response | None:
            return refusal(self.hub, socket, request, authenticate=authenticate)

        listener = await serve_websocket(
            handle,
            host,
            port,
            ssl=tls,
            process_request=check,
            compression=None,
            max_size=MAX_PACKET_BYTES,
            max_queue=4,
            close_timeout=1.0,
            server_header=None,
        )
        self._listeners.append(listener)
        return int(next(iter(listener.sockets)).getsockname()[1])

    def tell(self, event: SiteEvent) -> None:
        """Notify those who asked for it of an event of the home."""
        if not self.hub.connections:
            return
        for name, params in notices(event, self._port):
            self.hub.publish(name, params)

    async def close(self) -> None:
        """Drop all clients and listen no more."""
        for listener in self._listeners:
            listener.close()
        self.hub.drop_all()
        with contextlib.suppress(TimeoutError):
            # A peer in the middle of a TLS handshake must not hold up the end.
            async with asyncio.timeout(CLOSE_S):
                for listener in self._listeners:
                    await listener.wait_closed()
        self._listeners.clear()

    def _notify(self, name: str, params: dict[str, Any]) -> None:
        self.hub.publish(name, params)
