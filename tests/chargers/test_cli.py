from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ohmstead.chargers.fleet import FleetPlan
from ohmstead.chargers.protocol import ProtocolName
from ohmstead.chargers.scenario import load_scenario
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.chargers.ykc_central import own_platform
from ohmstead.cli import app
from ohmstead.ykc.platform.records import BillStore

KEYS = {"boots", "boot_s", "messages", "messages_per_s", "p50_ms", "p99_ms", "rss_per_charger_kb", "errors"}
runner = CliRunner()


def test_a_virtual_run_gives_a_summary() -> None:
    arguments = ["--virtual", "--protocol", "ykc", "--count", "3", "--scenario", "motorway-rapid"]
    done = runner.invoke(app, ["chargers", "run", *arguments, "--duration", "3600", "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary.keys() >= KEYS
    assert (summary["chargers"], summary["seconds"], summary["errors"]) == (3, 3600.0, 0)
    assert summary["orders"] >= 3
    plain = runner.invoke(app, ["chargers", "run", *arguments, "--duration", "60"])
    assert "boots                3" in plain.stdout


def test_a_virtual_run_in_ocpp() -> None:
    arguments = ["--virtual", "--count", "3", "--scenario", "motorway-rapid", "--duration", "3600"]
    done = runner.invoke(app, ["chargers", "run", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert (summary["boots"], summary["seconds"], summary["errors"]) == (3, 3600.0, 0)
    assert summary["orders"] >= 3
    assert summary["energy_kwh"] > 50.0


def test_a_script_that_fails_is_told(tmp_path: Path) -> None:
    script = tmp_path / "bad.js"
    script.write_text("function step(state) {\n  return state.nothing.at;\n}\n")
    arguments = [
        "--virtual",
        "--protocol",
        "ykc",
        "--count",
        "1",
        "--script",
        str(script),
        "--duration",
        "30",
    ]
    done = runner.invoke(app, ["chargers", "run", *arguments])
    assert done.exit_code == 0
    assert "bad.js:2: TypeError" in done.stderr


def test_the_scenarios_are_listed() -> None:
    done = runner.invoke(app, ["chargers", "scenarios"])
    assert "boot-storm" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--url: missing"),
        (["--virtual", "--protocol", "ykc", "--url", "tcp://127.0.0.1:1"], "without --url"),
        (["--protocol", "modbus"], "found 'modbus', allowed: ocpp16, ykc"),
        (["--url", "http://x", "--count", "1"], "allowed for OCPP: ws://"),
        (["--virtual", "--json", "--report-every", "5"], "allowed together with --json"),
        (["--virtual", "--messages", "/nowhere/log"], "--messages: /nowhere/log: No such file"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], words: str) -> None:
    done = runner.invoke(app, ["chargers", "run", *arguments])
    assert done.exit_code == 2
    assert words in done.stderr


@pytest.mark.slow
async def test_a_live_run_in_a_process_of_its_own() -> None:
    plan = FleetPlan(count=20, url="", protocol=ProtocolName.YKC, scenario=load_scenario("boot-storm"))
    async with own_platform(plan.ids(), LoopClock(datetime.now(UTC))) as platform, asyncio.timeout(60.0):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(
                "-m",
                "ohmstead",
                "chargers",
                "run",
                "--protocol",
                "ykc",
                "--url",
                platform.url,
                "--count",
                "20",
            ),
            *("--scenario", "boot-storm", "--duration", "4", "--json"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        summary = json.loads(out)
        assert (summary["boots"], summary["errors"]) == (20, 0)
        assert summary["boot_s"] > 0.0
        assert platform.server.online == ()


@pytest.mark.slow
async def test_a_platform_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Two processes: piles here, platform there; what is billed is in its file when it ends."""
    program = (sys.executable, "-m", "ohmstead", "chargers")
    bills = tmp_path / "bills.sqlite"
    async with asyncio.timeout(60.0):
        process = await asyncio.create_subprocess_exec(
            *program,
            *("platform", "--port", "0", "--count", "5", "--remote-start", "--bills", str(bills)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().removeprefix("Piles connect to ").strip()
        scenario = tmp_path / "now.yaml"
        scenario.write_text(
            "name: now\nspread_s: 0\nstarts: {by: remote}\nvehicles: {reaction_s: [0, 0]}\n"
            "visits: {after_s: [0, 0], stays_s: [60, 60]}\n"
        )
        fleet = await asyncio.create_subprocess_exec(
            *program,
            *("run", "--protocol", "ykc", "--url", url, "--count", "5", "--scenario", str(scenario)),
            *("--speed", "30", "--duration", "100", "--json"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await fleet.communicate()
        process.terminate()
        assert await process.wait() == 0
    summary = json.loads(out)
    assert (summary["boots"], summary["orders"], summary["errors"]) == (5, 5, 0)
    store = BillStore(bills)
    assert sum(bill.energy_kwh for bill in store.bills()) == pytest.approx(summary["energy_kwh"], abs=0.01)
    store.close()


def test_a_platform_that_lets_everybody_charge_stays_on_this_machine() -> None:
    done = runner.invoke(app, ["chargers", "platform", "--host", "0.0.0.0"])  # noqa: S104
    assert done.exit_code == 2
    assert "allowed: 127.0.0.1" in done.stderr
