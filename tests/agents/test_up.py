"""Five real processes: started together, one killed, all stopped together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ohmstead.agents.http_client import AgentClient
from ohmstead.agents.up import ports_from, started
from ohmstead.errors import ConfigError
from tests.agents.homes import EXAMPLE

ROOT = Path(__file__).parents[2]


def five_free_ports() -> int:
    """The first of five ports in a row that nobody uses; test processes look in different places."""
    for first in range(20_000 + 5 * (os.getpid() % 2300), 32_000, 5):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 5):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError("no five free ports in a row")


@pytest.fixture(scope="module")
def agents() -> Iterator[tuple[int, dict[str, subprocess.Popen[bytes]]]]:
    first = five_free_ports()
    with started(first) as running:
        yield first, running
    assert all(process.poll() is not None for process in running.values())


async def coordinate(first: int, body: Any) -> Any:
    client = AgentClient(f"http://127.0.0.1:{first}", "central")
    reply = await client.ask("POST", "/coordinate", json.dumps(body).encode(), deadline_s=20.0)
    await client.close()
    assert reply.status == 200, reply
    return json.loads(reply.body)


async def test_they_coordinate_and_go_on_without_a_killed_one(
    agents: tuple[int, dict[str, subprocess.Popen[bytes]]],
) -> None:
    first, running = agents
    assert (await coordinate(first, EXAMPLE))["actions"]["battery"]["power_kw"] == 1.5
    running["vehicle"].kill()
    running["vehicle"].wait()
    answer = await coordinate(first, dict(EXAMPLE) | {"solar": {"production_kw": 16.0}})
    assert answer["status"]["vehicle"]["available"] is False
    assert answer["actions"]["battery"] | {"reason": ""} == {"mode": "charge", "power_kw": 5.0, "reason": ""}
    assert answer["export_kw"] == 3.0


def test_a_port_in_use_is_told() -> None:
    first = five_free_ports()
    with (
        socket.create_server(("127.0.0.1", ports_from(first)["battery"])),
        pytest.raises(ConfigError, match="for the battery agent"),
        started(first),
    ):
        pass


def test_the_entry_modules_of_the_contract_can_be_imported() -> None:
    names = ("central", "solar_agent", "battery_agent", "vehicle_agent", "load_agent")
    code = (
        "import importlib; print(*(importlib.import_module(f'services.{n}.app.main').app.title for n in %r))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code % (names,)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    parts = ("central", "solar", "battery", "vehicle", "load")
    assert done.stdout == " ".join(f"Ohmstead {part} agent" for part in parts) + "\n"


@pytest.mark.slow
def test_the_command_stops_them_when_it_is_stopped() -> None:
    first = five_free_ports()
    command = [sys.executable, "-m", "ohmstead", "agents", "up", "--port", str(first)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(6)]
    assert lines[0] == f"central  http://localhost:{first}\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    for port in range(first, first + 5):
        with socket.socket() as sock:
            assert sock.connect_ex(("127.0.0.1", port)) != 0
    process.stdout.close()
