"""A worker is killed while a fleet charges: nothing is lost, nothing doubled, everybody stays in reach."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import psycopg
import pytest

from tests.ocpp.cluster.fleet import Balancer, LightCharger
from tests.ocpp.cluster.servers import Nats, Postgres

PATIENCE_S = 120.0
BACK_WITHIN_S = 30.0
CHARGERS = 500


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

    async def sees_all(self, client: httpx2.AsyncClient) -> None:
        """Return once its list says that the whole fleet is connected."""
        while True:
            found = await self.chargers(client)
            if len(found) == CHARGERS and all(found.values()):
                return
            await asyncio.sleep(0.2)


@asynccontextmanager
async def worker(database: str, broker: str) -> AsyncIterator[Worker]:
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
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
            if reading is not None:
                await reading


async def until_all(chargers: list[LightCharger], is_so: str, count: int = CHARGERS) -> None:
    while sum(bool(getattr(c, is_so)) for c in chargers) < count:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.05)


async def reach(client: httpx2.AsyncClient, through: Worker, chargers: list[LightCharger]) -> None:
    """Ask each charger through one worker."""
    at_once = asyncio.Semaphore(20)

    async def ask(charger: LightCharger) -> None:
        async with at_once:
            answer = await client.post(
                f"{through.api}/{charger.identity}/Reset", json={"type": "Soft"}, timeout=PATIENCE_S
            )
        assert answer.json()["answer"] == {"status": "Accepted"}, answer.text
        assert charger.asked.pop() == "Reset"

    await asyncio.gather(*map(ask, chargers))


@pytest.mark.slow
async def test_a_killed_workers_chargers_are_back_in_half_a_minute_and_every_session_is_booked_once(
    postgres_server: Postgres, nats_server: Nats
) -> None:
    database = postgres_server.new_database()
    beginning, ending = asyncio.Event(), asyncio.Event()
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S) as client,
        worker(database, nats_server.url) as first,
        worker(database, nats_server.url) as second,
    ):
        balancer = Balancer([first.port, second.port])
        async with balancer as url:
            fleet = [LightCharger(url, number, beginning, ending) for number in range(CHARGERS)]
            running = [asyncio.ensure_future(charger.run()) for charger in fleet]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await until_all(fleet, "booted")
                    beginning.set()
                    await until_all(fleet, "transaction_id", CHARGERS // 5)  # more of them wait for an answer
                first.process.kill()
                before = [charger.connects for charger in fleet]
                async with asyncio.timeout(BACK_WITHIN_S):
                    await first.process.wait()
                    await until_all(fleet, "transaction_id")
                    await second.sees_all(client)
                moved = sum(now.connects > then for now, then in zip(fleet, before, strict=True))
                assert moved >= CHARGERS // 4
                async with worker(database, nats_server.url) as third, asyncio.timeout(PATIENCE_S):
                    balancer.ports.append(third.port)
                    await third.sees_all(client)
                    await reach(client, second, fleet[::10])
                    await reach(client, third, fleet)
                    ending.set()
                    await until_all(fleet, "stopped")
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
    booked_once(database, fleet)


def booked_once(database: str, fleet: list[LightCharger]) -> None:
    with psycopg.connect(database) as connection:
        sessions = connection.execute(
            "SELECT identity, id, energy_kwh, stopped_at IS NULL FROM ohmstead_ocpp.charge_session"
        ).fetchall()
        orphans = connection.execute("SELECT count(*) FROM ohmstead_ocpp.orphan_stop").fetchone()
    expected = {(c.identity, c.transaction_id, c.charged_wh / 1e3, False) for c in fleet}
    assert len(sessions) == CHARGERS
    assert set(sessions) == expected
    assert orphans == (0,)
