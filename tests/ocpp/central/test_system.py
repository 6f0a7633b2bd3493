"""The central system over real sockets with a real database, told by raw frames."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ocpp.central.settings import UnknownChargers
from tests.ocpp.central.serving import BOOT, OPEN, charger, serving, until


async def test_a_session_from_boot_to_stop_is_booked(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central) as cp:
        answer = await cp.told("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Accepted", 300)
        assert answer["currentTime"].endswith("Z")
        assert "." not in answer["currentTime"]
        assert (await cp.told("Authorize", {"idTag": "CARD"}))["idTagInfo"] == {"status": "Accepted"}
        number = await cp.start(wh=1000)
        assert number > 0
        values = {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [
                {
                    "timestamp": "2026-06-01T12:30:00Z",
                    "sampledValue": [
                        {"value": "4000"},
                        {"value": "3.7", "measurand": "Power.Active.Import", "unit": "kW"},
                    ],
                }
            ],
        }
        assert await cp.told("MeterValues", values) == {}
        assert central.store.running("CP1")[0].energy_kwh == 3.0
        assert await cp.stop(number, wh=6500) == {}
    async with serving(tmp_path) as again:
        (session,) = again.store.transactions()
        assert (session.id, session.energy_kwh, session.reason) == (number, 5.5, "Local")
        assert [sample.energy_wh for sample in again.store.samples(number)] == [4000.0]
        assert again.chargers["CP1"].vendor == "Ohmstead"


async def test_a_charger_is_known_by_its_percent_decoded_identity(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, "Caf%C3%A9%20%2F1", boot=True):
        assert central.connected("Café /1")


async def test_an_unknown_charger_gets_404_where_they_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(OPEN, unknown_chargers=UnknownChargers.REFUSE)) as central:
        with pytest.raises(InvalidStatus, match="404"):
            await charger(central)
        assert not central.chargers


async def test_a_held_charger_is_pending_and_charges_only_once_it_is_adopted(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, replace(OPEN, unknown_chargers=UnknownChargers.HOLD)) as central,
        await charger(central) as cp,
    ):
        assert (await cp.told("BootNotification", BOOT))["status"] == "Pending"
        assert (await cp.told("Authorize", {"idTag": "CARD"}))["idTagInfo"] == {"status": "Invalid"}
        start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": "2026-06-01T12:00:00Z"}
        assert (await cp.ask("StartTransaction", start))[2] == "SecurityError"
        assert not central.store.transactions()
        await central.adopt("CP1")
        assert (await cp.receive())[2:] == ["TriggerMessage", {"requestedMessage": "BootNotification"}]
        assert (await cp.told("BootNotification", BOOT))["status"] == "Accepted"
        assert await cp.start() == 1


async def test_only_so_many_strangers_are_held(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(OPEN, unknown_chargers=UnknownChargers.HOLD)) as central:
        for number in range(20):
            async with await charger(central, f"S{number}"):
                pass
        with pytest.raises(InvalidStatus, match="404"):
            await charger(central, "S20")
        assert len(central.chargers) == 20


async def test_no_more_connections_than_configured(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(OPEN, max_chargers=2)) as central:
        async with await charger(central, "A", boot=True), await charger(central, "B", boot=True):
            with pytest.raises(InvalidStatus, match="503"):
                await charger(central, "C")
        await until(lambda: not central.connected("A") and not central.connected("B"))
        async with await charger(central, "B", boot=True):
            pass


async def test_the_newest_connection_wins_and_calls_on_the_old_one_fail(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as old:
        asked = asyncio.create_task(central.commands("CP1").clear_cache())
        assert (await old.receive())[2] == "ClearCache"
        async with await charger(central) as new:
            with pytest.raises(DeviceError, match="closed"):
                await asked
            with pytest.raises(ConnectionClosed):
                await old.receive()
            assert (await new.told("Heartbeat", {}))["currentTime"]
            assert central.connected("CP1")
        await until(lambda: not central.connected("CP1"))
        with pytest.raises(DeviceOffline, match="CP1"):
            await central.commands("CP1").clear_cache()


async def test_without_a_common_subprotocol_the_handshake_ends_without_the_header_then_it_is_closed(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as central:
        for offered in ([], ["ocpp2.0.1"]):
            async with await charger(central, subprotocols=offered) as cp:
                assert cp.websocket.subprotocol is None
                with pytest.raises(ConnectionClosed) as closed:
                    await cp.receive()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1002


async def test_a_half_open_link_is_found_by_ping(tmp_path: Path) -> None:
    async with serving(tmp_path, replace(OPEN, ping_s=0.1)) as central, await charger(central) as cp:
        await until(lambda: central.connected("CP1"))
        cp.websocket.transport.pause_reading()
        await until(lambda: not central.connected("CP1"))
        cp.websocket.transport.abort()


async def test_bad_input_of_one_charger_disturbs_no_other(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        await charger(central, "good", boot=True) as good,
        await charger(central, "bad", boot=True) as bad,
    ):
        for text, answer in (
            ('[2,"1","Heartbeat"]', [4, "1", "FormationViolation"]),
            ('[2,"2","Nonsense",{}]', [4, "2", "NotImplemented"]),
            ('[2,"3","Reset",{"type":"Soft"}]', [4, "3", "NotSupported"]),
            ('[2,"4","Authorize",{}]', [4, "4", "OccurenceConstraintViolation"]),
            ('[2,"5","Authorize",{"idTag":5}]', [4, "5", "TypeConstraintViolation"]),
        ):
            await bad.send(text)
            assert (await bad.receive())[:3] == answer
        for text in ("", "{}", "[9,1]", '[3,"no",{}]', "nonsense", "[" * 100_000):
            await bad.send(text)
        assert (await bad.told("Heartbeat", {}))["currentTime"]
        await bad.websocket.send("x" * (3 << 20))
        with pytest.raises(ConnectionClosed):
            await bad.receive()
        assert (await good.told("Heartbeat", {}))["currentTime"]


def test_beyond_this_computer_only_with_authentication() -> None:
    with pytest.raises(ConfigError, match=r"ocpp: host: found '0.0.0.0'.*security_profile: 1"):
        replace(OPEN, host="0.0.0.0").check()  # noqa: S104
    replace(OPEN, host="0.0.0.0", security_profile=1).check()  # noqa: S104
    with pytest.raises(ConfigError, match="tls_certificate: missing"):
        replace(OPEN, security_profile=2).check()
    with pytest.raises(ConfigError, match="allowed: 0, 1, 2, 3"):
        replace(OPEN, security_profile=4).check()


async def test_a_stranger_cannot_fill_the_disk(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, replace(OPEN, unknown_chargers=UnknownChargers.HOLD)) as central,
        await charger(central) as cp,
    ):
        await cp.told("BootNotification", BOOT)
        for _ in range(50):
            await cp.told("BootNotification", BOOT | {"firmwareVersion": "2"})
            event = {"type": "x", "timestamp": "2026-06-01T12:00:00Z"}
            await cp.told("SecurityEventNotification", event)
        status = {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"}
        await cp.told("StatusNotification", status)
        assert central.chargers["CP1"].connector(1).status == "Faulted"
        assert not central.store.events("CP1")
    async with serving(tmp_path) as central:
        known = central.chargers["CP1"]
        assert (known.vendor, known.firmware, dict(known.connectors)) == ("Ohmstead", "", {})


async def test_curves_of_old_sessions_are_forgotten_and_the_sessions_are_not(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, await charger(central, boot=True) as cp:
        numbers = []
        for year in ("2024", "2026"):
            number = await cp.start(at=f"{year}-06-01T12:00:00Z")
            value = {"timestamp": f"{year}-06-01T12:30:00Z", "sampledValue": [{"value": "1500"}]}
            values = {"connectorId": 1, "transactionId": number, "meterValue": [value]}
            await cp.told("MeterValues", values)
            await cp.stop(number, wh=2000, at=f"{year}-06-01T13:00:00Z")
            numbers.append(number)
        assert [len(central.store.samples(number)) for number in numbers] == [0, 1]
        assert [t.energy_kwh for t in central.store.transactions()] == [1.0, 1.0]
