"""``ohmstead run`` and ``ohmstead plan --config`` on a configuration that ``ohmstead init`` wrote."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.daemon.config.loading import load_config
from ohmstead.daemon.heating_floors import STATE as FLOORS_STATE
from ohmstead.daemon.init import default_answers, write
from ohmstead.daemon.live_plant import PLANT_STATE
from ohmstead.daemon.options import RunOptions
from ohmstead.daemon.run import plan_home, run
from ohmstead.errors import ConfigError, DataError
from ohmstead.recorder import Recorder
from tests.daemon.homes import command_in
from tests.daemon.process import Program, run_to_end, started

COMMANDED = ("battery", "charger", "tank", "heat_pump")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A first configuration, on a free port and without the internet."""
    file = tmp_path / "home.yaml"
    write(file, default_answers())
    text = file.read_text(encoding="utf-8")
    text = text.replace("port: 8080", "port: 0").replace("provider: open_meteo", "provider: none")
    file.write_text(text, encoding="utf-8")
    return file


def free_port() -> int:
    """A port that nobody listens on just now; a configuration needs a number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def stored_house(folder: Path) -> dict[str, Any]:
    """The simulated house as of the last committed minute."""
    with Recorder.open_readonly(folder / "ohmstead.db") as recorder:
        blob = recorder.load_state(PLANT_STATE)
    assert blob is not None
    house: dict[str, Any] = json.loads(blob)["house"]
    return house


def managed(program: Program) -> dict[str, Any]:
    """The first state after a cycle and a plan."""

    def look() -> dict[str, Any] | None:
        state = program.state()
        decided = state["assets"]["battery"]["setpoint_w"] is not None
        return state if decided and state["plan"] is not None else None

    return program.until("plan and setpoint", look)


@pytest.mark.slow
def test_a_home_runs_records_and_lets_go(file: Path) -> None:
    with started("run", "--config", str(file)) as home:
        state = managed(home)
        assert (state["mode"], state["clock"]["simulated"]) == ("run", False)
        assert state["tariff"]["import_eur_per_kwh"] == 0.30
        assert state["warnings"] == []
        assert abs(datetime.fromisoformat(state["at"]) - datetime.now(UTC)) < timedelta(minutes=5)
        plan = home.get("api/plan")
        assert all(slot["price_known"] for slot in plan["slots"])
        assert home.terminate() == 0, home.log()
        assert "Traceback" not in home.log()
    house = stored_house(file.parent)
    assert [command_in(house, asset) for asset in COMMANDED] == [None] * 4
    with Recorder.open_readonly(file.parent / "ohmstead.db") as recorder:
        last = recorder.last_minute()
        assert last is not None
        names = ["grid", "household", "battery.soc", "price.import"]
        found = recorder.history(names, last, last + timedelta(minutes=1), 60)
        assert all(found[name] for name in names)
        asset = recorder.decisions(100)[-1].asset
        assert asset in {"battery", "charger", "tank", "heat_pump", "pv"}
        plan_before = recorder.latest_plan()

    with started("run", "--config", str(file)) as home:
        assert plan_before is not None
        assert home.get("api/plan")["id"] == plan["id"]
        assert home.terminate() == 0


@pytest.mark.slow
def test_a_dry_run_decides_and_commands_nothing(file: Path) -> None:
    with started("run", "--config", str(file), "--dry-run") as home:
        state = managed(home)
        assert state["warnings"] == [{"code": "dry_run", "message": "Dry run: nothing is commanded."}]
        home.until("command not given", lambda: re.search(r"dry_run .*asset=battery", home.log()))
        assert home.terminate() == 0
    house = stored_house(file.parent)
    # Neither a command in force, nor one or a release on its way.
    assert [house["devices"][a]["latch"] for a in COMMANDED] == [[None, None, None, None]] * 4


@pytest.mark.slow
def test_a_plan_can_be_had_beside_the_running_daemon(file: Path) -> None:
    with started("run", "--config", str(file)) as home:
        done = run_to_end("plan", "--config", str(file), "--json")
        assert (done.returncode, done.stderr) == (0, "")
        plan = json.loads(done.stdout)
        assert plan["trigger"] == "command"
        assert set(plan["slots"][0]["assets"]) >= {"pv", "battery", "tank"}
        assert home.terminate() == 0


async def test_a_plan_needs_no_history(file: Path) -> None:
    payload = await plan_home(load_config(file))
    assert len(payload.slots) > 24
    assert payload.slots[0].load_w > 0.0
    assert not (file.parent / "ohmstead.db").exists()


async def test_a_plan_needs_the_planner(file: Path) -> None:
    with file.open("a", encoding="utf-8") as text:
        text.write("planner: {enabled: false}\n")
    with pytest.raises(ConfigError, match=r"home\.yaml: planner\.enabled: found false"):
        await plan_home(load_config(file))


def test_a_taken_port_is_told_with_the_key_to_change(file: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        file.write_text(
            file.read_text(encoding="utf-8").replace("port: 0", f"port: {port}"), encoding="utf-8"
        )
        done = run_to_end("run", "--config", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ohmstead: {file}: web: cannot listen on host 127.0.0.1, port {port}: Address already in use; "
        "set another host or port there\n"
    )
    assert not (file.parent / "ohmstead.db").exists()


def test_a_history_that_another_daemon_writes_is_left_alone(file: Path) -> None:
    config = load_config(file)
    with Recorder.open(config.recorder.path), pytest.raises(DataError, match="another Ohmstead is writing"):
        run(RunOptions(config=config))


def test_a_device_that_the_simulated_house_does_not_have(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("id: battery", "id: powerwall")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"assets: powerwall: device: the simulated house has no 'powerwall'"
    ):
        run(RunOptions(config=load_config(file)))


@pytest.mark.slow
def test_a_damaged_history_is_set_aside_and_told(file: Path) -> None:
    database = file.parent / "ohmstead.db"
    with Recorder.open(database) as recorder:
        recorder.save_state("x", b"y" * 100_000)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(database.read_bytes())
    content[4096 : len(content)] = b"\xff" * (len(content) - 4096)
    database.write_bytes(content)
    with started("run", "--config", str(file)) as home:
        warnings = home.state()["warnings"]
        assert [w["code"] for w in warnings] == ["recorder"]
        assert re.fullmatch(
            r"The history was damaged and is kept as ohmstead\.db\.corrupt-\w+; a new one was begun\.",
            warnings[0]["message"],
        )
        assert home.terminate() == 0
    assert list(file.parent.glob("ohmstead.db.corrupt-*"))


HEATING = """
heating:
  floors: {adapter: simulated}
  radiators:
    - {id: kitchen, name: Kuchyn, adapter: simulated}
"""


@pytest.mark.slow
def test_a_home_regulates_its_rooms_and_floors_and_takes_up_after_a_power_cut(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + HEATING, encoding="utf-8")
    with started("run", "--config", str(file)) as home:
        floors = home.until("heated floor", lambda: heated_floor(home))
        assert floors["pump_starts_today"] == 1
        assert [room["id"] for room in home.get("api/heating")["radiators"]] == ["kitchen"]
        assert "[PUMP] ON reason=demand" in home.log()
        stored = home.until("stored floors", lambda: stored_floors(file.parent))
        home.kill()
    assert stored["memory"]["active_floor"] == floors["floor"]
    with started("run", "--config", str(file)) as home:
        after = home.until("floors", lambda: home.get("api/heating")["floors"])
        assert after["pump_starts_today"] == 1
        assert after["min_off_left_s"] > 0 or after["pump_on"], "the pump's rest holds over a power cut"
        assert home.terminate() == 0, home.log()
        assert "Traceback" not in home.log()


def heated_floor(home: Program) -> dict[str, Any] | None:
    """The floors, once the pump runs for one of them."""
    floors: dict[str, Any] | None = home.get("api/heating")["floors"]
    return floors if floors is not None and floors["pump_on"] and floors["floor"] else None


def stored_floors(folder: Path) -> dict[str, Any] | None:
    """What the floors remember on the disk, once the pump has been seen running."""
    with Recorder.open_readonly(folder / "ohmstead.db") as recorder:
        blob = recorder.load_state(FLOORS_STATE)
    found: dict[str, Any] | None = None if blob is None else json.loads(blob)
    return found if found is not None and found["memory"]["pump_seen"] else None
