"""Latency and throughput of ``/coordinate`` with five processes on the loopback, and where the time goes.

The baseline in the same run is ``GET /health`` of the central agent: a request that only passes through
server, routing, metrics and log.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ohmstead.agents.http_client import AgentClient
from ohmstead.agents.up import started

ROUNDS = 1500
WARM_UP = 200
MEASURED = {
    "load": {"critical_load_kw": 5.0, "flexible_load_kw": 3.0},
    "battery": {"state_of_charge_kwh": 6.0},
    "vehicle": {"connected": True, "state_of_charge_kwh": 40.0},
}


@dataclass
class Sample:
    """What a run gave; phases in ms as the central agent tells them."""

    took_s: list[float] = field(default_factory=list)
    phases_ms: dict[str, list[float]] = field(default_factory=dict)
    per_s: float = 0.0
    cpu_ms: float = 0.0
    """Of all five processes together, per request; less shaken by other work than the latency."""


def table() -> str:
    """One caller and eight, the same measurement and a new one every time."""
    os.environ["OHMSTEAD_LOG_LEVEL"] = "WARNING"
    with started(_five_free_ports()) as running:
        port = int(running["central"].args[-1])  # type: ignore[index,arg-type]
        return asyncio.run(_measure(f"http://127.0.0.1:{port}", [p.pid for p in running.values()]))


async def _measure(url: str, pids: list[int]) -> str:
    client = AgentClient(url, "central")
    await _run(client, pids, 1, WARM_UP, lambda i: _body(9.5 + i % 7))
    baseline = await _run(client, pids, 1, ROUNDS, None)
    rows = [("GET /health (baseline)", 1, baseline)]
    for name, body in (
        ("the same measurement: nothing to command", lambda _: _body(9.5)),
        ("a new one each time: measured, decided, commanded", lambda i: _body(8.0 + i % 40 / 10)),
    ):
        rows += [(name, callers, await _run(client, pids, callers, ROUNDS, body)) for callers in (1, 8)]
    await client.close()
    lines = [
        "| `POST /coordinate` | callers | p50 ms | p99 ms | per s | CPU ms | decision | reading | commands |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [_row(name, callers, sample) for name, callers, sample in rows]
    return "\n".join(lines)


def _row(name: str, callers: int, sample: Sample) -> str:
    took_ms = sorted(1e3 * s for s in sample.took_s)
    p50, p99 = statistics.median(took_ms), took_ms[int(0.99 * len(took_ms))]
    shares = ["", "", ""]
    if sample.phases_ms and callers == 1:
        total_ms = sum(took_ms)
        shares = [f"{sum(sample.phases_ms[p]) / total_ms:.0%}" for p in ("decide", "read", "command")]
    cells = [f"{p50:.2f}", f"{p99:.2f}", f"{sample.per_s:.0f}", f"{sample.cpu_ms:.2f}", *shares]
    return f"| {name} | {callers} | {' | '.join(cells)} |"


def _body(production_kw: float) -> bytes:
    return json.dumps({"solar": {"production_kw": production_kw}} | MEASURED).encode()


async def _run(
    client: AgentClient, pids: list[int], callers: int, rounds: int, body: Callable[[int], bytes] | None
) -> Sample:
    sample, numbers = Sample(), iter(range(rounds))

    async def call() -> None:
        for i in numbers:
            began_s = time.perf_counter()
            if body is None:
                reply = await client.ask("GET", "/health", deadline_s=30.0)
            else:
                reply = await client.ask("POST", "/coordinate", body(i), deadline_s=30.0)
            sample.took_s.append(time.perf_counter() - began_s)
            assert reply.status == 200, reply
            for phase in reply.headers.get("server-timing", "").split(", "):
                name, _, duration = phase.partition(";dur=")
                if duration:
                    sample.phases_ms.setdefault(name, []).append(float(duration))

    cpu_before_s, began_s = _cpu_s(pids), time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    sample.per_s = rounds / (time.perf_counter() - began_s)
    sample.cpu_ms = 1e3 * (_cpu_s(pids) - cpu_before_s) / rounds
    return sample


def _cpu_s(pids: list[int]) -> float:
    """User and system time of processes, s (proc(5), fields 14 and 15)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _five_free_ports() -> int:
    for first in range(21_000, 30_000, 5):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 5):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise SystemExit("no five free ports in a row")
