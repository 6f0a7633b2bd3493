"""A simulated charger, whatever it speaks: what people and vehicles do to it, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ohmstead.chargers.bad_line import LineFault
from ohmstead.chargers.mapping import Fault, Status, StopReason
from ohmstead.chargers.vehicle import SimulatedVehicle


class ProtocolName(StrEnum):
    """What a charger speaks."""

    OCPP16 = "ocpp16"
    YKC = "ykc"


class Happening(StrEnum):
    """What a charger tells."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    """The line stands; the central system has not accepted it yet."""
    REGISTERED = "registered"
    """The central system accepted it."""
    OFFLINE = "offline"
    STARTED = "started"
    ENDED = "ended"
    REFUSED = "refused"
    STATUS = "status"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ChargerEvent:
    """Something happened; ``connector`` 0 is the charger as a whole."""

    charger: str
    what: Happening
    connector: int = 0
    words: str = ""


Listener = Callable[[ChargerEvent], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargerFacts:
    """What a simulated charger is.

    Currents per phase; on DC there is one. ``url`` is ``ws://host:port/path`` for OCPP, ``tcp://host:port``
    for YunKuaiChong. ``step_s`` is how often its electronics look at the vehicle while it charges.
    """

    id: str
    url: str
    connectors: int = 1
    max_a: float = 32.0
    phases: int = 3
    voltage_v: float = 230.0
    dc: bool = False
    step_s: float = 5.0
    longest_retry_s: float = 300.0
    pings: bool = True
    """WebSocket pings, which find a dead line; in virtual time there is none."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    """OCPP configuration keys that differ from their defaults."""
    restart_s: float = 0.0
    """How long a restart takes."""
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectorView:
    """One connector now. ``energy_kwh`` is its meter's register; ``soc`` 0..1 of the vehicle at it."""

    id: int
    status: Status
    plugged: bool
    in_order: bool
    power_w: float
    energy_kwh: float
    soc: float | None


class ChargerProtocol(Protocol):
    """One charger. All of it runs in one event loop; only coroutines wait for an answer."""

    facts: ChargerFacts

    @property
    def registered(self) -> bool:
        """The central system accepted it and is connected."""
        ...

    def connectors(self) -> tuple[ConnectorView, ...]:
        """All connectors now."""
        ...

    async def connect(self) -> None:
        """Switch on: dial, register, and keep trying in the background."""
        ...

    async def disconnect(self) -> None:
        """Switch off, as by a power cut: what ran is reported after the next :meth:`connect`."""
        ...

    def cut(self) -> None:
        """Lose the network connection; it dials again by itself."""
        ...

    def impair(self, fault: LineFault, lasts_s: float) -> None:
        """Let the line misbehave for a while. Nothing where there is none."""
        ...

    async def lose_network(self) -> None:
        """The network is away until :meth:`restore_network`; charging goes on."""
        ...

    def restore_network(self) -> None:
        """The network is back: dial at once. Nothing where it is not away."""
        ...

    def plug_in(self, connector: int, vehicle: SimulatedVehicle) -> None:
        """A vehicle arrives.

        Raises:
            DataError: there is no such connector.
        """
        ...

    def unplug(self, connector: int) -> None:
        """The vehicle leaves; that ends an order."""
        ...

    def set_fault(self, connector: int, fault: Fault | None) -> None:
        """Something breaks, or is repaired."""
        ...

    async def start_charging(self, connector: int, id_tag: str) -> None:
        """Somebody holds a card to the reader.

        Raises:
            DeviceError: the connector is not free.
        """
        ...

    async def stop_charging(self, connector: int, reason: StopReason = StopReason.LOCAL) -> None:
        """Somebody stops at the charger; nothing to stop is no error."""
        ...

    async def send_status(self, connector: int) -> None:
        """Tell the status now.

        Raises:
            DeviceError: the central system cannot be reached.
        """
        ...

    async def send_meter_values(self, connector: int) -> None:
        """Tell what the meter shows now.

        Raises:
            DeviceError: the central system cannot be reached.
        """
        ...
