"""The checklist's line "Status" at a charge point, before an independent peer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ohmstead.ocpp.charge_point.charge_point import ChargePointState
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle
from tests.ocpp.charge_point.peer import Peer, peer
from tests.ocpp.charge_point.points import charge_point, virtual
from tests.ocpp.charge_point.test_checklist_boot_and_queue import settle

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


async def status_is(central: Peer, connector_id: int, status: str) -> None:
    await central.until(lambda: central.statuses(connector_id)[-1:] == [status])


async def test_connection_time_out_runs_in_preparing() -> None:
    async with peer() as central, charge_point(central, {"ConnectionTimeOut": "30"}) as point:
        point.plug_in(1)
        assert await point.present_id_tag(2, "TAG")
        await virtual(point).advance(31)
        await status_is(central, 1, "Finishing")
        await status_is(central, 2, "Available")
        assert central.statuses(2)[1:] == ["Preparing", "Available"]


async def test_minimum_status_duration_hides_short_statuses() -> None:
    async with peer() as central, charge_point(central, {"MinimumStatusDuration": "10"}) as point:
        point.plug_in(1)
        await virtual(point).advance(5)
        point.unplug(1)
        await virtual(point).advance(20)
        point.plug_in(1)
        await virtual(point).advance(20)
        await status_is(central, 1, "Preparing")
        assert central.statuses(1) == ["Available", "Preparing"]


async def test_a_car_that_takes_nothing_is_suspended_ev_and_a_limit_below_6_a_suspended_evse() -> None:
    async with peer() as central, charge_point(central) as point:
        car = SimulatedVehicle()
        point.plug_in(1, car)
        await point.present_id_tag(1, "TAG")
        await virtual(point).advance(60)
        car.wants = False
        await virtual(point).advance(60)
        await status_is(central, 1, "SuspendedEV")
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5.9}],
            },
        }
        asked = {"connectorId": 0, "csChargingProfiles": profile}
        assert await central.ask("SetChargingProfile", asked) == ACCEPTED
        await status_is(central, 1, "SuspendedEVSE")


async def test_no_stale_statuses_after_offline() -> None:
    async with peer() as central, charge_point(central) as point:
        await central.connections[-1].close()
        await point.wait_until(lambda: not point.is_connected)
        point.plug_in(1)
        point.unplug(1)
        point.plug_in(2)
        await virtual(point).advance(5)
        await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
        await status_is(central, 2, "Preparing")
        assert central.statuses(1) == ["Available"]
        assert central.statuses(2) == ["Available", "Preparing"]


async def test_unavailable_survives_a_reboot() -> None:
    store = Store()
    async with peer() as central:
        async with charge_point(central, store=store) as point:
            change = {"connectorId": 1, "type": "Inoperative"}
            assert await central.ask("ChangeAvailability", change) == ACCEPTED
            await status_is(central, 1, "Unavailable")
            assert not await point.present_id_tag(1, "TAG")
        del central.seen[:]
        async with charge_point(central, store=store):
            assert central.statuses(1) == ["Unavailable"]
            assert central.statuses(2) == ["Available"]
    store.close()


async def test_change_availability_during_a_transaction_is_scheduled() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        change = {"connectorId": 1, "type": "Inoperative"}
        assert await central.ask("ChangeAvailability", change) == {"status": "Scheduled"}
        assert point.status(1).value == "Charging"
        await point.stop_transaction()
        await status_is(central, 1, "Unavailable")


async def test_change_availability_of_0_is_for_all() -> None:
    async with peer() as central, charge_point(central):
        assert await central.ask("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}) == ACCEPTED
        for connector_id in (0, 1, 2):
            await status_is(central, connector_id, "Unavailable")
        assert await central.ask("ChangeAvailability", {"connectorId": 9, "type": "Operative"}) == REJECTED


async def test_unlock_connector_stops_the_transaction_and_an_unknown_one_is_not_supported() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        assert await central.ask("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        assert (await central.has("StopTransaction"))[0]["reason"] == "UnlockCommand"
        assert await central.ask("UnlockConnector", {"connectorId": 9}) == {"status": "NotSupported"}
        point.set_error(2, "ConnectorLockFailure")
        assert await central.ask("UnlockConnector", {"connectorId": 2}) == {"status": "UnlockFailed"}


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_soft_reset_stops_the_transaction_first_and_hard_reset_after_the_boot(
    kind: str, reason: str
) -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(65)
        del central.seen[:]
        assert await central.ask("Reset", {"type": kind}) == ACCEPTED
        for _ in range(200):
            await virtual(point).advance(0.1)
            await asyncio.sleep(0.002)
            if {"BootNotification", "StopTransaction"} <= set(central.actions()):
                break
        (stop,) = central.sent("StopTransaction")
        assert stop["reason"] == reason
        order = [a for a in central.actions() if a in ("BootNotification", "StopTransaction")]
        assert order == sorted(order, reverse=kind == "Soft")


async def test_clear_cache_without_a_cache_is_rejected() -> None:
    async with peer() as central, charge_point(central):
        assert await central.ask("ClearCache") == ACCEPTED
        off = {"key": "AuthorizationCacheEnabled", "value": "false"}
        assert await central.ask("ChangeConfiguration", off) == ACCEPTED
        assert await central.ask("ClearCache") == REJECTED


async def test_local_list_version_is_0_when_empty_and_minus_1_when_unsupported() -> None:
    async with peer() as central, charge_point(central) as point:
        assert await central.ask("GetLocalListVersion") == {"listVersion": 0}
        entry = {"idTag": "Anna", "idTagInfo": {"status": "Accepted"}}
        full = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": [entry]}
        assert await central.ask("SendLocalList", full | {"listVersion": 0}) == {"status": "Failed"}
        assert await central.ask("SendLocalList", full) == ACCEPTED
        assert await central.ask("GetLocalListVersion") == {"listVersion": 5}
        older = full | {"updateType": "Differential"}
        assert await central.ask("SendLocalList", older) == {"status": "VersionMismatch"}
        gone = {"listVersion": 6, "updateType": "Differential", "localAuthorizationList": [{"idTag": "anna"}]}
        assert await central.ask("SendLocalList", gone) == ACCEPTED
        assert point.memory.local_list.entries == {}
        assert await central.ask("SendLocalList", full | {"localAuthorizationList": [entry] * 2}) == {
            "status": "Failed"
        }
        off = {"key": "LocalAuthListEnabled", "value": "false"}
        await central.ask("ChangeConfiguration", off)
        assert await central.ask("GetLocalListVersion") == {"listVersion": -1}
        assert await central.ask("SendLocalList", full) == {"status": "NotSupported"}


async def go_offline(central: Peer, point: Any) -> None:
    await central.connections[-1].close()
    await point.wait_until(lambda: not point.is_connected)


async def test_offline_the_local_list_decides_and_tags_are_case_insensitive() -> None:
    async with peer() as central, charge_point(central) as point:
        entries = [
            {"idTag": "Anna", "idTagInfo": {"status": "Accepted"}},
            {"idTag": "Bert", "idTagInfo": {"status": "Blocked"}},
            {"idTag": "Old", "idTagInfo": {"status": "Accepted", "expiryDate": "2020-01-01T00:00:00Z"}},
        ]
        full = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}
        assert await central.ask("SendLocalList", full) == ACCEPTED
        await go_offline(central, point)
        for id_tag, allowed in (("bert", False), ("OLD", False), ("unknown", False), ("ANNA", True)):
            assert await point.present_id_tag(1, id_tag) is allowed


async def test_local_pre_authorize_asks_nobody() -> None:
    async with peer() as central, charge_point(central, {"LocalPreAuthorize": "true"}) as point:
        assert await point.present_id_tag(1, "TAG")
        assert await point.present_id_tag(2, "tag")
        assert len(central.sent("Authorize")) == 1


async def test_at_stop_authorize_is_sent_only_for_another_tag_and_the_parent_must_match() -> None:
    async with peer() as central, charge_point(central) as point:
        central.tags |= {
            "ANNA": {"status": "Accepted", "parentIdTag": "HOME"},
            "BERT": {"status": "Accepted", "parentIdTag": "home"},
            "EVE": {"status": "Accepted", "parentIdTag": "ELSEWHERE"},
        }
        point.plug_in(1)
        assert await point.present_id_tag(1, "ANNA")
        await central.until(lambda: point.charging.find(100) is not None)
        assert not await point.present_id_tag(1, "EVE")
        assert await point.present_id_tag(1, "BERT")
        assert (await central.has("StopTransaction"))[0]["idTag"] == "BERT"
        assert await point.present_id_tag(1, "ANNA")
        count = len(central.sent("Authorize"))
        assert await point.present_id_tag(1, "anna")
        assert len(central.sent("Authorize")) == count == 4


async def test_remote_start_needs_no_connector_and_its_profile_must_be_a_tx_profile_without_id() -> None:
    profile: dict[str, Any] = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
        },
    }
    async with peer() as central, charge_point(central) as point:
        for wrong in ({"transactionId": 5}, {"chargingProfilePurpose": "TxDefaultProfile"}):
            asked = {"idTag": "A", "chargingProfile": profile | wrong}
            assert await central.ask("RemoteStartTransaction", asked) == REJECTED
        point.plug_in(2)
        asked = {"idTag": "A", "chargingProfile": profile}
        assert await central.ask("RemoteStartTransaction", asked) == ACCEPTED
        (start,) = await central.has("StartTransaction")
        assert start["connectorId"] == 2
        await virtual(point).advance(60)
        assert point.charging.outlets[2].currents_a == (10.0,)
        assert await central.ask("RemoteStartTransaction", {"idTag": "A", "connectorId": 2}) == REJECTED


async def test_authorize_remote_tx_requests_asks_first() -> None:
    async with peer() as central, charge_point(central, {"AuthorizeRemoteTxRequests": "true"}) as point:
        central.tags["BAD"] = {"status": "Invalid"}
        point.plug_in(1)
        assert await central.ask("RemoteStartTransaction", {"idTag": "BAD"}) == ACCEPTED
        await central.has("Authorize")
        await settle()
        assert "StartTransaction" not in central.actions()
        assert await central.ask("RemoteStartTransaction", {"idTag": "GOOD"}) == ACCEPTED
        await central.has("StartTransaction")


async def test_pulling_the_cable_ends_the_transaction_or_suspends_it() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        point.unplug(1)
        assert (await central.has("StopTransaction"))[0]["reason"] == "EVDisconnected"
        await status_is(central, 1, "Available")
        await central.ask(
            "ChangeConfiguration", {"key": "StopTransactionOnEVSideDisconnect", "value": "false"}
        )
        await point.start_transaction(1, "TAG")
        point.unplug(1)
        await status_is(central, 1, "SuspendedEV")


async def test_a_fault_stops_the_current_and_passes() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "TAG")
        await virtual(point).advance(60)
        point.set_error(1, "GroundFailure")
        await status_is(central, 1, "Faulted")
        before_wh = point.charging.outlets[1].energy_wh
        await virtual(point).advance(600)
        assert point.charging.outlets[1].energy_wh == before_wh
        point.set_error(1, "NoError")
        await status_is(central, 1, "Charging")
        await virtual(point).advance(600)
        assert point.charging.outlets[1].energy_wh > before_wh
        point.set_error(0, "InternalError")
        await status_is(central, 0, "Faulted")


async def test_a_reservation_keeps_others_out_until_it_expires() -> None:
    reserve: dict[str, Any] = {
        "connectorId": 1,
        "expiryDate": "2026-03-01T12:10:00.5+00:00",
        "idTag": "ANNA",
        "reservationId": 7,
    }
    async with peer() as central, charge_point(central) as point:
        assert await central.ask("ReserveNow", reserve) == ACCEPTED
        await status_is(central, 1, "Reserved")
        assert await central.ask("ReserveNow", reserve | {"reservationId": 8}) == {"status": "Occupied"}
        assert not await point.present_id_tag(1, "EVE")
        point.plug_in(2)
        assert await central.ask("ReserveNow", reserve | {"connectorId": 2, "reservationId": 9}) == {
            "status": "Occupied"
        }
        assert await central.ask("CancelReservation", {"reservationId": 99}) == REJECTED
        await virtual(point).advance(601)
        await status_is(central, 1, "Available")
        late = reserve | {"expiryDate": "2026-03-01T12:00:00Z"}
        assert await central.ask("ReserveNow", late) == REJECTED
        again = reserve | {"expiryDate": "2026-03-01T13:00:00Z"}
        assert await central.ask("ReserveNow", again) == ACCEPTED
        point.plug_in(1)
        assert await point.present_id_tag(1, "anna")
        (start,) = await central.has("StartTransaction")
        assert start["reservationId"] == 7
        assert point.memory.reservations == {}


async def test_a_reservation_of_connector_0_keeps_one_free() -> None:
    reserve = {
        "connectorId": 0,
        "expiryDate": "2026-03-01T13:00:00Z",
        "idTag": "ANNA",
        "reservationId": 7,
    }
    async with peer() as central, charge_point(central) as point:
        assert await central.ask("ReserveNow", reserve) == ACCEPTED
        assert await point.present_id_tag(1, "EVE")
        point.plug_in(1)
        assert not await point.present_id_tag(2, "BERT")
        assert await point.present_id_tag(2, "ANNA")
