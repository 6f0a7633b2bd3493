"""What a home reports to the server by itself; each becomes one notification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.site import AssetId
from ohmstead.nymea.site_values import (
    ChargingSchedule,
    PowerBalance,
    PowerBalanceEntry,
    SampleRate,
    ScoreEntry,
    SpotMarket,
    StateValue,
    Thing,
    ThingPowerEntry,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StateChanged:
    """A state of a thing has another value."""

    thing_id: str
    state_type_id: str
    state: StateValue


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingChanged:
    """A thing came (``added``) or has another name."""

    thing: Thing
    added: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingRemoved:
    """A thing is gone."""

    thing_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EventTriggered:
    """A thing reports something; ``params`` by the id of the parameter."""

    thing_id: str
    event_type_id: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RootMeterChanged:
    """Another meter is the root meter, or none."""

    thing_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerBalanceChanged:
    """One of the four current values is another."""

    balance: PowerBalance


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerBalanceLogged:
    """A sample is complete."""

    rate: SampleRate
    entry: PowerBalanceEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingPowerLogged:
    """A sample of a thing is complete."""

    rate: SampleRate
    entry: ThingPowerEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingInfoChanged:
    """How a charger is to charge has changed, or its charging state; ``added``: it is known from now on."""

    info: ChargingInfo
    added: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingInfoRemoved:
    """A charger is gone."""

    charge_point: AssetId


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargingSchedulesChanged:
    """Another plan; ``degraded``: there is no trustworthy meter."""

    schedules: tuple[ChargingSchedule, ...]
    degraded: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SpotMarketChanged:
    """Spot prices were switched on or off, or come from another provider."""

    spot_market: SpotMarket


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoresChanged:
    """Other prices are known."""

    entries: tuple[ScoreEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PhasePowerLimitChanged:
    """Another limit of the overload protection; 0: off."""

    limit_a: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AcquisitionToleranceChanged:
    """Another tolerance, 0..1."""

    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryLevelConsiderationChanged:
    """Another state of charge from which the battery's power counts as surplus, 0..1."""

    share: float


SiteEvent = (
    StateChanged
    | ThingChanged
    | ThingRemoved
    | EventTriggered
    | RootMeterChanged
    | PowerBalanceChanged
    | PowerBalanceLogged
    | ThingPowerLogged
    | ChargingInfoChanged
    | ChargingInfoRemoved
    | ChargingSchedulesChanged
    | SpotMarketChanged
    | ScoresChanged
    | PhasePowerLimitChanged
    | AcquisitionToleranceChanged
    | BatteryLevelConsiderationChanged
)

Listener = Callable[[SiteEvent], None]
