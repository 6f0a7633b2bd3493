"""Every message of OCPP 1.6 and the security whitepaper against the Mobility House's charge point."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ocpp.v16 import call

from ohmstead.ocpp.central.commands import OPERATIONS, Commands
from ohmstead.ocpp.central.inbound import HANDLERS
from ohmstead.ocpp.schemas import actions
from ohmstead.ocpp.smart_charging import Kind, Period, Profile, Purpose
from tests.ocpp.central.peer import IN_AN_HOUR, now_text, peer_charger
from tests.ocpp.central.serving import PATIENCE_S, serving

PROFILE = Profile(
    profile_id=1,
    purpose=Purpose.TX,
    kind=Kind.RELATIVE,
    periods=(Period(0, 10.0), Period(3600, 0.1 + 0.2)),
)
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}


def test_every_message_has_its_end() -> None:
    assert set(OPERATIONS) | set(HANDLERS) == actions()
    assert set(OPERATIONS) & set(HANDLERS) == {"DataTransfer"}


async def test_every_operation_arrives_and_its_answer_comes_back(tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE_S), serving(tmp_path) as central, peer_charger(central) as peer:
        commands = central.commands("PEER")
        for operation, expected in _operations(commands):
            assert await operation == expected
        assert sorted(set(peer.actions())) == sorted(OPERATIONS)


def _operations(c: Commands) -> list[tuple[Any, Any]]:
    return [
        (c.cancel_reservation(4), "Accepted"),
        (c.change_availability(0, operative=False), "Scheduled"),
        (c.change_configuration("MeterValueSampleInterval", "10"), "Accepted"),
        (c.clear_cache(), "Accepted"),
        (c.clear_charging_profile(purpose=Purpose.TX), "Accepted"),
        (c.data_transfer("org.example", message_id="ping", data="ping"), ("Accepted", "pong")),
        (_limit_of(c), (16.0, "A")),
        (_interval_of(c), "10"),
        (c.get_diagnostics("ftp://example.org/d", start=IN_AN_HOUR, retries=2), "diagnostics.zip"),
        (c.get_local_list_version(), 7),
        (c.remote_start_transaction("CARD", connector_id=1, profile=PROFILE), "Accepted"),
        (c.remote_stop_transaction(99), "Rejected"),
        (c.reserve_now(1, 4, "CARD", IN_AN_HOUR), "Accepted"),
        (c.reset(), "Accepted"),
        (c.send_local_list(1, [{"idTag": "CARD", "idTagInfo": {"status": "Accepted"}}]), "Accepted"),
        (c.set_charging_profile(1, PROFILE), "Accepted"),
        (c.trigger_message("Heartbeat"), "Accepted"),
        (c.unlock_connector(1), "Unlocked"),
        (c.update_firmware("https://example.org/f", IN_AN_HOUR), None),
        (c.certificate_signed("-----BEGIN CERTIFICATE-----"), "Accepted"),
        (c.delete_certificate(HASH), "NotFound"),
        (c.extended_trigger_message("SignChargePointCertificate"), "Accepted"),
        (c.get_installed_certificate_ids("CentralSystemRootCertificate"), ()),
        (c.get_log(7, "ftp://example.org/l", security=True, latest=IN_AN_HOUR), ("Accepted", "log.txt")),
        (c.install_certificate("CentralSystemRootCertificate", "PEM"), "Accepted"),
        (
            c.signed_update_firmware(
                8,
                "https://example.org/f",
                IN_AN_HOUR,
                signing_certificate_pem="PEM",
                signature="c2ln",
            ),
            "Accepted",
        ),
    ]


async def _limit_of(commands: Commands) -> Any:
    schedule = await commands.get_composite_schedule(1, 60)
    return None if schedule is None else (schedule.periods[0].limit, schedule.unit.value)


async def _interval_of(commands: Commands) -> Any:
    return (await commands.get_configuration(["MeterValueSampleInterval"])).get("metervaluesampleinterval")


async def test_every_message_of_a_charge_point_is_answered(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(PATIENCE_S),
        serving(tmp_path) as central,
        peer_charger(central, boot=False) as peer,
    ):
        assert (await peer.boot()).status == "Accepted"
        assert (await peer.call(call.Heartbeat())).current_time.endswith("Z")
        assert (await peer.call(call.Authorize(id_tag="CARD"))).id_tag_info["status"] == "Accepted"
        number = await peer.plug_and_start()
        peer.energy_wh += 2500
        await peer.measure()
        (running,) = central.store.running("PEER")
        assert (running.id, running.energy_kwh, running.soc) == (number, 2.5, 0.55)
        connector = central.chargers["PEER"].connector(1)
        assert connector.sample is not None
        assert connector.sample.phases_a == (16.0, 16.0, 16.0)
        await peer.stop_and_unplug()
        (session,) = central.store.transactions()
        assert (session.energy_kwh, session.open) == (2.5, False)
        assert (await peer.call(call.DataTransfer(vendor_id="x"))).status == "UnknownVendorId"
        for payload in (
            call.DiagnosticsStatusNotification(status="Uploaded"),
            call.FirmwareStatusNotification(status="Installed"),
            call.LogStatusNotification(status="Uploaded", request_id=7),
            call.SecurityEventNotification(type="StartupOfTheDevice", timestamp=now_text(), tech_info="x"),
            call.SignedFirmwareStatusNotification(status="Installed", request_id=8),
        ):
            assert await peer.call(payload) is not None
        assert (await peer.call(call.SignCertificate(csr="PEM"))).status == "Rejected"
        kinds = [event.kind for event in central.store.events("PEER")]
        assert kinds == ["sign_certificate", "signed_firmware", "security", "log", "firmware", "diagnostics"]
