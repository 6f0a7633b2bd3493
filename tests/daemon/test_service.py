"""A whole home in one process: real sockets, a real database file, the twin behind the adapter."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest

from ohmstead.core.engine import Engine
from ohmstead.core.site import Load, Room
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.bookkeeping import resume_ledger, resume_memory, resume_minute
from ohmstead.daemon.journal import HOUSEHOLD
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.service import Parts, Service
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.errors import ConfigError
from ohmstead.recorder import Recorder
from ohmstead.simulator.faults import FaultKind
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import demo_house
from ohmstead.web.schema import WarningInfo
from tests.daemon.homes import NOON, command_in_force, devices_of, meter_of

ZONE = ZoneInfo("Europe/Vienna")
MINUTE = timedelta(minutes=1)
DEADLINE_S = 60.0
SPEED = 3600.0


def prices(now: datetime) -> Tariff:
    slot = PriceSlot(
        start=NOON - timedelta(days=1),
        end=NOON + timedelta(days=3),
        import_eur_per_kwh=0.3,
        export_eur_per_kwh=0.1,
    )
    return Tariff(name="same", slots=[slot])


class Running:
    """A service in the background, and a client of its API."""

    def __init__(self, recorder: Recorder, **more: Any) -> None:
        self.house: House = demo_house(start=NOON)
        self.recorder = recorder
        self.stop = asyncio.Event()
        self.url = ""
        parts: dict[str, Any] = {
            "mode": "run",
            "engine": Engine(self.house.site, memory=resume_memory(recorder)),
            "meter": meter_of(self.house),
            "devices": devices_of(self.house),
            "clock": SimulatedClock(NOON, SPEED, self.house.step),
            "ledger": resume_ledger(recorder, ZONE) or Ledger(zone=ZONE, since=NOON),
            "recorder": recorder,
            "tariff": prices,
        }
        self.service = Service(Parts(**(parts | more)))

    async def run(self, port: int = 0) -> None:
        await self.service.run(
            host="127.0.0.1", port=port, stop=self.stop, ready=lambda url: setattr(self, "url", url)
        )

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not look():  # noqa: ASYNC110 - what is looked at tells nobody of its changes
                await asyncio.sleep(0.01)


async def test_a_stop_releases_every_device_and_commits_the_last_minute(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        it = Running(recorder)
        running = asyncio.create_task(it.run())
        await it.until(lambda: it.service.loop.cycles > 20)
        assert command_in_force(it.house, "battery") is not None
        it.stop.set()
        await running
        told = [
            command_in_force(it.house, a.id) for a in it.house.site.assets if not isinstance(a, Load | Room)
        ]
        assert told == [None] * 6
        last = recorder.last_minute()
        assert last is not None
        assert last <= it.house.now <= last + 2 * MINUTE
        memory = resume_memory(recorder)
        assert memory is not None
        assert memory == it.service.loop.engine.memory
        ledger = resume_ledger(recorder, ZONE)
        assert ledger is not None
        costs = recorder.costs(NOON, last + MINUTE)
        assert costs.cost_eur == pytest.approx(ledger.total.cost_eur, abs=1e-9)


async def test_a_taken_port_is_told_before_any_device_is_touched(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        it = Running(recorder)
        before = it.house.snapshot()
        with pytest.raises(ConfigError, match="in use by another program"):
            await it.run(taken.getsockname()[1])
        assert it.house.snapshot() == before
        assert it.service.loop.cycles == 0
        assert recorder.last_minute() is None


async def test_a_device_out_of_order_is_a_warning_until_it_is_back(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        it = Running(recorder, more_warnings=lambda: [WarningInfo(code="x", message="Something else.")])
        it.house.faults.inject(FaultKind.OFFLINE, "tank")
        running = asyncio.create_task(it.run())
        await it.until(lambda: it.service.loop.cycles > 5)
        async with httpx2.AsyncClient(base_url=it.url) as client:
            state = (await client.get("/api/state")).json()
            assert state["warnings"] == [
                {"code": "device", "message": "tank: tank does not answer"},
                {"code": "x", "message": "Something else."},
            ]
            assert state["assets"]["tank"]["online"] is False
            assert state["assets"]["battery"]["setpoint_w"] is not None
            health = (await client.get("/healthz")).json()
            assert (health["status"], health["details"]) == ("degraded", {"tank": "tank does not answer"})
            it.house.faults.clear()
            seen = it.service.loop.cycles
            await it.until(lambda: it.service.loop.cycles > seen + 3)
            state = (await client.get("/api/state")).json()
            assert [w["code"] for w in state["warnings"]] == ["x"]
            assert state["assets"]["tank"]["online"] is True
        it.stop.set()
        await running


async def test_the_household_is_unknown_while_a_device_hides_in_it(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        it = Running(recorder)
        it.house.faults.inject(FaultKind.OFFLINE, "charger", start=NOON + 10 * MINUTE, duration_s=1200.0)
        running = asyncio.create_task(it.run())
        await it.until(lambda: it.house.now > NOON + 45 * MINUTE)
        it.stop.set()
        await running
        found = recorder.history([HOUSEHOLD, "grid"], NOON, NOON + 45 * MINUTE, 60)
        known = {at for at, _ in found[HOUSEHOLD]}
        metered = {at for at, _ in found["grid"]}
        lost = {NOON + i * MINUTE for i in range(11, 29)}
        assert lost <= metered
        assert not lost & known
        assert {NOON + i * MINUTE for i in (*range(2, 9), *range(32, 40))} <= known


async def test_other_series_are_recorded_beside_the_measured_ones(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        it = Running(recorder, more_values=lambda now: {"promised": 7.0, "unknown": None})
        running = asyncio.create_task(it.run())
        await it.until(lambda: it.house.now > NOON + 3 * MINUTE)
        it.stop.set()
        await running
        found = recorder.history(["promised", "unknown"], NOON, NOON + 3 * MINUTE, 60)
        assert [value for _, value in found["promised"]] == pytest.approx([7.0, 7.0, 7.0])
        assert found["unknown"] == []


async def test_commands_given_before_a_restart_are_given_again(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    with Recorder.open(path) as recorder:
        it = Running(recorder)
        running = asyncio.create_task(it.run())
        await it.until(lambda: it.house.now > NOON + 3 * MINUTE)
        it.stop.set()
        await running
        memory = resume_memory(recorder)
        assert memory is not None
        told = {a for a, m in memory.assets.items() if m.commanded_w is not None}
    with Recorder.open(path) as recorder:
        again = Running(recorder)
        record = await again.service.loop.cycle()
        assert told
        assert {s.asset for s in record.setpoints if s.send} == told
        again.stop.set()
        await again.run()


async def test_a_minute_interrupted_by_a_restart_is_recorded_whole(tmp_path: Path) -> None:
    path = tmp_path / "home.db"
    end = NOON + timedelta(seconds=30)
    house = demo_house(start=NOON)
    clock = SimulatedClock(NOON, SPEED, house.step)
    parts = {"clock": clock, "meter": meter_of(house), "devices": devices_of(house)}
    for cycles in (4, 6):
        with Recorder.open(path) as recorder:
            it = Running(recorder, **parts)
            for _ in range(cycles):
                await it.service.loop.cycle()
                await clock.sleep_until(clock.now() + timedelta(seconds=10))
            it.stop.set()
            await it.run()
    assert clock.now() > end
    with Recorder.open(path) as recorder:
        ledger = resume_ledger(recorder, ZONE)
        assert ledger is not None
        assert ledger.total.import_kwh + ledger.total.export_kwh > 0.0
        costs = recorder.costs(NOON, NOON + 5 * MINUTE)
        assert costs.cost_eur == pytest.approx(ledger.total.cost_eur, abs=1e-9)
        first = recorder.decisions(100)[-1]
        assert first.at == NOON


async def test_a_state_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with Recorder.open(tmp_path / "home.db") as recorder:
        for blob in (b"{}", b"[1]", b"no json", json.dumps({"since": "yesterday"}).encode()):
            recorder.save_state("ledger", blob)
            recorder.save_state("minute", blob)
            recorder.save_state("engine", blob)
            assert resume_ledger(recorder, ZONE) is None
            assert resume_minute(recorder) is None
            assert resume_memory(recorder) is None
