"""The simulated house under the daemon's own loop, with a nymea client at its server.

Wishes go in as JSON-RPC over a socket; what comes out is measured at the simulated devices.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ohmstead.core.engine import Engine, replay
from ohmstead.core.memory import Memory
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.site import Asset, AssetId
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.loop import ControlLoop
from ohmstead.daemon.nymea.serving import nymea_host, nymea_served
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.daemon.sensing import Senses
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.devices.base import Device
from ohmstead.nymea.identity import id_of
from ohmstead.recorder import Recorder
from ohmstead.simulator.battery import BatterySpec, BatteryTwin
from ohmstead.simulator.charger import ChargerSpec, ChargerTwin, VehicleSpec
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import TIMEZONE, demo_house
from ohmstead.simulator.trips import Trip, TripPattern, TripSchedule
from tests.daemon.homes import AS_FAST_AS_POSSIBLE, devices_of, meter_of
from tests.nymea.serving import Client

CHARGER = id_of("thing", "charger")
ANY_PORT = NymeaSettings(tcp_port=0, websocket_port=0, tls_port=0, tls_websocket_port=0)
LOCAL = ZoneInfo(TIMEZONE)


class AtHome(TripSchedule):
    """A car that stays for a month."""

    def around(self, now_s: float) -> tuple[Trip, Trip]:
        days = 86_400.0
        before = Trip(depart_s=now_s - 10 * days, back_s=now_s - 9 * days, energy_kwh=0.0)
        return before, Trip(depart_s=now_s + 30 * days, back_s=now_s + 31 * days, energy_kwh=0.0)


def house_at(
    start: datetime,
    *,
    car_soc: float = 0.3,
    battery_soc: float = 0.5,
    charger: ChargerSpec | None = None,
    site: Mapping[AssetId, Mapping[str, Any]] | None = None,
) -> House:
    """The demo house at a moment, the car on its cable.

    ``site`` changes what the engine is told of assets: by asset, the fields to replace.
    """
    base = demo_house(start=start)
    trips = AtHome(1, LOCAL, TripPattern())
    car = ChargerTwin(charger or ChargerSpec(), VehicleSpec(), trips, start.timestamp(), soc=car_soc)
    devices = replace(base.devices, charger=car, battery=BatteryTwin(BatterySpec(), soc=battery_soc))
    told: Mapping[AssetId, Mapping[str, Any]] = site or {}
    assets: list[Asset] = [replace(a, **told.get(a.id, {})) for a in base.site.assets]
    return House(
        site=replace(base.site, assets=tuple(assets)),
        start=start,
        inputs=base.inputs,
        devices=devices,
        seed=1,
    )


def tariff_of(start: datetime, import_eur_per_kwh: Sequence[float]) -> Tariff:
    """Hourly import prices from the hour of a moment on."""
    first = start.replace(minute=0, second=0, microsecond=0)
    slots = [
        PriceSlot(
            start=first + timedelta(hours=h),
            end=first + timedelta(hours=h + 1),
            import_eur_per_kwh=price,
            export_eur_per_kwh=0.07,
        )
        for h, price in enumerate(import_eur_per_kwh)
    ]
    return Tariff(name="hourly", slots=slots)


@dataclass
class Life:
    """A house that is lived in."""

    house: House
    loop: ControlLoop
    clock: SimulatedClock
    client: Client
    records: list[CycleRecord]

    @property
    def engine(self) -> Engine:
        """What decides."""
        return self.loop.engine

    async def run(self, duration: timedelta, *, every_s: float = 10.0) -> list[CycleRecord]:
        """Let simulated time pass; the cycles of it. Each of them can be replayed."""
        first, end = len(self.records), self.clock.now() + duration
        while self.clock.now() < end:
            record = await self.loop.cycle()
            self.records.append(record)
            await self.clock.sleep_until(self.clock.now() + timedelta(seconds=every_s))
        new = self.records[first:]
        for record in new[:: max(1, len(new) // 20)]:
            assert replay(record, self.house.site, self.engine.settings).setpoints == record.setpoints
        return new

    async def act(self, asset: AssetId, action: str, value: Any) -> None:
        """Execute an action on the thing that an asset is, as a nymea client does."""
        thing_id = id_of("thing", asset)
        (thing,) = (await self.client.call("Integrations.GetThings", {"thingId": thing_id}))["things"]
        asked = {"thingClassId": thing["thingClassId"]}
        types = (await self.client.call("Integrations.GetActionTypes", asked))["actionTypes"]
        action_id = next(t["id"] for t in types if t["name"] == action)
        done = await self.client.call(
            "Integrations.ExecuteAction",
            {
                "thingId": thing_id,
                "actionTypeId": action_id,
                "params": [{"paramTypeId": action_id, "value": value}],
            },
        )
        assert done["thingError"] == "ThingErrorNoError"

    async def charge(self, mode: str, **more: Any) -> None:
        """Set how the car is charged, as a nymea client does."""
        info = {
            "evChargerId": CHARGER,
            "chargingMode": f"ChargingMode{mode}",
            "targetPercentage": 80,
            "minChargingCurrent": 6,
            "spotMarketChargingEnabled": False,
            "dailySpotMarketPercentage": 0,
        } | more
        done = await self.client.call("EnergyPlugin.SetChargingInfo", {"chargingInfo": info})
        assert done == {"energyError": "EnergyErrorNoError"}

    async def set(self, what: str, value: float) -> None:
        """Set a tolerance or the phase limit, as a nymea client does."""
        done = await self.client.call(f"EnergyPlugin.Set{what}", {what[0].lower() + what[1:]: value})
        assert done == {"energyError": "EnergyErrorNoError"}

    async def charging_state(self) -> str:
        """Why the car charges, as a nymea client is told."""
        asked = {"evChargerId": CHARGER}
        (info,) = (await self.client.call("EnergyPlugin.GetChargingInfos", asked))["chargingInfos"]
        return str(info["chargingState"])

    @property
    def car_soc(self) -> float:
        """The true SoC of the car."""
        return self.house.devices.charger.soc


@contextlib.asynccontextmanager
async def lived_in(
    house: House,
    folder: Path,
    *,
    settings: Settings | None = None,
    tariff: Tariff | None = None,
    memory: Memory | None = None,
    sg_ready: bool = False,
    wired: Callable[[list[Device]], list[Device]] = lambda devices: devices,
) -> AsyncIterator[Life]:
    """A house with its loop, its nymea server and a client that has said hello.

    ``memory`` is what the daemon resumes with; ``sg_ready``: the heat pump is asked by its contacts;
    ``wired`` may put something in front of the devices.
    """
    clock = SimulatedClock(house.now, AS_FAST_AS_POSSIBLE, house.step)
    engine = Engine(house.site, settings, memory=memory)
    engine.set_tariff(tariff)
    devices = wired(devices_of(house, sg_ready=sg_ready))
    with Recorder.open(folder / "home.db") as recorder:
        host = nymea_host(ANY_PORT, engine, recorder, clock.now)
        loop = ControlLoop(
            engine=engine,
            senses=Senses(meter_of(house), devices),
            actuators=Actuators(devices),
            clock=clock,
            listeners=(host,),
            outdoor_c=lambda _: house.read().outdoor_c,
        )
        async with (
            nymea_served(ANY_PORT, host, recorder, name="Acceptance", folder=folder) as ports,
            await Client.connect(ports["tcp_port"]) as client,
        ):
            await client.call("JSONRPC.Hello")
            yield Life(house, loop, clock, client, [])


def powers(records: Sequence[CycleRecord], asset: AssetId) -> list[float]:
    """What an asset was measured to take, W; 0 where it was not."""
    return [r.state.assets[asset].power_w.or_(0.0) for r in records]


def told(records: Sequence[CycleRecord], asset: AssetId) -> list[float]:
    """What an asset was told, W, cycle by cycle."""
    return [next((s.power_w for s in r.setpoints if s.asset == asset), 0.0) for r in records]


def starts_and_stops(values: Sequence[float]) -> int:
    """How often something went on or off."""
    on = [v > 50.0 for v in values]
    return sum(1 for a, b in pairwise(on) if a != b)


def lengths_s(records: Sequence[CycleRecord], values: Sequence[float]) -> list[float]:
    """How long each time on and each time off lasted, in order, s."""
    changes = [
        b.at for (a, x), (b, y) in pairwise(zip(records, values, strict=True)) if (x > 50.0) != (y > 50.0)
    ]
    marks = [records[0].at, *changes, records[-1].at]
    return [(b - a).total_seconds() for a, b in pairwise(marks)]
