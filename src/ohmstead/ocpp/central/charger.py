"""What the central system knows of a charger, its connectors and its transactions: plain values.

They are structs and not dataclasses because each message copies three of them: that costs a microsecond
and not twelve. ``gc=False``: none of them can be part of a cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from ohmstead.ocpp.central.meter_values import MeterSample

MAX_CONNECTORS = 64
"""Connectors with higher numbers are not kept: a charger that counts wrong must not fill the memory."""


class Admission(StrEnum):
    """Whether a charger is one of ours."""

    ADOPTED = "adopted"
    HELD = "held"
    """It came by itself and waits for a person to adopt it: accepted as Pending, no transactions."""


class ConnectorStatus(StrEnum):
    """OCPP 1.6, 7.7 ChargePointStatus; ``UNKNOWN`` as long as the charger did not say."""

    UNKNOWN = "Unknown"
    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


PLUGGED = frozenset(
    {
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.FINISHING,
    }
)
"""In these a vehicle is on the cable."""


class Connector(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One connector; 0 is the charger as a whole.

    ``sample`` is the newest measurement and ``sampled_at`` when it arrived (our clock: a charger's own
    may be wrong).
    """

    id: int
    status: ConnectorStatus = ConnectorStatus.UNKNOWN
    error_code: str = "NoError"
    info: str | None = None
    status_at: datetime | None = None
    transaction_id: int | None = None
    """The one that runs here, or last one that was not stopped properly."""
    sample: MeterSample | None = None
    sampled_at: datetime | None = None
    power_at: datetime | None = None
    """When power or currents arrived last; some chargers tell other things in between."""
    heard: tuple[datetime, datetime] | None = None
    """Of the newest meter values, taken or not: when they arrived, and their own time."""
    waiting: bool = False
    """A vehicle is on the cable, and no transaction has begun since it was plugged in. A charger that
    waits for a card gives up after its ConnectionTimeOut and says Finishing (1.6, transition B6)."""

    @property
    def plugged(self) -> bool:
        """A vehicle is on the cable."""
        return self.status in PLUGGED


class Charger(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One charger as far as it is known; texts are what it says of itself."""

    identity: str
    admission: Admission = Admission.HELD
    vendor: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    booted_at: datetime | None = None
    connectors: Mapping[int, Connector] = msgspec.field(default_factory=dict)

    @property
    def adopted(self) -> bool:
        """It is one of ours."""
        return self.admission is Admission.ADOPTED

    def connector(self, connector_id: int) -> Connector:
        """A connector; one of unknown status where the charger never named it."""
        return self.connectors.get(connector_id) or Connector(id=connector_id)

    def with_connector(self, connector: Connector, last_seen: datetime | None = None) -> Charger:
        """The charger with a connector changed; one whose number cannot be is left out."""
        seen = last_seen or self.last_seen
        if not 0 <= connector.id <= MAX_CONNECTORS:
            return replace(self, last_seen=seen)
        return replace(self, connectors={**self.connectors, connector.id: connector}, last_seen=seen)


class Tag(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A card, or whatever else carries an identifier; compared without regard to case."""

    id_tag: str
    name: str = ""
    parent: str | None = None
    expires_at: datetime | None = None
    blocked: bool = False
    several_at_once: bool = True
    """It may charge at several connectors at the same time."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One charging session with its energy, cost and share of sun.

    ``register_wh`` is the newest meter reading; ``energy_kwh`` is what was charged so far.
    ``priced_kwh`` is the part of it whose price is known; ``cost_eur`` and ``solar_kwh`` belong to it.
    """

    id: int
    identity: str
    connector: int
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    start_told: str = ""
    """The start's time exactly as the charger wrote it: a repeat is known by it."""
    reservation_id: int | None = None
    accepted: bool = True
    """The tag was accepted; if not, the charger was told to stop or not to begin."""
    register_wh: float | None = None
    register_at: datetime | None = None
    energy_kwh: float = 0.0
    priced_kwh: float = 0.0
    cost_eur: float = 0.0
    solar_kwh: float = 0.0
    soc: float | None = None
    stopped_at: datetime | None = None
    meter_stop_wh: int | None = None
    reason: str | None = None
    stop_tag: str | None = None

    @property
    def open(self) -> bool:
        """It was not stopped yet."""
        return self.stopped_at is None
