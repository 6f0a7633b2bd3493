"""What the server needs of a home: the port that a host implements.

Things go by UUIDs with braces. The charging methods speak of assets, and the port translates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, Protocol

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.site import AssetId
from ohmstead.nymea.site_events import Listener
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


class ThingsPort(Protocol):
    """The home as things. Reads never fail: where nothing is known yet they give what is known."""

    def thing_classes(self) -> Sequence[ThingClass]:
        """All kinds of thing."""
        ...

    def things(self) -> Sequence[Thing]:
        """All things with their states now."""
        ...

    def thing(self, thing_id: str) -> Thing | None:
        """One thing with its states now."""
        ...

    async def execute(self, thing_id: str, action: str, value: Any) -> tuple[ThingError, str | None]:
        """Do an action by its name; ``value`` is the new value of a writable state, else ``None``.

        Returns:
            the outcome, and a message for people where there is one.
        """
        ...


class EnergyPort(Protocol):
    """The home's power balance."""

    def root_meter(self) -> str | None:
        """The thing that is the root meter."""
        ...

    def set_root_meter(self, thing_id: str) -> EnergyError:
        """Choose the root meter."""
        ...

    def power_balance(self) -> PowerBalance:
        """Now; zeros where nothing is known yet."""
        ...

    def power_balance_logs(
        self, rate: SampleRate, start: datetime | None, end: datetime | None
    ) -> Sequence[PowerBalanceEntry]:
        """Samples that end in [start, end], in order."""
        ...

    def thing_power_logs(
        self, rate: SampleRate, thing_ids: Sequence[str], start: datetime | None, end: datetime | None
    ) -> Sequence[ThingPowerEntry]:
        """Samples that end in [start, end], in order; no ids: of all things."""
        ...

    def thing_powers(self, thing_ids: Sequence[str]) -> Sequence[ThingPowerEntry]:
        """The things' powers now; no ids: of all things."""
        ...


class ChargingPort(Protocol):
    """How the home charges."""

    def asset_of(self, thing_id: str) -> AssetId | None:
        """The charge point or vehicle that a thing stands for."""
        ...

    def thing_of(self, asset: AssetId) -> str:
        """The thing that stands for a charge point or vehicle."""
        ...

    def next_time(self, time_of_day: time, now: datetime) -> datetime:
        """When it is that time next at the home, on its own clocks."""
        ...

    def charging_infos(self) -> Sequence[ChargingInfo]:
        """Of every charge point."""
        ...

    def charging_state(self, charge_point: AssetId) -> ChargingState:
        """What a charger does now."""
        ...

    def set_charging_info(self, info: ChargingInfo) -> EnergyError:
        """Charge like that from now on."""
        ...

    def charging_schedules(self) -> Sequence[ChargingSchedule]:
        """What the chargers are going to do, by charger and time."""
        ...

    def spot_market_providers(self) -> Sequence[SpotMarketProvider]:
        """Whose prices can be used."""
        ...

    def spot_market(self) -> SpotMarket:
        """Whose prices are used."""
        ...

    def set_spot_market(self, *, enabled: bool, provider_id: str | None) -> EnergyError:
        """Use somebody's prices, or nobody's."""
        ...

    def score_entries(self, day: datetime | None) -> Sequence[ScoreEntry]:
        """The price slots of the local day that contains a moment, or all that are known."""
        ...

    def phase_power_limit_a(self) -> int:
        """Of the overload protection, A per phase; 0: only the fuse of the configuration."""
        ...

    def set_phase_power_limit_a(self, limit_a: int) -> EnergyError:
        """Protect the phases with another limit; never above the fuse."""
        ...

    def acquisition_tolerance(self) -> float:
        """Share of the smallest charging power that may come from the grid, 0..1."""
        ...

    def set_acquisition_tolerance(self, share: float) -> EnergyError:
        """See :meth:`acquisition_tolerance`."""
        ...

    def battery_level_consideration(self) -> float:
        """From which SoC on the battery's charging power counts as surplus, 0..1."""
        ...

    def set_battery_level_consideration(self, share: float) -> EnergyError:
        """See :meth:`battery_level_consideration`."""
        ...


class SitePort(ThingsPort, EnergyPort, ChargingPort, Protocol):
    """A home, whole."""

    def subscribe(self, listener: Listener) -> None:
        """Tell somebody of every event from now on; listeners must not block."""
        ...
