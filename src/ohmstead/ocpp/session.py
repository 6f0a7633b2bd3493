"""One OCPP-J connection as a state machine without I/O: bytes in, events and texts out.

The host feeds :meth:`Session.receive` with what arrives, sends what :meth:`Session.data_to_send` gives,
and calls :meth:`Session.expire` when :meth:`Session.next_timeout` has come. Times are seconds of any
monotonic clock.

- One CALL of our own is outstanding at a time (OCPP-J 1.6 §4.1.1); the others wait, urgent ones in front.
- Calls of the peer are answered meanwhile, in any order.
- Everything in and out is judged by the schemas; what a peer is known to get wrong is mended where the
  session is ``tolerant``.
"""

from __future__ import annotations

import secrets
from collections import deque
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from ohmstead.ocpp.deviations import mend
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import (
    MAX_FRAME_BYTES,
    Call,
    CallError,
    CallResult,
    Malformed,
    Payload,
    decode,
    encode,
)
from ohmstead.ocpp.schemas import RESPONSE, SchemaError, Violation, judge, judge_call

CALL_TIMEOUT_S: Final = 30.0
MAX_UNANSWERED: Final = 32
"""Calls of the peer that may wait for our answer. The standard allows it one; a flood is refused."""
MAX_QUEUED: Final = 1000
"""Calls of our own that may wait for their turn."""


class Cause(StrEnum):
    """Why a call of ours failed."""

    REFUSED = "refused"
    """The peer answered with a CALLERROR."""
    TIMEOUT = "timeout"
    INVALID = "invalid"
    """The peer answered, and the answer does not follow the schema."""
    CLOSED = "closed"
    CANCELLED = "cancelled"


class InboundCall(msgspec.Struct, frozen=True, gc=False):
    """The peer asks; answer with :meth:`Session.answer` or :meth:`Session.refuse`."""

    message_id: str
    action: str
    payload: Payload
    deviations: tuple[str, ...] = ()
    """Fields that did not follow the schema and were mended."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """The peer answered a call of ours."""

    message_id: str
    action: str
    payload: Payload
    deviations: tuple[str, ...] = ()


class Failed(msgspec.Struct, frozen=True, gc=False):
    """A call of ours got no result."""

    message_id: str
    action: str
    cause: Cause
    code: ErrorCode
    description: str


class Ignored(msgspec.Struct, frozen=True, gc=False):
    """Something arrived that changes nothing: log it."""

    message_id: str | None
    reason: str


Event = InboundCall | Result | Failed | Ignored


class Session:
    """State of one connection. Nothing here is shared between connections."""

    __slots__ = (
        "_call_timeout_s",
        "_closed",
        "_count",
        "_deadline",
        "_max_frame_bytes",
        "_outbox",
        "_outstanding",
        "_prefix",
        "_queue",
        "_tolerant",
        "_unanswered",
        "_urgent",
    )

    def __init__(
        self,
        *,
        tolerant: bool = False,
        call_timeout_s: float = CALL_TIMEOUT_S,
        max_frame_bytes: int = MAX_FRAME_BYTES,
        id_prefix: str | None = None,
    ) -> None:
        """Begin.

        Args:
            tolerant: mend known deviations of the peer instead of refusing them.
            id_prefix: of message ids, at most 24 characters; random by default, because ids must not
                repeat even on a later connection (OCPP-J 1.6 errata §2).
        """
        self._tolerant = tolerant
        self._call_timeout_s = call_timeout_s
        self._max_frame_bytes = max_frame_bytes
        self._prefix = secrets.token_hex(6) if id_prefix is None else id_prefix
        self._count = 0
        self._outstanding: Call | None = None
        self._deadline = 0.0
        self._queue: deque[Call] | None = None
        self._urgent = 0
        self._unanswered: dict[str, str] = {}
        self._outbox: list[str] = []
        self._closed: str | None = None

    @property
    def outstanding(self) -> str | None:
        """The message id of our call that waits for its answer."""
        return None if self._outstanding is None else self._outstanding.message_id

    @property
    def closed(self) -> bool:
        """Nothing is sent any more."""
        return self._closed is not None

    @property
    def queued(self) -> int:
        """How many calls of ours wait for their turn."""
        return len(self._queue or ())

    def call(
        self, action: str, payload: Payload, now: float, *, urgent: bool = False, check: bool = True
    ) -> str:
        """Queue a call of ours.

        Args:
            urgent: before all waiting calls that are not urgent.
            check: judge the payload; off only for what was judged before.

        Returns:
            Its message id; one :class:`Result` or :class:`Failed` with it will come.

        Raises:
            SchemaError: the payload does not follow the schema; nothing is sent.
            ConnectionError: the session is closed.
            BufferError: too many calls wait already.
        """
        if self._closed is not None:
            raise ConnectionError(self._closed)
        if check and (violation := judge_call(action, payload)):
            raise SchemaError(action, violation)
        if self.queued >= MAX_QUEUED:
            raise BufferError(f"{MAX_QUEUED} calls wait for an answer of the peer already")
        self._count += 1
        call = Call(f"{self._prefix}-{self._count}", action, payload)
        if self._outstanding is None:
            self._send(call, now)
            return call.message_id
        if self._queue is None:
            self._queue = deque()
        if urgent:
            self._queue.insert(self._urgent, call)
            self._urgent += 1
        else:
            self._queue.append(call)
        return call.message_id

    def cancel(self, message_id: str, now: float, cause: Cause = Cause.CANCELLED) -> list[Failed]:
        """Give up on a call of ours. A late answer to it is ignored; the next call goes out."""
        if self._outstanding is not None and self._outstanding.message_id == message_id:
            failed = self._fail(self._outstanding, cause, "given up")
            self._next(now)
            return [failed]
        for call in self._queue or ():
            if call.message_id == message_id:
                assert self._queue is not None  # noqa: S101 - it was just iterated
                self._urgent -= self._queue.index(call) < self._urgent
                self._queue.remove(call)
                return [self._fail(call, cause, "given up")]
        return []

    def receive(self, data: str | bytes, now: float, *, received_at: datetime | None = None) -> list[Event]:
        """Take one message of the peer; never raises for what the peer sent.

        Args:
            received_at: the time of day, which a tolerant session takes for a time that cannot be read.
        """
        if self._closed is not None:
            return [Ignored(None, f"received after close: {self._closed}")]
        frame = decode(data, max_bytes=self._max_frame_bytes)
        match frame:
            case Call():
                return [self._take_call(frame, received_at)]
            case CallResult():
                return [self._take_result(frame, now, received_at)]
            case CallError(message_id, code, description):
                return [self._end_call(message_id, Cause.REFUSED, code, description, now)]
            case Malformed():
                return [self._take_malformed(frame, now)]

    def answer(self, message_id: str, payload: Payload, *, check: bool = True) -> None:
        """Answer a call of the peer.

        Raises:
            SchemaError: the answer does not follow the schema; the peer got an InternalError instead.
            KeyError: there is no such call, or it is answered already.
        """
        action = self._unanswered.pop(message_id)
        violation = judge(action + RESPONSE, payload) if check else None
        if violation is not None:
            self._push(CallError(message_id, ErrorCode.INTERNAL_ERROR, "the answer could not be made"))
            raise SchemaError(action + RESPONSE, violation)
        self._push(CallResult(message_id, payload))

    def refuse(
        self, message_id: str, code: ErrorCode, description: str = "", details: Payload | None = None
    ) -> None:
        """Answer a call of the peer with a CALLERROR.

        Raises:
            KeyError: there is no such call, or it is answered already.
        """
        self._unanswered.pop(message_id)
        self._push(CallError(message_id, code, description, details or {}))

    def stay_silent(self, message_id: str) -> None:
        """Leave a call of the peer without an answer: a charge point that was rejected must.

        Raises:
            KeyError: there is no such call, or it is answered already.
        """
        self._unanswered.pop(message_id)

    def data_to_send(self) -> list[str]:
        """Texts to send, in this order; they are handed out once."""
        if not self._outbox:
            return []
        outbox, self._outbox = self._outbox, []
        return outbox

    def next_timeout(self) -> float | None:
        """When :meth:`expire` must be called; ``None``: nothing is waited for."""
        return None if self._outstanding is None else self._deadline

    def expire(self, now: float) -> list[Failed]:
        """Fail the outstanding call if its time is over, and send the next."""
        if self._outstanding is None or now < self._deadline:
            return []
        failed = self._fail(self._outstanding, Cause.TIMEOUT, f"no answer in {self._call_timeout_s:g} s")
        self._next(now)
        return [failed]

    def close(self, reason: str) -> list[Failed]:
        """Fail every call of ours; nothing is sent any more."""
        if self._closed is not None:
            return []
        self._closed = reason
        pending = [*([self._outstanding] if self._outstanding else []), *(self._queue or ())]
        self._outstanding = self._queue = None
        self._unanswered.clear()
        self._outbox.clear()
        return [self._fail(call, Cause.CLOSED, reason) for call in pending]

    def _take_call(self, call: Call, received_at: datetime | None) -> Event:
        if call.message_id in self._unanswered:
            return Ignored(call.message_id, f"{call.action} repeated before it was answered")
        payload, deviations = call.payload, tuple[str, ...]()
        violation: Violation | None = judge_call(call.action, payload)
        if (
            violation is not None
            and self._tolerant
            and violation.code is not ErrorCode.NOT_IMPLEMENTED
            and (mended := mend(call.action, payload, received_at))
        ):
            violation, payload, deviations = None, mended.payload, mended.deviations
        if violation is not None:
            self._push(CallError(call.message_id, violation.code, str(violation)))
            return Ignored(call.message_id, f"{call.action[:50]} refused: {violation}")
        if len(self._unanswered) >= MAX_UNANSWERED:
            self._push(CallError(call.message_id, ErrorCode.GENERIC_ERROR, "too many calls at once"))
            return Ignored(call.message_id, f"{call.action} refused: too many calls at once")
        self._unanswered[call.message_id] = call.action
        return InboundCall(call.message_id, call.action, payload, deviations)

    def _take_result(self, result: CallResult, now: float, received_at: datetime | None) -> Event:
        call = self._outstanding
        if call is None or call.message_id != result.message_id:
            return Ignored(result.message_id, "a late answer, or to no call of ours")
        name = call.action + RESPONSE
        payload, deviations = result.payload, tuple[str, ...]()
        violation = judge(name, payload)
        if violation is not None and self._tolerant and (mended := mend(name, payload, received_at)):
            violation, payload, deviations = None, mended.payload, mended.deviations
        if violation is not None:
            return self._end_call(result.message_id, Cause.INVALID, violation.code, str(violation), now)
        self._next(now)
        return Result(call.message_id, call.action, payload, deviations)

    def _take_malformed(self, frame: Malformed, now: float) -> Event:
        if frame.message_id is None:
            return Ignored(None, frame.description)
        if frame.code is None:
            if frame.ends_call:
                code = ErrorCode.FORMATION_VIOLATION
                return self._end_call(frame.message_id, Cause.INVALID, code, frame.description, now)
            return Ignored(frame.message_id, frame.description)
        self._push(CallError(frame.message_id, frame.code, frame.description))
        return Ignored(frame.message_id, frame.description)

    def _end_call(
        self, message_id: str, cause: Cause, code: ErrorCode, description: str, now: float
    ) -> Event:
        call = self._outstanding
        if call is None or call.message_id != message_id:
            return Ignored(message_id, "a late answer, or to no call of ours")
        self._next(now)
        return Failed(message_id, call.action, cause, code, description)

    def _fail(self, call: Call, cause: Cause, description: str) -> Failed:
        return Failed(call.message_id, call.action, cause, ErrorCode.GENERIC_ERROR, description)

    def _next(self, now: float) -> None:
        self._outstanding = None
        if self._queue:
            self._urgent = max(0, self._urgent - 1)
            self._send(self._queue.popleft(), now)
            if not self._queue:
                self._queue = None

    def _send(self, call: Call, now: float) -> None:
        self._outstanding = call
        self._deadline = now + self._call_timeout_s
        self._push(call)

    def _push(self, frame: Call | CallResult | CallError) -> None:
        self._outbox.append(encode(frame))
