"""The adapter to a simulated house: every device of the demo and of most tests.

It does nothing that a real adapter does not do, so that the loop above cannot tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import Field

from ohmstead.core.sg_ready import SgReady
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
from ohmstead.core.state import AssetState, GridState, HeatPumpState
from ohmstead.devices.adapter import AdapterOptions, AdapterSpec, Environment, Plant
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import ConfigError, DeviceError


class SimulatedOptions(AdapterOptions):
    """Options of the simulated adapter."""

    asset: AssetId | None = Field(
        default=None, description="Id in the simulated house, where it is another than the asset's own."
    )
    sg_ready: bool = Field(
        default=False, description="Of a heat pump: it takes the states of SG Ready instead of a power."
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


@dataclass(frozen=True, slots=True)
class SimulatedSgReady(SimulatedActuator):
    """A simulated heat pump with contacts; ``SgReadyControllable``. Both boosts are powers to the twin."""

    pump: HeatPump

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        state = await SimulatedActuator.update(self)
        return replace(state, sg_ready=True) if isinstance(state, HeatPumpState) else state

    async def ask_for(self, state: SgReady) -> None:
        """See :meth:`ohmstead.devices.base.SgReadyControllable.ask_for`."""
        match state:
            case SgReady.NORMAL:
                await self.release()
            case SgReady.BLOCKED:
                await self.apply(0.0)
            case SgReady.RECOMMENDED:
                await self.apply((self.pump.min_w + self.pump.max_w) / 2.0)
            case SgReady.FORCED:
                await self.apply(self.pump.max_w)


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
        plant_id = options.asset or asset.id
        if options.sg_ready and isinstance(asset, HeatPump):
            return SimulatedSgReady(asset.id, self._plant, plant_id, asset)
        kind = SimulatedActuator if obeys(asset) else SimulatedDevice
        return kind(asset.id, self._plant, plant_id)

    async def close(self) -> None:
        """Nothing to give back."""


def problems_of_options(asset: Asset | None, options: AdapterOptions) -> Iterator[tuple[str, str]]:
    """What an asset (``None``: the meter) cannot have, as the option to blame and words."""
    if isinstance(options, SimulatedOptions) and options.sg_ready and not isinstance(asset, HeatPump):
        yield "sg_ready", "only a heat pump has it"


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
    problems=problems_of_options,
)
