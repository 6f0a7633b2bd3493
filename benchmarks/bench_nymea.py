"""nymea's JSON-RPC: requests per second of one client, and how long 200 clients wait for a notification.

Server and clients share one event loop and one core: the figures are a lower bound.
"""

from __future__ import annotations

import asyncio
import json
import time
from statistics import median

from tests.nymea.serving import Client, serving

REQUESTS = 5000
CLIENTS = 200
ROUNDS = 50
CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("JSONRPC.KeepAlive", {"sessionId": "x"}),
    ("Energy.GetPowerBalance", {}),
    ("Integrations.GetThings", {}),
    ("EnergyPlugin.GetChargingInfos", {}),
)


def table() -> str:
    """Pipelined requests by method, then the fan-out of one state change."""
    lines = ["| what | clients | result |", "|---|---:|---:|"]
    for method, params in CALLS:
        per_s = asyncio.run(_requests(method, params))
        lines.append(f"| `{method}`, pipelined | 1 | {per_s:.0f} requests/s |")
    lines.append(
        f"| a state change has reached every client | {CLIENTS} | {asyncio.run(_fan_out()):.1f} ms |"
    )
    return "\n".join(lines)


async def _requests(method: str, params: dict[str, object]) -> float:
    async with serving() as it, await Client.connect(it.port) as client:
        await client.call("JSONRPC.Hello")
        request = json.dumps({"id": 1, "method": method, "params": params}).encode() + b"\n"
        begin = time.perf_counter()
        client.writer.write(request * REQUESTS)
        for _ in range(REQUESTS):
            await client.reader.readline()
        return REQUESTS / (time.perf_counter() - begin)


async def _fan_out() -> float:
    async with serving() as it:
        clients = [await Client.connect(it.port) for _ in range(CLIENTS)]
        for client in clients:
            await client.call("JSONRPC.Hello")
            await client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
        took_ms = []
        for number in range(ROUNDS):
            begin = time.perf_counter()
            it.home.meter_reads(float(number))
            for client in clients:
                await client.reader.readline()
            took_ms.append(1e3 * (time.perf_counter() - begin))
        for client in clients:
            client.writer.close()
        return median(took_ms)
