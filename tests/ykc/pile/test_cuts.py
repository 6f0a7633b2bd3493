"""Cuts of the line and of power at random moments: every order is billed exactly once, with its energy."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ohmstead.ykc.messages.orders import RemoteStart, RemoteStop
from ohmstead.ykc.pile.events import StartCharging, StopCharging
from ohmstead.ykc.pile.facts import GunReading
from ohmstead.ykc.pile.store import PileStore
from ohmstead.ykc.platform.records import BillStore
from tests.ykc.wire import PILE, Bench


class Life:
    """A vehicle, a driver and an unkind network; the register of the meter outlives the pile's power."""

    def __init__(self, bench: Bench, rng: random.Random) -> None:
        self.bench = bench
        self.rng = rng
        self.meter_kwh = 0.0
        self.handled = 0
        self.accepted: dict[str, float] = {}
        self.serials = 0

    def step(self) -> None:
        bench, rng = self.bench, self.rng
        gun = bench.pile.guns["01"]
        choice = rng.random()
        if choice < 0.25:
            self.send_start()
        elif choice < 0.35 and bench.platform is not None:
            bench.platform.command(RemoteStop(pile=PILE, gun="01"), bench.now)
            bench.settle()
        elif choice < 0.5:
            plugged = gun.plugged
            bench.act(lambda pile, now: gun.unplug(now) if plugged else gun.plug(now))
        elif choice < 0.6:
            bench.cut()
        elif choice < 0.64:
            bench.restart_pile(self.meter_kwh)
        elif choice < 0.7:
            keep = rng.randrange(40)
            bench.filter = lambda data, up: data[:keep]
        else:
            bench.filter = lambda data, up: data
            if bench.platform is None:
                bench.connect()
        self.electronics()
        self.charge(rng.uniform(1.0, 120.0))

    def send_start(self) -> None:
        if self.bench.platform is None:
            return
        self.serials += 1
        serial = f"{PILE}01{self.serials:016d}"
        start = RemoteStart(serial=serial, pile=PILE, gun="01", balance_yuan=10_000.0)
        self.bench.platform.start(start, self.bench.now)
        self.bench.settle()

    def electronics(self) -> None:
        for event in self.bench.told[self.handled :]:
            if isinstance(event, StartCharging):
                self.accepted[event.serial] = self.meter_kwh
                if self.rng.random() < 0.8:
                    self.bench.act(lambda pile, now: pile.guns["01"].began(now))
            elif isinstance(event, StopCharging):
                self.bench.act(lambda pile, now, reason=event.reason: pile.guns["01"].ended(reason, now))  # type: ignore[misc]
        self.handled = len(self.bench.told)

    def charge(self, seconds: float) -> None:
        gun = self.bench.pile.guns["01"]
        if gun.order is not None and gun.order.began is not None:
            self.meter_kwh = round(self.meter_kwh + seconds * 0.003, 4)
            reading = GunReading(voltage_v=400.0, current_a=27.0, meter_kwh=self.meter_kwh)
            self.bench.act(lambda pile, now: pile.guns["01"].measure(reading, now))
        else:
            reading = GunReading(meter_kwh=self.meter_kwh)
            self.bench.act(lambda pile, now: pile.guns["01"].measure(reading, now))
        self.bench.run(seconds)
        self.electronics()


@pytest.mark.parametrize("seed", range(12))
def test_every_order_is_billed_exactly_once(seed: int, tmp_path: Path) -> None:
    bench = Bench(pile_store=PileStore(tmp_path / "pile.sqlite"), bills=BillStore(tmp_path / "bills.sqlite"))
    life = Life(bench, random.Random(seed))
    bench.connect()
    for _ in range(500):
        life.step()
    bench.filter = lambda data, up: data
    bench.act(lambda pile, now: pile.guns["01"].unplug(now))
    for _ in range(3):
        bench.cut()
        bench.connect()
        bench.run(60.0)
    bills = bench.bills.bills()
    assert len(life.accepted) > 5
    assert sorted(bill.serial for bill in bills) == sorted(life.accepted)
    assert sum(bill.energy_kwh for bill in bills) == pytest.approx(life.meter_kwh, abs=1e-3)
    assert bench.pile_store.waiting(PILE) == []
    assert bench.pile_store.open_orders(PILE) == []
    bench.close()
