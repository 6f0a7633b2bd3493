"""A network between a pile and its platform that splits, joins, damages and cuts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Carries bytes between whoever connects and ``port``; what it does to them is set while it runs."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self._port = port
        self._rng = rng
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.damage = 0.0
        """Share of segments in which one byte changes."""
        self.cut = 0.0
        """Share of segments in the middle of which the line goes dead."""
        self.cuts = self.damaged = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, back))
                group.create_task(self._carry(there, writer))
        except* OSError:
            pass
        finally:
            for end in (writer, back):
                end.transport.abort()
                self._writers.discard(end)
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := bytearray(await reader.read(4096)):
            if self._rng.random() < 0.3:
                await asyncio.sleep(0.002)  # the next segment joins this one
            if self._rng.random() < self.damage:
                self.damaged += 1
                data[self._rng.randrange(len(data))] ^= 1 << self._rng.randrange(8)
            cut = self._rng.random() < self.cut
            end = self._rng.randrange(len(data)) if cut else len(data)
            at = 0
            while at < end:
                size = self._rng.randint(1, 40)
                writer.write(bytes(data[at : min(end, at + size)]))
                await writer.drain()
                await asyncio.sleep(0)
                at += size
            if cut:
                self.cuts += 1
                raise ConnectionResetError
        raise ConnectionResetError

    async def close(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def relay(port: int, seed: int) -> AsyncIterator[tuple[Relay, int]]:
    """A relay to a port, and its own port."""
    made = Relay(port, random.Random(seed))
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    try:
        yield made, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
