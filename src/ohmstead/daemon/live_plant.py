"""A simulated house that lives in real time: what ``adapter: simulated`` means in a real configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog

from ohmstead.core.site import AssetId
from ohmstead.core.state import AssetState, GridState, Reading
from ohmstead.daemon.config.sections import Config
from ohmstead.devices.simulated import SimulatedOptions
from ohmstead.errors import ConfigError, DataError
from ohmstead.simulator.house import House
from ohmstead.simulator.house_devices import HOUSEHOLD, REPORTING
from ohmstead.simulator.scenario import demo_house

log = structlog.get_logger(__name__)

S = TypeVar("S", GridState, AssetState)

PLANT_STATE = "simulated_plant"
LONGEST_CATCH_UP = timedelta(hours=6)
"""After a longer pause (suspend, restart) the rest of the time is left out: catching up takes time."""


class LivePlant:
    """A house that is moved up to the present whenever somebody looks at it; see ``devices.adapter.Plant``.

    The house has a time of its own, which never goes back. Where the clock was set, readings are
    stamped with the clock's time all the same.
    """

    def __init__(self, house: House, clock: Callable[[], datetime], *, seen_at: datetime) -> None:
        """``seen_at`` is the clock's time that the present state of the house belongs to."""
        self.house = house
        self._clock = clock
        self._seen_at = seen_at

    @classmethod
    def start(cls, clock: Callable[[], datetime], stored: bytes | None = None) -> LivePlant:
        """A new house, or the stored one where it can be used."""
        now = clock()
        house = demo_house(start=now)
        if stored is not None:
            try:
                data: dict[str, Any] = json.loads(stored)
                house.restore(data["house"])
                return cls(house, clock, seen_at=datetime.fromisoformat(data["at"]))
            except (DataError, ValueError, KeyError, TypeError) as error:
                log.warning("simulated_house_not_resumed", error=str(error))
                house = demo_house(start=now)
        return cls(house, clock, seen_at=now)

    def states(self) -> dict[str, bytes]:
        """The house, to be stored with a minute."""
        data = {"at": self._seen_at.isoformat(), "house": self.house.snapshot()}
        return {PLANT_STATE: json.dumps(data).encode()}

    def read_grid(self) -> GridState:
        """See :meth:`ohmstead.devices.adapter.Plant.read_grid`."""
        self._catch_up()
        return self._stamped(self.house.read_grid())

    def read_asset(self, asset_id: AssetId) -> AssetState:
        """See :meth:`ohmstead.devices.adapter.Plant.read_asset`."""
        self._catch_up()
        return self._stamped(self.house.read_asset(asset_id))

    def command(self, asset_id: AssetId, power_w: float) -> None:
        """See :meth:`ohmstead.devices.adapter.Plant.command`."""
        self._catch_up()
        self.house.command(asset_id, power_w)

    def release(self, asset_id: AssetId) -> None:
        """See :meth:`ohmstead.devices.adapter.Plant.release`."""
        self._catch_up()
        self.house.release(asset_id)

    def outdoor_c(self, _now: datetime) -> Reading:
        """The thermometer at the simulated wall, °C."""
        self._catch_up()
        return self.house.read().outdoor_c

    def _catch_up(self) -> None:
        now = self._clock()
        passed, self._seen_at = now - self._seen_at, now
        if passed > timedelta(0):
            self.house.step(min(passed, LONGEST_CATCH_UP).total_seconds())

    def _stamped(self, state: S) -> S:
        ahead = self._seen_at - self.house.now
        return state if abs(ahead) < timedelta(seconds=1) else _shifted(state, ahead)


def _shifted(state: S, by: timedelta) -> S:
    """All times of a state moved."""
    moved: dict[str, Any] = {}
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, datetime):
            moved[field.name] = value + by
        elif isinstance(value, Reading) and value.at is not None:
            moved[field.name] = replace(value, at=value.at + by)
    return replace(state, **moved)


def needs_plant(config: Config) -> bool:
    """Whether any device or the meter is a simulated one.

    Raises:
        ConfigError: one is of an id that the simulated house does not have.
    """
    for asset_id, settings in config.devices.items():
        options = settings.options
        if isinstance(options, SimulatedOptions):
            wanted = options.asset or asset_id
            if wanted not in REPORTING:
                raise ConfigError(
                    f"{config.file}: assets: {asset_id}: device: the simulated house has no {wanted!r}; "
                    f"allowed: {', '.join(REPORTING)} (as `asset:` of the device, or as the asset's id)"
                    + ("; the household is not metered there: leave its device out" * (wanted == HOUSEHOLD))
                )
    return any(
        isinstance(settings.options, SimulatedOptions)
        for settings in (config.meter, *config.devices.values())
    )
