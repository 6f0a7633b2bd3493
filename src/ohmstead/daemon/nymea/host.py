"""The running home behind the port of the nymea server.

Reads are made out of the last cycle. What clients ask for enters through the engine: powers by hand, how
to charge, and the three settings; limits bind all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from ohmstead.core.charging_info import ChargingInfo, with_end_time
from ohmstead.core.engine import Engine
from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Setpoint
from ohmstead.core.record import CycleRecord
from ohmstead.core.scores import scores, scores_of_day
from ohmstead.core.site import Asset, AssetId, ChargePoint, Room
from ohmstead.core.tariff import Tariff
from ohmstead.daemon.nymea.actions import Asked, asked
from ohmstead.daemon.nymea.charging import charging_state, entry_of, info_of, schedules
from ohmstead.daemon.nymea.classes import CAR, CLASSES, METER, class_of
from ohmstead.daemon.nymea.counters import GRID, Counters, stored_data, thing_entry
from ohmstead.daemon.nymea.news import News
from ohmstead.daemon.nymea.states import Seen, Wish, asset_states, car_states, meter_states, wishes_of
from ohmstead.errors import DataError
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.power_log import balance_of
from ohmstead.nymea.site_events import (
    AcquisitionToleranceChanged,
    BatteryLevelConsiderationChanged,
    ChargingInfoChanged,
    Listener,
    PhasePowerLimitChanged,
    PowerBalanceLogged,
    SiteEvent,
    SpotMarketChanged,
    ThingPowerLogged,
)
from ohmstead.nymea.site_values import (
    ChargingSchedule,
    ChargingState,
    EnergyError,
    PowerBalance,
    PowerBalanceEntry,
    SampleRate,
    ScoreEntry,
    SpotMarket,
    SpotMarketProvider,
    Thing,
    ThingClass,
    ThingError,
    ThingPowerEntry,
)
from ohmstead.recorder import Recorder

log = structlog.get_logger(__name__)

STATE = "nymea"
"""Key under which the counters are stored with each minute."""
CAR_SUFFIX = ".car"


class NymeaHost:
    """Implements :class:`ohmstead.nymea.site_port.SitePort` for a running daemon.

    Args:
        now: the home's time.
        manual_hold_s: how long a power by hand holds.
        stored: what :meth:`states` gave before a restart.
        keep: given :meth:`states` after each wish, before its taker is told: it is to outlive a power cut.

    ``watched`` says whether anybody listens; without listeners no events are made.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime],
        manual_hold_s: float,
        stored: bytes | None = None,
        keep: Callable[[Mapping[str, bytes]], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self.now = now
        self._keep = keep
        self._hold = timedelta(seconds=manual_hold_s)
        self._zone = ZoneInfo(engine.site.timezone)
        data = stored_data(stored)
        self._counters = Counters(engine.site, self._zone, data.get("counters"))
        self._spot_market = bool(data.get("spot_market", True))
        self._wishes = wishes_of(data.get("wishes"))
        self._record: CycleRecord | None = None
        self._setpoints: dict[AssetId, Setpoint] = {}
        self._listeners: list[Listener] = []
        self.watched: Callable[[], bool] = lambda: True
        self._news = News()
        self._things: dict[str, Asset | None] = {id_of("thing", GRID): None} | {
            id_of("thing", a.id): a for a in engine.site.assets
        }
        self._cars = {id_of("thing", p.id + CAR_SUFFIX): p for p in self._points}
        self._root: str | None = id_of("thing", GRID)

    @property
    def _points(self) -> list[ChargePoint]:
        return [a for a in self._engine.site.assets if isinstance(a, ChargePoint)]

    def subscribe(self, listener: Listener) -> None:
        """See :meth:`ohmstead.nymea.site_port.SitePort.subscribe`."""
        self._listeners.append(listener)

    def states(self) -> dict[str, bytes]:
        """What a restart resumes from, to be stored with a minute."""
        data = {
            "counters": self._counters.to_data(),
            "spot_market": self._spot_market,
            "wishes": {a: [w.current_a, w.phase_count] for a, w in self._wishes.items()},
        }
        return {STATE: json.dumps(data).encode()}

    def seed(self, recorder: Recorder) -> None:
        """Fill the power logs with the history; without one that can be read they begin empty."""
        try:
            self._counters.seed(recorder, self.now())
        except DataError as error:
            log.warning("nymea_logs_not_filled", error=str(error))

    def cycle(self, record: CycleRecord) -> None:
        """Take a cycle, and tell those who listen what is new; see ``CycleListener``."""
        self._record = record
        self._setpoints |= {s.asset: s for s in record.setpoints}
        of_balance, of_things = self._counters.book(record.state)
        if not self._listeners or not self.watched():
            self._news.forget()
            return
        for rate, sample in of_balance:
            balance = balance_of(sample.powers_w, sample.totals_kwh)
            self._tell(PowerBalanceLogged(rate=rate, entry=PowerBalanceEntry(at=sample.at, balance=balance)))
        for asset, rate, sample in of_things:
            entry = thing_entry(asset, sample.at, sample.powers_w[0], sample.totals_kwh)
            self._tell(ThingPowerLogged(rate=rate, entry=entry))
        tariff = self._engine.tariff
        known = None if tariff is None else (tariff.name, tariff.slots)
        degraded = not record.state.grid.power_w.good
        for event in self._news.events(self, tariff=known, degraded=degraded):
            self._tell(event)
        for event in self._news.limited(self._engine.site, record.setpoints):
            self._tell(event)

    def _tell(self, event: SiteEvent) -> None:
        for listener in self._listeners:
            listener(event)

    # Things

    def thing_classes(self) -> Sequence[ThingClass]:
        """See :class:`ohmstead.nymea.site_port.ThingsPort`."""
        return CLASSES

    def things(self) -> Sequence[Thing]:
        """See :class:`ohmstead.nymea.site_port.ThingsPort`."""
        seen = self._seen()
        return [self._thing(i, seen) for i in (*self._things, *self._cars)]

    def thing(self, thing_id: str) -> Thing | None:
        """See :class:`ohmstead.nymea.site_port.ThingsPort`."""
        if thing_id not in self._things and thing_id not in self._cars:
            return None
        return self._thing(thing_id, self._seen())

    def _thing(self, thing_id: str, seen: Seen | None) -> Thing:
        car = self._cars.get(thing_id)
        if car is not None:
            name, parent = f"{car.name}: vehicle", id_of("thing", car.id)
            states = {} if seen is None else car_states(seen, car)
            return Thing(id=thing_id, thing_class=CAR, name=name, states=states, parent_id=parent)
        asset = self._things[thing_id]
        if asset is None:
            states = {} if seen is None else meter_states(seen)
            return Thing(id=thing_id, thing_class=METER, name="Grid", states=states)
        states = {} if seen is None else asset_states(seen, asset)
        return Thing(id=thing_id, thing_class=class_of(asset), name=asset.name, states=states)

    def _seen(self) -> Seen | None:
        if self._record is None:
            return None
        return Seen(
            site=self._engine.site,
            state=self._record.state,
            setpoints_w={a: s.power_w for a, s in self._setpoints.items()},
            by_hand={a: c.power_w for a, c in self._engine.memory.manual.items()},
            energy_kwh=self._counters.energy_kwh,
            wishes=self._wishes,
        )

    async def execute(self, thing_id: str, action: str, value: Any) -> tuple[ThingError, str | None]:
        """See :class:`ohmstead.nymea.site_port.ThingsPort`."""
        asset = self._things.get(thing_id)
        if asset is None:
            return ThingError.UNSUPPORTED_FEATURE, None
        known = None if self._record is None else self._record.state.assets.get(asset.id)
        if known is None or not known.online:
            return ThingError.HARDWARE_NOT_AVAILABLE, None
        told = self._setpoints.get(asset.id)
        running_w = known.power_w.or_(0.0) if told is None else told.power_w
        wish = self._wishes.get(asset.id, Wish())
        what = asked(asset, action, value, wish=wish, running_w=running_w)
        if isinstance(what, ThingError):
            return what, None
        return ThingError.NO_ERROR, self._obey(asset, what)

    def _obey(self, asset: Asset, what: Asked) -> str | None:
        if what.wish is not None:
            self._wishes[asset.id] = what.wish
        if what.withdraw:
            self._engine.withdraw(asset.id)
            self._keep(self.states())
            log.info("nymea_command", asset=asset.id, power_w=None)
            return None
        if what.power_w is None:
            self._keep(self.states())
            return None
        until = self.now() + self._hold
        self._engine.command(ManualCommand(asset=asset.id, power_w=what.power_w, until=until))
        self._keep(self.states())
        log.info("nymea_command", asset=asset.id, power_w=round(what.power_w), until=until.isoformat())
        return f"By hand until {until.astimezone(self._zone):%H:%M}, within the limits of the house."

    # Energy

    def root_meter(self) -> str | None:
        """See :class:`ohmstead.nymea.site_port.EnergyPort`."""
        return self._root

    def set_root_meter(self, thing_id: str) -> EnergyError:
        """The meter at the grid connection is configured: only that one can be chosen."""
        return EnergyError.NO_ERROR if thing_id == self._root else EnergyError.INVALID_PARAMETER

    def power_balance(self) -> PowerBalance:
        """See :class:`ohmstead.nymea.site_port.EnergyPort`."""
        return self._counters.balance

    def power_balance_logs(
        self, rate: SampleRate, start: datetime | None, end: datetime | None
    ) -> Sequence[PowerBalanceEntry]:
        """See :class:`ohmstead.nymea.site_port.EnergyPort`."""
        return [PowerBalanceEntry(at=at, balance=b) for at, b in self._counters.samples(rate, start, end)]

    def thing_power_logs(
        self, rate: SampleRate, thing_ids: Sequence[str], start: datetime | None, end: datetime | None
    ) -> Sequence[ThingPowerEntry]:
        """See :class:`ohmstead.nymea.site_port.EnergyPort`."""
        return [
            thing_entry(asset, s.at, s.powers_w[0], s.totals_kwh)
            for asset in self._metered(thing_ids)
            for s in self._counters.samples_of(asset, rate, start, end)
        ]

    def thing_powers(self, thing_ids: Sequence[str]) -> Sequence[ThingPowerEntry]:
        """See :class:`ohmstead.nymea.site_port.EnergyPort`."""
        now, energy = self.now(), self._counters.energy_kwh
        return [
            thing_entry(asset, now, power_w, energy.get(asset, (0.0, 0.0)))
            for asset in self._metered(thing_ids)
            if (power_w := self._counters.powers_w.get(asset)) is not None
        ]

    def _metered(self, thing_ids: Sequence[str]) -> list[AssetId]:
        return [
            GRID if asset is None else asset.id
            for thing_id, asset in self._things.items()
            if (not thing_ids or thing_id in thing_ids) and not isinstance(asset, Room)
        ]

    # Charging

    def asset_of(self, thing_id: str) -> AssetId | None:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        asset = self._things.get(thing_id)
        if isinstance(asset, ChargePoint):
            return asset.id
        car = self._cars.get(thing_id)
        return None if car is None else car.id + CAR_SUFFIX

    def thing_of(self, asset: AssetId) -> str:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return id_of("thing", asset)

    def next_time(self, time_of_day: time, now: datetime) -> datetime:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        found = with_end_time(ChargingInfo(charge_point=""), time_of_day, now, self._zone).end_at
        return now if found is None else found

    def charging_infos(self) -> Sequence[ChargingInfo]:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        state = None if self._record is None else self._record.state
        known = self._engine.charging_infos
        return [info_of(point, known.get(point.id), state) for point in self._points]

    def charging_state(self, charge_point: AssetId) -> ChargingState:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return charging_state(self._setpoints.get(charge_point))

    def set_charging_info(self, info: ChargingInfo) -> EnergyError:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        if not self._spot_market:
            info = replace(info, spot_market=False)
        try:
            self._engine.set_charging_info(info)
        except KeyError:
            return EnergyError.INVALID_PARAMETER
        self._keep(self.states())
        log.info("nymea_charging_info", charge_point=info.charge_point, mode=info.mode.value)
        self._news.told(f"info.{info.charge_point}", (info, self.charging_state(info.charge_point)))
        self._tell(ChargingInfoChanged(info=info))
        return EnergyError.NO_ERROR

    def charging_schedules(self) -> Sequence[ChargingSchedule]:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        engine, now = self._engine, self.now()
        return schedules(
            engine.site,
            engine.plan if engine.plan_slot(now) is not None else None,
            engine.charging_infos,
            None if self._record is None else self._record.state,
            now,
            engine.tariff,
            settings=engine.tuned,
            memory=engine.memory,
            zone=engine.zone,
        )

    def spot_market_providers(self) -> Sequence[SpotMarketProvider]:
        """The contract of the configuration; another contract is another configuration."""
        tariff = self._engine.tariff
        return [] if tariff is None else [SpotMarketProvider(id=_provider_id(tariff), name=tariff.name)]

    def spot_market(self) -> SpotMarket:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        tariff = self._engine.tariff
        return SpotMarket(
            enabled=self._spot_market,
            available=tariff is not None,
            provider_id=None if tariff is None else _provider_id(tariff),
        )

    def set_spot_market(self, *, enabled: bool, provider_id: str | None) -> EnergyError:
        """Where prices are not to be looked at, no charger charges by price any more."""
        if provider_id not in (None, self.spot_market().provider_id):
            return EnergyError.INVALID_PARAMETER
        self._spot_market = enabled
        for info in () if enabled else tuple(self._engine.charging_infos.values()):
            if info.spot_market:
                self.set_charging_info(replace(info, spot_market=False))
        self._keep(self.states())
        self._news.told("spot_market", self.spot_market())
        self._tell(SpotMarketChanged(spot_market=self.spot_market()))
        return EnergyError.NO_ERROR

    def score_entries(self, day: datetime | None) -> Sequence[ScoreEntry]:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        tariff = self._engine.tariff
        if tariff is None:
            return ()
        if day is None:
            found = scores(tariff.slots)
        else:
            found = scores_of_day(tariff, day.astimezone(self._zone).date(), self._zone)
        return [entry_of(score) for score in found]

    def phase_power_limit_a(self) -> int:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return round(self._engine.tuned.phase_limit_a)

    def set_phase_power_limit_a(self, limit_a: int) -> EnergyError:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return self._tune(PhasePowerLimitChanged(limit_a=limit_a), phase_limit_a=float(limit_a))

    def acquisition_tolerance(self) -> float:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return self._engine.tuned.acquisition_tolerance

    def set_acquisition_tolerance(self, share: float) -> EnergyError:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return self._tune(AcquisitionToleranceChanged(share=share), acquisition_tolerance=share)

    def battery_level_consideration(self) -> float:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return self._engine.tuned.battery_level_consideration

    def set_battery_level_consideration(self, share: float) -> EnergyError:
        """See :class:`ohmstead.nymea.site_port.ChargingPort`."""
        return self._tune(BatteryLevelConsiderationChanged(share=share), battery_level_consideration=share)

    def _tune(self, event: SiteEvent, **changes: float) -> EnergyError:
        try:
            tuning = replace(self._engine.memory.tuning, **changes)
        except ValueError:
            return EnergyError.INVALID_PARAMETER
        self._engine.tune(tuning)
        self._keep(self.states())
        log.info("nymea_setting", **changes)
        self._tell(event)
        return EnergyError.NO_ERROR


def _provider_id(tariff: Tariff) -> str:
    return id_of("provider", tariff.name)
