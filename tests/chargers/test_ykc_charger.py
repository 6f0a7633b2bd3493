"""A simulated pile against a platform, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from ohmstead.chargers.mapping import Fault, Status, StopReason, reason_of_ykc
from ohmstead.chargers.protocol import ChargerEvent, ChargerFacts, Happening
from ohmstead.chargers.vehicle import SimulatedVehicle
from ohmstead.chargers.virtual_time import LoopClock, run_virtually
from ohmstead.chargers.ykc_central import OwnPlatform, own_platform
from ohmstead.chargers.ykc_charger import YkcCharger, card_number
from ohmstead.errors import ConfigError, DataError, DeviceError
from ohmstead.ykc.database import IN_MEMORY
from ohmstead.ykc.messages.service import FirmwareUpdate, FirmwareUpdateResult, Restart, RestartResult
from ohmstead.ykc.pile.store import PileStore

PILE = "88000000000001"
START = datetime(2026, 1, 12, 17, tzinfo=UTC)
Check = Callable[[YkcCharger, OwnPlatform, list[ChargerEvent]], Awaitable[None]]


def bench(check: Check, *, dc: bool = False) -> None:
    """Run a check with one charger that is registered."""

    async def main() -> None:
        clock = LoopClock(START)
        heard: list[ChargerEvent] = []
        store = PileStore(IN_MEMORY)
        async with own_platform([PILE], clock) as platform:
            facts = ChargerFacts(id=PILE, url=platform.url, max_a=32.0, phases=1 if dc else 3, dc=dc)
            charger = YkcCharger(facts, store=store, listener=heard.append, clock=clock)
            await charger.connect()
            await asyncio.sleep(5.0)
            assert charger.registered
            try:
                await check(charger, platform, heard)
            finally:
                await charger.disconnect()
                store.close()

    run_virtually(main())


async def charging(charger: YkcCharger, vehicle: SimulatedVehicle | None = None) -> None:
    charger.plug_in(1, vehicle or SimulatedVehicle(reaction_s=0.0, soc=0.2))
    await charger.start_charging(1, "AB12")
    await asyncio.sleep(60.0)
    assert charger.connectors()[0].status is Status.CHARGING


def test_a_session_with_a_card() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        assert charger.connectors()[0].status is Status.AVAILABLE
        await charging(charger)
        assert charger.connectors()[0].power_w == pytest.approx(3 * 32 * 230)
        with pytest.raises(DeviceError, match="not free"):
            await charger.start_charging(1, "AB12")
        await charger.send_meter_values(1)
        await charger.stop_charging(1)
        await asyncio.sleep(1.0)
        view = charger.connectors()[0]
        assert (view.status, view.power_w, view.in_order) == (Status.FINISHING, 0.0, False)
        (bill,) = platform.bills.bills()
        assert bill.physical_card == "000000000000AB12"
        assert bill.energy_kwh == pytest.approx(view.energy_kwh, abs=1e-3)
        assert reason_of_ykc(bill.stop_reason) is StopReason.LOCAL
        charger.unplug(1)
        assert charger.connectors()[0].status is Status.AVAILABLE
        assert [event.what for event in heard] == [Happening.REGISTERED, Happening.STARTED, Happening.ENDED]

    bench(check)


def test_the_power_limit_of_the_platform_is_obeyed() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await charging(charger)
        await platform.server.limit(PILE, 50)
        await asyncio.sleep(10.0)
        assert charger.connectors()[0].power_w == pytest.approx(3 * 16 * 230)

    bench(check)


def test_a_full_vehicle_ends_by_itself() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await charging(
            charger, SimulatedVehicle(capacity_kwh=10.0, soc=0.2, stops_at_soc=0.5, reaction_s=0.0)
        )
        await asyncio.sleep(3600.0)
        (bill,) = platform.bills.bills()
        assert bill.energy_kwh == pytest.approx(10.0 * 0.3 / 0.92, abs=0.01)
        assert bill.stop_reason == 0x41

    bench(check)


@pytest.mark.parametrize("fault", [Fault.EMERGENCY_STOP, Fault.CONTACTOR])
def test_a_fault_ends_the_order_and_can_be_repaired(fault: Fault) -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await charging(charger)
        charger.set_fault(1, fault)
        await asyncio.sleep(1.0)
        assert charger.connectors()[0].status is Status.FAULTED
        emergency = reason_of_ykc(platform.bills.bills()[0].stop_reason) is StopReason.EMERGENCY_STOP
        assert emergency == (fault is Fault.EMERGENCY_STOP)
        await charger.start_charging(1, "AB12")
        assert heard[-1].what is Happening.REFUSED
        charger.set_fault(1, None)
        await charging(charger)

    bench(check)


def test_power_comes_back_and_the_bill_is_complete() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await charging(charger)
        before_kwh = charger.connectors()[0].energy_kwh
        await charger.disconnect()
        assert charger.connectors()[0].status is Status.UNAVAILABLE
        await asyncio.sleep(120.0)
        await charger.connect()
        await asyncio.sleep(10.0)
        (bill,) = platform.bills.bills()
        assert bill.energy_kwh == pytest.approx(before_kwh, abs=1e-3)
        assert reason_of_ykc(bill.stop_reason) is StopReason.POWER_LOSS
        assert charger.connectors()[0].plugged

    bench(check)


def test_restart_and_firmware_from_the_platform() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await platform.server.ask(PILE, Restart(pile=PILE, when=1), RestartResult)
        await asyncio.sleep(30.0)
        update = FirmwareUpdate(
            pile=PILE,
            kind=2,
            power_kw=22,
            server="192.0.2.1",
            port=21,
            user="",
            password="",
            path="/f",
            when=1,
            timeout_min=5,
        )
        with pytest.raises(DeviceError, match="does not answer"):
            await platform.server.ask(PILE, update, FirmwareUpdateResult)
        await asyncio.sleep(60.0)
        assert [event.what for event in heard] == [Happening.REGISTERED, Happening.OFFLINE] * 2 + [
            Happening.REGISTERED
        ]

    bench(check)


def test_dc_tells_the_state_of_charge() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        await charging(charger, SimulatedVehicle(reaction_s=0.0, soc=0.4, phases=1))
        realtime = await platform.server.read(PILE, "01")
        assert realtime.soc_percent == 40
        assert realtime.left_min > 0

    bench(check, dc=True)


def test_what_cannot_be_is_refused() -> None:
    async def check(charger: YkcCharger, platform: OwnPlatform, heard: list[ChargerEvent]) -> None:
        with pytest.raises(DataError, match="connector 2, allowed: 1 to 1"):
            charger.unplug(2)
        await charger.disconnect()
        with pytest.raises(DeviceError, match="cannot be reached"):
            await charger.send_status(1)
        with pytest.raises(DeviceError, match="not free"):
            await charger.start_charging(1, "AB12")

    bench(check)
    store, heard = PileStore(IN_MEMORY), list[ChargerEvent]()
    with pytest.raises(ConfigError, match="tcp://host:port"):
        YkcCharger(ChargerFacts(id=PILE, url="tcp://nohost"), store=store, listener=heard.append)
    store.close()


@pytest.mark.parametrize(
    ("tag", "card"),
    [
        ("d14b0a54", "00000000D14B0A54"),
        ("Müller", "004DC3BC6C6C6572"),
        ("0123456789ABCDEF", "0123456789ABCDEF"),
    ],
)
def test_a_tag_as_a_card_number(tag: str, card: str) -> None:
    assert card_number(tag) == card
