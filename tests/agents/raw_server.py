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


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer with a length."""
    extra = "".join(f"{h}\r\n" for h in headers)
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{extra}\r\n".encode() + body
