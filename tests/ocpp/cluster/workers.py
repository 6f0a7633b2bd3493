"""Workers of a central system as real processes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2

PATIENCE_S = 120.0


@dataclass
class Worker:
    """A real process: ``ohmstead ocpp serve --cluster``."""

    process: asyncio.subprocess.Process
    port: int
    api: str

    async def chargers(self, client: httpx2.AsyncClient) -> dict[str, bool]:
        """Every charger that it lists, and whether it is connected anywhere."""
        answer = await client.get(self.api)
        return {charger["identity"]: charger["connected"] for charger in answer.json()}

    async def sees(self, client: httpx2.AsyncClient, count: int) -> None:
        """Return once its list says that so many chargers, and no others, are connected."""
        while True:
            found = await self.chargers(client)
            if len(found) == count and all(found.values()):
                return
            await asyncio.sleep(0.2)


@asynccontextmanager
async def worker(database: str, broker: str) -> AsyncIterator[Worker]:
    """Run one; it ends with the block."""
    arguments = ["ocpp", "serve", "--port", "0", "--api-port", "0", "--unknown", "accept"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ohmstead", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "OHMSTEAD_OCPP_DATABASE": database, "OHMSTEAD_OCPP_CLUSTER": broker},
    )
    assert process.stdout is not None
    reading = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            port = api = None
            while port is None or api is None:
                line = (await process.stdout.readline()).decode()
                assert line, "the worker ended"
                if line.startswith("Chargers connect to "):
                    port = int(line.split("/")[2].rpartition(":")[2])
                elif line.startswith("API: "):
                    api = line.removeprefix("API: ").strip()
        reading = asyncio.ensure_future(process.stdout.read())  # its log must not fill the pipe
        yield Worker(process, port, api)
    finally:
        stopping = process.returncode is None
        if stopping:
            process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
            if reading is not None:
                await reading
        if stopping:
            assert process.returncode == 0
