"""Commands reach the twin, and one device that refuses does not keep them from the others."""

from __future__ import annotations

import asyncio

from ohmstead.core.reason import Reason, Rule, Setpoint
from ohmstead.core.state import AssetState
from ohmstead.daemon.actuation import Actuators
from ohmstead.simulator.faults import FaultKind
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import demo_house
from tests.daemon.homes import NOON, command_in_force, devices_of


def told(asset: str, power_w: float, *, send: bool = True) -> Setpoint:
    return Setpoint(asset=asset, power_w=power_w, reason=Reason(rule=Rule.MANUAL), send=send)


def fresh() -> tuple[House, Actuators]:
    house = demo_house(start=NOON)
    return house, Actuators(devices_of(house))


async def test_what_is_to_be_sent_is_sent() -> None:
    house, actuators = fresh()
    failed = await actuators.apply([told("battery", 1000.0), told("tank", 2000.0, send=False)])
    assert failed == []
    assert (command_in_force(house, "battery"), command_in_force(house, "tank")) == (1000.0, None)


async def test_a_device_that_refuses_is_told_again_and_named() -> None:
    house, actuators = fresh()
    house.faults.inject(FaultKind.OFFLINE, "tank")
    failed = await actuators.apply([told("tank", 2000.0), told("battery", 1000.0)])
    assert failed == ["tank"]
    assert actuators.failing == {"tank": "tank does not answer"}
    assert command_in_force(house, "battery") == 1000.0
    house.faults.clear()
    assert await actuators.apply([told("tank", 2000.0)]) == []
    assert actuators.failing == {}


async def test_rooms_and_unknown_assets_are_not_commanded() -> None:
    _, actuators = fresh()
    assert await actuators.apply([told("living", 0.0), told("nothing", 1.0)]) == []


async def test_every_device_is_released_on_its_own() -> None:
    house, actuators = fresh()
    await actuators.apply([told("tank", 2000.0), told("battery", 1000.0), told("charger", 7000.0)])
    house.faults.inject(FaultKind.OFFLINE, "battery")
    await actuators.release()
    assert [command_in_force(house, a) for a in ("tank", "battery", "charger")] == [None, 1000.0, None]


async def test_a_dry_run_commands_nothing_and_releases_nothing() -> None:
    house = demo_house(start=NOON)
    house.command("charger", 5000.0)
    actuators = Actuators(devices_of(house), dry_run=True)
    assert await actuators.apply([told("battery", 1000.0)]) == []
    await actuators.release()
    assert (command_in_force(house, "battery"), command_in_force(house, "charger")) == (None, 5000.0)


class Recording:
    """A device that writes down when it was told what, and answers after a while."""

    def __init__(self, asset: str, log: list[tuple[str, float]], answers_after_s: float = 0.01) -> None:
        self.id = asset
        self._log = log
        self._answers_after_s = answers_after_s

    async def update(self) -> AssetState:
        return AssetState(id=self.id)

    async def apply(self, power_w: float) -> None:
        await asyncio.sleep(self._answers_after_s)
        self._log.append((self.id, power_w))

    async def release(self) -> None:
        self._log.append((self.id, 0.0))


async def test_what_is_to_take_less_is_told_first() -> None:
    log: list[tuple[str, float]] = []
    actuators = Actuators([Recording("tank", log), Recording("car", log, 0.05), Recording("pump", log)])
    await actuators.apply([told("car", 11_000.0)])
    await actuators.apply([told("tank", 3000.0), told("car", 4140.0), told("pump", 1500.0)])
    assert log[:2] == [("car", 11_000.0), ("car", 4140.0)]
    assert sorted(log[2:]) == [("pump", 1500.0), ("tank", 3000.0)]


async def test_one_that_does_not_answer_holds_the_others_up_for_a_moment_only() -> None:
    log: list[tuple[str, float]] = []
    actuators = Actuators([Recording("tank", log), Recording("car", log, 3.0)])
    await actuators.apply([told("tank", 0.0), told("car", 0.0)])
    log.clear()
    await actuators.apply([told("tank", 3000.0), told("car", 0.0)])
    assert log == [("tank", 3000.0), ("car", 0.0)]
