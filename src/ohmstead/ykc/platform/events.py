"""What a platform's session tells its host."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages.link import Login
from ohmstead.ykc.messages.orders import (
    ParallelStartRequest,
    SealedTransactionRecord,
    StartRequest,
    TransactionRecord,
)
from ohmstead.ykc.messages.realtime import Realtime


@dataclass(frozen=True, slots=True)
class PileLoggedIn:
    """A known pile is here."""

    login: Login


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Close the connection."""

    why: str


@dataclass(frozen=True, slots=True)
class Measured:
    """Realtime data of a gun."""

    realtime: Realtime


@dataclass(frozen=True, slots=True)
class Told:
    """Any other message that asks for no answer, such as the GB/T 27930 frames."""

    message: Message


@dataclass(frozen=True, slots=True)
class StartAsked:
    """Somebody at the pile wants to charge; answer with ``allow_start`` or ``refuse_start``."""

    request: StartRequest | ParallelStartRequest
    seq: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """The reply to a command."""

    id: int
    message: Message


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A command got no reply."""

    id: int


@dataclass(frozen=True, slots=True)
class OrderBegan:
    """The pile accepted an order and charges."""

    serial: str


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """An order will not charge (any more), and why; its bill still comes where the pile accepted it."""

    serial: str
    why: str


@dataclass(frozen=True, slots=True)
class BillArrived:
    """A bill: store it by its order number, then ``confirm``."""

    record: TransactionRecord | SealedTransactionRecord
    seq: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """For the log."""

    words: str


PlatformEvent = (
    PileLoggedIn
    | CloseLink
    | Measured
    | Told
    | StartAsked
    | Answered
    | Unanswered
    | OrderBegan
    | OrderClosed
    | BillArrived
    | Note
)
