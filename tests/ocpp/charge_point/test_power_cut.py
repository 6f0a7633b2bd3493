"""Power cuts and network losses at every step of charging: each transaction arrives exactly once."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ohmstead.ocpp.charge_point.backoff import Backoff
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.clock import RealClock, VirtualClock
from tests.ocpp.charge_point.peer import Peer, peer
from tests.ocpp.charge_point.points import START, TWO

CONFIGURATION = {
    "MeterValueSampleInterval": "60",
    "StopTxnSampledData": "Energy.Active.Import.Register",
    "TransactionMessageRetryInterval": "1",
}


CARS = ((1, "ONE"), (2, "TWO"), (1, "THREE"), (2, "FOUR"))
"""Connector and card of each session, one after the other."""


class PowerCut(BaseException):
    """Nothing of the process goes on after it."""


class Fate:
    """Counts commits and frames; strikes at one of them."""

    def __init__(self, strikes_at: int, strike: Callable[[], None]) -> None:
        self.steps = 0
        self._strikes_at = strikes_at
        self._strike = strike

    def step(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self._strikes_at:
            self._strike()


class Rig:
    """One charge point on one file, as a process that can die."""

    def __init__(self, central: Peer, path: Path, clock: VirtualClock) -> None:
        self._central = central
        self._path = path
        self._clock = clock
        self._dead = False
        self.begun: list[tuple[int, str]] = []

    def boot(self, strikes_at: int = 0, *, cut_power: bool = True) -> Fate:
        fate = Fate(strikes_at, self._die if cut_power else self._lose_network)
        self._dead = False
        self._others = asyncio.all_tasks()

        def commit() -> None:
            if self._dead:
                raise PowerCut
            fate.step()

        def frame(_direction: str, _text: str) -> None:
            commit()

        self.store = Store(self._path, durable=False, on_commit=commit)
        settings = ChargePointSettings(
            url=self._central.url,
            identity="CP1",
            connectors=TWO,
            configuration=CONFIGURATION,
            step_s=30.0,
            backoff=Backoff(first_s=1.0, max_s=4.0),
        )
        self.point = ChargePoint(
            settings,
            store=self.store,
            clock=self._clock,
            network_clock=RealClock(),
            observer=frame,
            rng=random.Random(1),
        )
        return fate

    def _die(self) -> None:
        self._dead = True
        raise PowerCut

    def _lose_network(self) -> None:
        if self.point.link.connection is not None:
            self.point.link.connection.websocket.transport.abort()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let virtual time run until something holds."""
        while not condition():
            if self._dead:
                raise PowerCut
            await self._clock.advance(0.5)
            await asyncio.sleep(0)

    async def bury(self) -> None:
        """The process is gone: its tasks, its sockets, its file."""
        mine = asyncio.all_tasks() - self._others - {asyncio.current_task()}
        if self.point.link.connection is not None:
            self.point.link.connection.websocket.transport.abort()
        self.point.link.cancel_timers()
        self.point._stop_parts()
        for outlet in self.point.charging.outlets.values():
            outlet.cancel_timers()
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        self.store.close()

    async def charge_all(self) -> None:
        """Cars at both connectors, one after the other in time, with a break between."""
        point = self.point
        await point.start()
        await self.until(lambda: point.state is ChargePointState.REGISTERED)
        for connector_id, id_tag in CARS:
            self._mind_death()
            point.plug_in(connector_id)
            while not await self._present(connector_id, id_tag):
                await self.until(lambda: point.is_online)
            self.begun.append((connector_id, id_tag))
            await self._clock.advance(300)
            if self._dead:
                raise PowerCut
            outlet = point.charging.outlets[connector_id]
            point.charging.end(outlet, "Local")
            point.unplug(connector_id)
            await self._clock.advance(5)
        await self.until(lambda: point.sender.is_idle)

    async def _present(self, connector_id: int, id_tag: str) -> bool:
        """Somebody holds his card there, until it is accepted: offline nobody knows him."""
        presenting = asyncio.ensure_future(self.point.present_id_tag(connector_id, id_tag))
        try:
            await self.until(presenting.done)
            self._mind_death()
            return presenting.result()
        finally:
            presenting.cancel()
            await asyncio.gather(presenting, return_exceptions=True)

    def _mind_death(self) -> None:
        if self._dead:
            raise PowerCut


def judge(rig: Rig, central: Peer, registers: dict[int, float]) -> None:
    """Each transaction once, stopped once, its energies in order and adding up to the meter."""
    starts = [booked.start for booked in central.booked.values()]
    for connector_id, id_tag in rig.begun:
        mine = [s for s in starts if (s["connectorId"], s["idTag"]) == (connector_id, id_tag)]
        assert len(mine) == 1, "begun here, and not booked exactly once there"
    stops: dict[int, list[dict[str, Any]]] = {}
    for stop in central.sent("StopTransaction"):
        stops.setdefault(stop["transactionId"], []).append(stop)
    energy_wh = dict.fromkeys(registers, 0.0)
    last_wh = dict.fromkeys(registers, 0)
    for booked in central.booked.values():
        sent = stops.pop(booked.transaction_id)
        assert all(stop == sent[0] for stop in sent), "repeats are the same message"
        connector_id = booked.start["connectorId"]
        assert booked.start["meterStart"] >= last_wh[connector_id]
        assert sent[0]["meterStop"] >= booked.start["meterStart"]
        samples = [
            int(sample["value"])
            for message in booked.meter
            for sample in message["meterValue"][0]["sampledValue"]
            if sample["measurand"].startswith("Energy")
        ]
        assert samples == sorted(samples)
        assert all(booked.start["meterStart"] <= wh <= sent[0]["meterStop"] for wh in samples)
        last_wh[connector_id] = sent[0]["meterStop"]
        energy_wh[connector_id] += sent[0]["meterStop"] - booked.start["meterStart"]
    assert not stops, "every StopTransaction belongs to a transaction that was booked"
    for connector_id, register_wh in registers.items():
        # meterStart and meterStop are whole Wh, one transaction rounds away less than one
        assert abs(register_wh - energy_wh[connector_id]) < 1 + len(central.booked)


async def live(path: Path, strikes_at: int, *, cut_power: bool) -> int:
    """One life with one blow; returns how many steps there were before it was over."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: None)
    async with peer() as central:
        clock = VirtualClock(START)
        rig = Rig(central, path, clock)
        fate = rig.boot(strikes_at, cut_power=cut_power)
        try:
            await rig.charge_all()
        except PowerCut:
            pass
        finally:
            await rig.bury()
        steps = fate.steps
        clock = VirtualClock(clock.now())
        rig._clock = clock
        rig.boot()
        try:
            await rig.point.start()
            await rig.until(lambda: rig.point.is_online and rig.point.sender.is_idle)
            registers = {c: outlet.energy_wh for c, outlet in rig.point.charging.outlets.items()}
        finally:
            await rig.bury()
        judge(rig, central, registers)
        assert cut_power or len(central.booked) == len(CARS)
    return steps


async def test_without_any_blow_all_is_booked(tmp_path: Path) -> None:
    assert await live(tmp_path / "cp.db", 0, cut_power=True) > 60


@pytest.mark.slow
@pytest.mark.parametrize("cut_power", [True, False])
async def test_each_transaction_arrives_exactly_once_whatever_step_the_blow_falls_on(
    tmp_path: Path, cut_power: bool
) -> None:
    """Every commit and every frame is a step: the power goes before it, or the network does."""
    steps = await live(tmp_path / "whole.db", 0, cut_power=cut_power)
    for strikes_at in range(1, steps + 1):
        await live(tmp_path / f"{strikes_at}.db", strikes_at, cut_power=cut_power)
    assert steps >= 150, "both kinds of blow together: at least 300 cuts"


SCRIPT = """\
await Registered
tag ONE
plug 1
await Charging
wait 0.3
tag ONE
await Finishing
unplug
tag TWO 2
plug 2
await Charging 2
wait 0.3
tag TWO 2
await Finishing 2
unplug 2
"""


@pytest.mark.slow
async def test_kill_9_at_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(9)
    script = tmp_path / "script"
    script.write_text(SCRIPT)
    for run in range(12):
        async with peer() as central:
            command = [sys.executable, "-m", "ohmstead", "ocpp", "charge-point", "--url", central.url]
            command += ["--id", "CP1", "--connectors", "2", "--data", str(tmp_path / f"{run}.db")]
            process = await asyncio.create_subprocess_exec(*command, "--script", str(script))
            booted = asyncio.ensure_future(central.has("BootNotification"))
            await booted
            await asyncio.sleep(rng.uniform(0.0, 0.9))
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
            (tmp_path / "end").write_text("await Registered\nwait 0.1\n")
            process = await asyncio.create_subprocess_exec(*command, "--script", str(tmp_path / "end"))
            assert await process.wait() == 0
            stopped = [booked.stop for booked in central.booked.values()]
            assert all(stop is not None for stop in stopped)
            assert all(stop["reason"] in ("Local", "PowerLoss") for stop in stopped if stop)
            known = {booked.transaction_id for booked in central.booked.values()}
            assert {stop["transactionId"] for stop in central.sent("StopTransaction")} == known
