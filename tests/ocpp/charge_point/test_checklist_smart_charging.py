"""The checklist's line "Smart charging" at a charge point, before an independent peer."""

from __future__ import annotations

import json
from typing import Any

from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.store import Store
from tests.ocpp.charge_point.peer import Peer, peer
from tests.ocpp.charge_point.points import charge_point, virtual

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}


def profile(limit: float = 10.0, **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }
    return fields | more


async def install(central: Peer, connector_id: int, what: dict[str, Any]) -> dict[str, Any]:
    return await central.ask("SetChargingProfile", {"connectorId": connector_id, "csChargingProfiles": what})


async def current_a(point: ChargePoint, connector_id: int = 1) -> float:
    await virtual(point).advance(60)
    return max(point.charging.outlets[connector_id].currents_a)


async def test_charge_point_max_profile_is_for_connector_0_only_and_shared_by_all_connectors() -> None:
    async with peer() as central, charge_point(central) as point:
        maximum = profile(20.0, chargingProfilePurpose="ChargePointMaxProfile")
        assert await install(central, 1, maximum) == REJECTED
        assert await install(central, 0, maximum) == ACCEPTED
        await point.start_transaction(1, "A")
        assert await current_a(point) == 20.0
        await point.start_transaction(2, "B")
        assert await current_a(point) + await current_a(point, 2) <= 20.0
        assert await current_a(point, 2) >= 6.0


async def test_tx_profile_needs_a_connector_with_a_running_transaction() -> None:
    async with peer() as central, charge_point(central) as point:
        tx = profile(chargingProfilePurpose="TxProfile", chargingProfileKind="Relative")
        assert await install(central, 0, tx) == REJECTED
        assert await install(central, 1, tx) == REJECTED
        transaction_id = await point.start_transaction(1, "A")
        assert await install(central, 1, tx | {"transactionId": 999}) == REJECTED
        assert await install(central, 1, tx | {"transactionId": transaction_id}) == ACCEPTED
        assert await current_a(point) == 10.0
        await point.stop_transaction()
        assert point.memory.installed == ()


async def test_a_new_tx_default_applies_at_once() -> None:
    async with peer() as central, charge_point(central) as point:
        await point.start_transaction(1, "A")
        assert await current_a(point) == 32.0
        assert await install(central, 0, profile(8.0)) == ACCEPTED
        assert point.charging.outlets[1].offered.current_a == 8.0
        assert await current_a(point) == 8.0
        assert await central.ask("ClearChargingProfile", {"id": 1}) == ACCEPTED
        assert await current_a(point) == 32.0
        assert await central.ask("ClearChargingProfile", {"id": 1}) == {"status": "Unknown"}


async def test_profiles_survive_a_reboot() -> None:
    store = Store()
    async with peer() as central:
        async with charge_point(central, store=store):
            assert await install(central, 0, profile(9.0)) == ACCEPTED
        async with charge_point(central, store=store) as point:
            await point.start_transaction(1, "A")
            assert await current_a(point) == 9.0
    store.close()


async def test_what_makes_no_sense_is_refused() -> None:
    async with peer() as central, charge_point(central):
        late = profile()
        late["chargingSchedule"]["chargingSchedulePeriod"][0]["startPeriod"] = 5
        assert await install(central, 1, late) == REJECTED
        assert await install(central, 1, profile(stackLevel=11)) == REJECTED
        assert await install(central, 9, profile()) == {"error": "PropertyConstraintViolation"}
        text = '[2,"x","SetChargingProfile",{"connectorId":1,"csChargingProfiles":%s}]'
        wrong = json.dumps(profile(chargingProfilePurpose="Nonsense"))
        await central.connections[-1].send(text % wrong)
        await central.until(lambda: ("x", "PropertyConstraintViolation") in central.errors)


async def test_the_number_of_profiles_is_bounded() -> None:
    async with peer() as central, charge_point(central):
        answers = [
            await install(central, 1 + n % 2, profile(chargingProfileId=n, stackLevel=n // 2))
            for n in range(22)
        ]
        assert answers == [ACCEPTED] * 20 + [REJECTED] * 2


async def test_the_composite_schedule_counts_from_now_and_leaves_out_start_schedule() -> None:
    async with peer() as central, charge_point(central) as point:
        await install(central, 1, profile(10.0))
        answer = await central.ask("GetCompositeSchedule", {"connectorId": 1, "duration": 600})
        assert answer["scheduleStart"] == "2026-03-01T12:00:00Z"
        assert answer["chargingSchedule"] == {
            "duration": 600,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0, "numberPhases": 3}],
        }
        in_w = {"connectorId": 0, "duration": 60, "chargingRateUnit": "W"}
        answer = await central.ask("GetCompositeSchedule", in_w)
        (period,) = answer["chargingSchedule"]["chargingSchedulePeriod"]
        assert period["limit"] == 10.0 * 3 * 230 + 16.0 * 230
        assert await central.ask("GetCompositeSchedule", {"connectorId": 9, "duration": 60}) == REJECTED
        assert point.is_online
