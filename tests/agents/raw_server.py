"""A server that answers with bytes written down by a test, to see what a client makes of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

Script = Callable[[int, bytes], bytes | None]
"""Number of the request and its bytes → the answer; ``None``: hang; empty: close the connection."""


@dataclass
class RawServer:
    """Counts what comes in."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def answering(script: Script) -> AsyncIterator[RawServer]:
    """Answer each request as a script says."""
    raw = RawServer()
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        open_now.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                for line in request.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        request += await reader.readexactly(int(line.split(b":")[1]))
                raw.requests.append(request)
                answer = script(len(raw.requests), request)
                if answer is None:
                    continue
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        open_now.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield raw
    finally:
        server.close()
        for writer in list(open_now):
            writer.close()
        await asyncio.sleep(0)


@dataclass
class Holding:
    """A way to an agent on which one request is held back, as by a queue that is full."""

    url: str = ""
    agent_url: str = ""
    held: bytes = b""

    async def deliver(self) -> bytes:
        """Let the held request through, too late; its answer."""
        assert self.held
        return await _pass_on(self.agent_url, self.held)


@contextlib.asynccontextmanager
async def holding_back(agent_url: str, path: str) -> AsyncIterator[Holding]:
    """Pass all requests on, but hold the first one to ``path`` back."""
    holding = Holding(agent_url=agent_url)
    open_now: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await reader.readuntil(b"\r\n\r\n")
            for line in request.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    request += await reader.readexactly(int(line.split(b":")[1]))
            if path.encode() in request and not holding.held:
                holding.held = request
                await reader.read()  # until the caller gives up
            else:
                writer.write(await _pass_on(agent_url, request))
                await writer.drain()
        open_now.discard(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    holding.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield holding
    finally:
        server.close()
        for writer in list(open_now):
            writer.close()
        await asyncio.sleep(0)


async def _pass_on(url: str, request: bytes) -> bytes:
    """Ask on a connection of its own, which ends with the answer."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1))
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer with a length."""
    extra = "".join(f"{h}\r\n" for h in headers)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body
