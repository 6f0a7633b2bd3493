"""What a pile's session asks of its host: the charging electronics, the store and the socket."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.ykc.messages.orders import TransactionRecord
from ohmstead.ykc.messages.service import FirmwareUpdate
from ohmstead.ykc.pile.facts import PileMemory
from ohmstead.ykc.pile.order import Order


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The platform accepted the pile."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection is gone; charging goes on."""


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Close the connection and dial again after a while."""

    why: str


@dataclass(frozen=True, slots=True)
class StartCharging:
    """Close the contactor and let the vehicle charge; say ``began`` when it does."""

    gun: str
    serial: str


@dataclass(frozen=True, slots=True)
class StopCharging:
    """Stop now and say ``ended`` with this reason."""

    gun: str
    reason: int


@dataclass(frozen=True, slots=True)
class StartRefused:
    """The platform did not allow a start by card or vehicle."""

    gun: str
    reason: int


@dataclass(frozen=True, slots=True)
class PowerLimit:
    """What the whole pile may give now, % of its rating, and whether new orders may start."""

    max_power_percent: int
    locked: bool


@dataclass(frozen=True, slots=True)
class SaveOrder:
    """Write an open order to non-volatile store, so that a power cut cannot lose it."""

    order: Order


@dataclass(frozen=True, slots=True)
class SaveRecord:
    """Write a bill to non-volatile store in place of its order, then hand it to ``deliver``."""

    record: TransactionRecord


@dataclass(frozen=True, slots=True)
class RecordDelivered:
    """The platform has a bill; ``legal`` as it judges it. It need not be sent again."""

    serial: str
    legal: bool


@dataclass(frozen=True, slots=True)
class SaveMemory:
    """Write what the pile is to remember."""

    memory: PileMemory


@dataclass(frozen=True, slots=True)
class MoveLock:
    """Raise or lower a parking lock, then say ``lock_moved``."""

    gun: str
    up: bool


@dataclass(frozen=True, slots=True)
class RestartAsked:
    """Restart, now or when idle."""

    now: bool


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """Fetch and install a firmware; answer with ``update_finished``."""

    update: FirmwareUpdate


@dataclass(frozen=True, slots=True)
class QrChanged:
    """The QR code on the screen begins with this now."""

    form: int
    prefix: str


@dataclass(frozen=True, slots=True)
class Note:
    """For the log."""

    words: str


PileEvent = (
    LoggedIn
    | LinkLost
    | CloseLink
    | StartCharging
    | StopCharging
    | StartRefused
    | PowerLimit
    | SaveOrder
    | SaveRecord
    | RecordDelivered
    | SaveMemory
    | MoveLock
    | RestartAsked
    | UpdateAsked
    | QrChanged
    | Note
)
