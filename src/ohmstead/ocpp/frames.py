"""Frames of OCPP-J 1.6 (§4.1): CALL, CALLRESULT and CALLERROR as JSON arrays.

Reading never raises: what is no frame becomes :class:`Malformed`, with the message id where one can be
read, because then the peer gets an answer instead of waiting for its time-out.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ohmstead.ocpp.error_codes import ErrorCode, read_code

Payload = dict[str, Any]
"""A JSON object, with the standard's own names."""

MAX_FRAME_BYTES: Final = 1 << 20
"""The largest frame that is read: a StopTransaction with 600 samples of 1.6 kB, or a local list of
about 9000 tags. Larger ones only serve to fill the memory."""
MAX_MESSAGE_ID: Final = 36
"""Length of a message id (OCPP-J 1.6 §4.1.4)."""
MAX_DESCRIPTION: Final = 255
"""Length of the description in a CALLERROR (OCPP-J 1.6 §4.2.3)."""

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4


class Call(msgspec.Struct, frozen=True, gc=False):
    """A request."""

    message_id: str
    action: str
    payload: Payload


class CallResult(msgspec.Struct, frozen=True, gc=False):
    """The answer to a request."""

    message_id: str
    payload: Payload


class CallError(msgspec.Struct, frozen=True, gc=False):
    """The refusal of a request."""

    message_id: str
    code: ErrorCode
    description: str = ""
    details: Payload = {}


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """No frame of this protocol.

    ``code``: what to answer; ``None`` where no answer is due: an unknown message type, a broken answer.
    ``message_id``: ``None`` where none could be read, so that nobody could match an answer.
    """

    message_id: str | None
    code: ErrorCode | None
    description: str
    ends_call: bool = False
    """It was meant as the answer to the call ``message_id``."""


Frame = Call | CallResult | CallError

_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_ID_OF_BROKEN_CALL = re.compile(r'\s*\[\s*2\s*,\s*"([^"\\\x00-\x1f]{1,36})"')
_HEAD = 200


def decode(data: str | bytes, *, max_bytes: int = MAX_FRAME_BYTES) -> Frame | Malformed:
    """Read one frame; never raises."""
    if len(data) > max_bytes:
        return _broken(data, f"a frame has at most {max_bytes} bytes, this one has {len(data)}")
    try:
        parts = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return _broken(data, f"not JSON: {error}")
    if not isinstance(parts, list) or not parts:
        return Malformed(None, None, "a frame is a JSON array that is not empty")
    kind = parts[0]
    if kind == CALL:
        return _call(parts)
    if kind in (CALL_RESULT, CALL_ERROR):
        return _answer(parts)
    return Malformed(_readable_id(parts), None, f"unknown message type {_short(kind)}")


def encode(frame: Frame) -> str:
    """Write one frame."""
    match frame:
        case Call(message_id, action, payload):
            parts: list[Any] = [CALL, message_id, action, payload]
        case CallResult(message_id, payload):
            parts = [CALL_RESULT, message_id, payload]
        case CallError(message_id, code, description, details):
            parts = [CALL_ERROR, message_id, code.value, description[:MAX_DESCRIPTION], details]
    return _encoder.encode(parts).decode()


def _call(parts: list[Any]) -> Call | Malformed:
    message_id = _readable_id(parts)
    if len(parts) != 4:
        return _malformed_call(message_id, f"a CALL has 4 elements, this one has {len(parts)}")
    _, given_id, action, payload = parts
    if not isinstance(given_id, str) or not 0 < len(given_id) <= MAX_MESSAGE_ID:
        return _malformed_call(message_id, f"a message id is a string of 1 to {MAX_MESSAGE_ID} characters")
    if not isinstance(action, str):
        return _malformed_call(message_id, "the action is a string")
    if not isinstance(payload, dict):
        return _malformed_call(message_id, "the payload is a JSON object")
    return Call(given_id, action, payload)


def _answer(parts: list[Any]) -> CallResult | CallError | Malformed:
    """Answers are read generously: what matters is which call they end."""
    message_id = _readable_id(parts)
    if message_id is None:
        return Malformed(None, None, "an answer without a message id")
    if parts[0] == CALL_RESULT:
        if len(parts) != 3 or not isinstance(parts[2], dict):
            description = "a CALLRESULT has 3 elements, the last one an object"
            return Malformed(message_id, None, description, ends_call=True)
        return CallResult(message_id, parts[2])
    code = read_code(parts[2]) if len(parts) > 2 else ErrorCode.GENERIC_ERROR
    description = parts[3] if len(parts) > 3 and isinstance(parts[3], str) else ""
    details = parts[4] if len(parts) > 4 and isinstance(parts[4], dict) else {}
    return CallError(message_id, code, description[:MAX_DESCRIPTION], details)


def _malformed_call(message_id: str | None, description: str) -> Malformed:
    return Malformed(message_id, ErrorCode.FORMATION_VIOLATION, description)


def _broken(data: str | bytes, description: str) -> Malformed:
    head = data[:_HEAD]
    text = head.decode(errors="replace") if isinstance(head, bytes) else head
    found = _ID_OF_BROKEN_CALL.match(text)
    return _malformed_call(found[1] if found and found[1].isprintable() else None, description)


def _readable_id(parts: list[Any]) -> str | None:
    """The message id as it can be sent back; some peers count in numbers."""
    given = parts[1] if len(parts) > 1 else None
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    return given if isinstance(given, str) and 0 < len(given) <= MAX_MESSAGE_ID else None


def _short(value: object) -> str:
    return repr(value)[:40]
