"""Codes that fields may have. A code not listed is kept as a number: firmware knows more than texts."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class PileKind(IntEnum):
    """What comes out of the pile."""

    DC = 0
    AC = 1


class Network(IntEnum):
    """How the pile reaches the platform."""

    SIM = 0
    LAN = 1
    WAN = 2
    OTHER = 3


class Operator(IntEnum):
    """Whose SIM card is in the pile."""

    CHINA_MOBILE = 0
    CHINA_TELECOM = 2
    CHINA_UNICOM = 3
    OTHER = 4


class LoginOutcome(IntEnum):
    """Answer to a login."""

    ACCEPTED = 0
    REFUSED = 1


class Result(IntEnum):
    """Answer to most commands. Balance updates and records count the other way round."""

    FAILED = 0
    OK = 1


class GunHealth(IntEnum):
    """What a heartbeat says about its gun."""

    NORMAL = 0
    FAULT = 1


class ModelCheck(IntEnum):
    """Whether pile and platform have the same billing model."""

    SAME = 0
    DIFFERENT = 1


class PriceClass(IntEnum):
    """The four classes of price that half-hours belong to (尖 峰 平 谷)."""

    SHARP = 0
    PEAK = 1
    FLAT = 2
    VALLEY = 3


class GunStatus(IntEnum):
    """What a gun does."""

    OFFLINE = 0
    FAULT = 1
    IDLE = 2
    CHARGING = 3


class InHolder(IntEnum):
    """Where the gun is."""

    NO = 0
    YES = 1
    UNKNOWN = 2


class HardwareFault(IntFlag):
    """Fault bits of realtime data, as the text counts them from the lowest bit."""

    EMERGENCY_STOP = 1 << 0
    NO_RECTIFIER = 1 << 1
    OUTLET_HOT = 1 << 2
    SURGE_ARRESTER = 1 << 3
    RECTIFIER_LINK = 1 << 4
    INSULATION_LINK = 1 << 5
    METER_LINK = 1 << 6
    CARD_READER_LINK = 1 << 7
    RC10_LINK = 1 << 8
    FAN_BOARD = 1 << 9
    DC_FUSE = 1 << 10
    HV_CONTACTOR = 1 << 11
    DOOR_OPEN = 1 << 12


class BatteryType(IntEnum):
    """Cell chemistry (GB/T 27930)."""

    LEAD = 1
    NIMH = 2
    LFP = 3
    LMO = 4
    LCO = 5
    NMC = 6
    POLYMER = 7
    LTO = 8
    OTHER = 0xFF


class ChargeMode(IntEnum):
    """What the vehicle's battery management asks for."""

    CONSTANT_VOLTAGE = 1
    CONSTANT_CURRENT = 2


class StartBy(IntEnum):
    """Who asks at the pile to start."""

    CARD = 1
    ACCOUNT = 2
    VIN = 3


class StartedBy(IntEnum):
    """How an order in a transaction record came about."""

    APP = 1
    CARD = 2
    OFFLINE_CARD = 4
    VIN = 5


class CardRefusal(IntEnum):
    """Why a start by card is refused."""

    NONE = 0
    UNKNOWN_ACCOUNT = 1
    FROZEN = 2
    LOW_BALANCE = 3
    UNPAID_ON_CARD = 4
    PILE_DISABLED = 5
    NOT_FOR_THIS_PILE = 6
    WRONG_PASSWORD = 7
    SITE_FULL = 8
    UNKNOWN_VIN = 9
    UNPAID_ON_PILE = 10
    NO_CARDS_HERE = 11


class StartRefusal(IntEnum):
    """Why a remote start is refused."""

    NONE = 0
    WRONG_PILE = 1
    CHARGING = 2
    FAULT = 3
    OFFLINE = 4
    NOT_PLUGGED = 5


class StopRefusal(IntEnum):
    """Why a remote stop is refused."""

    NONE = 0
    WRONG_PILE = 1
    NOT_CHARGING = 2
    OTHER = 3


class BalanceOutcome(IntEnum):
    """Answer to a balance update; here 0 is good."""

    OK = 0
    WRONG_PILE = 1
    WRONG_CARD = 2


class RecordOutcome(IntEnum):
    """Answer to a transaction record: the frame was received, which settles nothing yet."""

    RECEIVED = 0
    ILLEGAL = 1


class CardStoring(IntEnum):
    """Why offline cards were not stored."""

    NONE = 0
    BAD_NUMBER = 1
    FULL = 2


class Presence(IntEnum):
    """Whether the pile knows an offline card."""

    ABSENT = 0
    PRESENT = 1


class Work(IntEnum):
    """Whether the pile may charge."""

    ALLOWED = 0
    LOCKED = 1


class LockState(IntEnum):
    """Where the arm of a parking lock is."""

    MOVING = 0x00
    UP = 0x55
    DOWN = 0xFF


class Bay(IntEnum):
    """What stands in the parking bay."""

    EMPTY = 0x00
    TAKEN = 0xFF


class LockAlarm(IntEnum):
    """What is wrong with a parking lock."""

    NONE = 0x00
    MOVEMENT = 0x55
    FORCED = 0xFF


class When(IntEnum):
    """When to carry out a restart or an update."""

    NOW = 1
    IDLE = 2


class UpdateKind(IntEnum):
    """For which pile a firmware is."""

    DC = 1
    AC = 2


class UpdateOutcome(IntEnum):
    """Answer to a firmware update; here 0 is good."""

    OK = 0
    WRONG_PILE = 1
    WRONG_MODEL = 2
    TIMEOUT = 3


class Role(IntEnum):
    """Part that a gun plays where two charge one vehicle."""

    MAIN = 0
    AUXILIARY = 1


class QrFormat(IntEnum):
    """How the QR code on the pile is made."""

    WITH_PILE = 0
    WITH_GUN = 1
