"""A server on a free port, and plain socket clients of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Self

from ohmstead.nymea.connection import Limits
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.namespaces.jsonrpc import ServerIdentity
from ohmstead.nymea.server import NymeaServer
from ohmstead.nymea.users import UserStore
from tests.nymea.sample_home import NOW, SampleHome

IDENTITY = ServerIdentity(name="Sample home", uuid=id_of("server", "sample"))
PATIENCE_S = 20.0


@dataclass
class Serving:
    """A running server."""

    home: SampleHome
    server: NymeaServer
    port: int
    websocket_port: int


@contextlib.asynccontextmanager
async def serving(
    *, authenticate: bool = False, users: UserStore | None = None, limits: Limits | None = None
) -> AsyncIterator[Serving]:
    """A server of the sample home on TCP and WebSocket."""
    home = SampleHome()
    server = NymeaServer(home, IDENTITY, users=users, now=lambda: NOW, limits=limits)
    try:
        port = await server.listen_tcp("127.0.0.1", 0, authenticate=authenticate)
        websocket_port = await server.listen_websocket("127.0.0.1", 0, authenticate=authenticate)
        yield Serving(home, server, port, websocket_port)
    finally:
        await server.close()


@dataclass
class Client:
    """A client that knows nothing but lines of JSON."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int = 0
    notifications: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None

    @classmethod
    async def connect(cls, port: int, **more: Any) -> Self:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22, **more)
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        async with asyncio.timeout(PATIENCE_S):
            await self.writer.drain()

    async def read(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            line = await self.reader.readline()
        if not line:
            raise EOFError
        message: dict[str, Any] = json.loads(line)
        assert line == json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        return message

    async def ended(self) -> bool:
        """Wait for the server to end the connection; whether nothing more was said before."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True

    async def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The reply to a request; notifications that come before it are kept."""
        self.number += 1
        request: dict[str, Any] = {"id": self.number, "method": method}
        if params is not None:
            request["params"] = params
        if self.token is not None:
            request["token"] = self.token
        await self.send(json.dumps(request).encode() + b"\n")
        while True:
            message = await self.read()
            if "notification" not in message:
                assert message["id"] == self.number
                return message
            self.notifications.append(message)

    async def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of a request that succeeds."""
        reply = await self.ask(method, params)
        assert reply["status"] == "success", reply
        result: dict[str, Any] = reply["params"]
        return result

    async def notified(self, name: str) -> dict[str, Any]:
        """The next notification of a name."""
        while True:
            for i, message in enumerate(self.notifications):
                if message["notification"] == name:
                    params: dict[str, Any] = self.notifications.pop(i)["params"]
                    return params
            self.notifications.append(await self.read())


@contextlib.asynccontextmanager
async def greeted(port: int) -> AsyncIterator[Client]:
    """A client that has said hello."""
    async with await Client.connect(port) as client:
        await client.call("JSONRPC.Hello")
        yield client
