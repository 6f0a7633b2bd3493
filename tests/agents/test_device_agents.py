"""The four device agents over HTTP."""

from __future__ import annotations

import pytest

from tests.agents.homes import running_home


async def test_a_command_moves_energy_until_its_lease_ends() -> None:
    async with running_home() as home:
        done = await home.post(
            "battery", "/control", {"mode": "charge", "power_kw": 2.0, "valid_for_s": 1800}
        )
        assert done.json()["applied_kw"] == 2.0
        assert done.json()["limited_by"] is None
        home.now_s += 900.0
        half = (await home.get("battery", "/status")).json()
        assert half["state_of_charge_kwh"] == pytest.approx(6.0 + 0.5 * 0.95)
        assert (half["mode"], half["power_kw"], half["command"]["lease_left_s"]) == ("charge", 2.0, 900.0)
        home.now_s += 900.0
        over = (await home.get("battery", "/status")).json()
        assert over["state_of_charge_kwh"] == pytest.approx(6.0 + 0.95)
        assert (over["mode"], over["power_kw"], over["command"]) == ("idle", 0.0, None)


async def test_the_default_lease_is_a_quarter_of_an_hour() -> None:
    async with running_home() as home:
        await home.post("load", "/update", {"critical_load_kw": 1.0, "flexible_load_kw": 2.0})
        shed = (await home.post("load", "/shed", {"shed_kw": 5.0})).json()
        assert (shed["applied_kw"], shed["limited_by"]) == (2.0, "flexible_load_kw")
        home.now_s += 899.0
        assert (await home.get("load", "/status")).json()["power_kw"] == 1.0
        home.now_s += 1.0
        assert (await home.get("load", "/status")).json()["power_kw"] == 3.0


async def test_the_agent_enforces_its_limits_too() -> None:
    async with running_home() as home:
        for body, applied_kw, limit in [
            ({"mode": "charge", "power_kw": 9.0}, 5.0, "max_charge_kw"),
            ({"mode": "discharge", "power_kw": 9.0}, 5.0, "max_discharge_kw"),
            ({"mode": "idle"}, 0.0, None),
        ]:
            done = (await home.post("battery", "/control", body)).json()
            assert (done["applied_kw"], done["limited_by"]) == (applied_kw, limit)
        await home.post("battery", "/update", {"state_of_charge_kwh": 10.0})
        done = (await home.post("battery", "/control", {"mode": "charge", "power_kw": 1.0})).json()
        assert (done["requested_kw"], done["applied_kw"], done["limited_by"]) == (1.0, 0.0, "full")
        assert done["status"]["mode"] == "idle"
        done = (await home.post("vehicle", "/control", {"mode": "discharge", "power_kw": 1.0})).json()
        assert (done["applied_kw"], done["limited_by"]) == (0.0, "not_bidirectional")


async def test_an_unplugged_vehicle_refuses_commands() -> None:
    async with running_home() as home:
        away = (await home.post("vehicle", "/update", {"connected": False})).json()
        assert away["connected"] is False
        refused = await home.post("vehicle", "/control", {"mode": "charge", "power_kw": 3.0})
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            "no vehicle is connected; it cannot be controlled",
        )
        assert (await home.get("vehicle", "/status")).json() == away


async def test_a_repeated_command_is_not_carried_out_again() -> None:
    async with running_home() as home:
        body = {"mode": "charge", "power_kw": 2.0, "valid_for_s": 100.0, "command_id": "one"}
        await home.post("battery", "/control", body)
        home.now_s += 60.0
        again = (await home.post("battery", "/control", body)).json()
        assert again["status"]["command"]["lease_left_s"] == 40.0
        anew = (await home.post("battery", "/control", body | {"command_id": "two"})).json()
        assert anew["status"]["command"]["lease_left_s"] == 100.0


@pytest.mark.parametrize(
    ("agent", "path", "newer", "older"),
    [
        ("battery", "/control", {"mode": "idle"}, {"mode": "charge", "power_kw": 2.0}),
        ("vehicle", "/control", {"mode": "idle"}, {"mode": "charge", "power_kw": 2.0}),
        ("load", "/shed", {"shed_kw": 0.0}, {"shed_kw": 1.0}),
    ],
)
async def test_a_command_that_comes_after_a_newer_one_is_refused(
    agent: str, path: str, newer: dict[str, object], older: dict[str, object]
) -> None:
    async with running_home() as home:
        first = {"command_id": "a", "sequence": {"issuer": "central", "number": 7}}
        late = {"command_id": "b", "sequence": {"issuer": "central", "number": 6}}
        assert (await home.post(agent, path, newer | first)).status_code == 200
        after = (await home.get(agent, "/status")).json()
        refused = await home.post(agent, path, older | late)
        assert (refused.status_code, refused.json()["title"]) == (409, "Superseded")
        assert refused.json()["detail"].startswith("command 6 came after 7")
        assert (await home.get(agent, "/status")).json() == after
        assert (await home.post(agent, path, newer | first)).status_code == 200, "repeated, not late"
        restarted = {"sequence": {"issuer": "central-started-again", "number": 1}}
        assert (await home.post(agent, path, older | restarted)).status_code == 200


@pytest.mark.parametrize(
    ("number", "status"), [(5, 200), (5.0, 200), (5.5, 422), (-1, 422), (True, 422), ("5", 422), (1e300, 422)]
)
async def test_a_command_s_number_is_an_integer_as_json_schema_has_it(number: object, status: int) -> None:
    async with running_home() as home:
        body = {"shed_kw": 0.0, "sequence": {"issuer": "central", "number": number}}
        assert (await home.post("load", "/shed", body)).status_code == status


async def test_a_refused_command_supersedes_older_ones_too() -> None:
    async with running_home() as home:
        await home.post("vehicle", "/update", {"connected": False})
        stop = {"mode": "idle", "sequence": {"issuer": "central", "number": 2}}
        assert (await home.post("vehicle", "/control", stop)).json()["title"] == "Not possible now"
        await home.post("vehicle", "/update", {"connected": True})
        late = {"mode": "charge", "power_kw": 2.0, "sequence": {"issuer": "central", "number": 1}}
        assert (await home.post("vehicle", "/control", late)).json()["title"] == "Superseded"


async def test_the_sun_is_as_measured() -> None:
    async with running_home() as home:
        before = (await home.get("solar", "/status")).json()
        assert before == {"production_kw": 0.0, "measured_age_s": None}
        await home.post("solar", "/production", {"production_kw": 4.2})
        home.now_s += 7.0
        assert (await home.get("solar", "/status")).json() == {"production_kw": 4.2, "measured_age_s": 7.0}
        text = (await home.get("solar", "/metrics")).text
        assert "ohmstead_agent_production_kw 4.2" in text


async def test_what_is_left_out_of_a_measurement_stays() -> None:
    async with running_home() as home:
        body = {"capacity_kwh": 20.0, "state_of_charge_kwh": 15.0, "max_charge_kw": 8.0, "reserve_kwh": 3.0}
        await home.post("battery", "/update", body)
        after = (await home.post("battery", "/update", {"efficiency": 0.9})).json()
        assert {k: after[k] for k in body} == body
        assert after["efficiency"] == 0.9
