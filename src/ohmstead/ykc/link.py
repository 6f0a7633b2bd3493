"""One connection without its socket: bytes in, messages out, and the other way round.

Both ends use it. It keeps the send counter, learns the order of checksums, bounds the noise and says in
words what it ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.errors import DataError
from ohmstead.ykc.crc import CrcOrder
from ohmstead.ykc.frame import Frame, FrameDecoder, Noise, encode, looks_like_version_2
from ohmstead.ykc.layout import Direction, Message
from ohmstead.ykc.messages import message_of
from ohmstead.ykc.quirks import CrcMode

PARTIAL_FRAME_S = 5.0
"""How long the rest of a frame may take. The damage that hides a frame lasts no longer."""
MAX_NOISE_BYTES = 4096
"""More than this without one good frame is another protocol, or somebody who wants our time."""
_OTHER = {Direction.UP: Direction.DOWN, Direction.DOWN: Direction.UP}


@dataclass(frozen=True, slots=True)
class Received:
    """A message and the two bytes of sequence that a reply to it repeats."""

    message: Message
    seq: bytes


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that arrived and was of no use; in words, with the bytes in hexadecimal."""

    why: str


Observer = Callable[[Direction, Message, bytes], None]
"""Sees every message with who sent it and its sequence."""


class Link:
    """Args: which end this is, how checksums are sent, and who else sees the messages."""

    def __init__(self, own: Direction, crc: CrcMode = CrcMode.LE, observer: Observer | None = None) -> None:
        self._own = own
        self._expected = _OTHER[own]
        self._observer = observer
        self.crc = crc
        self.reset()

    def reset(self) -> None:
        """Begin a new connection: the counter starts at 0."""
        self._decoder = FrameDecoder()
        self._out = bytearray()
        self._counter = 0
        self._learnt: CrcOrder | None = None
        self._noise_bytes = 0
        self._partial_until: datetime | None = None
        self._good_frames = 0
        self.hopeless: str | None = None
        """Why this connection is to be closed, if it is."""

    @property
    def crc_order(self) -> CrcOrder:
        """How checksums are sent now."""
        if self.crc is CrcMode.LE:
            return CrcOrder.LE
        if self.crc is CrcMode.BE:
            return CrcOrder.BE
        return self._learnt or CrcOrder.LE

    @property
    def learnt_order(self) -> CrcOrder | None:
        """How the other side writes its checksums, once it is known."""
        return self._learnt

    def send(self, message: Message, seq: bytes | None = None) -> bytes:
        """Put a message into the buffer; a reply gives the sequence of its request.

        Returns:
            The sequence used.

        Raises:
            DataError: a value does not fit into its field.
        """
        body = message.to_bytes()
        if seq is None:
            seq = self._counter.to_bytes(2, "little")
            self._counter = (self._counter + 1) & 0xFFFF
        self._out += encode(Frame(seq, message.TYPE, body), self.crc_order)
        if self._observer is not None:
            self._observer(self._own, message, seq)
        return seq

    def take(self) -> bytes:
        """What is to be sent; it is forgotten here."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive(self, data: bytes, now: datetime) -> list[Received | Ignored]:
        """Judge what arrived."""
        found = self._decoder.feed(data)
        self._partial_until = now + timedelta(seconds=PARTIAL_FRAME_S) if self._decoder.waiting else None
        return [self._judge(item) for item in found]

    def next_timeout(self) -> datetime | None:
        """When the rest of a frame is overdue."""
        return self._partial_until

    def expire(self, now: datetime) -> list[Received | Ignored]:
        """Give up a frame whose rest did not come."""
        if self._partial_until is None or now < self._partial_until:
            return []
        self._partial_until = None
        return [self._judge(item) for item in self._decoder.give_up()]

    def _judge(self, item: Frame | Noise) -> Received | Ignored:
        if isinstance(item, Noise):
            self._noise_bytes += item.size
            if not self._good_frames and looks_like_version_2(item.start):
                self.hopeless = "the other side speaks version 2 (encrypted), which is another protocol"
            elif self._noise_bytes > MAX_NOISE_BYTES:
                self.hopeless = f"{self._noise_bytes} bytes without a frame: not YunKuaiChong"
            return Ignored(str(item))
        self._good_frames += 1
        self._noise_bytes = 0
        if self._learnt is None:
            self._learnt = item.order
        return self._message(item)

    def _message(self, frame: Frame) -> Received | Ignored:
        shown = f"frame {frame.type:02X} with body {frame.body.hex()}"
        if frame.encrypted:
            return Ignored(f"frame {frame.type:02X} is encrypted, which nobody has published how to read")
        try:
            message = message_of(frame.type, frame.body)
        except DataError as error:
            return Ignored(f"{shown} is too short: {error}")
        if message is None:
            return Ignored(f"{shown} is of an unknown type")
        if message.DIRECTION is not self._expected:
            return Ignored(f"{shown} comes from the wrong side")
        if self._observer is not None:
            self._observer(self._expected, message, frame.seq)
        return Received(message, frame.seq)
