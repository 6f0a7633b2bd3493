"""Offline cards, working parameters, parking locks, restart, firmware and QR codes."""

from __future__ import annotations

from ohmstead.ykc.codes import (
    Bay,
    CardStoring,
    LockAlarm,
    LockState,
    Presence,
    QrFormat,
    Result,
    UpdateKind,
    UpdateOutcome,
    When,
    Work,
)
from ohmstead.ykc.layout import (
    Direction,
    Message,
    Structure,
    bcd,
    counted_text,
    items,
    message,
    number,
    raw,
    structure,
    text,
)

UP, DOWN = Direction.UP, Direction.DOWN


@structure
class Card(Structure):
    """A card that may charge while the platform cannot be reached."""

    logical: str = bcd(8, "logical card number")
    physical: str = raw(8, "physical card")


@structure
class PhysicalCard(Structure):
    """A card as the reader sees it."""

    physical: str = raw(8, "physical card")


@structure
class DeletedCard(Structure):
    """What became of deleting one card."""

    physical: str = raw(8, "physical card")
    result: int = number(1, "result", meaning=Result)
    reason: int = number(1, "reason", default=0)


@structure
class KnownCard(Structure):
    """Whether the pile knows one card."""

    physical: str = raw(8, "physical card")
    presence: int = number(1, "known", meaning=Presence)


@message(0x44, "store offline cards", DOWN, reply=0x43)
class StoreCards(Message):
    """Add cards; the text allows 15 at a time, 11 fit into 200 bytes."""

    pile: str = bcd(7, "pile number")
    cards: tuple[Card, ...] = items(Card, "cards", counted=True, most=11)


@message(0x43, "result of storing offline cards", UP)
class StoreCardsResult(Message):
    """Answer to storing cards."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=Result)
    reason: int = number(1, "reason", meaning=CardStoring, default=0)


@message(0x46, "delete offline cards", DOWN, reply=0x45)
class DeleteCards(Message):
    """Remove cards."""

    pile: str = bcd(7, "pile number")
    cards: tuple[PhysicalCard, ...] = items(PhysicalCard, "cards", counted=True, most=23)


@message(0x45, "result of deleting offline cards", UP)
class DeleteCardsResult(Message):
    """Answer to deleting cards, card by card."""

    pile: str = bcd(7, "pile number")
    cards: tuple[DeletedCard, ...] = items(DeletedCard, "cards", counted=False, most=24)


@message(0x48, "query offline cards", DOWN, reply=0x47)
class QueryCards(Message):
    """Ask for cards."""

    pile: str = bcd(7, "pile number")
    cards: tuple[PhysicalCard, ...] = items(PhysicalCard, "cards", counted=True, most=23)


@message(0x47, "result of an offline card query", UP)
class QueryCardsResult(Message):
    """Answer to a query, card by card."""

    pile: str = bcd(7, "pile number")
    cards: tuple[KnownCard, ...] = items(KnownCard, "cards", counted=False, most=26)


@message(0x52, "working parameters", DOWN, reply=0x51)
class WorkingParameters(Message):
    """Whether the pile may charge and with how much of its rating: the only power control there is."""

    pile: str = bcd(7, "pile number")
    work: int = number(1, "allowed or locked", meaning=Work)
    max_power_percent: int = number(1, "highest power, % of the rating, 30 to 100")


@message(0x51, "working parameters result", UP)
class WorkingParametersResult(Message):
    """Answer to working parameters."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=Result)


@message(0x61, "parking lock state", UP)
class ParkingLock(Message):
    """On change, else every 5 min."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    lock: int = number(1, "arm", meaning=LockState)
    bay: int = number(1, "bay", meaning=Bay)
    battery_percent: int = number(1, "battery of the lock, %")
    alarm: int = number(1, "alarm", meaning=LockAlarm, default=0)
    reserved: int = number(4, "reserved", default=0)


@message(0x62, "parking lock command", DOWN, reply=0x63)
class ParkingLockCommand(Message):
    """Raise or lower the arm."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    command: int = number(1, "up or down", meaning=LockState)
    reserved: int = number(4, "reserved", default=0)


@message(0x63, "parking lock result", UP)
class ParkingLockResult(Message):
    """Answer to a parking lock command."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    result: int = number(1, "result", meaning=Result)
    reserved: int = number(4, "reserved", default=0)


@message(0x92, "restart", DOWN, reply=0x91)
class Restart(Message):
    """Restart the pile."""

    pile: str = bcd(7, "pile number")
    when: int = number(1, "when", meaning=When)


@message(0x91, "restart result", UP)
class RestartResult(Message):
    """Answer to a restart."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=Result)


@message(0x94, "firmware update", DOWN, reply=0x93)
class FirmwareUpdate(Message):
    """Fetch a firmware by FTP; the password goes over the wire in clear."""

    pile: str = bcd(7, "pile number")
    kind: int = number(1, "for which pile", meaning=UpdateKind)
    power_kw: int = number(2, "rated power, kW")
    server: str = text(16, "FTP server")
    port: int = number(2, "FTP port")
    user: str = text(16, "FTP user")
    password: str = text(16, "FTP password")
    path: str = text(32, "path of the file")
    when: int = number(1, "when", meaning=When)
    timeout_min: int = number(1, "time for the download, min")


@message(0x93, "firmware update result", UP)
class FirmwareUpdateResult(Message):
    """Answer to a firmware update."""

    pile: str = bcd(7, "pile number")
    status: int = number(1, "status", meaning=UpdateOutcome)


@message(0xF0, "QR code prefix", DOWN, reply=0xF1, since="field")
class QrPrefix(Message):
    """What the QR code on the pile's screen begins with. Not in the text of 1.6, but used."""

    pile: str = bcd(7, "pile number")
    form: int = number(1, "format", meaning=QrFormat)
    prefix: str = counted_text("prefix")


@message(0xF1, "QR code prefix result", UP, since="field")
class QrPrefixResult(Message):
    """Answer to a QR prefix."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=Result)
