"""The simulator's API over a real socket, its chargers at real central systems."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.chargers.fleet import FleetPlan
from ohmstead.chargers.protocol import ProtocolName
from ohmstead.chargers.scenario import load_scenario
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.chargers.ykc_central import own_platform
from ohmstead.daemon.charger_service import ServeOptions, serve_simulator
from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.system import CentralSystem
from tests.daemon.charger_serving import Service, simulating
from tests.ocpp.central.serving import serving, until

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of the test
PATIENCE_S = 60.0
PARK = "function step(state) { return state.connectors[0].plugged ? [] : [{do: 'plug_in'}]; }"


@asynccontextmanager
async def with_central(path: Path) -> AsyncIterator[tuple[Service, CentralSystem]]:
    async with asyncio.timeout(PATIENCE_S), serving(path) as central, simulating(central.url) as service:
        yield service, central


@pytest.mark.slow
async def test_a_session_from_plug_to_bill(tmp_path: Path) -> None:
    async with with_central(tmp_path) as (service, central):
        added = await service.ask("POST", "/chargers", {"count": 3}, 201)
        assert added == {"chargers": ["SIM-00001", "SIM-00002", "SIM-00003"]}
        await service.registered(3)
        assert set(central.chargers) == set(added["chargers"])
        assert (await service.act("plug_in", vehicle={"soc": 0.2}))["failed"] == {}
        await service.status("Preparing")
        assert (await service.act("start", id_tag="CARD1"))["done"] == added["chargers"]
        await service.status("Charging")
        await service.until(lambda all_: all(one["connectors"][0]["power_w"] > 1000.0 for one in all_))
        again = await service.act("start", ["SIM-00001"])
        assert again == {"done": [], "failed": {"SIM-00001": "SIM-00001: connector 1 is not free"}}
        await service.act("stop")
        await service.act("unplug")
        await service.status("Available")
        said = await service.ask("GET", "/chargers/SIM-00001/log?contains=transaction&way=out")
        assert [json.loads(one["text"])[2] for one in said] == ["StopTransaction", "StartTransaction"]
        assert '"CARD1"' in said[1]["text"]


async def test_faults_and_networks_break_and_are_mended(tmp_path: Path) -> None:
    async with with_central(tmp_path) as (service, central):
        await service.ask("POST", "/chargers", {"count": 2}, 201)
        await service.registered(2)
        await service.act("fault", ["SIM-00001"], fault="Overheated")
        await service.until(lambda all_: all_[0]["connectors"][0]["status"] == "Faulted")
        said = await service.ask("GET", "/chargers/SIM-00001/log?contains=HighTemperature")
        assert said[0]["way"] == "out"
        await service.act("repair", ["SIM-00001"])
        await service.status("Available")
        await service.act("plug_in")
        await service.act("start")
        await service.status("Charging")
        await service.act("lose_network", ["SIM-00002"])
        await service.registered(1)
        assert not central.connected("SIM-00002")
        found = await service.ask("GET", "/chargers")
        assert found[1]["connectors"][0]["in_order"]
        await service.act("restore_network")
        found = await service.registered(2)
        assert found[1]["connectors"][0]["in_order"]
        await service.act("switch_off", ["SIM-00002"])
        await service.registered(1)
        await service.act("switch_on", ["SIM-00002"])
        found = await service.registered(2)
        assert not found[1]["connectors"][0]["in_order"]
        await service.act("unplug")
        await service.status("Available")
        said = await service.ask("GET", "/chargers/SIM-00002/log?contains=StopTransaction&way=out")
        assert [json.loads(one["text"])[3]["reason"] for one in said] == ["Reboot"]


async def test_scripts_drive_chargers_and_their_mistakes_have_a_line(tmp_path: Path) -> None:
    async with with_central(tmp_path) as (service, _):
        await service.ask("POST", "/chargers", {"count": 2}, 201)
        await service.registered(2)
        wrong = {"source": "let a = 1;\nfunction step( {", "file": "park.js"}
        assert (await service.problem("PUT", "/script", wrong)).startswith("park.js:2: ")
        await service.ask("PUT", "/script", {"source": PARK, "chargers": ["SIM-00001"]})
        found = await service.until(lambda all_: all_[0]["connectors"][0]["plugged"])
        assert (found[0]["script"], found[1]["script"]) == ("script.js", None)
        assert not found[1]["connectors"][0]["plugged"]
        await service.ask("POST", "/script/stop", {})
        assert (await service.ask("GET", "/chargers"))[0]["script"] is None
        late = "let n = 0;\nfunction step(state) {\n  if (n++ > 0) throw new Error('enough');\n}"
        await service.ask("PUT", "/script", {"source": late, "file": "late.js"})
        found = await service.until(lambda all_: all(one["script_error"] for one in all_))
        assert found[0]["script_error"] == "late.js:3: Error: enough"
        assert found[0]["registered"]


@pytest.mark.slow
async def test_piles_of_the_other_protocol_charge_too() -> None:
    plan = FleetPlan(
        count=2, url="", protocol=ProtocolName.YKC, scenario=load_scenario("boot-storm"), id_prefix=None
    )
    clock = LoopClock(datetime.now(UTC))
    async with (
        asyncio.timeout(PATIENCE_S),
        own_platform(plan.ids(), clock, remote_start=False) as platform,
        simulating() as service,
    ):
        wish = {"count": 2, "protocol": "ykc", "url": platform.url}
        assert (await service.ask("POST", "/chargers", wish, 201))["chargers"] == plan.ids()
        await service.registered(2)
        await service.act("plug_in")
        await service.act("start")
        await service.until(lambda all_: all(one["connectors"][0]["power_w"] > 1000.0 for one in all_))
        await service.act("lose_network")
        await service.registered(0)
        await service.act("restore_network")
        await service.registered(2)
        await service.act("stop")
        await service.until(lambda all_: not any(one["connectors"][0]["in_order"] for one in all_))
        said = await service.ask("GET", f"/chargers/{plan.ids()[0]}/log?limit=5")
        numbers = [one["number"] for one in said]
        assert numbers == sorted(numbers, reverse=True)
        assert len(numbers) == 5


async def test_a_scenario_goes_by_itself_and_chargers_are_removed(tmp_path: Path) -> None:
    scenario = "name: now\nspread_s: 0\nvisits: {after_s: [0, 0.1]}\nstarts: {after_s: [0.5, 1]}"
    async with with_central(tmp_path) as (service, central):
        await service.ask("POST", "/chargers", {"count": 2, "scenario_yaml": scenario}, 201)
        await service.until(lambda all_: all(one["connectors"][0]["plugged"] for one in all_))
        await service.ask("DELETE", "/chargers/SIM-00001", status=204)
        assert [one["id"] for one in await service.ask("GET", "/chargers")] == ["SIM-00002"]
        await until(lambda: not central.connected("SIM-00001"))
        assert await service.ask("DELETE", "/chargers") == {"chargers": ["SIM-00002"]}
        assert await service.ask("GET", "/chargers") == []


async def test_what_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with with_central(tmp_path) as (service, _):
        add, actions = "/chargers", "/actions"
        assert "1000" in await service.problem("POST", add, {"count": 1001})
        assert "/etc/passwd" in await service.problem("POST", add, {"scenario": "/etc/passwd"})
        assert "visits.share" in await service.problem(
            "POST", add, {"scenario_yaml": "name: x\nvisits: {share: 2}"}
        )
        assert "ws://" in await service.problem("POST", add, {"url": "http://example.org"})
        assert "1 to 8 digits" in await service.problem("POST", add, {"protocol": "ykc", "prefix": "AB"})
        assert await service.ask("GET", add) == []
        await service.ask("POST", add, {}, 201)
        assert "allowed: plug_in" in await service.problem("POST", actions, {"do": "explode"})
        assert "1 to 1" in await service.problem(
            "POST", actions, {"do": "start", "arguments": {"connector": 2}}
        )
        for path in ("/chargers/NOBODY/log", "/chargers/NOBODY"):
            method = "GET" if path.endswith("log") else "DELETE"
            assert "NOBODY" in await service.problem(method, path, None, 404)
        assert "NOBODY" in await service.problem("POST", actions, {"do": "cut", "chargers": ["NOBODY"]}, 404)


async def test_with_a_token_nothing_is_told_without_it() -> None:
    async with asyncio.timeout(PATIENCE_S), simulating(token=TOKEN) as service:
        assert (await service.ask("GET", ""))["url"] is None
        assert "--url" in await service.problem("POST", "/chargers", {})
        service.client.headers.pop("authorization")
        await service.ask("GET", "", status=401)
        await service.ask("POST", "/chargers", {}, status=401)


def test_beyond_this_computer_only_with_a_token() -> None:
    with pytest.raises(ConfigError, match="OHMSTEAD_SIMULATOR_TOKEN"):
        serve_simulator(ServeOptions(host="0.0.0.0", port=0, ready=lambda _: None))  # noqa: S104 - refused


async def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE_S), serving(tmp_path) as central:
        command = ("-m", "ohmstead", "chargers", "serve", "--port", "0", "--count", "2", "--url", central.url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        assert re.fullmatch(r"Simulator at http://127\.0\.0\.1:\d+/\n", line)
        await until(lambda: central.connected("SIM-00001") and central.connected("SIM-00002"))
        process.terminate()
        assert await process.wait() == 0
