"""The checklist's lines "Framing", "Boot" and "Queue" at a charge point, before an independent peer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ohmstead.ocpp.charge_point.authorization import CACHE_SIZE
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.registration import BootStatus
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle
from tests.ocpp.charge_point.peer import TIME, peer
from tests.ocpp.charge_point.points import charge_point, virtual

RETRY = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "10"}


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the real network; the peer's time-out bounds it."""
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.002)


def transmissions(point: ChargePoint) -> int:
    """How often the central system has failed on the first message of the queue."""
    head = point.memory.store.head(point.settings.identity)
    return 0 if head is None else head.transmissions


async def sent_times(point: ChargePoint, count: int) -> None:
    await until(lambda: transmissions(point) == count)


async def settle() -> None:
    """Let what is under way over the socket arrive."""
    for _ in range(20):
        await asyncio.sleep(0.002)


async def test_unknown_actions_are_not_implemented_and_known_ones_of_the_other_end_not_supported() -> None:
    async with peer() as central, charge_point(central):
        await central.connections[-1].send('[2,"u","MakeCoffee",{}]')
        await central.connections[-1].send('[2,"k","Heartbeat",{}]')
        await central.until(lambda: len(central.errors) == 2)
        assert central.errors == [("u", "NotImplemented"), ("k", "NotSupported")]


async def test_unknown_message_types_are_ignored() -> None:
    async with peer() as central, charge_point(central) as point:
        await central.connections[-1].send('[5,"u","x",{}]')
        assert await point.send_heartbeat() == {"currentTime": TIME}
        assert central.errors == []


async def test_it_answers_while_its_own_call_is_outstanding() -> None:
    async with peer() as central, charge_point(central) as point:
        central.mute.add("Heartbeat")
        waiting = asyncio.create_task(point.send_heartbeat())
        await central.has("Heartbeat")
        assert await central.ask("ClearCache") == {"status": "Accepted"}
        waiting.cancel()


async def test_a_central_system_that_leaves_out_the_offset_of_its_time_is_understood() -> None:
    async with peer() as central:
        central.boot = {"status": "Accepted", "currentTime": "2026-01-01T12:00:00.5", "interval": 30}
        central.validates = False
        async with charge_point(central, follow_server_time=True) as point:
            assert point.now().isoformat() == "2026-01-01T12:00:00+00:00"


async def test_no_boot_notification_on_mere_reconnect() -> None:
    async with peer() as central, charge_point(central) as point:
        await central.connections[-1].close()
        await point.wait_until(lambda: not point.is_connected)
        await virtual(point).advance(5)
        await point.wait_until(lambda: point.state is ChargePointState.REGISTERED)
        await point.send_heartbeat()
        assert central.actions().count("BootNotification") == 1


async def test_at_least_one_heartbeat_a_day() -> None:
    async with peer() as central, charge_point(central) as point:
        for value in ("0", "172800"):
            await central.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": value})
            before = len(central.sent("Heartbeat"))
            await virtual(point).advance(86_400)
            await central.has("Heartbeat", before + 1)


async def test_nothing_is_sent_before_accepted_or_pending() -> None:
    async with peer() as central:
        central.mute.add("BootNotification")
        async with charge_point(central, registered=False) as point:
            await central.has("BootNotification")
            point.plug_in(1)
            await point.present_id_tag(1, "TAG")
            await settle()
            assert central.actions() == ["BootNotification"]


async def test_pending_only_replies_and_triggered_messages_and_no_remote_start_or_stop() -> None:
    async with peer() as central:
        central.boot = {"status": "Pending", "currentTime": TIME, "interval": 30}
        async with charge_point(central, registered=False) as point:
            await until(lambda: point.registration.status is BootStatus.PENDING)
            point.plug_in(1)
            assert (await central.ask("GetConfiguration"))["configurationKey"]
            start = await central.ask("RemoteStartTransaction", {"idTag": "A", "connectorId": 1})
            assert start == {"status": "Rejected"}
            assert await central.ask("RemoteStopTransaction", {"transactionId": 1}) == {"status": "Rejected"}
            assert central.actions() == ["BootNotification"]
            trigger = {"requestedMessage": "StatusNotification", "connectorId": 1}
            assert await central.ask("TriggerMessage", trigger) == {"status": "Accepted"}
            await central.has("StatusNotification")
            assert central.statuses(1) == ["Preparing"]
            central.boot = {"status": "Accepted", "currentTime": TIME, "interval": 30}
            await virtual(point).advance(30)
            await central.has("StatusNotification", 4)


async def test_rejected_is_silent_for_the_interval() -> None:
    async with peer() as central:
        central.boot = {"status": "Rejected", "currentTime": TIME, "interval": 600}
        async with charge_point(central, registered=False) as point:
            await until(lambda: point.registration.status is BootStatus.REJECTED)
            asked = asyncio.create_task(central.ask("GetConfiguration"))
            point.plug_in(1)
            await virtual(point).advance(590)
            await settle()
            assert central.actions() == ["BootNotification"]
            assert not asked.done()
            asked.cancel()
            central.boot = {"status": "Accepted", "currentTime": TIME, "interval": 600}
            await virtual(point).advance(11)
            await central.has("StatusNotification", 3)


async def test_a_boot_interval_of_0_leaves_it_to_the_charge_point() -> None:
    async with peer() as central:
        central.boot = {"status": "Pending", "currentTime": TIME, "interval": 0}
        async with charge_point(central, registered=False) as point:
            await until(lambda: point.registration.status is BootStatus.PENDING)
            await virtual(point).advance(30)
            await settle()
            assert central.actions() == ["BootNotification"]
            await virtual(point).advance(31)
            await central.has("BootNotification", 2)


async def test_after_accepted_a_status_for_0_and_every_connector() -> None:
    async with peer() as central, charge_point(central):
        assert [p["connectorId"] for p in central.sent("StatusNotification")] == [0, 1, 2]


async def test_trigger_boot_notification_after_accepted_is_rejected() -> None:
    async with peer() as central, charge_point(central):
        answer = await central.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
        assert answer == {"status": "Rejected"}


async def test_the_queue_is_chronological_and_others_may_overtake_while_it_waits_to_retry() -> None:
    async with peer() as central, charge_point(central, RETRY) as point:
        central.refuse["StartTransaction"] = 1
        point.plug_in(1)
        await point.present_id_tag(1, "TAG")
        await until(lambda: transmissions(point) == 1)
        await point.present_id_tag(1, "TAG")
        await until(lambda: "Finishing" in central.statuses(1))
        assert await point.send_heartbeat()
        assert "StopTransaction" not in central.actions()
        assert central.statuses(1)[-1] == "Finishing"
        await virtual(point).advance(11)
        await central.has("StopTransaction")
        wanted = ("StartTransaction", "StopTransaction")
        assert [a for a in central.actions() if a in wanted] == [wanted[0], wanted[0], wanted[1]]


async def test_the_wait_grows_with_each_transmission_and_the_message_is_dropped_after_the_attempts() -> None:
    async with peer() as central, charge_point(central, RETRY) as point:
        central.refuse["StartTransaction"] = 99
        point.plug_in(1)
        await point.present_id_tag(1, "TAG")
        for count, wait_s in ((1, 10), (2, 20)):
            await sent_times(point, count)
            await virtual(point).advance(wait_s - 1)
            await settle()
            assert len(central.sent("StartTransaction")) == count
            await virtual(point).advance(1.5)
        await until(lambda: point.sender.waiting == 0)
        await virtual(point).advance(1000)
        assert len(central.sent("StartTransaction")) == 3


async def test_a_transaction_that_never_got_an_id_is_stopped_with_minus_1() -> None:
    async with peer() as central, charge_point(central, RETRY | {"TransactionMessageAttempts": "1"}) as point:
        central.refuse["StartTransaction"] = 1
        point.plug_in(1)
        await point.present_id_tag(1, "TAG")
        await until(lambda: point.sender.waiting == 0)
        await point.present_id_tag(1, "TAG")
        (stop,) = await central.has("StopTransaction")
        assert stop["transactionId"] == -1


async def test_being_offline_is_not_an_attempt_and_the_id_is_filled_in_afterwards() -> None:
    configuration = RETRY | {"TransactionMessageAttempts": "1", "AllowOfflineTxForUnknownId": "true"}
    async with peer() as central, charge_point(central, configuration) as point:
        await central.connections[-1].close()
        await point.wait_until(lambda: not point.is_connected)
        point.plug_in(1)
        assert await point.present_id_tag(1, "TAG")
        for connection in list(central.connections):
            await connection.close()
        await virtual(point).advance(120)
        assert await point.present_id_tag(1, "TAG")
        await virtual(point).advance(10)
        (stop,) = await central.has("StopTransaction")
        (booked,) = central.booked.values()
        assert stop["transactionId"] == booked.transaction_id
        assert len(booked.meter) == 2


async def test_transaction_id_0_is_an_id() -> None:
    async with peer() as central, charge_point(central) as point:
        info = {"transactionId": 0, "idTagInfo": {"status": "Accepted"}}
        central.override["StartTransaction"] = lambda _payload: info
        assert await point.start_transaction(1, "TAG") == 0
        assert await central.ask("RemoteStopTransaction", {"transactionId": 0}) == {"status": "Accepted"}
        assert (await central.has("StopTransaction"))[0]["transactionId"] == 0


async def test_an_id_that_is_not_accepted_stops_the_transaction_as_deauthorized() -> None:
    async with peer() as central, charge_point(central) as point:
        central.tags["BAD"] = {"status": "Blocked"}
        await point.start_transaction(1, "BAD")
        (stop,) = await central.has("StopTransaction")
        assert stop["reason"] == "DeAuthorized"


async def test_an_id_that_is_not_accepted_suspends_where_it_does_not_stop() -> None:
    async with peer() as central, charge_point(central, {"StopTransactionOnInvalidId": "false"}) as point:
        central.tags["BAD"] = {"status": "Blocked"}
        await point.start_transaction(1, "BAD")
        await central.until(lambda: central.statuses(1)[-1] == "SuspendedEVSE")
        await virtual(point).advance(600)
        assert point.charging.outlets[1].energy_wh == 0.0


async def test_max_energy_on_invalid_id_is_granted_and_no_more() -> None:
    async with peer() as central, charge_point(central, {"MaxEnergyOnInvalidId": "500"}) as point:
        central.tags["BAD"] = {"status": "Expired"}
        await point.start_transaction(1, "BAD")
        await virtual(point).advance(600)
        (stop,) = await central.has("StopTransaction")
        assert 500 <= stop["meterStop"] < 560
        assert stop["reason"] == "DeAuthorized"


async def test_the_queue_and_the_running_transaction_survive_a_restart() -> None:
    store = Store()
    async with peer() as central:
        async with charge_point(central, store=store) as point:
            await point.start_transaction(1, "TAG")
            await virtual(point).advance(600)
            clock = virtual(point)
        async with charge_point(central, store=store, clock=clock):
            (stop,) = await central.has("StopTransaction")
            assert stop["reason"] == "Reboot"
            assert stop["transactionId"] == 100
            assert stop["meterStop"] > 3000
    store.close()


async def test_a_transaction_goes_on_after_a_restart_where_that_is_wished() -> None:
    store = Store()
    async with peer() as central:
        async with charge_point(central, store=store, keeps_transactions=True) as point:
            await point.start_transaction(1, "TAG")
            await virtual(point).advance(600)
            before_wh, clock = point.charging.outlets[1].energy_wh, virtual(point)
        async with charge_point(central, store=store, clock=clock, keeps_transactions=True) as point:
            await central.until(lambda: central.statuses(1)[-1] == "Charging")
            outlet = point.charging.outlets[1]
            assert outlet.energy_wh >= before_wh > 3000
            point.plug_in(1, SimulatedVehicle())
            await clock.advance(600)
            await point.stop_transaction(connector_id=1)
            (stop,) = await central.has("StopTransaction")
            assert (stop["transactionId"], stop["reason"]) == (100, "Local")
            assert stop["meterStop"] > before_wh + 3000
            assert len(central.sent("StartTransaction")) == 1
    store.close()


async def test_a_car_that_left_meanwhile_ends_the_transaction_that_was_kept() -> None:
    store = Store()
    async with peer() as central:
        async with charge_point(central, store=store, keeps_transactions=True) as point:
            await point.start_transaction(1, "TAG")
            clock = virtual(point)
        async with charge_point(central, store=store, clock=clock, keeps_transactions=True) as point:
            point.unplug(1)
            (stop,) = await central.has("StopTransaction")
            assert stop["reason"] == "EVDisconnected"
    store.close()


async def test_the_cache_is_bounded() -> None:
    async with peer() as central, charge_point(central) as point:
        for n in range(CACHE_SIZE + 10):
            point.memory.learn_tag(f"T{n}", {"status": "Accepted"})
        assert len(point.memory.cache.entries) == CACHE_SIZE
        assert point.memory.tag_info("T0") is None
