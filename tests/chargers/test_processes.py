"""Many chargers in one process, the central system in another: nothing is asked about how fast it is."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

PATIENCE_S = 300.0
MANY = 500
SPREAD = "name: spread\nspread_s: 20\nstep_s: 2\nsupply: {max_a: 16}\n"
ONE_SESSION = """
let asked = 0, over = false;
function step(state) {
  const bay = state.connectors[0];
  if (!state.registered || over) return [];
  if (!bay.plugged) return [{do: "plug_in", vehicle: {soc: 0.4, reaction_s: 0}}];
  if (bay.energy_kwh > 0.01) { over = true; return [{do: "stop"}, {do: "unplug"}]; }
  if (!bay.in_order && state.t_s > asked + 20) {
    asked = state.t_s;
    return [{do: "start", id_tag: "CARD1"}];
  }
  return [];
}
"""


def sessions(database: Path) -> list[sqlite3.Row]:
    """What the central system has booked until now."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30.0)) as reading:
        reading.row_factory = sqlite3.Row
        return reading.execute("SELECT * FROM charge_session").fetchall()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.5)


@asynccontextmanager
async def central_system(folder: Path) -> AsyncIterator[str]:
    """``ohmstead ocpp serve``; its address."""
    log = folder / "central.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ohmstead", "ocpp", "serve", "--port", "0", "--api-port", "0"),
            *("--database", str(folder / "ocpp.db"), "--max-chargers", str(2 * MANY)),
            stdout=out,
            stderr=out,
        )
    said = "Chargers connect to "
    try:
        await until(lambda: said in log.read_text("utf-8"))
        (line,) = (line for line in log.read_text("utf-8").splitlines() if line.startswith(said))
        yield line.removeprefix(said).removesuffix("/<identity>")
    finally:
        process.terminate()
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0


@pytest.mark.slow
async def test_five_hundred_chargers_charge_once_each(tmp_path: Path) -> None:
    database, scenario, script = tmp_path / "ocpp.db", tmp_path / "spread.yaml", tmp_path / "once.js"
    scenario.write_text(SPREAD)
    script.write_text(ONE_SESSION)
    async with central_system(tmp_path) as url:
        fleet = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ohmstead", "chargers", "run", "--url", url, "--count", str(MANY)),
            *("--scenario", str(scenario), "--script", str(script), "--duration", "3600"),
            *("--json", "--report-every", "5"),
            stdout=asyncio.subprocess.PIPE,
        )
        assert fleet.stdout is not None
        try:
            await until(lambda: sum(row["stopped_at"] is not None for row in sessions(database)) >= MANY)
            fleet.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE_S):
                lines = (await fleet.stdout.read()).splitlines()
                assert await fleet.wait() == 0
        finally:
            if fleet.returncode is None:
                fleet.kill()
                await fleet.wait()
    *reports, summary = (json.loads(line) for line in lines)
    assert (summary["boots"], summary["orders"]) == (MANY, MANY)
    assert (summary["errors"], summary["scripts_stopped"]) == (0, 0)
    assert summary["boot_s"] > 0.0
    assert max(report["registered"] for report in reports) == MANY
    assert sum(report["messages"] for report in reports) <= summary["messages"]
    booked = sessions(database)
    assert {row["identity"] for row in booked} == {f"SIM-{n:05d}" for n in range(1, MANY + 1)}
    assert len(booked) == MANY
    assert {row["reason"] for row in booked} == {"Local"}
    assert all(row["meter_stop_wh"] > row["meter_start_wh"] for row in booked)
    booked_wh = sum(row["meter_stop_wh"] - row["meter_start_wh"] for row in booked)
    assert booked_wh == pytest.approx(1e3 * summary["energy_kwh"], abs=MANY)  # whole Wh on the wire
