"""A small home behind the port: a meter, a battery and a charger, all of it in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.site import AssetId
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.site_events import ChargingInfoChanged, Listener, SiteEvent, StateChanged
from ohmstead.nymea.site_port import SitePort
from ohmstead.nymea.site_values import (
    ActionType,
    ChargingActionIssuer,
    ChargingSchedule,
    ChargingState,
    EnergyError,
    PowerBalance,
    PowerBalanceEntry,
    SampleRate,
    ScoreEntry,
    SpotMarket,
    SpotMarketProvider,
    StateType,
    StateValue,
    Thing,
    ThingClass,
    ThingError,
    ThingPowerEntry,
)

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)
METER, CHARGER, CAR = (id_of("thing", name) for name in ("meter", "charger", "car"))
PROVIDER = id_of("provider", "awattar_at")


def _state(owner: str, name: str, kind: str, default: Any, **more: Any) -> StateType:
    return StateType(
        id=id_of("state", f"{owner}.{name}"),
        name=name,
        display_name=name,
        type=kind,
        default=default,
        **more,
    )


METER_CLASS = ThingClass(
    id=id_of("class", "meter"),
    name="meter",
    display_name="Meter",
    interfaces=("energymeter",),
    state_types=(_state("meter", "currentPower", "Double", 0.0, unit="UnitWatt"),),
)
CHARGER_CLASS = ThingClass(
    id=id_of("class", "charger"),
    name="charger",
    display_name="Charger",
    interfaces=("evcharger",),
    state_types=(
        _state("charger", "power", "Bool", False, writable=True),
        _state(
            "charger",
            "maxChargingCurrent",
            "Double",
            6.0,
            unit="UnitAmpere",
            writable=True,
            min_value=6.0,
            max_value=32.0,
        ),
        _state("charger", "desiredPhaseCount", "Uint", 3, writable=True, possible_values=(1, 3)),
    ),
    action_types=(ActionType(id=id_of("action", "charger.slow"), name="slow", display_name="Slow"),),
)


class SampleHome(SitePort):
    """Does at once what it is asked; the action ``slow`` takes as long as ``slow_s``."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self.states: dict[str, dict[str, Any]] = {
            METER: {"currentPower": 1200.0},
            CHARGER: {"power": False, "maxChargingCurrent": 6.0, "desiredPhaseCount": 3},
        }
        self.info = ChargingInfo(charge_point="charger")
        self.root: str | None = METER
        self.market = SpotMarket(enabled=False, available=True)
        self.limit_a, self.tolerance, self.consideration = 0, 0.5, 0.9
        self.slow_s = 0.0

    def subscribe(self, listener: Listener) -> None:
        self.listeners.append(listener)

    def emit(self, event: SiteEvent) -> None:
        for listener in self.listeners:
            listener(event)

    def meter_reads(self, power_w: float) -> None:
        self.states[METER]["currentPower"] = power_w
        state_type = METER_CLASS.named("currentPower")
        self.emit(StateChanged(thing_id=METER, state_type_id=state_type.id, state=StateValue(value=power_w)))

    def thing_classes(self) -> Sequence[ThingClass]:
        return METER_CLASS, CHARGER_CLASS

    def things(self) -> Sequence[Thing]:
        return [
            Thing(
                id=thing_id,
                thing_class=METER_CLASS if thing_id == METER else CHARGER_CLASS,
                name="Meter" if thing_id == METER else "Charger",
                states={name: StateValue(value=value) for name, value in states.items()},
            )
            for thing_id, states in self.states.items()
        ]

    def thing(self, thing_id: str) -> Thing | None:
        return next((t for t in self.things() if t.id == thing_id), None)

    async def execute(self, thing_id: str, action: str, value: Any) -> tuple[ThingError, str | None]:
        if action == "slow":
            await asyncio.sleep(self.slow_s)
            return ThingError.NO_ERROR, "at last"
        self.states[thing_id][action] = value
        return ThingError.NO_ERROR, None

    def root_meter(self) -> str | None:
        return self.root

    def set_root_meter(self, thing_id: str) -> EnergyError:
        if thing_id != METER:
            return EnergyError.INVALID_PARAMETER
        self.root = thing_id
        return EnergyError.NO_ERROR

    def power_balance(self) -> PowerBalance:
        return PowerBalance(consumption_w=1200.0, acquisition_w=1200.0, total_acquisition_kwh=3.5)

    def power_balance_logs(
        self, rate: SampleRate, start: datetime | None, end: datetime | None
    ) -> Sequence[PowerBalanceEntry]:
        entry = PowerBalanceEntry(at=NOW, balance=self.power_balance())
        inside = (start is None or start <= NOW) and (end is None or end >= NOW)
        return [entry] if inside and rate is SampleRate.MINUTE else []

    def thing_power_logs(
        self, rate: SampleRate, thing_ids: Sequence[str], start: datetime | None, end: datetime | None
    ) -> Sequence[ThingPowerEntry]:
        return self.thing_powers(thing_ids)

    def thing_powers(self, thing_ids: Sequence[str]) -> Sequence[ThingPowerEntry]:
        return [ThingPowerEntry(at=NOW, thing_id=i, power_w=5.0) for i in thing_ids or (METER, CHARGER)]

    def asset_of(self, thing_id: str) -> AssetId | None:
        return {CHARGER: "charger", CAR: "car"}.get(thing_id)

    def thing_of(self, asset: AssetId) -> str:
        return {"charger": CHARGER, "car": CAR}[asset]

    def next_time(self, time_of_day: time, now: datetime) -> datetime:
        found = now.replace(hour=time_of_day.hour, minute=time_of_day.minute)
        return found if found > now else found + timedelta(days=1)

    def charging_infos(self) -> Sequence[ChargingInfo]:
        return [self.info]

    def charging_state(self, charge_point: AssetId) -> ChargingState:
        return ChargingState.IDLE

    def set_charging_info(self, info: ChargingInfo) -> EnergyError:
        self.info = info
        self.emit(ChargingInfoChanged(info=info))
        return EnergyError.NO_ERROR

    def charging_schedules(self) -> Sequence[ChargingSchedule]:
        return [
            ChargingSchedule(
                charge_point="charger",
                start=NOW,
                end=NOW + timedelta(hours=1),
                enabled=True,
                max_current_a=16.0,
                phase_count=3,
                issuer=ChargingActionIssuer.TIME_REQUIREMENT,
            )
        ]

    def spot_market_providers(self) -> Sequence[SpotMarketProvider]:
        return [SpotMarketProvider(id=PROVIDER, name="aWATTar", country="AT")]

    def spot_market(self) -> SpotMarket:
        return self.market

    def set_spot_market(self, *, enabled: bool, provider_id: str | None) -> EnergyError:
        if provider_id not in (None, PROVIDER):
            return EnergyError.INVALID_PARAMETER
        self.market = replace(
            self.market, enabled=enabled, provider_id=provider_id or self.market.provider_id
        )
        return EnergyError.NO_ERROR

    def score_entries(self, day: datetime | None) -> Sequence[ScoreEntry]:
        start = NOW if day is None else day
        return [ScoreEntry(start=start, end=start + timedelta(hours=1), value=-12.5, weighting=1.0)]

    def phase_power_limit_a(self) -> int:
        return self.limit_a

    def set_phase_power_limit_a(self, limit_a: int) -> EnergyError:
        self.limit_a = limit_a
        return EnergyError.NO_ERROR

    def acquisition_tolerance(self) -> float:
        return self.tolerance

    def set_acquisition_tolerance(self, share: float) -> EnergyError:
        self.tolerance = share
        return EnergyError.NO_ERROR

    def battery_level_consideration(self) -> float:
        return self.consideration

    def set_battery_level_consideration(self, share: float) -> EnergyError:
        self.consideration = share
        return EnergyError.NO_ERROR
