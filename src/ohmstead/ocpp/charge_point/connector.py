"""The connector's state machine (OCPP 1.6 §4.9): what is the case in, the status out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """The nine states of a connector."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


ERROR_CODES: Final = (
    "ConnectorLockFailure",
    "EVCommunicationError",
    "GroundFailure",
    "HighTemperature",
    "InternalError",
    "LocalListConflict",
    "NoError",
    "OtherError",
    "OverCurrentFailure",
    "OverVoltage",
    "PowerMeterFailure",
    "PowerSwitchFailure",
    "ReaderFailure",
    "ResetFailure",
    "UnderVoltage",
    "WeakSignal",
)
NO_ERROR: Final = "NoError"


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectorState:
    """What is the case at a connector.

    Attributes:
        operative: ChangeAvailability; kept over a reboot.
        error_code: of the standard; anything but ``NoError`` is a fault.
        plugged: a cable with a car is in.
        authorised: somebody may charge, the transaction has not begun.
        in_transaction: a transaction runs.
        used: the transaction, or the wait for one, is over and the cable is still in.
        reserved: held for somebody.
        evse_offers: the station offers current.
        ev_takes: the car takes it.
    """

    operative: bool = True
    error_code: str = NO_ERROR
    plugged: bool = False
    authorised: bool = False
    in_transaction: bool = False
    used: bool = False
    reserved: bool = False
    evse_offers: bool = True
    ev_takes: bool = True

    @property
    def status(self) -> Status:
        """What is reported. A fault goes before all; SuspendedEVSE goes before SuspendedEV."""
        if self.error_code != NO_ERROR:
            return Status.FAULTED
        if self.in_transaction:
            if not self.evse_offers:
                return Status.SUSPENDED_EVSE
            return Status.CHARGING if self.ev_takes else Status.SUSPENDED_EV
        if not self.operative:
            return Status.UNAVAILABLE
        if self.authorised:
            return Status.PREPARING
        if self.plugged:
            return Status.FINISHING if self.used else Status.PREPARING
        return Status.RESERVED if self.reserved else Status.AVAILABLE

    @property
    def is_waiting(self) -> bool:
        """Half of what a transaction needs is there: ConnectionTimeOut runs."""
        return self.status is Status.PREPARING

    @property
    def is_free(self) -> bool:
        """A new user may come."""
        return self.status in (Status.AVAILABLE, Status.PREPARING, Status.RESERVED, Status.FINISHING)

    def plug(self) -> ConnectorState:
        """A cable is plugged in."""
        return self if self.plugged else replace(self, plugged=True, used=False)

    def unplug(self) -> ConnectorState:
        """The cable is pulled out."""
        return replace(self, plugged=False, used=False)

    def authorise(self) -> ConnectorState:
        """Somebody may charge; after a transaction this begins the next use (F2)."""
        return replace(self, authorised=True, used=False)

    def begin(self) -> ConnectorState:
        """The transaction starts."""
        return replace(self, authorised=False, in_transaction=True, used=False, reserved=False)

    def end(self) -> ConnectorState:
        """The transaction stops."""
        return replace(self, in_transaction=False, used=self.plugged, evse_offers=True, ev_takes=True)

    def with_availability(self, operative: bool) -> ConnectorState:
        """ChangeAvailability; a cable that is still in begins the next use (H2)."""
        return replace(self, operative=operative, used=self.used and operative == self.operative)

    def give_up(self) -> ConnectorState:
        """ConnectionTimeOut: B1 without a cable, B6 with one."""
        return replace(self, authorised=False, used=self.plugged)


def main_status(*, operative: bool, error_code: str = NO_ERROR) -> Status:
    """Connector 0 is only ever Available, Unavailable or Faulted."""
    if error_code != NO_ERROR:
        return Status.FAULTED
    return Status.AVAILABLE if operative else Status.UNAVAILABLE
