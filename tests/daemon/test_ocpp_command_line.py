"""``ohmstead ocpp …`` as real processes, and a configured home with an OCPP charger."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import Program, run_to_end, started
from tests.ocpp.central.peer import peer_charger
from tests.ocpp.central.serving import PATIENCE_S, until


@dataclass
class Central:
    """A program's central system."""

    url: str


def central_of(program: Program) -> Central:
    found = re.search(r"ws://127\.0\.0\.1:\d+/ocpp", program.log())
    assert found is not None, program.log()
    return Central(found.group())


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Program]:
    """``ohmstead ocpp serve``."""
    database = str(tmp_path / "ocpp.db")
    with started("ocpp", "serve", "--port", "0", "--api-port", "0", "--database", database) as program:
        yield program


async def ohmstead(program: Program, *arguments: str) -> tuple[int, str, str]:
    """An ``ohmstead ocpp`` command that talks to the program: exit code, output, errors."""
    done = await asyncio.to_thread(run_to_end, "ocpp", *arguments, "--api", program.url)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
async def test_a_charger_is_commanded_from_a_terminal(serving: Program) -> None:
    async with asyncio.timeout(3 * PATIENCE_S), peer_charger(central_of(serving)) as peer:
        code, out, _ = await ohmstead(serving, "list", "--json")
        assert (code, json.loads(out)[0]["identity"]) == (0, "PEER")
        code, out, _ = await ohmstead(serving, "remote-start", "PEER", "--tag", "CARD")
        assert (code, out) == (0, "Accepted\n")
        await until(lambda: peer.transaction_id is not None)
        code, out, _ = await ohmstead(serving, "sessions")
        assert "running" in out
        code, out, _ = await ohmstead(serving, "remote-stop", "PEER", "12345")
        assert (code, out) == (1, "Rejected\n")
        code, out, _ = await ohmstead(serving, "configuration", "PEER", "NumberOfConnectors")
        assert code == 0
        assert re.search(r"NumberOfConnectors\W+1\b", out)
        code, out, _ = await ohmstead(serving, "call", "PEER", "DataTransfer", '{"vendorId": "x"}')
        assert json.loads(out) == {"status": "Accepted", "data": "pong"}
        assert (await ohmstead(serving, "allow", "CARD", "--name", "Ada"))[:2] == (0, "CARD is allowed\n")
        assert "Ada" in (await ohmstead(serving, "tags"))[1]
        assert (await ohmstead(serving, "disallow", "card"))[0] == 0
        code, _, err = await ohmstead(serving, "call", "PEER", "Dance")
        assert code == 2
        assert "found action 'Dance', allowed: CancelReservation" in err
        code, _, err = await ohmstead(serving, "reset", "NOBODY")
        assert (code, err) == (1, "ohmstead: There is no charger 'NOBODY'.\n")
    assert serving.terminate() == 0
    assert "Traceback" not in serving.log()


def test_an_address_that_cannot_be_used_is_told_with_its_option(tmp_path: Path) -> None:
    database = str(tmp_path / "x.db")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = run_to_end("ocpp", "serve", "--port", "0", "--api-port", port, "--database", database)
        assert (done.returncode, "--api-port" in done.stderr) == (2, True), done.stderr
        done = run_to_end("ocpp", "serve", "--port", port, "--api-port", "0", "--database", database)
        assert (done.returncode, f"port {port}" in done.stderr) == (2, True), done.stderr
    done = run_to_end("ocpp", "serve", "--port", "0", "--api-host", "0.0.0.0", "--database", database)  # noqa: S104
    assert (done.returncode, "--token-file" in done.stderr) == (2, True), done.stderr


def test_beyond_this_computer_it_needs_passwords(tmp_path: Path) -> None:
    done = run_to_end("ocpp", "serve", "--host", "0.0.0.0", "--database", str(tmp_path / "x.db"))  # noqa: S104
    assert done.returncode == 2
    assert "security_profile: 1" in done.stderr
    assert not list(tmp_path.iterdir())


HOME = """
site: {name: Test, timezone: Europe/Vienna, latitude_deg: 48.2, longitude_deg: 16.4}
meter: {adapter: simulated}
assets:
  - kind: charge_point
    id: wallbox
    reaction_s: 1
    device: {adapter: ocpp, charger: PEER, measure_every_s: 1}
tariff: {provider: fixed, import_eur_per_kwh: 0.3}
weather: {provider: none}
planner: {enabled: false}
"""


@pytest.mark.slow
async def test_a_configured_home_reads_and_limits_its_charger(tmp_path: Path) -> None:
    from tests.daemon.test_run import free_port

    port, file = free_port(), tmp_path / "home.yaml"
    file.write_text(HOME + f"web: {{port: 0}}\nocpp: {{port: {port}}}\n", encoding="utf-8")
    with started("run", "--config", str(file)) as home:
        central = Central(f"ws://127.0.0.1:{port}/ocpp")
        async with asyncio.timeout(3 * PATIENCE_S), peer_charger(central) as peer:
            await peer.plug_and_start()

            def seen() -> dict[str, Any]:
                asset: dict[str, Any] = home.state()["assets"]["wallbox"]
                return asset

            while not (peer.profiles and (await asyncio.to_thread(seen))["charging"] is not None):
                await peer.measure()
                await asyncio.sleep(0.2)
            asset = await asyncio.to_thread(seen)
            assert (asset["online"], asset["connected"], asset["fault"]) == (True, True, None)
            (charger,) = await asyncio.to_thread(home.get, "api/ocpp/chargers")
            assert (charger["identity"], charger["adopted"]) == ("PEER", True)
            stopping = asyncio.create_task(asyncio.to_thread(home.terminate))
            assert await stopping == 0, home.log()
            assert peer.limit_a == 6.0, "left with the smallest current"
        assert "Traceback" not in home.log()
