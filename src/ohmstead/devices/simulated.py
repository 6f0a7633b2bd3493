"""The adapter to a simulated house: every device of the demo and of most tests.

It does nothing that a real adapter does not do, so that the loop above cannot tell them apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pydantic import Field

from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Load,
    PvSystem,
    Room,
)
from ohmstead.core.state import AssetState, GridState
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment, Plant
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import ConfigError, DeviceError


class SimulatedOptions(AdapterOptions):
    """Options of the simulated adapter."""

    asset: AssetId | None = Field(
        default=None, description="Id in the simulated house, where it is another than the asset's own."
    )


@dataclass(frozen=True, slots=True)
class SimulatedMeter:
    """The meter at the simulated grid connection."""

    plant: Plant

    async def update(self) -> GridState:
        """See :meth:`ohmstead.devices.base.Meter.update`."""
        return self.plant.read_grid()


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """A simulated asset that can only be read."""

    id: AssetId
    plant: Plant
    plant_id: AssetId

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        state = self.plant.read_asset(self.plant_id)
        return state if state.id == self.id else replace(state, id=self.id)


@dataclass(frozen=True, slots=True)
class SimulatedActuator(SimulatedDevice):
    """A simulated asset that obeys; ``Controllable``."""

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        if not math.isfinite(power_w):
            raise DeviceError(f"{self.id}: {power_w} W is not a setpoint")
        self.plant.command(self.plant_id, power_w)

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        self.plant.release(self.plant_id)


def obeys(asset: Asset) -> bool:
    """Whether a simulated asset takes setpoints: rooms and the household never, PV where curtailable."""
    match asset:
        case PvSystem():
            return asset.curtailable
        case Room() | Load():
            return False
        case _:
            return True


class SimulatedAdapter:
    """Opens devices of one simulated house."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    def meter(self, options: AdapterOptions) -> Meter:  # noqa: ARG002 - there is one meter only
        """The meter of the simulated house."""
        return SimulatedMeter(self._plant)

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The simulated counterpart of an asset.

        Raises:
            TypeError: the options are another adapter's.
        """
        if not isinstance(options, SimulatedOptions):
            raise TypeError(f"options of {asset.id}: {type(options).__name__}, expected SimulatedOptions")
        kind = SimulatedActuator if obeys(asset) else SimulatedDevice
        return kind(asset.id, self._plant, options.asset or asset.id)

    async def close(self) -> None:
        """Nothing to give back."""


def open_simulated(environment: Environment) -> SimulatedAdapter:
    """Connect to the simulated house.

    Raises:
        ConfigError: the daemon runs without one.
    """
    if environment.plant is None:
        raise ConfigError(
            "adapter 'simulated' needs a simulated house, and this command has none; "
            "name a real adapter, or use `ohmstead demo`"
        )
    return SimulatedAdapter(environment.plant)


SIMULATED = AdapterSpec(
    name="simulated",
    summary="A device of the simulated house.",
    options=SimulatedOptions,
    assets=(PvSystem, Battery, ChargePoint, HotWaterTank, HeatPump, Room, Load, FlexibleLoad),
    is_meter=True,
    open=open_simulated,
)
