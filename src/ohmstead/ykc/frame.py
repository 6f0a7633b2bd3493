"""Frames in a stream of bytes that may be split, joined and damaged anywhere.

::

    0x68 | length | sequence 2 | encryption | type | body | CRC 2

``length`` counts from the sequence to the end of the body. A body may hold 0x68, so a frame is one only if
its length and its checksum agree. The sequence is two opaque bytes that a reply repeats: the text does not
fix their order, and both are in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ohmstead.errors import DataError
from ohmstead.ykc.crc import CrcOrder, crc16_modbus, crc_bytes

START = 0x68
HEAD_SIZE = 4
"""Sequence, encryption and type, which the length counts beside the body."""
AROUND_SIZE = 4
"""Start, length and checksum, which it does not count."""
MAX_BODY_SIZE = 255 - HEAD_SIZE
"""What one byte of length can count. The text says 196; records of version 1.7 have 201."""
MAX_FRAME_SIZE = 255 + AROUND_SIZE
_SHOWN_BYTES = 48


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``order`` is how its checksum was written; ``None`` where both ways look the same."""

    seq: bytes
    type: int
    body: bytes
    encrypted: bool = False
    order: CrcOrder | None = None


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame: how many, and the first of them."""

    size: int
    start: bytes

    def __str__(self) -> str:
        return (
            f"{self.size} bytes are no frame: {self.start.hex()}{'…' if self.size > len(self.start) else ''}"
        )


def encode(frame: Frame, order: CrcOrder = CrcOrder.LE) -> bytes:
    """The bytes of a frame.

    Raises:
        DataError: the body is longer than a frame can hold, or the sequence is not two bytes.
    """
    if len(frame.body) > MAX_BODY_SIZE or len(frame.seq) != 2:
        raise DataError(f"frame {frame.type:02X}: {len(frame.body)} bytes, allowed: {MAX_BODY_SIZE}")
    checked = frame.seq + bytes((frame.encrypted, frame.type)) + frame.body
    return bytes((START, len(checked))) + checked + crc_bytes(checked, order)


class FrameDecoder:
    """Takes bytes as they come and gives frames and noise in their order.

    It never holds more than one frame's bytes between calls.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """The beginning of what may be a frame is held."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Noise]:
        """All that is complete now."""
        self._buffer += data
        return list(self._scan(give_up=False))

    def give_up(self) -> list[Frame | Noise]:
        """What waits for its end is no frame after all; look for frames inside it.

        For when nothing more came for a while: a damaged length would otherwise swallow what follows.
        """
        return list(self._scan(give_up=True))

    def _scan(self, *, give_up: bool) -> Iterator[Frame | Noise]:
        buffer = self._buffer
        at = noise_from = 0
        while (start := buffer.find(START, at)) >= 0:
            frame = self._frame_at(start)
            if frame is None and not give_up:
                at = start
                break
            if not isinstance(frame, Frame):
                at = start + 1
                continue
            if start > noise_from:
                yield self._noise(noise_from, start)
            at = noise_from = start + AROUND_SIZE + HEAD_SIZE + len(frame.body)
            yield frame
        else:
            at = len(buffer)
        if at > noise_from:
            yield self._noise(noise_from, at)
        del buffer[:at]

    def _noise(self, start: int, end: int) -> Noise:
        return Noise(end - start, bytes(self._buffer[start : min(end, start + _SHOWN_BYTES)]))

    def _frame_at(self, start: int) -> Frame | bool | None:
        """The frame that begins here, ``False`` where none can, ``None`` where more bytes must tell."""
        buffer = self._buffer
        have = len(buffer) - start
        if have < 2:
            return None
        length = buffer[start + 1]
        if length < HEAD_SIZE or (have > 4 and buffer[start + 4] > 1):
            return False
        if have < length + AROUND_SIZE:
            return None
        checked = bytes(buffer[start + 2 : start + 2 + length])
        high, low = buffer[start + length + 3], buffer[start + length + 2]
        crc = crc16_modbus(checked)
        if crc == high << 8 | low:
            order = None if high == low else CrcOrder.LE
        elif crc == low << 8 | high:
            order = CrcOrder.BE
        else:
            return False
        return Frame(checked[:2], checked[3], checked[4:], checked[2] == 1, order)


def looks_like_version_2(start: bytes) -> bool:
    """The first bytes of a connection are a login of version 2, whose frames are another format.

    There the length has two bytes, high byte first, and seven bytes of time precede the encryption.
    """
    return len(start) >= 14 and start[0] == START and start[1] == 0 and start[2] >= 11 and start[12] in (0, 1)
