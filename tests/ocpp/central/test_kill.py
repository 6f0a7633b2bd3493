"""Kill −9 of the central system between a transaction message and its answer, as often as it takes."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from ohmstead.ocpp.central.store import Store
from tests.ocpp.central.serving import PATIENCE_S, RawCharger

KILLS = 20
SESSIONS = 40
MODULE = "tests.ocpp.central.central_process"


@asynccontextmanager
async def process(database: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A central system that ends here at the latest."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        MODULE,
        str(database),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert running.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            url = ""
            while not url.startswith("ws://"):
                line = await running.stdout.readline()
                assert line, "it ended"
                url = line.decode().strip()
        yield running, url
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


@dataclass
class Charger:
    """Repeats what was not answered, as the standard asks of it."""

    answered: dict[int, int] = field(default_factory=dict)
    """Transaction ids by the number of the session here."""
    queue: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)

    def plan(self, sessions: int) -> None:
        """All messages of so many sessions, oldest first."""
        for n in range(sessions):
            at = f"2026-06-01T{n // 2:02}:{30 * (n % 2):02}"
            self.queue += [
                (
                    n,
                    "StartTransaction",
                    {"connectorId": 1, "idTag": "CARD", "meterStart": 1000 * n, "timestamp": f"{at}:00Z"},
                ),
                (
                    n,
                    "MeterValues",
                    {
                        "connectorId": 1,
                        "meterValue": [
                            {"timestamp": f"{at}:30Z", "sampledValue": [{"value": str(1000 * n + 400)}]}
                        ],
                    },
                ),
                (n, "StopTransaction", {"meterStop": 1000 * n + 700, "timestamp": f"{at}:59Z"}),
            ]

    async def run(self, url: str, keep: int = 0) -> None:
        """Send until so many messages are left, then wait for the connection to break."""
        async with connect(f"{url}/CP1", subprotocols=["ocpp1.6"], proxy=None) as websocket:  # type: ignore[list-item]
            raw = RawCharger(websocket)
            while len(self.queue) > keep:
                n, action, payload = self.queue[0]
                if action != "StartTransaction":
                    payload = payload | {"transactionId": self.answered[n]}
                answer = await raw.told(action, payload)
                if action == "StartTransaction":
                    self.answered[n] = answer["transactionId"]
                self.queue.pop(0)
            if keep:
                await websocket.wait_closed()


@pytest.mark.slow
async def test_each_transaction_is_booked_exactly_once_however_often_the_central_system_is_killed(
    tmp_path: Path,
) -> None:
    database, charger, dice = tmp_path / "ocpp.db", Charger(), random.Random(6)
    charger.plan(SESSIONS)
    kills = 0
    while charger.queue:
        async with process(database) as (running, url):
            lives_to_come = KILLS - kills
            keep = lives_to_come and len(charger.queue) - len(charger.queue) // lives_to_come
            sending = asyncio.create_task(charger.run(url, keep))
            if kills < KILLS:
                left = len(charger.queue) - dice.randrange(1, 4)
                while len(charger.queue) > left and not sending.done():  # noqa: ASYNC110 - cuts anywhere
                    await asyncio.sleep(0.0005)
                await asyncio.sleep(dice.uniform(0.0, 0.006))
                running.kill()
                kills += 1
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await sending
            except (ConnectionClosed, OSError, InvalidMessage, InvalidHandshake):
                pass
    assert kills == KILLS
    store = Store.open(database)
    try:
        booked = store.transactions(limit=1000)
        assert {t.id: t.energy_kwh for t in booked} == dict.fromkeys(charger.answered.values(), 0.7)
        assert len(set(charger.answered.values())) == SESSIONS
        assert all(t.reason == "Local" for t in booked)
        assert not store.orphan_stops()
    finally:
        store.close()
