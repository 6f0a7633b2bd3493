"""A worker that stands still, as a paused machine does, and wakes up after its charger has gone elsewhere."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import httpx2
import psycopg
import pytest

from ohmstead.errors import DeviceError
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.transport import Connection, open_connection
from tests.ocpp.central.serving import BOOT
from tests.ocpp.cluster.servers import Nats, Postgres
from tests.ocpp.cluster.workers import PATIENCE_S, Worker, worker

START = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": "2026-06-01T12:00:00Z"}


async def connected(through: Worker, asked: list[str]) -> tuple[Connection, asyncio.Task[str]]:
    def take(action: str, _payload: Payload) -> Payload:
        asked.append(action)
        return {"status": "Accepted"}

    url = f"ws://127.0.0.1:{through.port}/ocpp"
    connection = await open_connection(url, "CP1", take, ping_interval_s=None)
    return connection, asyncio.create_task(connection.run())


@pytest.mark.slow
async def test_a_worker_that_wakes_up_late_books_nothing_and_lets_its_charger_go(
    postgres_server: Postgres, nats_server: Nats
) -> None:
    database = postgres_server.new_database()
    asked: list[str] = []
    async with (
        asyncio.timeout(PATIENCE_S),
        httpx2.AsyncClient(timeout=PATIENCE_S) as client,
        worker(database, nats_server.url) as one,
        worker(database, nats_server.url) as two,
    ):
        old, old_end = await connected(one, [])
        await old.call("BootNotification", BOOT)
        one.process.send_signal(signal.SIGSTOP)
        try:
            unanswered = asyncio.create_task(old.call("StartTransaction", START))
            new, new_end = await connected(two, asked)
            begun: dict[str, Any] = await new.call("StartTransaction", START)
            number = begun["transactionId"]
            stop = {"transactionId": number, "meterStop": 4000, "timestamp": "2026-06-01T13:00:00Z"}
            await new.call("StopTransaction", stop)
        finally:
            one.process.send_signal(signal.SIGCONT)
        with pytest.raises(DeviceError, match="closed"):
            await unanswered
        assert "newer connection" in await old_end
        await one.sees(client, 1)
        answer = await client.post(f"{one.api}/CP1/Reset", json={"type": "Soft"})
        assert (answer.json()["answer"], asked) == ({"status": "Accepted"}, ["Reset"])
        await new.close()
        await new_end
    with psycopg.connect(database) as connection:
        sessions = connection.execute("SELECT id, energy_kwh FROM ohmstead_ocpp.charge_session").fetchall()
    assert sessions == [(number, 3.0)]
