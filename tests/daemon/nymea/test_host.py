"""The managed demo house as a nymea client sees it: JSON-RPC in, simulated devices out."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.reason import Limit, Rule
from ohmstead.daemon.nymea.host import STATE
from ohmstead.daemon.nymea.serving import USERS_FILE, nymea_host, nymea_served
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.tls import client_context
from ohmstead.recorder import Minute, Recorder
from tests.daemon.homes import NOON, command_in_force, home, setpoint
from tests.daemon.nymea.house import ANY_PORT, Served, served
from tests.nymea.serving import Client

MINUTE = timedelta(minutes=1)
CHARGER, METER, BATTERY, TANK, PUMP, PV = (
    id_of("thing", name) for name in ("charger", "grid", "battery", "tank", "heat_pump", "pv")
)


async def test_before_the_first_cycle_every_read_answers(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        for method in (
            "Integrations.GetThings",
            "Integrations.GetThingClasses",
            "Energy.GetPowerBalance",
            "Energy.GetRootMeter",
            "EnergyPlugin.GetChargingInfos",
            "EnergyPlugin.GetChargingSchedules",
            "EnergyPlugin.GetPhasePowerLimit",
            "EnergyPlugin.GetAvailableSpotMarketProviders",
        ):
            await it.client.call(method)
        balance = await it.client.call("Energy.GetPowerBalance")
        assert set(balance.values()) == {0.0}
        asked = {
            "thingId": CHARGER,
            "actionTypeId": id_of("state", "charger.power"),
            "params": [{"value": True}],
        }
        result = await it.client.call("Integrations.ExecuteAction", asked)
        assert result == {"thingError": "ThingErrorHardwareNotAvailable"}


async def test_every_asset_is_a_thing_with_its_interfaces(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(5 * MINUTE)
        things = (await it.client.call("Integrations.GetThings"))["things"]
        classes = (await it.client.call("Integrations.GetThingClasses"))["thingClasses"]
        interfaces = {c["id"]: c["interfaces"] for c in classes}
        found = {t["name"]: interfaces[t["thingClassId"]][0] for t in things}
        assert found["Grid"] == "energymeter"
        kinds = set(found.values())
        assert {"evcharger", "electricvehicle", "energystorage", "solarinverter", "heating"} <= kinds
        assert {"smartgridheatpump", "thermostat", "smartmeterconsumer"} <= kinds
        assert len({t["id"] for t in things}) == len(things)
        image = it.host._record
        assert image is not None
        meter = await it.states(METER)
        assert meter["connected"] is True
        assert meter["currentPower"] == pytest.approx(image.state.grid.power_w.value, abs=0.06)
        battery = await it.states(BATTERY)
        soc = image.state.assets["battery"].soc.value  # type: ignore[attr-defined]
        assert battery["batteryLevel"] == round(soc * 100)
        charger = await it.states(CHARGER)
        assert charger.keys() >= {"power", "maxChargingCurrent", "pluggedIn", "charging", "sessionEnergy"}


async def test_the_balance_is_that_of_the_cycle_and_is_logged_by_the_minute(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(MINUTE)
        await it.client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Energy"]})
        await it.home.cycles(16 * MINUTE)
        balance = await it.client.call("Energy.GetPowerBalance")
        image = it.host._record
        assert image is not None
        grid_w = image.state.grid.power_w.value
        pv_w = image.state.assets["pv"].power_w.value
        battery_w = image.state.assets["battery"].power_w.value
        assert grid_w is not None
        assert pv_w is not None
        assert battery_w is not None
        assert balance["currentPowerAcquisition"] == grid_w
        assert balance["currentPowerProduction"] == pv_w < 0
        assert balance["currentPowerConsumption"] == pytest.approx(grid_w - pv_w - battery_w)
        logs = await it.client.call("Energy.GetPowerBalanceLogs", {"sampleRate": "SampleRate1Min"})
        entries = logs["powerBalanceLogEntries"]
        assert len(entries) == 16
        assert {e["timestamp"] % 60 for e in entries} == {0}
        totals = [e["totalProduction"] for e in entries]
        assert totals == sorted(totals)
        produced = -sum(e["production"] for e in entries) / 60 / 1000
        assert totals[-1] == pytest.approx(produced, rel=1e-6)
        told = await it.client.notified("Energy.PowerBalanceLogEntryAdded")
        assert told["sampleRate"] == "SampleRate1Min"
        assert told["powerBalanceLogEntry"] in entries
        assert (await it.client.notified("Energy.PowerBalanceChanged"))["currentPowerProduction"] < 0
        quarter = {"sampleRate": "SampleRate15Mins", "thingIds": [PV], "includeCurrent": True}
        of_pv = await it.client.call("Energy.GetThingPowerLogs", quarter)
        assert [e["thingId"] for e in of_pv["thingPowerLogEntries"]] == [PV]
        assert of_pv["currentEntries"][0]["currentPower"] == pytest.approx(pv_w, abs=0.06)


async def test_a_power_by_hand_goes_through_the_engine_and_its_limits(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await _until_plugged_in(it)
        assert (await it.act(CHARGER, "maxChargingCurrent", 8.0))["thingError"] == "ThingErrorNoError"
        done = await it.act(CHARGER, "power", True)
        assert done["thingError"] == "ThingErrorNoError"
        assert "By hand until" in done["displayMessage"]
        (record, *_) = await it.home.cycles(MINUTE)
        told = setpoint(record, "charger")
        assert told is not None
        assert told.reason.rule is Rule.MANUAL
        assert told.power_w == pytest.approx(8 * 230 * 3)
        states = await it.states(CHARGER)
        assert (states["power"], states["maxChargingCurrent"]) == (True, 8.0)
        await it.client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
        await it.home.cycles(MINUTE)

        assert await it.client.call("EnergyPlugin.SetPhasePowerLimit", {"phasePowerLimit": 9}) == {
            "energyError": "EnergyErrorNoError"
        }
        await it.act(CHARGER, "maxChargingCurrent", 16.0)
        (*_, record) = await it.home.cycles(MINUTE)
        told = setpoint(record, "charger")
        assert told is not None
        assert told.reason.rule is Rule.MANUAL
        assert told.reason.limit in {Limit.FUSE_L1, Limit.FUSE_L2, Limit.FUSE_L3}
        assert told.power_w < 16 * 230 * 3
        phases_w = record.state.grid.phases_w
        assert phases_w is not None
        assert max(phases_w) <= 9 * 230

        event = (await it.client.notified("Integrations.EventTriggered"))["event"]
        assert event["thingId"] == CHARGER
        assert [p["value"] for p in event["params"]] == [told.reason.limit.value, "manual"]

        await it.client.call("EnergyPlugin.SetPhasePowerLimit", {"phasePowerLimit": 0})
        assert (await it.act(CHARGER, "power", False))["thingError"] == "ThingErrorNoError"
        await it.home.cycles(10 * MINUTE)
        assert command_in_force(it.home.house, "charger") == 0.0
        await it.act(CHARGER, "automatic")
        assert "charger" not in it.home.loop.engine.memory.manual


async def test_a_power_by_hand_ends_by_itself(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(MINUTE)
        await it.act(TANK, "power", True)
        (*_, record) = await it.home.cycles(2 * MINUTE)
        told = setpoint(record, "tank")
        assert told is not None
        assert told.reason.rule is Rule.MANUAL
        assert (await it.states(TANK))["power"] is True
        (*_, record) = await it.home.cycles(timedelta(hours=1))
        told = setpoint(record, "tank")
        assert told is None or told.reason.rule is not Rule.MANUAL


async def test_the_heat_pump_has_its_four_states(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(MINUTE)
        pump = it.home.house.site.asset("heat_pump")
        for mode, power_w in (("High", pump.max_w), ("Low", pump.min_w), ("Off", 0.0)):  # type: ignore[union-attr]
            assert (await it.act(PUMP, "sgReadyMode", mode))["thingError"] == "ThingErrorNoError"
            assert it.home.loop.engine.memory.manual["heat_pump"].power_w == power_w
            assert (await it.states(PUMP))["sgReadyMode"] == mode
        await it.act(PUMP, "sgReadyMode", "Standard")
        assert "heat_pump" not in it.home.loop.engine.memory.manual
        assert (await it.act(PUMP, "sgReadyMode", "Warm"))["thingError"] == "ThingErrorInvalidParameter"


async def test_a_charging_info_reaches_the_engine_and_is_told_to_others(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await _until_plugged_in(it)
        await it.client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["NymeaEnergy"]})
        (before,) = (await it.client.call("EnergyPlugin.GetChargingInfos"))["chargingInfos"]
        assert before["evChargerId"] == CHARGER
        info = {
            "evChargerId": CHARGER,
            "assignedCarId": id_of("thing", "charger.car"),
            "chargingMode": "ChargingModeNormal",
            "targetPercentage": 90,
        }
        await it.client.call("EnergyPlugin.SetChargingInfo", {"chargingInfo": info})
        told = await it.client.notified("NymeaEnergy.ChargingInfoChanged")
        assert told["chargingInfo"].items() >= info.items()
        (*_, record) = await it.home.cycles(2 * MINUTE)
        charging = setpoint(record, "charger")
        assert charging is not None
        assert charging.power_w > 6 * 230
        (now,) = (await it.client.call("NymeaEnergy.GetChargingInfos"))["chargingInfos"]
        assert now["chargingMode"] == "ChargingModeNormal"
        assert now["chargingState"] == "ChargingStateTimeRequirement"
        wrong = info | {"evChargerId": TANK}
        refused = await it.client.call("EnergyPlugin.SetChargingInfo", {"chargingInfo": wrong})
        assert refused == {"energyError": "EnergyErrorInvalidParameter"}


async def test_settings_are_the_engines_and_survive(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.client.call("EnergyPlugin.SetAcquisitionTolerance", {"acquisitionTolerance": 0.25})
        await it.client.call("EnergyPlugin.SetBatteryLevelConsideration", {"batteryLevelConsideration": 0.8})
        refused = await it.client.call("EnergyPlugin.SetPhasePowerLimit", {"phasePowerLimit": 10_000})
        assert refused == {"energyError": "EnergyErrorInvalidParameter"}
        tuned = it.home.loop.engine.tuned
        assert (tuned.acquisition_tolerance, tuned.battery_level_consideration) == (0.25, 0.8)
        assert await it.client.call("NymeaEnergy.GetAcquisitionTolerance") == {"acquisitionTolerance": 0.25}


async def test_prices_are_scored_per_local_day(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        (provider,) = (await it.client.call("EnergyPlugin.GetAvailableSpotMarketProviders"))["providers"]
        assert provider["name"] == "hourly"
        market = await it.client.call("EnergyPlugin.GetSpotMarketConfiguration")
        assert market == {"enabled": True, "available": True, "providerId": provider["providerId"]}
        asked = {"date": int(NOON.timestamp())}
        entries = await it.client.call("EnergyPlugin.GetSpotMarketScoreEntries", asked)
        scores = entries["spotMarketScoreEntries"]
        assert len(scores) == 24
        assert scores[0]["weighting"] == 1.0
        assert scores[-1]["weighting"] == 0.0
        start = datetime.fromtimestamp(scores[0]["startDateTime"], UTC)
        assert start == datetime(NOON.year, NOON.month, NOON.day, tzinfo=UTC) - timedelta(hours=2)
        other = {"enabled": True, "providerId": METER}
        refused = await it.client.call("EnergyPlugin.SetSpotMarketConfiguration", other)
        assert refused == {"energyError": "EnergyErrorInvalidParameter"}
        await it.client.call("EnergyPlugin.SetSpotMarketConfiguration", {"enabled": False})
        assert (await it.client.call("EnergyPlugin.GetSpotMarketConfiguration"))["enabled"] is False


async def test_states_are_told_when_they_change(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
        await it.home.cycles(2 * MINUTE)
        told = await it.client.notified("Integrations.StateChanged")
        value = await it.client.call(
            "Integrations.GetStateValue", {k: told[k] for k in ("thingId", "stateTypeId")}
        )
        assert value["thingError"] == "ThingErrorNoError"


async def test_counters_go_on_after_a_restart(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(10 * MINUTE)
        before = await it.client.call("Energy.GetPowerBalance")
        uuid = (await it.client.call("JSONRPC.Hello"))["uuid"]
        it.recorder.save_state(STATE, it.host.states()[STATE])
    async with served(tmp_path) as it:
        after = await it.client.call("Energy.GetPowerBalance")
        assert after["totalProduction"] == before["totalProduction"] > 0
        assert (await it.client.call("JSONRPC.Hello"))["uuid"] == uuid
    with Recorder.open(tmp_path / "home.db") as recorder:
        for stored in (b"broken", json.dumps({"counters": {"balance": "x"}}).encode(), b"[]"):
            recorder.save_state(STATE, stored)
            host = nymea_host(ANY_PORT, home().loop.engine, recorder, lambda: NOON)
            assert host.power_balance().total_production_kwh == 0.0


async def test_what_is_set_on_a_charger_that_stands_is_remembered(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(MINUTE)
        await it.act(CHARGER, "power", False)
        await it.home.cycles(10 * MINUTE)
        assert (await it.act(CHARGER, "maxChargingCurrent", 7.0)) == {"thingError": "ThingErrorNoError"}
        await it.client.call("EnergyPlugin.SetSpotMarketConfiguration", {"enabled": False})
        assert (await it.states(CHARGER))["maxChargingCurrent"] == 7.0
    async with served(tmp_path) as it:
        await it.home.cycles(MINUTE)
        states = await it.states(CHARGER)
        assert states["power"] is False
        assert states["maxChargingCurrent"] == 7.0
        assert (await it.client.call("EnergyPlugin.GetSpotMarketConfiguration"))["enabled"] is False


async def test_others_need_tls_and_a_user(tmp_path: Path) -> None:
    exposed = NymeaSettings(
        tcp_port=0, websocket_port=0, exposed=True, host="127.0.0.1", tls_port=0, tls_websocket_port=0
    )
    at_home = home()
    with Recorder.open(tmp_path / "home.db") as recorder:
        host = nymea_host(exposed, at_home.loop.engine, recorder, at_home.clock.now)
        async with nymea_served(exposed, host, recorder, name="Demo", folder=tmp_path) as ports:
            async with await Client.connect(ports["tls_port"], ssl=client_context()) as client:
                assert (await client.call("JSONRPC.Hello"))["initialSetupRequired"] is True
                who = {"username": "anna", "password": "Sunny2026"}
                assert await client.call("JSONRPC.CreateUser", who) == {"error": "UserErrorNoError"}
            assert (tmp_path / USERS_FILE).exists()
            async with await Client.connect(ports["tcp_port"]) as client:
                assert (await client.call("JSONRPC.Hello"))["authenticationRequired"] is False
            assert set(ports) == {"tcp_port", "websocket_port", "tls_port", "tls_websocket_port"}


async def test_a_taken_port_does_not_stop_the_home(tmp_path: Path) -> None:
    blocker = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = blocker.sockets[0].getsockname()[1]
    settings = NymeaSettings(tcp_port=port, websocket_port=0)
    at_home = home()
    with Recorder.open(tmp_path / "home.db") as recorder:
        host = nymea_host(settings, at_home.loop.engine, recorder, at_home.clock.now)
        async with nymea_served(settings, host, recorder, name="Demo", folder=tmp_path) as ports:
            assert set(ports) == {"websocket_port"}
        off = NymeaSettings(enabled=False)
        async with nymea_served(off, host, recorder, name="Demo", folder=tmp_path) as ports:
            assert ports == {}
    blocker.close()
    await blocker.wait_closed()


async def _until_plugged_in(it: Served) -> None:
    """Run until the car is at home."""
    async with asyncio.timeout(60):
        while True:
            (*_, record) = await it.home.cycles(15 * MINUTE)
            if record.state.assets["charger"].connected:  # type: ignore[attr-defined]
                return


async def test_logs_reach_back_to_what_was_recorded_before_the_start(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        for minute in range(60):
            values = {"grid": 600.0, "pv": -300.0, "battery": 100.0, "charger": 0.0}
            recorder.commit_minute(minute_with(NOON + (minute - 60) * MINUTE, values))
    async with served(tmp_path) as it:
        since = {"sampleRate": "SampleRate1Min", "from": int((NOON - 30 * MINUTE).timestamp())}
        entries = (await it.client.call("Energy.GetPowerBalanceLogs", since))["powerBalanceLogEntries"]
        assert len(entries) == 31
        assert {(e["acquisition"], e["production"], e["consumption"]) for e in entries} == {
            (600.0, -300.0, 800.0)
        }
        quarters = {"sampleRate": "SampleRate15Mins", "thingIds": [PV]}
        found = (await it.client.call("Energy.GetThingPowerLogs", quarters))["thingPowerLogEntries"]
        assert [e["currentPower"] for e in found] == [-300.0] * 4
        assert entries[-1]["totalAcquisition"] == pytest.approx(0.6)
        balance = await it.client.call("Energy.GetPowerBalance")
        assert balance["totalAcquisition"] == pytest.approx(0.6)


def minute_with(start: datetime, values: dict[str, float]) -> Minute:
    return Minute(start=start, values=values)
