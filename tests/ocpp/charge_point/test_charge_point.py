from __future__ import annotations

import asyncio
import itertools
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from ohmstead.errors import DataError, DeviceError, DeviceOffline
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.clock import VirtualClock
from ohmstead.ocpp.transport import CallFailed
from tests.ocpp.charge_point.peer import peer
from tests.ocpp.charge_point.points import START, charge_point, virtual


async def test_the_simple_case_sends_the_statuses_around_the_transaction_messages() -> None:
    async with peer() as central, charge_point(central) as point:
        del central.seen[:]
        transaction_id = await point.start_transaction(1, "TAG")
        await central.until(lambda: "Charging" in central.statuses(1))
        await virtual(point).advance(3600)
        await point.stop_transaction(transaction_id)
        await central.until(lambda: "Available" in central.statuses(1))
        actions = [action for action in central.actions() if action != "Heartbeat"]
        assert actions[:3] == ["StatusNotification", "StartTransaction", "StatusNotification"]
        assert set(actions[3:-3]) == {"MeterValues"}
        assert actions[-3:] == ["StopTransaction", "StatusNotification", "StatusNotification"]
        assert central.statuses(1) == ["Preparing", "Charging", "Finishing", "Available"]
        (booked,) = central.booked.values()
        assert booked.stop is not None
        assert 20_000 < booked.stop["meterStop"] - booked.start["meterStart"] < 22_081
        assert len(booked.meter) == 60


async def test_the_public_calls_send_their_messages() -> None:
    async with peer() as central, charge_point(central) as point:
        assert point.is_connected
        assert (await point.send_boot_notification())["status"] == "Accepted"
        assert "currentTime" in await point.send_heartbeat()
        await point.send_status_notification(1, "Faulted", "GroundFailure")
        assert central.sent("StatusNotification")[-1]["errorCode"] == "GroundFailure"
        await point.send_status_notification(0)
        await point.send_meter_values(1)
        await point.send_meter_values(0)
        assert [p["connectorId"] for p in central.sent("MeterValues")] == [1, 0]


async def test_wrong_calls_say_what_is_wrong() -> None:
    async with peer() as central, charge_point(central) as point:
        with pytest.raises(DataError, match="found connector 7, there are: 1, 2"):
            await point.start_transaction(7, "TAG")
        with pytest.raises(DataError, match="Preparing"):
            await point.send_status_notification(1, "Sleeping")
        with pytest.raises(DataError, match="GroundFailure"):
            point.set_error(1, "Broken")
        with pytest.raises(DeviceError, match="no such transaction"):
            await point.stop_transaction()
        await point.start_transaction(1, "TAG")
        with pytest.raises(DeviceError, match="connector 1 is"):
            await point.start_transaction(1, "OTHER")


async def test_states_from_disconnected_to_registered_and_back() -> None:
    async with peer() as central:
        states = []
        settings = ChargePointSettings(url=central.url, identity="CP1")
        point = ChargePoint(settings, on_change=lambda p: states.append(p.state.value))
        assert point.state is ChargePointState.DISCONNECTED
        await point.start()
        await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
        await point.stop()
        assert not point.is_connected
        with pytest.raises(DeviceOffline):
            await point.send_heartbeat()
    assert list(dict.fromkeys(states)) == ["Connecting", "Connected", "Registered", "Disconnected"]


async def test_nobody_there_is_an_error_and_it_tries_again() -> None:
    async with peer() as central:
        port = central.port
    point = ChargePoint(ChargePointSettings(url=f"ws://127.0.0.1:{port}", identity="CP1"))
    async with asyncio.timeout(20):
        await point.start()
        await point.wait_until(lambda: point.state is ChargePointState.ERROR)
        async with peer(port):
            await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
        await point.stop()


async def test_an_unknown_charge_point_is_refused_and_backs_off() -> None:
    asked: list[float] = []
    clock = VirtualClock(START)

    async def refuse(connection: ServerConnection, _request: Request) -> Response:
        asked.append(clock.monotonic())
        return connection.respond(HTTPStatus.NOT_FOUND, "unknown charge point")

    async def never(_websocket: ServerConnection) -> None:
        raise AssertionError

    async with asyncio.timeout(20), serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        point = ChargePoint(ChargePointSettings(url=url, identity="CP1"), clock=clock)
        await point.start()
        while len(asked) < 9:
            await clock.advance(0.5)
            await asyncio.sleep(0.002)
        assert not point.is_connected
        await point.stop()
    waits = [b - a for a, b in itertools.pairwise(asked)]
    assert waits[-1] > 60.0


async def test_pending_calls_fail_when_the_connection_is_lost() -> None:
    async with peer() as central, charge_point(central) as point:
        central.mute.add("Heartbeat")
        waiting = asyncio.create_task(point.send_heartbeat())
        await central.has("Heartbeat")
        await central.connections[-1].close()
        with pytest.raises(CallFailed, match="closed"):
            await waiting
        await virtual(point).advance(10)
        await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
        assert central.actions().count("BootNotification") == 1
