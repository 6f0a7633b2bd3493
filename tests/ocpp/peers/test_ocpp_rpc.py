"""Both our ends against the npm package ``ocpp-rpc``, which judges every message by its own schemas."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.ocpp.central.commands import OPERATIONS, Commands
from ohmstead.ocpp.central.inbound import HANDLERS
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.smart_charging import Kind, Period, Profile, Purpose
from tests.ocpp.central.serving import BOOT, NOON, serving
from tests.ocpp.peers.node import PATIENCE_S, NodePeer, node_peer

SOON = datetime.now(UTC) + timedelta(hours=1)
PROFILE = Profile(
    profile_id=1, purpose=Purpose.TX_DEFAULT, kind=Kind.ABSOLUTE, start=SOON, periods=(Period(0, 9.7),)
)
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "01"}
SAMPLED = [{"value": "1200"}, {"value": "7.4", "measurand": "Power.Active.Import", "unit": "kW"}]

FROM_A_CHARGE_POINT: dict[str, dict[str, Any]] = {
    "Authorize": {"idTag": "CARD"},
    "BootNotification": BOOT,
    "DataTransfer": {"vendorId": "x"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "Heartbeat": {},
    "LogStatusNotification": {"status": "Idle"},
    "MeterValues": {"connectorId": 1, "meterValue": [{"timestamp": NOON, "sampledValue": SAMPLED}]},
    "SecurityEventNotification": {"type": "SettingSystemTime", "timestamp": NOON},
    "SignCertificate": {"csr": "PEM"},
    "SignedFirmwareStatusNotification": {"status": "Idle"},
    "StartTransaction": {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": NOON},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Charging"},
    "StopTransaction": {"transactionId": 1, "idTag": "CARD", "meterStop": 2000, "timestamp": NOON},
}
ANSWERS: dict[str, dict[str, Any]] = {action: {"status": "Accepted"} for action in OPERATIONS} | {
    "UnlockConnector": {"status": "Unlocked"},
    "GetCompositeSchedule": {"status": "Rejected"},
    "GetConfiguration": {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "9"}]},
    "GetDiagnostics": {},
    "GetLocalListVersion": {"listVersion": 1},
    "GetInstalledCertificateIds": {"status": "Accepted", "certificateHashData": [HASH]},
    "UpdateFirmware": {},
}


@pytest.mark.slow
async def test_our_central_system_with_a_strict_charge_point(tmp_path: Path) -> None:
    assert FROM_A_CHARGE_POINT.keys() == HANDLERS.keys()
    async with (
        asyncio.timeout(2 * PATIENCE_S),
        serving(tmp_path) as central,
        node_peer("client", central.url, "STRICT ÄÖ") as peer,
    ):
        for action, payload in ANSWERS.items():
            peer.answer(action, payload)
        for action, payload in FROM_A_CHARGE_POINT.items():
            await peer.call(action, payload)
        (session,) = central.store.transactions()
        assert (session.energy_kwh, session.open) == (1.0, False)
        await _every_operation(central.commands("STRICT ÄÖ"))
        assert {action for action, _ in peer.asked} == set(OPERATIONS)
        assert peer.refused == []


async def _every_operation(c: Commands) -> None:
    assert await c.cancel_reservation(1) == "Accepted"
    assert await c.certificate_signed("PEM") == "Accepted"
    assert await c.change_availability(1, operative=True) == "Accepted"
    assert await c.change_configuration("HeartbeatInterval", "60") == "Accepted"
    assert await c.clear_cache() == "Accepted"
    assert await c.clear_charging_profile(profile_id=1) == "Accepted"
    assert await c.data_transfer("x", data="y") == ("Accepted", None)
    assert await c.delete_certificate(HASH) == "Accepted"
    assert await c.extended_trigger_message("LogStatusNotification", connector_id=1) == "Accepted"
    assert await c.get_composite_schedule(1, 60) is None
    assert (await c.get_configuration()).get("heartbeatinterval") == "9"
    assert await c.get_diagnostics("https://example.org/d", start=SOON) is None
    assert await c.get_installed_certificate_ids("ManufacturerRootCertificate") == (HASH,)
    assert await c.get_local_list_version() == 1
    assert await c.get_log(1, "https://example.org/l", oldest=SOON) == ("Accepted", None)
    assert await c.install_certificate("CentralSystemRootCertificate", "PEM") == "Accepted"
    assert await c.remote_start_transaction("CARD", connector_id=1) == "Accepted"
    assert await c.remote_stop_transaction(7) == "Accepted"
    assert await c.reserve_now(1, 1, "CARD", SOON, parent_id_tag="FAMILY") == "Accepted"
    assert await c.reset(hard=True) == "Accepted"
    tags = [{"idTag": "CARD", "idTagInfo": {"status": "Accepted"}}]
    assert await c.send_local_list(3, tags, full=False) == "Accepted"
    assert await c.set_charging_profile(1, PROFILE) == "Accepted"
    signed = await c.signed_update_firmware(
        2, "https://example.org/f", SOON, signing_certificate_pem="PEM", signature="c2ln"
    )
    assert signed == "Accepted"
    assert await c.trigger_message("MeterValues", connector_id=1) == "Accepted"
    assert await c.unlock_connector(1) == "Unlocked"
    await c.update_firmware("https://example.org/f", SOON, retries=1)


@pytest.mark.slow
async def test_our_charge_point_with_a_strict_central_system() -> None:
    async with asyncio.timeout(2 * PATIENCE_S), node_peer("server") as peer:
        info = {"status": "Accepted"}
        peer.answer("BootNotification", {"status": "Accepted", "currentTime": NOON, "interval": 300})
        peer.answer("Heartbeat", {"currentTime": NOON})
        peer.answer("Authorize", {"idTagInfo": info})
        peer.answer("StartTransaction", {"idTagInfo": info, "transactionId": 5})
        peer.answer("StopTransaction", {"idTagInfo": info})
        point = ChargePoint(ChargePointSettings(url=f"ws://127.0.0.1:{peer.port}/ocpp", identity="CP 1"))
        await point.start()
        try:
            await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
            await _a_session(point, peer)
            await _is_commanded(peer)
        finally:
            await point.stop()
        assert peer.refused == []


async def _a_session(point: ChargePoint, peer: NodePeer) -> None:
    await point.send_heartbeat()
    assert await point.start_transaction(1, "CARD") == 5
    await point.send_meter_values(1)
    await point.stop_transaction(5)
    for action in ("BootNotification", "StatusNotification", "StartTransaction", "MeterValues"):
        await peer.has(action)
    await peer.has("StopTransaction")


async def _is_commanded(peer: NodePeer) -> None:
    status = {"status": "Accepted"}
    assert await peer.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == status
    assert await peer.call("ClearCache", {}) == status
    found = await peer.call("GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]})
    assert found["unknownKey"] == ["Nonsense"]
    assert await peer.call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}) == status
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 9.7}],
        },
    }
    assert await peer.call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile}) == status
    schedule = await peer.call("GetCompositeSchedule", {"connectorId": 1, "duration": 60})
    assert schedule["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 9.7
    assert await peer.call("ClearChargingProfile", {"id": 1}) == status
    assert await peer.call("GetLocalListVersion", {}) == {"listVersion": 0}
    assert (await peer.call("DataTransfer", {"vendorId": "x"}))["status"] == "UnknownVendorId"
    assert await peer.call("TriggerMessage", {"requestedMessage": "Heartbeat"}) == status
    reserved = {"connectorId": 1, "expiryDate": "2099-01-01T00:00:00Z", "idTag": "CARD", "reservationId": 1}
    assert await peer.call("ReserveNow", reserved) == status
    assert await peer.call("CancelReservation", {"reservationId": 1}) == status
