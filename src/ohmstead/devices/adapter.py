"""What a brand or protocol gives to the daemon: its checked options and the devices it can open.

An adapter is described by an :class:`AdapterSpec`, which needs no connection (the configuration is
checked with it alone), and opened once per daemon, so that devices of one brand can share one
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from ohmstead.core.site import Asset, AssetId
from ohmstead.core.state import AssetState, GridState
from ohmstead.devices.base import Device, Meter
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.ocpp.central.system import CentralSystem


class AdapterOptions(BaseModel):
    """Base of the options that a ``device:`` or ``meter:`` entry may have beside ``adapter``.

    Secrets among them are :class:`pydantic.SecretStr` or, better, the path of a file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Plant(Protocol):
    """A simulated house, as far as its devices need it."""

    def read_grid(self) -> GridState:
        """The meter now; import positive.

        Raises:
            DeviceError: the simulated meter is out of order.
        """
        ...

    def read_asset(self, asset_id: AssetId) -> AssetState:
        """One asset now, load convention.

        Raises:
            DeviceError: the simulated device is out of order, or there is none of that id.
        """
        ...

    def command(self, asset_id: AssetId, power_w: float) -> None:
        """Give an asset a setpoint, W, load convention."""
        ...

    def release(self, asset_id: AssetId) -> None:
        """Leave an asset to its own control."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """What the daemon lends to adapters when it opens them."""

    plant: Plant | None = None
    ocpp: CentralSystem | None = None
    dry_run: bool = False
    """Nothing is to be commanded or set, only read."""
    home_assistant: HomeAssistantLink | None = None


class Adapter(Protocol):
    """One opened brand or protocol."""

    def meter(self, options: AdapterOptions) -> Meter:
        """The meter at the grid connection that these options name."""
        ...

    def device(self, asset: Asset, options: AdapterOptions) -> Device:
        """The device that these options name; it is a ``Controllable`` too where it obeys."""
        ...

    async def close(self) -> None:
        """Give back connections; its devices are not used any more."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterSpec:
    """One adapter as the configuration sees it.

    Args:
        name: the word behind ``adapter:``.
        summary: one sentence for the documentation.
        options: the model of its options.
        assets: the kinds of asset that it can be.
        is_meter: it can be the meter at the grid connection.
        open: connects; raises ``ConfigError`` where the environment lacks what it needs.
        problems: what is wrong with the options of one asset (``None``: the meter), which no option alone
            can tell, as the option to blame and words.
    """

    name: str
    summary: str
    options: type[AdapterOptions]
    assets: tuple[type[Asset], ...]
    is_meter: bool
    open: Callable[[Environment], Adapter]
    problems: Callable[[Asset | None, AdapterOptions], Iterable[tuple[str, str]]] = lambda _asset, _own: ()
