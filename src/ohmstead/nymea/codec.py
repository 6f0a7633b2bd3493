"""Packets out of a byte stream, and messages into one.

nymea has no frame: a packet is a JSON object, and clients end it with a newline, or not. The decoder
counts brackets outside of strings, so that its packets do not depend on how the stream was cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ohmstead.errors import DataError

MAX_PACKET_BYTES = 1024 * 1024
"""A peer that sends more without completing a packet is not speaking this protocol."""
MAX_DEPTH = 256
"""Nor is one that nests deeper."""

_OUTSIDE = re.compile(rb'["{}\[\]\n]')
_INSIDE = re.compile(rb'[^"\\\n]*(?:\\[^\n][^"\\\n]*)*')
"""What may stand in a string, escapes whole; it ends before a quote, a newline, or half an escape."""
_SPACE = b" \t\r\n"
_SPACES = re.compile(rb"[ \t\r\n]+")
_OPENING, _CLOSING = b"{[", b"}]"


class Oversized(DataError):  # noqa: N818 - what the stream is
    """More than :data:`MAX_PACKET_BYTES` without a complete packet, or deeper than :data:`MAX_DEPTH`."""


class Decoder:
    """Cuts a stream into packets, whatever pieces it arrives in.

    A packet is a bracketed value, complete or visibly broken: a newline inside a string, or ``}``
    followed by ``{``, can be in no JSON and end it there. Anything else than a bracket ends with its
    line. Packets are not parsed here: :func:`decode` refuses the broken ones.
    """

    def __init__(self, limit: int = MAX_PACKET_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._reset()

    @property
    def waiting_bytes(self) -> int:
        """How much of an incomplete packet has come."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and give the packets that they complete.

        Raises:
            Oversized: the stream cannot be used any further.
        """
        self._buffer += data
        try:
            while (packet := self._next()) is not None:
                yield packet
            if len(self._buffer) > self._limit:
                raise Oversized(f"more than {self._limit} bytes without a complete JSON object")
        except Oversized:
            self._buffer.clear()
            self._reset()
            raise

    def _reset(self) -> None:
        self._at = 0
        self._depth = 0
        self._in_string = False
        self._broken = False

    def _next(self) -> bytes | None:
        """The next packet in the buffer, or ``None`` where it is not complete."""
        if not self._at:
            self._skip_space()
        end = self._end()
        if end is None:
            return None
        if end > self._limit:
            return None
        packet = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._reset()
        return packet

    def _skip_space(self) -> None:
        found = _SPACES.match(self._buffer)
        if found is not None:
            del self._buffer[: found.end()]

    def _end(self) -> int | None:
        """Where the packet at the buffer's start ends; remembers how far it has looked."""
        while self._at < len(self._buffer):
            if self._in_string and not self._leave_string():
                return None
            found = _OUTSIDE.search(self._buffer, self._at)
            if found is None:
                self._at = len(self._buffer)
                return None
            self._at = found.end()
            end = self._after(found.start(), found.group())
            if end is not None:
                return end
        return None

    def _leave_string(self) -> bool:
        """Go to what ends a string; whether it has come already."""
        inside = _INSIDE.match(self._buffer, self._at)
        self._at = len(self._buffer) if inside is None else inside.end()
        rest = self._buffer[self._at : self._at + 2]
        if len(rest) == 0 or rest == b"\\":
            return False
        self._in_string = False
        # A quote is passed; a newline, also one behind a backslash, is where the packet is broken off.
        self._at += 0 if rest[:1] == b"\n" else 1
        self._broken = rest[:1] != b'"'
        return True

    def _after(self, at: int, mark: bytes) -> int | None:
        """Take one mark into account; where the packet ends with it, that place."""
        if mark == b"\n":
            return at if self._depth == 0 or self._broken else None
        if mark == b'"':
            self._in_string = self._depth > 0
        elif mark in _OPENING:
            if mark == b"{" and self._depth and self._follows_a_brace(at):
                return at
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise Oversized(f"nested more than {MAX_DEPTH} deep")
        else:
            self._depth -= 1
            if self._depth <= 0:
                return at + 1
        return None

    def _follows_a_brace(self, at: int) -> bool:
        """Whether the last byte before a place, spaces aside, is ``}``."""
        at -= 1
        while at >= 0 and self._buffer[at] in _SPACE:
            at -= 1
        return at >= 0 and self._buffer[at] == _CLOSING[0]


def decode(packet: bytes) -> dict[str, Any]:
    """A packet as an object.

    Raises:
        DataError: it is not JSON, or not an object; the message is for the peer.
    """
    try:
        message = msgspec.json.decode(packet)
    except RecursionError:
        raise DataError("nested too deeply") from None
    except UnicodeDecodeError:
        raise DataError("invalid UTF-8 string") from None
    except msgspec.DecodeError as error:
        raise DataError(str(error)) from None
    if not isinstance(message, dict):
        raise DataError("not an object")
    return message


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as it goes on the wire: one compact line.

    Numbers that JSON does not know (NaN, infinity) become ``null``.
    """
    return msgspec.json.encode(message) + b"\n"


def notification(number: int, name: str, params: bytes) -> bytes:
    """A notification around parameters that are encoded already, so that many clients can share them."""
    return b'{"id":%d,"notification":%s,"params":%s}\n' % (number, msgspec.json.encode(name), params)
