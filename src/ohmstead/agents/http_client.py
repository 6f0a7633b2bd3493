"""A lean HTTP/1.1 client to one agent: connections kept open, a deadline, one retry.

A round of coordination is a handful of tiny requests to the same four servers; a general client
spends more on each than the agents do on answering (measured in ``docs/benchmarks.md``). This one
speaks what such a server answers with: a length or chunks, no redirects, no compression.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ohmstead.errors import DeviceError, DeviceOffline

LARGEST_ANSWER_BYTES = 256 * 1024
KEPT_CONNECTIONS = 8
_RETRY_STATUS = frozenset({502, 503, 504})

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body and headers (names in lower case) of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


class _BrokenConnectionError(Exception):
    """The connection ended before a whole answer came."""


class AgentClient:
    """Asks one agent. Not for use by several event loops.

    Args:
        url: ``http://host:port`` with an optional path before the endpoints, or the same with https.
        name: of the agent, for messages.
        token: sent with every request.
    """

    def __init__(self, url: str, name: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None  # noqa: S101 - checked where the URL came in
        self._url = url
        self._name = name
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._base = parts.path.rstrip("/")
        self._token = "" if token is None else f"authorization: Bearer {token}\r\n"
        self._host_header = parts.netloc.rpartition("@")[2]
        self._idle: list[_Connection] = []
        self._opening: asyncio.Task[None] | None = None

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        deadline_s: float,
        correlation_id: str | None = None,
    ) -> Reply:
        """Send a request; once more where no whole answer came. Every request may be repeated.

        Raises:
            DeviceOffline: no answer within the deadline, both attempts together.
            DeviceError: an answer that is not HTTP.
        """
        content = b"" if body is None else body
        tracing = "" if correlation_id is None else f"x-correlation-id: {correlation_id}\r\n"
        length = (
            "" if body is None else f"content-type: application/json\r\ncontent-length: {len(content)}\r\n"
        )
        head = (
            f"{method} {self._base}{path} HTTP/1.1\r\nhost: {self._host_header}\r\n"
            f"accept: application/json\r\n{self._token}{tracing}{length}\r\n"
        )
        request = head.encode("ascii") + content
        try:
            async with asyncio.timeout(deadline_s):
                return await self._twice(request)
        except TimeoutError:
            raise DeviceOffline(f"no answer within {deadline_s:.1f} s from {self._url}") from None
        except _BrokenConnectionError as error:
            raise DeviceOffline(f"{error} ({self._url})") from error

    async def close(self) -> None:
        """Close all connections."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.gather(self._opening, return_exceptions=True)
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in idle), return_exceptions=True)

    async def _twice(self, request: bytes) -> Reply:
        try:
            reply = await self._once(request, fresh=False)
            if reply.status not in _RETRY_STATUS:
                return reply
        except _BrokenConnectionError:
            pass
        return await self._once(request, fresh=True)

    async def _once(self, request: bytes, *, fresh: bool) -> Reply:
        reader, writer = await self._connection(fresh=fresh)
        try:
            writer.write(request)
            reply, keep = await _read(reader)
        except (OSError, EOFError) as error:
            writer.close()
            raise _BrokenConnectionError("the connection ended before an answer came") from error
        except (ValueError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise DeviceError(f"not an answer in HTTP: {error} ({self._url})") from error
        except BaseException:
            writer.close()  # cancelled in the middle of an answer: nobody else may read its rest
            raise
        if keep and len(self._idle) < KEPT_CONNECTIONS:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return reply

    async def _connection(self, *, fresh: bool) -> _Connection:
        if fresh:
            self._drop_idle()
        while True:
            while self._idle:
                reader, writer = self._idle.pop()
                if not reader.at_eof() and not writer.is_closing():
                    return reader, writer
                writer.close()
            # One at a time: a name that nobody resolves blocks a thread of the pool until it times out.
            if self._opening is None or self._opening.done():
                self._opening = asyncio.create_task(self._open())
                self._opening.add_done_callback(_seen)
            try:
                await asyncio.shield(self._opening)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise _BrokenConnectionError(f"cannot connect: {reason}") from error

    async def _open(self) -> None:
        """Put a new connection among the idle ones: whoever asked for it may have given up meanwhile."""
        reader, writer = await asyncio.open_connection(
            self._host, self._port, ssl=self._tls, limit=LARGEST_ANSWER_BYTES
        )
        self._idle.append((reader, writer))

    def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()


def _seen(task: asyncio.Task[None]) -> None:
    """Keep a failed attempt that nobody waits for any more from being reported as lost."""
    if not task.cancelled():
        task.exception()


async def _read(reader: asyncio.StreamReader) -> tuple[Reply, bool]:
    """One answer, and whether the connection can be used again."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, _, rest = head[0].partition(" ")
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise ValueError(f"found {head[0][:60]!r}")
    status = int(rest[:3])
    fields: dict[str, str] = {}
    for line in head[1:]:
        if line:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
    keep = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return Reply(status, await _chunks(reader), fields), keep
    length = int(fields.get("content-length", "0"))
    if not 0 <= length <= LARGEST_ANSWER_BYTES:
        raise ValueError(f"a body of {length} bytes")
    return Reply(status, await reader.readexactly(length), fields), keep


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if not 0 <= size <= LARGEST_ANSWER_BYTES - len(body):
            raise ValueError(f"a body of more than {LARGEST_ANSWER_BYTES} bytes")
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass
            return bytes(body)
        body += await reader.readexactly(size)
        await reader.readexactly(2)
