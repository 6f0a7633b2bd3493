"""What a device is to the daemon: one object that reads and, if it can, obeys.

Only :meth:`Device.update` and :meth:`Controllable.apply` do I/O. A device that fails raises
:class:`~ohmstead.errors.DeviceError`; the loop then goes on without it.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ohmstead.core.sg_ready import SgReady
from ohmstead.core.site import AssetId
from ohmstead.core.state import AssetState, GridState


class Meter(Protocol):
    """The meter at the grid connection."""

    async def update(self) -> GridState:
        """Read the meter once; import positive, W.

        Raises:
            DeviceError: it did not answer or answered nonsense.
        """
        ...


@runtime_checkable
class Announcing(Protocol):
    """A meter that sends its readings by itself; :meth:`Meter.update` then costs nothing."""

    async def changed(self) -> None:
        """Return once it has sent a reading since the last return; silent, it waits. Raises nothing."""
        ...


class Device(Protocol):
    """One asset that can be read."""

    @property
    def id(self) -> AssetId:
        """The asset that this device is."""
        ...

    async def update(self) -> AssetState:
        """Read the device once and give its state in load convention.

        Raises:
            DeviceError: it did not answer or answered nonsense.
        """
        ...


@runtime_checkable
class Controllable(Protocol):
    """A device that takes a power setpoint."""

    async def apply(self, power_w: float) -> None:
        """Ask for a power, W, load convention. Idempotent; returns when the device accepted it.

        Raises:
            DeviceError: it refused or did not answer.
        """
        ...

    async def release(self) -> None:
        """Go back to the device's own safe state, as when nobody commands it.

        Raises:
            DeviceError: it refused or did not answer.
        """
        ...


@runtime_checkable
class SgReadyControllable(Protocol):
    """A heat pump that takes states of SG Ready; its ``HeatPumpState`` tells so with ``sg_ready``."""

    async def ask_for(self, state: SgReady) -> None:
        """Set its contacts. Idempotent; returns when the device accepted it.

        Raises:
            DeviceError: it refused or did not answer.
        """
        ...
