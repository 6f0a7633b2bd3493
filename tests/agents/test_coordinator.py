"""Rounds of coordination against real agents, and against agents that fail."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ohmstead.agents import vehicle
from ohmstead.agents.coordinator import in_force
from ohmstead.agents.decision import Action
from ohmstead.agents.schema import LoadStatus, StorageStatus, VehicleStatus
from tests.agents.homes import EXAMPLE, Home, dead_url, running_home, served
from tests.agents.raw_server import answering, holding_back, http

VEHICLE: dict[str, Any] = {
    "state_of_charge_kwh": 40.0,
    "capacity_kwh": 60.0,
    "max_charge_kw": 11.0,
    "max_discharge_kw": 11.0,
    "reserve_kwh": 12.0,
    "efficiency": 0.9,
    "connected": True,
    "bidirectional": False,
    "command": None,
}
SUNNY: dict[str, Any] = dict(EXAMPLE) | {"solar": {"production_kw": 16.0}}


def brief(answer: dict[str, Any]) -> dict[str, Any]:
    return {n: {k: v for k, v in a.items() if k != "reason"} for n, a in answer["actions"].items()}


async def count(home: Home, agent: str, path: str) -> float:
    wanted = f'ohmstead_agent_requests_total{{method="POST",path="{path}",status="200"}} '
    for line in (await home.get(agent, "/metrics")).text.splitlines():
        if line.startswith(wanted):
            return float(line.rpartition(" ")[2])
    return 0.0


async def test_the_example_of_the_contract() -> None:
    async with running_home() as home:
        answer = await home.coordinate(**EXAMPLE)
        assert brief(answer) == {
            "battery": {"mode": "charge", "power_kw": 1.5},
            "vehicle": {"mode": "idle", "power_kw": 0.0},
            "load": {"shed_kw": 0.0},
        }
        assert all(a["reason"] for a in answer["actions"].values())
        assert (answer["export_kw"], answer["import_kw"], answer["surplus_kw"]) == (0.0, 0.0, 1.5)
        assert answer["status"]["battery"]["mode"] == "charge"
        status = (await home.get("battery", "/status")).json()
        assert (status["mode"], status["power_kw"]) == ("charge", 1.5)


async def test_what_is_not_measured_is_as_measured_last() -> None:
    async with running_home() as home:
        await home.coordinate(**EXAMPLE)
        assert brief(await home.coordinate())["battery"] == {"mode": "charge", "power_kw": 1.5}
        changed = await home.coordinate(solar={"production_kw": 7.0})
        assert brief(changed)["battery"] == {"mode": "discharge", "power_kw": 1.0}
        text = (await home.post("central", "/coordinate")).status_code
        assert text == 422


async def test_everything_that_can_give_gives() -> None:
    async with running_home() as home:
        answer = await home.coordinate(
            solar={"production_kw": 0.0},
            load={"critical_load_kw": 20.0, "flexible_load_kw": 3.0},
            battery={"state_of_charge_kwh": 6.0},
            vehicle={"connected": True, "state_of_charge_kwh": 40.0, "bidirectional": True},
        )
        assert brief(answer) == {
            "battery": {"mode": "discharge", "power_kw": 5.0},
            "vehicle": {"mode": "discharge", "power_kw": 11.0},
            "load": {"shed_kw": 3.0},
        }
        assert (answer["import_kw"], answer["export_kw"]) == (4.0, 0.0)
        status = (await home.get("central", "/status")).json()
        assert status["flows"] == {
            "solar_kw": 0.0,
            "battery_kw": -5.0,
            "vehicle_kw": -11.0,
            "load_kw": 20.0,
            "grid_kw": 4.0,
        }
        assert status["last"]["actions"] == answer["actions"]


@pytest.mark.parametrize("part", ["solar", "battery", "vehicle", "load"])
async def test_a_dead_agent_is_left_out_and_told(part: str) -> None:
    async with running_home(**{part: dead_url()}) as home:
        status = await home.get("central", "/status")
        assert status.status_code == 200
        found = status.json()["status"][part]
        assert found["available"] is False
        assert "cannot connect" in found["error"]
        answer = await home.coordinate(**SUNNY)
        assert answer["status"][part]["available"] is False
        assert sum(p["available"] for p in answer["status"].values()) == 3
        expected = {
            "solar": ("discharge", 5.0, "idle", 0.0),
            "battery": ("idle", 0.0, "charge", 8.0),
            "vehicle": ("charge", 5.0, "idle", 0.0),
            "load": ("charge", 5.0, "charge", 11.0),
        }[part]
        actions = answer["actions"]
        assert (
            actions["battery"]["mode"],
            actions["battery"]["power_kw"],
            actions["vehicle"]["mode"],
            actions["vehicle"]["power_kw"],
        ) == expected


async def test_an_agent_that_hangs_is_left_out_after_the_deadline() -> None:
    async with answering(lambda n, _: None) as hanging, running_home(vehicle=hanging.url) as home:
        answer = await home.coordinate(**SUNNY)
        assert "no answer within 2.0 s" in answer["status"]["vehicle"]["error"]
        assert brief(answer)["battery"] == {"mode": "charge", "power_kw": 5.0}
        assert answer["export_kw"] == 3.0


@pytest.mark.parametrize(
    "reply",
    [
        http(b"oops", "500 Internal Server Error"),
        http(b"{}"),
        http(b"not json"),
        http(json.dumps(VEHICLE | {"capacity_kwh": 0.0}).encode()),
    ],
)
async def test_an_agent_that_answers_nonsense_is_left_out(reply: bytes) -> None:
    async with answering(lambda n, _: reply) as odd, running_home(vehicle=odd.url) as home:
        answer = await home.coordinate(**SUNNY)
        assert answer["status"]["vehicle"]["available"] is False
        assert answer["status"]["vehicle"]["error"].startswith("answered ")
        assert answer["export_kw"] == 3.0


def failing_on_command(status: str) -> Any:
    def script(n: int, request: bytes) -> bytes:
        if b"/control" in request:
            return http(b'{"detail": "no vehicle is connected"}', status)
        return http(json.dumps(VEHICLE).encode())

    return script


async def test_an_agent_that_fails_on_its_command_is_decided_without() -> None:
    async with answering(failing_on_command("500 Broken")) as odd, running_home(vehicle=odd.url) as home:
        answer = await home.coordinate(**SUNNY)
        assert brief(answer)["vehicle"] == {"mode": "idle", "power_kw": 0.0}
        assert "answered 500" in answer["actions"]["vehicle"]["reason"]
        assert answer["export_kw"] == 3.0
        assert await count(home, "battery", "/control") == 1


async def test_a_vehicle_unplugged_between_reading_and_command() -> None:
    async with answering(failing_on_command("409 Conflict")) as odd, running_home(vehicle=odd.url) as home:
        answer = await home.coordinate(**SUNNY)
        assert answer["status"]["vehicle"]["available"] is True
        assert answer["status"]["vehicle"]["connected"] is False
        assert answer["actions"]["vehicle"]["reason"] == "No vehicle is connected."
        assert answer["export_kw"] == 3.0


async def test_a_measurement_that_an_agent_refuses_commands_nothing() -> None:
    async with running_home() as home:
        refused = await home.post(
            "central", "/coordinate", dict(SUNNY) | {"battery": {"state_of_charge_kwh": 11.0}}
        )
        assert refused.status_code == 422
        assert refused.json()["detail"].startswith("battery: state_of_charge_kwh: found 11")
        for agent, path in (("battery", "/control"), ("vehicle", "/control"), ("load", "/shed")):
            assert await count(home, agent, path) == 0


async def test_callers_at_once_never_command_twice() -> None:
    async with running_home() as home:
        answers = await asyncio.gather(*(home.coordinate(**SUNNY) for _ in range(40)))
        assert len({json.dumps(a["actions"]) for a in answers}) == 1
        assert await count(home, "battery", "/control") == 1
        assert await count(home, "vehicle", "/control") == 1
        assert await count(home, "load", "/shed") == 0
        assert len({a["id"] for a in answers}) < 10


async def test_callers_with_different_measurements_each_get_their_own_answer() -> None:
    async with running_home() as home:
        kilowatts = [8.0 + i / 10 for i in range(20)]
        answers = await asyncio.gather(
            *(home.coordinate(**dict(EXAMPLE) | {"solar": {"production_kw": kw}}) for kw in kilowatts)
        )
        for kw, answer in zip(kilowatts, answers, strict=True):
            assert answer["actions"]["battery"]["power_kw"] == pytest.approx(kw - 8.0)
            assert answer["status"]["battery"]["power_kw"] == pytest.approx(kw - 8.0)


async def test_a_command_in_force_is_renewed_when_half_of_its_lease_is_over() -> None:
    async with running_home() as home:
        await home.coordinate(**SUNNY)
        home.now_s += 440.0
        await home.coordinate(**SUNNY)
        assert await count(home, "battery", "/control") == 1
        home.now_s += 20.0
        await home.coordinate(**SUNNY)
        assert await count(home, "battery", "/control") == 2
        assert (await home.get("battery", "/status")).json()["command"]["lease_left_s"] == 900.0


async def test_a_command_that_timed_out_is_not_carried_out_after_a_newer_one() -> None:
    async with (
        served(vehicle.create_app()) as url,
        holding_back(url, "/control") as proxy,
        running_home(vehicle=proxy.url) as home,
    ):
        left_out = await home.coordinate(**SUNNY)
        assert "no answer within" in left_out["status"]["vehicle"]["error"]
        # Nothing is wanted of the vehicle now, and it stands idle: it is told all the same.
        cloudy = SUNNY | {"solar": {"production_kw": 8.0}}
        answer = await home.coordinate(**cloudy)
        assert brief(answer)["vehicle"] == {"mode": "idle", "power_kw": 0.0}
        command = answer["status"]["vehicle"]["command"]
        assert command["mode"] == "idle"
        late = await proxy.deliver()
        assert late.startswith(b"HTTP/1.1 409 ")
        assert b'"Superseded"' in late
        again = await home.coordinate(**cloudy)
        assert again["status"]["vehicle"]["command"]["command_id"] == command["command_id"], "told once"
        assert again["status"]["vehicle"]["mode"] == "idle"


async def test_a_caller_that_goes_away_does_not_stop_the_round() -> None:
    async with running_home() as home:
        asking = asyncio.create_task(home.coordinate(**SUNNY))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert brief(await home.coordinate(**SUNNY))["battery"]["power_kw"] == 5.0


def test_agents_that_do_not_tell_their_command_are_always_told() -> None:
    facts = {k: v for k, v in VEHICLE.items() if k != "command"}
    idle = Action(reason="")
    assert not in_force(VehicleStatus(**facts), idle)
    assert in_force(VehicleStatus(**VEHICLE), idle)
    assert not in_force(StorageStatus(**VEHICLE), Action(power_w=100.0, reason=""))
    assert not in_force(LoadStatus(critical_load_kw=1.0, flexible_load_kw=1.0), idle)
