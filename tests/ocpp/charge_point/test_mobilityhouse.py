"""Against a central system written as the ``ocpp`` library's own documentation writes one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint as LibraryChargePoint
from ocpp.v16 import call, call_result, enums
from ocpp.v16.datatypes import IdTagInfo
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.settings import ChargePointSettings

ACCEPTED = IdTagInfo(status=enums.AuthorizationStatus.accepted)


class Central(LibraryChargePoint):
    """What it is told, in order."""

    def __init__(self, identity: str, connection: Any) -> None:
        super().__init__(identity, connection)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.metered = asyncio.Event()

    @on("BootNotification")
    def on_boot(self, **payload: Any) -> Any:
        self.told.append(("BootNotification", payload))
        now = datetime.now(UTC).replace(tzinfo=None).isoformat()  # as its documentation does
        return call_result.BootNotification(now, 10, enums.RegistrationStatus.accepted)

    @on("StatusNotification")
    def on_status(self, **payload: Any) -> Any:
        self.told.append(("StatusNotification", payload))
        return call_result.StatusNotification()

    @on("Authorize")
    def on_authorize(self, **payload: Any) -> Any:
        self.told.append(("Authorize", payload))
        return call_result.Authorize(ACCEPTED)

    @on("StartTransaction")
    def on_start(self, **payload: Any) -> Any:
        self.told.append(("StartTransaction", payload))
        return call_result.StartTransaction(5, ACCEPTED)

    @on("StopTransaction")
    def on_stop(self, **payload: Any) -> Any:
        self.told.append(("StopTransaction", payload))
        return call_result.StopTransaction()

    @on("MeterValues")
    def on_meter(self, **payload: Any) -> Any:
        self.told.append(("MeterValues", payload))
        self.metered.set()
        return call_result.MeterValues()

    @on("DiagnosticsStatusNotification")
    def on_diagnostics(self, **payload: Any) -> Any:
        self.told.append(("DiagnosticsStatusNotification", payload))
        return call_result.DiagnosticsStatusNotification()

    @on("FirmwareStatusNotification")
    def on_firmware(self, **payload: Any) -> Any:
        self.told.append(("FirmwareStatusNotification", payload))
        return call_result.FirmwareStatusNotification()

    def count(self, action: str) -> int:
        return sum(1 for told, _ in self.told if told == action)


@asynccontextmanager
async def library() -> AsyncIterator[tuple[str, asyncio.Future[Central]]]:
    opened: asyncio.Future[Central] = asyncio.get_running_loop().create_future()

    async def on_connect(websocket: ServerConnection) -> None:
        central = Central("CP1", websocket)
        opened.set_result(central)
        with suppress(ConnectionClosed):
            await central.start()

    subprotocols = [Subprotocol("ocpp1.6")]
    async with asyncio.timeout(60), serve(on_connect, "127.0.0.1", 0, subprotocols=subprotocols) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", opened


PROFILE = {
    "charging_profile_id": 1,
    "stack_level": 0,
    "charging_profile_purpose": "TxDefaultProfile",
    "charging_profile_kind": "Absolute",
    "charging_schedule": {
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16.1}],
    },
}
LATER = "2099-01-01T00:00:00Z"
ENTRY = {"id_tag": "TAG", "id_tag_info": {"status": "Accepted"}}
CALLS: list[tuple[Any, dict[str, Any]]] = [
    (call.ChangeConfiguration("HeartbeatInterval", "60"), {"status": "Accepted"}),
    (call.ClearCache(), {"status": "Accepted"}),
    (call.DataTransfer("vendor"), {"status": "UnknownVendorId"}),
    (call.GetLocalListVersion(), {"list_version": 0}),
    (call.SendLocalList(1, enums.UpdateType.full, [ENTRY]), {"status": "Accepted"}),
    (call.SetChargingProfile(0, PROFILE), {"status": "Accepted"}),
    (call.GetCompositeSchedule(1, 60), {"status": "Accepted"}),
    (call.ClearChargingProfile(id=1), {"status": "Accepted"}),
    (call.ReserveNow(1, LATER, "TAG", 3), {"status": "Accepted"}),
    (call.CancelReservation(3), {"status": "Accepted"}),
    (call.TriggerMessage(enums.MessageTrigger.status_notification), {"status": "Accepted"}),
    (call.UnlockConnector(1), {"status": "Unlocked"}),
    (call.ChangeAvailability(1, enums.AvailabilityType.inoperative), {"status": "Accepted"}),
    (call.ChangeAvailability(0, enums.AvailabilityType.operative), {"status": "Accepted"}),
    (call.RemoteStopTransaction(77), {"status": "Rejected"}),
    (call.UpdateFirmware("http://127.0.0.1:1/x", LATER), {}),
]


@pytest.mark.parametrize("asked", CALLS, ids=[type(request).__name__ for request, _ in CALLS])
async def test_it_answers_each_operation_as_the_library_understands_it(
    asked: tuple[Any, dict[str, Any]],
) -> None:
    request, expected = asked
    async with library() as (url, opened):
        point = ChargePoint(ChargePointSettings(url=url, identity="CP1"))
        await point.start()
        await point.wait_until(lambda: point.is_online and point.sender.is_idle)
        central = await opened
        if isinstance(request, call.ClearChargingProfile):
            await central.call(call.SetChargingProfile(0, PROFILE))
        if isinstance(request, call.CancelReservation):
            await central.call(call.ReserveNow(1, LATER, "TAG", 3))
        answer = await central.call(request)
        for name, value in expected.items():
            assert getattr(answer, name) == value
        await point.stop()


async def test_a_session_started_and_stopped_from_afar() -> None:
    async with library() as (url, opened):
        settings = ChargePointSettings(
            url=url, identity="CP1", configuration={"MeterValueSampleInterval": "1"}, step_s=0.2
        )
        point = ChargePoint(settings)
        await point.start()
        await point.wait_until(lambda: point.is_online and point.sender.is_idle)
        central = await opened
        point.plug_in(1)
        started = await central.call(call.RemoteStartTransaction("TAG", connector_id=1))
        assert started.status == "Accepted"
        await point.wait_until(lambda: point.charging.find(5) is not None)
        await central.metered.wait()
        stopped = await central.call(call.RemoteStopTransaction(5))
        assert stopped.status == "Accepted"
        await point.wait_until(lambda: point.sender.is_idle and point.status(1).value == "Finishing")
        assert central.count("StartTransaction") == central.count("StopTransaction") == 1
        await point.stop()
