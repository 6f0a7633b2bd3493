"""The adapter against a pile on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ohmstead.core.site import ChargePoint, Phases
from ohmstead.core.state import ChargePointState
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Controllable
from ohmstead.devices.ykc import YKC, YkcAdapter, YkcChargePoint, YkcOptions
from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ykc.pile.events import PileEvent, PowerLimit, StartCharging, StopCharging
from ohmstead.ykc.pile.facts import GunReading, PileFacts
from ohmstead.ykc.pile.host import PileHost
from ohmstead.ykc.pile.store import PileStore

PILE = "20231212000010"
ASSET = ChargePoint(id="wallbox", min_a=10.0, max_a=32.0, phases=Phases.L1)


def options(folder: Path, **changes: Any) -> YkcOptions:
    given = {"pile": PILE, "rating_w": 7360.0, "port": 0, "bills": folder / "bills.sqlite"}
    return YkcOptions.model_validate(given | changes)


class Pile:
    """A pile whose vehicle takes what it may, at once."""

    def __init__(self, port: int) -> None:
        self._store = PileStore(":memory:")
        self.percent = 100
        self.begins = 0
        self.host = PileHost(
            PileFacts(number=PILE),
            "127.0.0.1",
            port,
            store=self._store,
            handle=self._handle,
            longest_retry_s=0.05,
        )

    def _handle(self, event: PileEvent) -> None:
        match event:
            case StartCharging():
                self.begins += 1
                self.host.act(lambda pile, now: pile.guns["01"].began(now))
                self.measure()
            case StopCharging(_, reason):
                self.end(reason)
            case PowerLimit(percent):
                self.percent = percent
                self.measure()

    def measure(self) -> None:
        current_a = 32.0 * self.percent / 100
        reading = GunReading(voltage_v=230.0, current_a=current_a, meter_kwh=1.5)
        self.host.act(lambda pile, now: pile.guns["01"].measure(reading, now))

    def plug(self, plugged: bool) -> None:
        self.host.act(lambda pile, now: (pile.guns["01"].plug if plugged else pile.guns["01"].unplug)(now))

    def end(self, reason: int) -> None:
        self.host.act(lambda pile, now: pile.guns["01"].ended(reason, now))

    async def close(self) -> None:
        await self.host.stop()
        self._store.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30.0):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another room
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(folder: Path) -> AsyncIterator[tuple[YkcChargePoint, Pile]]:
    adapter = YKC.open(Environment())
    assert isinstance(adapter, YkcAdapter)
    device = adapter.device(ASSET, options(folder))
    assert isinstance(device, YkcChargePoint)
    assert isinstance(device, Controllable)
    with pytest.raises(DeviceOffline):
        await device.update()
    assert adapter.port is not None
    pile = Pile(adapter.port)
    pile.host.start()
    try:
        await until(lambda: pile.host.pile.memory.tariff is not None)
        yield device, pile
    finally:
        await pile.close()
        await adapter.close()


async def state(device: YkcChargePoint) -> ChargePointState:
    found = await device.update()
    assert isinstance(found, ChargePointState)
    return found


async def test_charging_follows_the_setpoint_in_whole_percent(tmp_path: Path) -> None:
    async with connected(tmp_path) as (device, pile):
        assert not (await state(device)).connected
        await device.apply(5000.0)
        assert pile.begins == 0, "nothing is plugged in"
        pile.plug(True)
        assert (await state(device)).connected
        await device.apply(5000.0)
        assert (pile.begins, pile.percent) == (1, 67)
        charging = await state(device)
        assert charging.charging
        assert charging.power_w.value == pytest.approx(7360 * 0.67, abs=30)
        assert (charging.power_w.value or 0.0) <= 5000.0
        await device.apply(9000.0)
        assert pile.percent == 100
        await device.apply(2300.0)
        assert pile.percent == 31


async def test_less_than_30_percent_is_a_pause_and_more_goes_on(tmp_path: Path) -> None:
    async with connected(tmp_path) as (device, pile):
        pile.plug(True)
        await state(device)
        await device.apply(3000.0)
        await device.apply(2000.0)
        paused = await state(device)
        assert not paused.charging
        assert paused.power_w.value == 0.0
        assert paused.connected
        await device.apply(3000.0)
        assert pile.begins == 2
        await device.release()
        assert pile.percent == 30


async def test_a_vehicle_that_is_full_is_not_started_again_and_again(tmp_path: Path) -> None:
    async with connected(tmp_path) as (device, pile):
        pile.plug(True)
        await state(device)
        await device.apply(3000.0)
        pile.end(0x41)
        for _ in range(3):
            await state(device)
            await device.apply(3000.0)
        assert pile.begins == 1
        pile.plug(False)
        await state(device)
        pile.plug(True)
        await state(device)
        await device.apply(3000.0)
        assert pile.begins == 2


async def test_faults_have_names(tmp_path: Path) -> None:
    async with connected(tmp_path) as (device, pile):
        pile.host.act(lambda p, now: p.guns["01"].set_faults(0b101, now))
        assert (await state(device)).fault == "emergency stop, outlet hot"


async def test_a_setpoint_is_a_number(tmp_path: Path) -> None:
    async with connected(tmp_path) as (device, _):
        with pytest.raises(DeviceError, match="nan W"):
            await device.apply(float("nan"))


@pytest.mark.parametrize(
    ("asset", "changes", "words"),
    [
        (ChargePoint(id="w", min_a=6.0, phases=Phases.L1), {}, "allowed: 9.6 A or more"),
        (ASSET, {"host": "0.0.0.0"}, "give `address`"),  # noqa: S104
    ],
)
def test_what_cannot_work_is_said_before(
    asset: ChargePoint, changes: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        YKC.open(Environment()).device(asset, options(tmp_path, **changes))


def test_two_assets_cannot_be_one_pile_nor_listen_in_two_places(tmp_path: Path) -> None:
    adapter = YKC.open(Environment())
    adapter.device(ASSET, options(tmp_path))
    with pytest.raises(ConfigError, match="limited as a whole"):
        adapter.device(ASSET, options(tmp_path, gun=2))
    with pytest.raises(ConfigError, match="port: 99 here, 0 at another pile"):
        adapter.device(ASSET, options(tmp_path, pile="2" * 14, port=99))


@pytest.mark.parametrize("changes", [{"pile": "123"}, {"timezone": "Nowhere/Land"}, {"rating_w": 0}])
def test_options_are_checked(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        options(tmp_path, **changes)
