"""A simulator service on a free port inside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from ohmstead.chargers.bench import Bench
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.daemon.charger_service import create_simulator_app
from ohmstead.web.server import serve


@dataclass
class Service:
    """A running simulator."""

    bench: Bench
    url: str
    client: httpx2.AsyncClient

    async def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = await self.client.request(method, f"/api/simulator{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def problem(self, method: str, path: str, body: object, status: int = 422) -> str:
        return str((await self.ask(method, path, body, status))["detail"])

    async def act(self, do: str, chargers: list[str] | None = None, **arguments: object) -> Any:
        return await self.ask("POST", "/actions", {"do": do, "chargers": chargers, "arguments": arguments})

    async def until(self, look: Any) -> list[Any]:
        """All chargers, once they look as wanted."""
        while not look(found := await self.ask("GET", "/chargers")):  # noqa: ASYNC110 - looks from outside
            await asyncio.sleep(0.05)
        assert isinstance(found, list)
        return found

    async def registered(self, count: int) -> list[Any]:
        return await self.until(lambda all_: sum(one["registered"] for one in all_) == count)

    async def status(self, status: str) -> list[Any]:
        """Once every connector has this status."""
        return await self.until(
            lambda all_: all(view["status"] == status for one in all_ for view in one["connectors"])
        )


@asynccontextmanager
async def simulating(url: str | None = None, token: str | None = None) -> AsyncIterator[Service]:
    async with Bench(LoopClock(datetime.now(UTC))) as bench:
        at: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        app = create_simulator_app(bench, url=url, token=token)
        task = asyncio.create_task(serve(app, "127.0.0.1", 0, ready=at.set_result))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        base = (await at).rstrip("/")
        try:
            async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=30.0) as client:
                yield Service(bench, base, client)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
