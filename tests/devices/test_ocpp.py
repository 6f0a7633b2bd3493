"""The OCPP adapter: a charger of another maker's library, through the real central system."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ohmstead.core.site import ChargePoint, Phases
from ohmstead.core.state import ChargePointState, Quality
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Controllable
from ohmstead.devices.ocpp import OCPP, OcppAdapter, OcppChargePoint, OcppOptions
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ocpp.central.settings import UnknownChargers
from ohmstead.ocpp.central.system import CentralSystem
from tests.ocpp.central.peer import Behaviour, PeerCharger, peer_charger
from tests.ocpp.central.serving import OPEN, PATIENCE_S, serving, until

WALLBOX = ChargePoint(id="wallbox", reaction_s=0.0, voltage_v=230.0)


@asynccontextmanager
async def opened(
    central: CentralSystem, asset: ChargePoint = WALLBOX, **more: Any
) -> AsyncIterator[OcppChargePoint]:
    """The device of an asset."""
    adapter = OCPP.open(Environment(ocpp=central))
    options = OcppOptions.model_validate({"charger": "PEER", "measure_every_s": 1} | more)
    device = adapter.device(asset, options)
    assert isinstance(device, OcppChargePoint)
    assert isinstance(device, Controllable)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield device
    finally:
        await adapter.close()


async def state_of(device: OcppChargePoint) -> ChargePointState:
    state = await device.update()
    assert isinstance(state, ChargePointState)
    return state


async def onboarded(peer: PeerCharger) -> None:
    await until(
        lambda: ("TriggerMessage", {"requested_message": "MeterValues", "connector_id": 1}) in peer.asked
    )


def limits(peer: PeerCharger) -> list[tuple[int, str, int, str, float]]:
    """What was set: connector, kind, stack level, unit, limit."""
    found = []
    for action, payload in peer.asked:
        if action == "SetChargingProfile":
            profile = payload["cs_charging_profiles"]
            schedule = profile["charging_schedule"]
            found.append(
                (
                    payload["connector_id"],
                    profile["charging_profile_purpose"],
                    profile["stack_level"],
                    schedule["charging_rate_unit"],
                    schedule["charging_schedule_period"][0]["limit"],
                )
            )
    return found


async def test_a_charger_is_read_and_obeys(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, opened(central) as device:
        with pytest.raises(DeviceOffline, match="'PEER' is not connected"):
            await device.update()
        with pytest.raises(DeviceOffline, match="'PEER' is not connected"):
            await device.apply(6900.0)
        async with peer_charger(central) as peer:
            await until(lambda: peer.profiles)
            assert limits(peer) == [(1, "TxDefaultProfile", 3, "A", 10.0)]
            assert peer.keys["MeterValueSampleInterval"] == "1"
            assert peer.keys["MeterValuesSampledData"].endswith("Voltage")
            await until(lambda: central.chargers["PEER"].connector(1).status == "Available")
            state = await state_of(device)
            assert (state.connected, state.charging, state.power_w.value) == (False, False, 0.0)
            await peer.plug_and_start()
            peer.energy_wh += 500
            await peer.measure()
            state = await state_of(device)
            assert (state.connected, state.charging, state.fault) == (True, True, None)
            assert state.power_w.value == pytest.approx(6900.0)
            assert state.phases_w == pytest.approx((2300.0, 2300.0, 2300.0))
            assert (state.soc.value, state.session_kwh) == (0.55, 0.5)
            for power_w, expected_a in (
                (4140.0, 6.0),
                (4139.0, 0.0),
                (0.0, 0.0),
                (1e6, 16.0),
                (7654.3, 11.0),
            ):
                await device.apply(power_w)
                assert peer.limit_a == expected_a
            await peer.show("Faulted", "GroundFailure")
            assert (await state_of(device)).fault == "GroundFailure"
            await peer.show("Unavailable")
            assert (await state_of(device)).fault == "out of service"


@pytest.mark.parametrize(
    ("asset", "setpoints"),
    [
        (replace(WALLBOX, phases=Phases.L2), {1380.0: (6.0, None), 3680.0: (16.0, None)}),
        (replace(WALLBOX, phase_switching=True), {1380.0: (6.0, 1), 4139.0: (16.0, 1), 4140.0: (6.0, 3)}),
    ],
)
async def test_one_phase_three_phases_and_switching(
    tmp_path: Path, asset: ChargePoint, setpoints: dict[float, tuple[float, int | None]]
) -> None:
    async with serving(tmp_path) as central, opened(central, asset) as device, peer_charger(central) as peer:
        await onboarded(peer)
        for power_w, (limit_a, phases) in setpoints.items():
            await device.apply(power_w)
            _, profile = peer.profiles["TxDefaultProfile"]
            period = profile["charging_schedule"]["charging_schedule_period"][0]
            assert (period["limit"], period.get("number_phases")) == (limit_a, phases)


async def test_a_charger_that_counts_in_watts_gets_watts(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=Behaviour(units="Power")) as peer,
    ):
        await onboarded(peer)
        await device.apply(5000.0)
        assert limits(peer)[-1] == (1, "TxDefaultProfile", 3, "W", 4968.0)


async def test_what_is_refused_is_told_in_other_ways(tmp_path: Path) -> None:
    def only_the_whole_charger(connector: int, profile: dict[str, Any]) -> bool:
        return not (connector == 0 and profile["charging_schedule"]["charging_rate_unit"] == "W")

    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=Behaviour(refuses=only_the_whole_charger)) as peer,
    ):
        await onboarded(peer)
        await peer.plug_and_start()
        await device.apply(6900.0)
        assert peer.limit_a == 10.0
        assert [way[1:4] for way in limits(peer)] == [
            ("TxDefaultProfile", 3, "A"),
            ("TxDefaultProfile", 0, "A"),
            ("TxDefaultProfile", 3, "W"),
            ("TxDefaultProfile", 0, "W"),
            ("TxProfile", 3, "A"),
            ("TxProfile", 0, "A"),
            ("TxProfile", 3, "W"),
            ("TxProfile", 0, "W"),
            ("ChargePointMaxProfile", 3, "A"),
            ("ChargePointMaxProfile", 0, "A"),
            ("ChargePointMaxProfile", 3, "W"),
        ]
        asked = len(peer.asked)
        await device.apply(4140.0)
        assert len(limits(peer)) == 12, "what worked is used again"
        assert len(peer.asked) == asked + 1


async def test_what_was_set_in_another_way_before_does_not_go_on_counting(tmp_path: Path) -> None:
    refused: set[str] = set()

    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(
            central, behaviour=Behaviour(refuses=lambda _, p: p["charging_profile_purpose"] in refused)
        ) as peer,
    ):
        await onboarded(peer)
        await peer.plug_and_start()
        await device.apply(4140.0)
        refused |= {"TxDefaultProfile", "TxProfile"}
        await device.apply(8280.0)
        await until(lambda: set(peer.profiles) == {"ChargePointMaxProfile"})
        assert peer.limit_a == 12.0


async def test_a_charger_that_refuses_zero_is_stopped(tmp_path: Path) -> None:
    def zero(_: int, profile: dict[str, Any]) -> bool:
        return bool(profile["charging_schedule"]["charging_schedule_period"][0]["limit"] == 0)

    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=Behaviour(refuses=zero)) as peer,
    ):
        await onboarded(peer)
        await device.apply(6900.0)
        await peer.plug_and_start()
        await device.apply(0.0)
        await until(lambda: peer.transaction_id is None)
        await until(lambda: not central.store.running("PEER"))


async def test_a_charger_that_refuses_everything_is_an_error_of_that_device(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=Behaviour(refuses=lambda *_: True)) as peer,
    ):
        await onboarded(peer)
        await peer.plug_and_start()
        with pytest.raises(DeviceError, match="refuses its limit: Rejected"):
            await device.apply(6900.0)


async def test_a_charger_that_ignores_two_commands_counts_as_a_load_until_it_obeys(tmp_path: Path) -> None:
    behaviour = Behaviour(ignores=True)
    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=behaviour) as peer,
    ):
        await onboarded(peer)
        await peer.plug_and_start()
        await device.apply(4140.0)

        async def measured_until(look: Any) -> None:
            while not look():
                await peer.measure()
                await asyncio.sleep(0.2)

        await measured_until(lambda: device.limiter.memory.unruly)
        state = await state_of(device)
        assert state.power_w.value == pytest.approx(11040.0)
        assert state.fault is not None
        assert "takes 11040 W although its limit is 6 A" in state.fault
        with pytest.raises(DeviceError, match="although its limit is 6 A"):
            await device.apply(4140.0)
        assert len(limits(peer)) >= 2
        behaviour.ignores = False
        await measured_until(lambda: not device.limiter.memory.unruly)
        await peer.measure()
        assert (await state_of(device)).fault is None
        await device.apply(6900.0)
        await until(lambda: device.limiter.memory.settled)


async def test_without_measurements_the_charger_is_asked_for_its_schedule(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=Behaviour(ignores=True, measures=False)) as peer,
    ):
        await until(lambda: "TriggerMessage" in peer.actions())
        await peer.plug_and_start()
        await device.apply(4140.0)
        await until(lambda: device.limiter.memory.unruly)
        assert peer.actions().count("GetCompositeSchedule") >= 2
        assert (await state_of(device)).power_w.quality is Quality.MISSING


async def test_limits_are_sent_again_after_a_reboot_and_the_newest_wins(tmp_path: Path) -> None:
    async with serving(tmp_path) as central, opened(central) as device:
        async with peer_charger(central) as peer:
            await onboarded(peer)
            await device.apply(4140.0)
        await until(lambda: not central.connected("PEER"))
        for power_w in (5000.0, 6000.0, 8280.0):
            with pytest.raises(DeviceOffline):
                await device.apply(power_w)
        async with peer_charger(central) as peer:
            await until(lambda: peer.profiles)
            assert peer.limit_a == 12.0
            peer.profiles.clear()
            await peer.boot()
            await until(lambda: peer.profiles)
            assert peer.limit_a == 12.0


async def test_a_slow_charger_does_not_hold_up_the_house(tmp_path: Path) -> None:
    behaviour = Behaviour()
    async with (
        serving(tmp_path) as central,
        opened(central) as device,
        peer_charger(central, behaviour=behaviour) as peer,
    ):
        await onboarded(peer)
        behaviour.silent = {"SetChargingProfile"}
        await device.apply(4140.0)
        assert not device.limiter.memory.settled


async def test_a_waiting_vehicle_is_started_where_that_is_wished(tmp_path: Path) -> None:
    async with (
        serving(tmp_path) as central,
        opened(central, remote_start=True) as device,
        peer_charger(central) as peer,
    ):
        await onboarded(peer)
        await peer.show("Preparing")
        await device.apply(0.0)
        assert "RemoteStartTransaction" not in peer.actions()
        await device.apply(6900.0)
        await until(lambda: central.store.running("PEER"))
        assert central.store.running("PEER")[0].id_tag == "ohmstead"


@pytest.mark.parametrize(("when_released", "limit_a"), [("minimum", 6.0), ("pause", 0.0), ("free", 16.0)])
async def test_letting_go(tmp_path: Path, when_released: str, limit_a: float) -> None:
    async with (
        serving(tmp_path) as central,
        opened(central, when_released=when_released) as device,
        peer_charger(central) as peer,
    ):
        await onboarded(peer)
        await device.apply(8280.0)
        await device.release()
        assert peer.limit_a == limit_a


async def test_a_charger_that_a_person_named_is_adopted(tmp_path: Path) -> None:
    held = replace(OPEN, unknown_chargers=UnknownChargers.HOLD)
    async with serving(tmp_path, held) as central:
        async with peer_charger(central):
            assert not central.chargers["PEER"].adopted
            async with opened(central):
                await until(lambda: central.chargers["PEER"].adopted)
        async with opened(central, charger="NEW"), peer_charger(central, "NEW"):
            assert central.chargers["NEW"].adopted


async def test_a_dry_run_sets_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as central:
        adapter = OCPP.open(Environment(ocpp=central, dry_run=True))
        device = adapter.device(WALLBOX, OcppOptions(charger="PEER"))
        assert isinstance(device, OcppChargePoint)
        async with peer_charger(central) as peer:
            await onboarded(peer)
            assert set(peer.actions()) == {"GetConfiguration", "TriggerMessage"}
            await peer.plug_and_start()
            await peer.measure()
            assert (await state_of(device)).charging
        await adapter.close()


async def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs the central system"):
        OCPP.open(Environment())
    async with serving(tmp_path) as central, opened(central) as device:
        with pytest.raises(DeviceError, match="nan W is not a setpoint"):
            await device.apply(float("nan"))
        adapter = OCPP.open(Environment(ocpp=central))
        assert isinstance(adapter, OcppAdapter)
        adapter.device(WALLBOX, OcppOptions(charger="A"))
        with pytest.raises(ConfigError, match=r"garage: device: charger 'A', connector 1 is 'wallbox'"):
            adapter.device(replace(WALLBOX, id="garage"), OcppOptions(charger="A"))
        await adapter.close()
