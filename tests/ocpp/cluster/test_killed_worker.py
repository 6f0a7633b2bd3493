"""A worker is killed while a fleet charges: nothing is lost, nothing doubled, everybody stays in reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2
import psycopg
import pytest

from tests.ocpp.cluster.fleet import Balancer, Course, LightCharger
from tests.ocpp.cluster.servers import Nats, Postgres
from tests.ocpp.cluster.workers import PATIENCE_S, Worker, worker

BACK_WITHIN_S = 30.0
CHARGERS = 500


async def until_all(chargers: list[LightCharger], is_so: Callable[[LightCharger], bool]) -> None:
    while not all(map(is_so, chargers)):  # noqa: ASYNC110 - nothing tells
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
    before: dict[str, tuple[int, int]] = {}
    async with (
        httpx2.AsyncClient(timeout=PATIENCE_S) as client,
        worker(database, nats_server.url) as first,
        worker(database, nats_server.url) as second,
    ):

        def on_begun(count: int) -> None:
            if count == CHARGERS // 5:  # the others wait for an answer
                first.process.kill()
                before.update({c.identity: (c.connects, c.answers) for c in fleet})

        course = Course(on_begun)
        balancer = Balancer([first.port, second.port])
        async with balancer as url:
            fleet = [LightCharger(url, number, course) for number in range(CHARGERS)]
            running = [asyncio.ensure_future(charger.run()) for charger in fleet]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await until_all(fleet, lambda c: c.booted)
                    course.beginning.set()
                    await first.process.wait()
                async with asyncio.timeout(BACK_WITHIN_S):
                    await until_all(fleet, lambda c: c.answers >= before[c.identity][1] + 2)
                    await second.sees(client, CHARGERS)
                assert sum(c.connects > before[c.identity][0] for c in fleet) >= CHARGERS // 4
                async with worker(database, nats_server.url) as third, asyncio.timeout(PATIENCE_S):
                    balancer.ports.append(third.port)
                    await third.sees(client, CHARGERS)
                    await reach(client, second, fleet[::10])
                    await reach(client, third, fleet)
                    course.ending.set()
                    await until_all(fleet, lambda c: c.stopped)
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
