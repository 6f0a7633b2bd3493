"""Orders: how charging is asked for, started, stopped and billed."""

from __future__ import annotations

from ohmstead.ykc.codes import (
    BalanceOutcome,
    CardRefusal,
    RecordOutcome,
    Result,
    Role,
    StartBy,
    StartedBy,
    StartRefusal,
    StopRefusal,
)
from ohmstead.ykc.cp56time import WallTime
from ohmstead.ykc.layout import (
    Direction,
    Message,
    Structure,
    bcd,
    group,
    message,
    number,
    part,
    raw,
    structure,
    text,
    time7,
)

UP, DOWN = Direction.UP, Direction.DOWN
NO_CARD = "0" * 16


@part
class _StartRequestBody(Structure):
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    mode: int = number(1, "who asks", meaning=StartBy)
    password_needed: int = number(1, "password needed, 0 or 1", default=0)
    account: str = raw(8, "account or physical card, zero-padded on the left", default=NO_CARD)
    password: str = text(16, "middle 16 hexadecimal digits of the password's MD5", default="")
    vin_reversed: str = text(17, "VIN, last character first; only in mode 3", default="")

    @property
    def vin(self) -> str:
        """The vehicle identification number, the right way round."""
        return self.vin_reversed[::-1]


@part
class _StartAnswerBody(Structure):
    serial: str = bcd(16, "order number")
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    card: str = bcd(8, "logical card number", default=NO_CARD)
    balance_yuan: float = number(4, "balance, yuan", decimals=2, default=0.0)
    result: int = number(1, "result", meaning=Result)
    reason: int = number(1, "reason", meaning=CardRefusal, default=0)


@part
class _RemoteStartBody(Structure):
    serial: str = bcd(16, "order number")
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    card: str = bcd(8, "logical card number", default=NO_CARD)
    physical_card: str = raw(8, "physical card", default=NO_CARD)
    balance_yuan: float = number(4, "balance, yuan", decimals=2)


@part
class _RemoteStartResultBody(Structure):
    serial: str = bcd(16, "order number")
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    result: int = number(1, "result", meaning=Result)
    reason: int = number(1, "reason", meaning=StartRefusal, default=0)


@message(0x31, "pile asks to start", UP, reply=0x32)
class StartRequest(_StartRequestBody, Message):
    """Somebody holds a card to the pile, or it recognised a vehicle."""


@message(0x32, "answer to a start asked for", DOWN)
class StartAnswer(_StartAnswerBody, Message):
    """Whether the pile may start, and under which order number."""


@message(0x34, "remote start", DOWN, reply=0x33)
class RemoteStart(_RemoteStartBody, Message):
    """Start an order."""


@message(0x33, "result of a remote start", UP)
class RemoteStartResult(_RemoteStartResultBody, Message):
    """Whether the order is accepted; "not plugged" may be followed by a success within 60 s."""


@message(0x36, "remote stop", DOWN, reply=0x35)
class RemoteStop(Message):
    """Stop what this gun charges."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")


@message(0x35, "result of a remote stop", UP)
class RemoteStopResult(Message):
    """Whether the gun stops."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    result: int = number(1, "result", meaning=Result)
    reason: int = number(1, "reason", meaning=StopRefusal, default=0)


@message(0xA1, "pile asks to start two guns together", UP, reply=0xA2, since="1.6")
class ParallelStartRequest(_StartRequestBody, Message):
    """As 31, for one of the guns that charge one vehicle."""

    role: int = number(1, "part of this gun", meaning=Role)
    group_number: str = bcd(6, "number of the group, YYMMDDhhmmss")


@message(0xA2, "answer to a parallel start asked for", DOWN, since="1.6")
class ParallelStartAnswer(_StartAnswerBody, Message):
    """As 32."""

    group_number: str = bcd(6, "number of the group, YYMMDDhhmmss")


@message(0xA4, "parallel remote start", DOWN, reply=0xA3, since="1.6")
class ParallelStart(_RemoteStartBody, Message):
    """As 34; all guns of a group are accepted or none starts."""

    group_number: str = bcd(6, "number of the group, YYMMDDhhmmss")


@message(0xA3, "result of a parallel remote start", UP, since="1.6")
class ParallelStartResult(_RemoteStartResultBody, Message):
    """As 33."""

    role: int = number(1, "part of this gun", meaning=Role)
    group_number: str = bcd(6, "number of the group, YYMMDDhhmmss")


@structure
class ClassShare(Structure):
    """What was charged in one class of price."""

    price_per_kwh: float = number(4, "price, energy and service, yuan/kWh", decimals=5, default=0.0)
    energy_kwh: float = number(4, "energy, kWh", decimals=4, default=0.0)
    energy_with_loss_kwh: float = number(4, "energy with loss, kWh", decimals=4, default=0.0)
    amount_yuan: float = number(4, "amount, yuan", decimals=4, default=0.0)


NOTHING = ClassShare()


@part
class _RecordHead(Structure):
    serial: str = bcd(16, "order number")
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    started: WallTime | None = time7("start")
    ended: WallTime | None = time7("end")


@part
class _RecordTail(Structure):
    sharp: ClassShare = group(ClassShare, "sharp", default=NOTHING)
    peak: ClassShare = group(ClassShare, "peak", default=NOTHING)
    flat: ClassShare = group(ClassShare, "flat", default=NOTHING)
    valley: ClassShare = group(ClassShare, "valley", default=NOTHING)
    meter_start_kwh: float = number(5, "meter at the start, kWh", decimals=4)
    meter_end_kwh: float = number(5, "meter at the end, kWh", decimals=4)
    energy_kwh: float = number(4, "energy, kWh", decimals=4)
    energy_with_loss_kwh: float = number(4, "energy with loss, kWh", decimals=4)
    amount_yuan: float = number(4, "amount, yuan", decimals=4)
    vin: str = text(17, "vehicle identification number", default="")
    started_by: int = number(1, "how it was started", meaning=StartedBy)
    time: WallTime | None = time7("time of the transaction")
    stop_reason: int = number(1, "why it stopped, see the table of stop reasons")
    physical_card: str = raw(8, "physical card", default=NO_CARD)

    @property
    def shares(self) -> tuple[ClassShare, ClassShare, ClassShare, ClassShare]:
        """The four classes, in the order of :class:`~ohmstead.ykc.codes.PriceClass`."""
        return (self.sharp, self.peak, self.flat, self.valley)


@message(0x3B, "transaction record", UP, reply=0x40)
class TransactionRecord(_RecordTail, _RecordHead, Message):
    """The bill of an order: exactly one for every accepted start; kept until confirmed."""


@part
class _SealedMeter(Structure):
    meter: str = bcd(6, "meter number", default="0" * 12)
    meter_sealed: str = raw(34, "meter's encrypted reading", default="0" * 68)
    meter_protocol: int = number(2, "meter protocol version", default=0)
    meter_encryption: int = number(1, "meter encryption", default=0)


@message(0x3D, "transaction record of version 1.7", UP, reply=0x40, since="1.7")
class SealedTransactionRecord(_RecordTail, _SealedMeter, _RecordHead, Message):
    """As 3B, with what a sealed meter says."""


@message(0x40, "transaction record received", DOWN)
class RecordReceived(Message):
    """The platform has the record; the pile may forget it."""

    serial: str = bcd(16, "order number")
    result: int = number(1, "result", meaning=RecordOutcome)


@message(0x42, "balance update", DOWN, reply=0x41)
class BalanceUpdate(Message):
    """Somebody topped up while charging."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    physical_card: str = raw(8, "physical card; zeros: do not check", default=NO_CARD)
    balance_yuan: float = number(4, "balance, yuan", decimals=2)


@message(0x41, "balance update result", UP)
class BalanceUpdateResult(Message):
    """Answer to a balance update."""

    pile: str = bcd(7, "pile number")
    physical_card: str = raw(8, "physical card", default=NO_CARD)
    result: int = number(1, "result", meaning=BalanceOutcome)
