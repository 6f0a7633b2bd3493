"""Real agents on real sockets, inside one event loop, with a clock that a test winds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import uvicorn
from fastapi import FastAPI

from ohmstead.agents import battery, central, load, solar, vehicle
from ohmstead.agents.settings import AgentSettings, Part

EXAMPLE: Mapping[str, Any] = {
    "solar": {"production_kw": 9.5},
    "load": {"critical_load_kw": 5.0, "flexible_load_kw": 3.0},
    "battery": {"state_of_charge_kwh": 6.0},
    "vehicle": {"connected": True, "state_of_charge_kwh": 40.0},
}
CREATE = {
    Part.SOLAR: solar.create_app,
    Part.BATTERY: battery.create_app,
    Part.VEHICLE: vehicle.create_app,
    Part.LOAD: load.create_app,
}


class _Server(uvicorn.Server):
    """Leaves signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def served(app: FastAPI, servers: list[uvicorn.Server] | None = None) -> AsyncIterator[str]:
    """An application on a free port of the loopback; gives its URL. ``servers`` is added to."""
    # Named as TCP: for other sockets asyncio leaves Nagle's algorithm on, and every answer waits 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    if servers is not None:
        servers.append(server)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        sock.close()


def dead_url() -> str:
    """A URL where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


@dataclass
class Home:
    """Five agents; ``now_s`` is the clock of the device agents."""

    now_s: float = 1000.0
    urls: dict[str, str] = field(default_factory=dict)
    client: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=60.0, verify=False))

    async def post(self, agent: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask an agent to do something."""
        return await self.client.post(self.urls[agent] + path, json=body, headers=headers)

    async def get(self, agent: str, path: str) -> httpx2.Response:
        """Read from an agent."""
        return await self.client.get(self.urls[agent] + path)

    async def coordinate(self, **parts: Any) -> dict[str, Any]:
        """One coordination; the answer as data."""
        answer = await self.post("central", "/coordinate", parts)
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()
        return data


@contextlib.asynccontextmanager
async def running_home(token: str | None = None, **urls: str) -> AsyncIterator[Home]:
    """All five agents, except those whose URL is given."""
    home = Home()
    servers: list[uvicorn.Server] = []
    settings = AgentSettings(token=token)
    async with contextlib.AsyncExitStack() as stack:
        for part, create in CREATE.items():
            if part in urls:
                home.urls[part] = urls[part]
            else:
                app = create(settings, lambda: home.now_s)
                home.urls[part] = await stack.enter_async_context(served(app, servers))
        settings = replace(settings, urls={part: home.urls[part] for part in Part})
        home.urls["central"] = await stack.enter_async_context(served(central.create_app(settings), servers))
        await stack.enter_async_context(home.client)
        yield home
        for server in servers:
            server.should_exit = True  # all at once: each notices only at its next tick
