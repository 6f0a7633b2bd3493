"""OCPP 1.6J over the loopback: our two ends, and the two of the ``ocpp`` library, in one run.

Both are used as their documentation shows, every message judged by the schemas at each end, without
permessage-deflate; client and server are a process each. Ours books each message in its database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.processes import cpu_s, rss_kb

SECONDS = 5.0
CONNECTIONS = (500, 2000)
STACKS = (("ocpp library (baseline)", "peer"), ("Ohmstead", "our"))
COLUMNS = ("msg/s", "client µs", "server µs", "p50 ms", "p99 ms", "boot s", "client kB", "server kB")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One stack, one message, one number of connections."""

    stack: str
    action: str
    connections: int
    client: dict[str, Any]
    server_cpu_us: float
    server_kb: float

    def cells(self) -> str:
        """As a row of the table."""
        c = self.client
        return (
            f"| {self.stack} | {self.action} | {self.connections} | {c['per_s']:.0f} | {c['cpu_us']:.0f} "
            f"| {self.server_cpu_us:.0f} | {c['p50_ms']:.1f} | {c['p99_ms']:.1f} | {c['boot_s']:.1f} "
            f"| {c['kb_per_charger']:.0f} | {self.server_kb:.0f} |"
        )


def table() -> str:
    """Heartbeat and MeterValues at each number of connections, baseline first."""
    lines = [
        f"| stack | message | chargers | {' | '.join(COLUMNS)} |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for connections in CONNECTIONS:
        for action in ("Heartbeat", "MeterValues"):
            lines += [_measured(name, ends, action, connections).cells() for name, ends in STACKS]
    return "\n".join(lines)


def _measured(stack: str, ends: str, action: str, connections: int) -> Row:
    with _server(f"benchmarks.ocpp_ends.{ends}_server") as (server, url):
        before_kb = rss_kb(server.pid)
        command = [sys.executable, "-m", f"benchmarks.ocpp_ends.{ends}_client"]
        command += [url, str(connections), action, str(SECONDS)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == "talking\n"
            cpu_time_s, server_kb = cpu_s(server.pid), rss_kb(server.pid) - before_kb
            assert client.stdout.readline() == "talked\n"
            cpu_time_s = cpu_s(server.pid) - cpu_time_s
            result = json.loads(client.stdout.read())
    return Row(
        stack=stack,
        action=action,
        connections=connections,
        client=result,
        server_cpu_us=1e6 * cpu_time_s / result["messages"],
        server_kb=server_kb / connections,
    )


@contextmanager
def _server(module: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()
