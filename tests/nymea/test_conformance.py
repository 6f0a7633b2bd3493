"""The protocol as a plain socket client sees it: malformed calls, framing, limits, the lock on the door."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ohmstead.nymea.connection import Limits
from tests.nymea.sample_home import CHARGER, METER, METER_CLASS
from tests.nymea.serving import PATIENCE_S, Client, greeted, serving

HELLO = b'{"id":0,"method":"JSONRPC.Hello","params":{"locale":"de_AT"}}'
STATE = METER_CLASS.named("currentPower").id

MALFORMED: list[tuple[bytes, int, str]] = [
    (b"nonsense\n", -1, "Failed to parse JSON data: "),
    (b'{"id":1,}', -1, "Failed to parse JSON data: "),
    (b"[1,2]\n", -1, "Failed to parse JSON data: not an object"),
    (b'{"method":"JSONRPC.Version"}', 0, "Error parsing command. Missing 'id'"),
    (b'{"id":"x","method":"JSONRPC.Version"}', 0, "Error parsing command. Missing 'id'"),
    (b'{"id":1.5,"method":"JSONRPC.Version"}', 0, "Error parsing command. Missing 'id'"),
    (b'{"id":3}', 3, "Error parsing method. Got: '', Expected: 'Namespace.method'"),
    (
        b'{"id":3,"method":"Version"}',
        3,
        "Error parsing method. Got: 'Version'', Expected: 'Namespace.method'",
    ),
    (b'{"id":3,"method":"A.B.C"}', 3, "Error parsing method. Got: 'A.B.C'', Expected: 'Namespace.method'"),
    (b'{"id":4,"method":"Nowhere.Version"}', 4, "No such namespace"),
    (b'{"id":5,"method":"JSONRPC.Nothing"}', 5, "No such method"),
    (
        b'{"id":6,"method":"Integrations.GetStateValue","params":{"stateTypeId":"%s"}}' % STATE.encode(),
        6,
        "Invalid params: Missing required key: thingId in Integrations.GetStateValue, param thingId",
    ),
    (
        b'{"id":7,"method":"JSONRPC.Version","params":{"x":1}}',
        7,
        "Invalid params: Invalid key: x in JSONRPC.Version, param x",
    ),
    (
        b'{"id":8,"method":"Integrations.GetThings","params":{"thingId":"x"}}',
        8,
        "Invalid params: Invalid Uuid: x in Integrations.GetThings, param thingId",
    ),
    (
        b'{"id":9,"method":"Energy.GetPowerBalanceLogs","params":{"sampleRate":"Often"}}',
        9,
        (
            "Invalid params: Expected enum value for SampleRate but got Often "
            "in Energy.GetPowerBalanceLogs, param sampleRate"
        ),
    ),
    (
        b'{"id":10,"method":"EnergyPlugin.SetPhasePowerLimit","params":{"phasePowerLimit":-1}}',
        10,
        "Invalid params: Invalid UInt: -1 in EnergyPlugin.SetPhasePowerLimit, param phasePowerLimit",
    ),
    (
        b'{"id":11,"method":"NymeaEnergy.SetAcquisitionTolerance","params":{"acquisitionTolerance":[]}}',
        11,
        (
            "Invalid params: Invalid Double: [] "
            "in NymeaEnergy.SetAcquisitionTolerance, param acquisitionTolerance"
        ),
    ),
    (
        b'{"id":12,"method":"EnergyPlugin.SetChargingInfo","params":{"chargingInfo":{"evChargerId":"%s",'
        b'"chargingMode":"ChargingModeEco","targetPercentage":80,"endTime":"25:00"}}}' % CHARGER.encode(),
        12,
        "Invalid params: Invalid Time: 25:00 in EnergyPlugin.SetChargingInfo, param chargingInfo.endTime",
    ),
    (
        b'{"id":13,"method":"JSONRPC.Version","params":[]}',
        13,
        "Invalid params: Invalid value. Expected a map but received: [] in JSONRPC.Version, param",
    ),
]


@pytest.mark.parametrize(("request_", "number", "text"), MALFORMED)
async def test_malformed_calls_get_nymeas_own_words(request_: bytes, number: int, text: str) -> None:
    async with serving() as it, greeted(it.port) as client:
        await client.send(request_)
        reply = await client.read()
        if text.endswith(": "):
            assert reply["error"].startswith(text)
            text = reply["error"]
        if "Got: ''," in text:
            text = text.replace("Got: '',", "Got: ''',")
        assert reply == {"id": number, "status": "error", "error": text}
        assert (await client.call("JSONRPC.Version"))["protocol version"] == "9.0"


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n"])
@pytest.mark.parametrize("parts", [1, 2, 3, 1000])
async def test_a_request_is_answered_however_it_is_cut(ending: bytes, parts: int) -> None:
    request = b'{"id":7,"method":"Integrations.GetThings","params":{"thingId":"%s"}}' % METER.encode()
    async with serving() as it, greeted(it.port) as client:
        stream = request + ending
        size = -(-len(stream) // parts)
        for i in range(0, len(stream), size):
            await client.send(stream[i : i + size])
            await asyncio.sleep(0)
        reply = await client.read()
        assert (reply["id"], reply["status"]) == (7, "success")
        assert [t["id"] for t in reply["params"]["things"]] == [METER]


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n"])
async def test_two_requests_in_one_packet_get_two_replies_in_order(between: bytes) -> None:
    async with serving() as it, await Client.connect(it.port) as client:
        await client.send(
            HELLO + between + b'{"id":"1","method":"JSONRPC.KeepAlive","params":{"sessionId":"s"}}'
        )
        hello, alive = await client.read(), await client.read()
        assert (hello["id"], hello["params"]["locale"]) == (0, "de_AT")
        assert alive == {"id": 1, "status": "success", "params": {"success": True, "sessionId": "s"}}


async def test_hello_says_who_we_are() -> None:
    async with serving() as it, await Client.connect(it.port) as client:
        hello = await client.call("JSONRPC.Hello")
        assert hello["server"] == "nymea"
        assert hello["protocol version"] == "9.0"
        assert hello["uuid"].startswith("{")
        assert (hello["initialSetupRequired"], hello["authenticationRequired"]) == (False, False)
        assert {"name": "NymeaEnergy", "version": "0.8"} in hello["experiences"]
        assert {"name": "Energy", "version": "1.0"} in hello["experiences"]
        assert "authenticated" not in hello


async def test_the_handshake_comes_first() -> None:
    async with serving() as it, await Client.connect(it.port) as client:
        reply = await client.ask("Integrations.GetThings")
        assert reply == {
            "id": 1,
            "status": "error",
            "error": "Handshake required. Call JSONRPC.Hello first.",
        }
        assert await client.ended()


async def test_who_does_not_say_hello_in_time_is_dropped() -> None:
    async with serving(limits=Limits(handshake_s=1.0)) as it:
        async with await Client.connect(it.port) as silent:
            assert await silent.ended()
        async with greeted(it.port) as client:
            await asyncio.sleep(1.2)
            assert await client.call("JSONRPC.Version")


async def test_a_mebibyte_of_garbage_is_answered_with_nothing_but_the_specified() -> None:
    async with serving() as it:
        async with greeted(it.port) as client:
            await client.send(b"\xff" * (1024 * 1024 + 1))
            assert await client.ended()
        async with greeted(it.port) as client:
            await client.send(b'{"id":1,"a":"' + b"x" * (1024 * 1024))
            assert await client.ended()
        async with greeted(it.port) as client:
            await client.send(b"}\n" * (512 * 1024))
            replies = []
            while True:
                try:
                    replies.append(await client.read())
                except (EOFError, ConnectionError):
                    break
            assert 0 < len(replies) <= 100
            assert {(r["id"], r["status"]) for r in replies} == {(-1, "error")}
        async with greeted(it.port) as client:
            assert await client.call("JSONRPC.Version")
        assert it.server.hub.connections == set() or len(it.server.hub.connections) == 1


async def test_a_web_page_cannot_smuggle_calls_in_a_request_body() -> None:
    async with serving() as it, await Client.connect(it.port) as client:
        action = {"id": 2, "method": "EnergyPlugin.SetPhasePowerLimit", "params": {"phasePowerLimit": 63}}
        body = HELLO + json.dumps(action).encode()
        await client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + body)
        assert (await client.read())["status"] == "error"
        assert await client.ended()
        assert it.home.limit_a == 0


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_served() -> None:
    limits = Limits(backlog_bytes=512 * 1024)
    async with serving(limits=limits) as it, greeted(it.port) as slow, greeted(it.port) as quick:
        await slow.call("JSONRPC.SetNotificationStatus", {"enabled": True})
        await quick.call("JSONRPC.SetNotificationStatus", {"namespaces": ["Integrations"]})
        for power_w in range(60_000):
            it.home.meter_reads(float(power_w))
            if power_w % 500 == 0:
                await asyncio.sleep(0)
                while len(it.server.hub.connections) == 2 and power_w % 5000 == 0:
                    if (await quick.notified("Integrations.StateChanged"))["value"] == power_w:
                        break
            if len(it.server.hub.connections) == 1:
                break
        assert len(it.server.hub.connections) == 1
        assert await quick.call("JSONRPC.Version")


async def test_a_client_that_asks_without_reading_is_not_read_any_further() -> None:
    async with serving() as it, await Client.connect(it.port) as client:
        await client.send(HELLO)
        await client.read()
        request = b'{"id":1,"method":"JSONRPC.Introspect"}\n'
        for _ in range(1000):
            client.writer.write(request)
        (connection,) = it.server.hub.connections
        async with asyncio.timeout(PATIENCE_S):
            while not connection.waiting:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        seen = 0
        while seen < 1000:
            assert (await client.read())["id"] == 1
            seen += 1
        assert await client.call("JSONRPC.Version")


async def test_two_hundred_clients_are_all_notified() -> None:
    async with serving() as it:
        clients = [await Client.connect(it.port) for _ in range(200)]
        try:
            await asyncio.gather(*(c.call("JSONRPC.Hello") for c in clients))
            asked = {"namespaces": ["Integrations"]}
            await asyncio.gather(*(c.call("JSONRPC.SetNotificationStatus", asked) for c in clients))
            for power_w in (1.0, 2.0, 3.0):
                it.home.meter_reads(power_w)
            for client in clients:
                got = [await client.read() for _ in range(3)]
                assert [m["id"] for m in got] == [0, 1, 2]
                assert [m["params"]["value"] for m in got] == [1.0, 2.0, 3.0]
        finally:
            await asyncio.gather(*(c.__aexit__() for c in clients))


async def test_a_slow_call_does_not_hold_up_the_next_and_times_out_at_last() -> None:
    async with serving(limits=Limits(call_s=0.3)) as it, greeted(it.port) as client:
        it.home.slow_s = 60.0
        slow = {"thingId": CHARGER, "actionTypeId": _slow_action(it.home)}
        await client.send(
            json.dumps({"id": 8, "method": "Integrations.ExecuteAction", "params": slow}).encode()
            + b'{"id":9,"method":"JSONRPC.Version"}'
        )
        assert (await client.read())["id"] == 9
        assert await client.read() == {"id": 8, "status": "error", "error": "Command timed out"}


async def test_notifications_come_as_asked_and_not_before() -> None:
    async with serving() as it, greeted(it.port) as client:
        it.home.meter_reads(1.0)
        both = {"namespaces": ["Integrations"], "enabled": True}
        status = await client.call("JSONRPC.SetNotificationStatus", both)
        assert status["enabled"] is True
        assert {"Integrations", "EnergyPlugin", "NymeaEnergy", "JSONRPC"} <= set(status["namespaces"])
        assert client.notifications == []
        it.home.meter_reads(2.0)
        told = await client.notified("Integrations.StateChanged")
        assert (told["thingId"], told["stateTypeId"], told["value"]) == (METER, STATE, 2.0)
        status = await client.call(
            "JSONRPC.SetNotificationStatus", {"namespaces": ["NymeaEnergy", "Nowhere"]}
        )
        assert status == {"namespaces": ["NymeaEnergy"], "enabled": True}
        it.home.meter_reads(3.0)
        info = it.home.info
        it.home.set_charging_info(info)
        assert (await client.notified("NymeaEnergy.ChargingInfoChanged"))["chargingInfo"][
            "evChargerId"
        ] == CHARGER
        assert client.notifications == []
        status = await client.call("JSONRPC.SetNotificationStatus", {"enabled": False})
        assert status == {"namespaces": [], "enabled": False}


def _slow_action(home: Any) -> str:
    (action,) = next(c for c in home.thing_classes() if c.name == "charger").action_types
    action_id: str = action.id
    return action_id
