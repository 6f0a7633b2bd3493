"""Login, heartbeat, clock and billing model."""

from __future__ import annotations

from ohmstead.ykc.codes import (
    GunHealth,
    LoginOutcome,
    ModelCheck,
    Network,
    Operator,
    PileKind,
    PriceClass,
    Result,
)
from ohmstead.ykc.cp56time import WallTime
from ohmstead.ykc.layout import (
    Direction,
    Message,
    Structure,
    bcd,
    bytes_of,
    group,
    message,
    number,
    part,
    structure,
    text,
    time7,
)

UP, DOWN = Direction.UP, Direction.DOWN


@message(0x01, "login", UP, reply=0x02)
class Login(Message):
    """The first frame on a connection; nothing else counts before it is accepted."""

    pile: str = bcd(7, "pile number")
    kind: int = number(1, "what comes out", meaning=PileKind)
    guns: int = number(1, "number of guns")
    version: float = number(1, "protocol version", decimals=1)
    software: str = text(8, "software version")
    network: int = number(1, "network", meaning=Network)
    sim: str = bcd(10, "SIM card (ICCID), zeros without", default="0" * 20)
    operator: int = number(1, "mobile operator", meaning=Operator, default=Operator.OTHER)


@message(0x02, "login result", DOWN)
class LoginResult(Message):
    """Answer to the login."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=LoginOutcome)


@message(0x03, "heartbeat", UP, reply=0x04)
class Heartbeat(Message):
    """Every 10 s from each gun."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    health: int = number(1, "state", meaning=GunHealth)


@message(0x04, "heartbeat reply", DOWN)
class HeartbeatReply(Message):
    """Answer to a heartbeat."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    reserved: int = number(1, "always 0", default=0)


@message(0x05, "billing model check", UP, reply=0x06)
class ModelCheckRequest(Message):
    """After login: is this still the right tariff?"""

    pile: str = bcd(7, "pile number")
    model: str = bcd(2, "billing model number, 0000 where the pile has none")


@message(0x06, "billing model check result", DOWN)
class ModelCheckResult(Message):
    """Answer to a check of the billing model."""

    pile: str = bcd(7, "pile number")
    model: str = bcd(2, "billing model number")
    result: int = number(1, "same or different", meaning=ModelCheck)


@message(0x09, "billing model request", UP, reply=0x0A)
class ModelRequest(Message):
    """The pile asks for its tariff."""

    pile: str = bcd(7, "pile number")


@structure
class Prices(Structure):
    """What a kWh costs in each class, energy and service apart."""

    sharp_energy_per_kwh: float = number(4, "sharp, energy, yuan/kWh", decimals=5)
    sharp_service_per_kwh: float = number(4, "sharp, service, yuan/kWh", decimals=5)
    peak_energy_per_kwh: float = number(4, "peak, energy, yuan/kWh", decimals=5)
    peak_service_per_kwh: float = number(4, "peak, service, yuan/kWh", decimals=5)
    flat_energy_per_kwh: float = number(4, "flat, energy, yuan/kWh", decimals=5)
    flat_service_per_kwh: float = number(4, "flat, service, yuan/kWh", decimals=5)
    valley_energy_per_kwh: float = number(4, "valley, energy, yuan/kWh", decimals=5)
    valley_service_per_kwh: float = number(4, "valley, service, yuan/kWh", decimals=5)

    @property
    def totals_per_kwh(self) -> tuple[float, float, float, float]:
        """Energy and service together, by class."""
        return (
            self.sharp_energy_per_kwh + self.sharp_service_per_kwh,
            self.peak_energy_per_kwh + self.peak_service_per_kwh,
            self.flat_energy_per_kwh + self.flat_service_per_kwh,
            self.valley_energy_per_kwh + self.valley_service_per_kwh,
        )


@part
class _ModelBody(Structure):
    pile: str = bcd(7, "pile number")
    model: str = bcd(2, "billing model number")
    prices: Prices = group(Prices, "four classes of price")
    loss_percent: int = number(1, "loss, %; platforms leave it 0", default=0)
    half_hours: tuple[int, ...] = bytes_of(
        48, "price class per half-hour from 00:00 local", meaning=PriceClass
    )


@message(0x0A, "billing model", DOWN)
class Model(_ModelBody, Message):
    """The tariff that the pile bills with."""


@message(0x58, "billing model push", DOWN, reply=0x57)
class ModelPush(_ModelBody, Message):
    """A new tariff, unasked; it holds from when the pile is idle."""


@message(0x57, "billing model push result", UP)
class ModelPushResult(Message):
    """Answer to a pushed tariff."""

    pile: str = bcd(7, "pile number")
    result: int = number(1, "result", meaning=Result)


@message(0x56, "time set", DOWN, reply=0x55)
class TimeSet(Message):
    """The platform's clock; after login and at least daily."""

    pile: str = bcd(7, "pile number")
    time: WallTime | None = time7("local time to set")


@message(0x55, "time set result", UP)
class TimeSetResult(Message):
    """Answer to a time set."""

    pile: str = bcd(7, "pile number")
    time: WallTime | None = time7("the pile's local time after it")
