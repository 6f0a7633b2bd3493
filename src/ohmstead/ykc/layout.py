"""Layouts as data: a frame's body is a dataclass whose fields say how they look on the wire.

::

    @message(0x35, "result of a remote stop", Direction.UP)
    class RemoteStopResult(Message):
        pile: str = bcd(7, "pile number")
        gun: str = bcd(1, "gun")
        result: int = number(1, "result", meaning=Result)
        reason: int = number(1, "reason", meaning=StopRefusal)

The same table encodes, decodes and writes the documentation. Numbers are little-endian. A value that is
scaled on the wire is a float here; it is rounded to the last decimal that the wire has, so that decoding
and encoding again gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from ohmstead.errors import DataError
from ohmstead.ykc.cp56time import SIZE as TIME_SIZE
from ohmstead.ykc.cp56time import read_time, write_time

_WIRE = "wire"
_INTEGER_CODES = {1: "B", 2: "H", 4: "I"}


class Direction(StrEnum):
    """Who sends a frame."""

    UP = "pile"
    DOWN = "platform"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wire:
    """How one field looks on the wire.

    ``size`` in bytes, ``None`` for what fills the rest of the body. ``read`` is total: whatever bytes come,
    it gives a value. ``write`` raises ``ValueError`` or ``TypeError`` for a value that does not fit.
    """

    kind: str
    size: int | None
    code: str
    title: str
    read: Callable[[Any], Any] | None
    write: Callable[[Any], Any]
    meaning: type[IntEnum | IntFlag] | None = None
    item: type[Structure] | None = None


def most_of(size: int, decimals: int = 0) -> float:
    """The largest value that a number of this size can carry.

    What grows without end (an amount, minutes after the clock was set) is cut off at it: a wrong value in one
    field is better than a frame that cannot be sent.
    """
    return ((1 << 8 * size) - 1) / 10.0**decimals


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """All fields of a structure, compiled."""

    names: tuple[str, ...]
    wires: tuple[Wire, ...]
    fixed: struct.Struct
    rest: tuple[str, Wire] | None

    @property
    def size(self) -> int:
        """Bytes of the fixed part; a body may not be shorter."""
        return self.fixed.size


class Structure:
    """A run of fields; messages and the items of their lists are structures."""

    __slots__ = ()
    LAYOUT: ClassVar[Layout]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Decode; bytes behind the known fields are ignored, because devices append fields.

        Raises:
            DataError: there are fewer bytes than the layout needs.
        """
        layout = cls.LAYOUT
        if len(data) < layout.size:
            raise DataError(f"{cls.__name__}: {len(data)} bytes, needs {layout.size}")
        values: dict[str, Any] = {}
        for name, wire, raw in zip(layout.names, layout.wires, layout.fixed.unpack_from(data), strict=False):
            values[name] = raw if wire.read is None else wire.read(raw)
        if layout.rest is not None:
            name, wire = layout.rest
            assert wire.read is not None  # noqa: S101 - open fields are always read by a function
            values[name] = wire.read(data[layout.size :])
        return cls(**values)

    def to_bytes(self) -> bytes:
        """Encode.

        Raises:
            DataError: a value does not fit into its field; the message names it.
        """
        layout = self.LAYOUT
        raws = []
        for name, wire in zip(layout.names, layout.wires, strict=True):
            try:
                raws.append(wire.write(getattr(self, name)))
            except (ValueError, TypeError) as error:
                raise DataError(f"{type(self).__name__}.{name}: {error}") from error
        if layout.rest is None:
            return layout.fixed.pack(*raws)
        return layout.fixed.pack(*raws[:-1]) + bytes(raws[-1])


class Message(Structure):
    """The body of one frame type."""

    __slots__ = ()
    TYPE: ClassVar[int]
    TITLE: ClassVar[str]
    DIRECTION: ClassVar[Direction]
    REPLY: ClassVar[int | None]
    SINCE: ClassVar[str]


REGISTRY: dict[int, type[Message]] = {}
"""Every frame type that is known, filled by :func:`message`."""

S = TypeVar("S", bound=Structure)
M = TypeVar("M", bound=Message)


# Fields


def _field(wire: Wire, default: Any) -> Any:
    return dataclasses.field(default=default, metadata={_WIRE: wire})


def _digits(kind: str, size: int, title: str) -> Wire:
    def write(value: str) -> bytes:
        data = bytes.fromhex(value)
        if len(data) != size or len(value) != 2 * size:
            raise ValueError(f"{value!r}, needs {2 * size} digits")
        return data

    def read(data: bytes) -> str:
        return data.hex().upper()

    return Wire(kind=kind, size=size, code=f"{size}s", title=title, read=read, write=write)


def bcd(size: int, title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """Two digits a byte; a string of ``2 * size`` upper-case digits. ICCIDs have A to F too."""
    return _field(_digits("BCD", size, title), default)


def raw(size: int, title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """Bytes that mean nothing to us, such as the number in a card; a string of hexadecimal digits."""
    return _field(_digits("bytes", size, title), default)


def number(
    size: int,
    title: str,
    *,
    decimals: int = 0,
    offset: int = 0,
    meaning: type[IntEnum | IntFlag] | None = None,
    default: Any = dataclasses.MISSING,
) -> Any:
    """An unsigned integer; with ``decimals`` a float of value raw / 10^decimals + offset."""
    scale, most = float(10**decimals), 256**size - 1
    scaled = bool(decimals or offset)

    def write(value: float) -> int:
        unscaled: int = round((value - offset) * scale) if scaled else int(value)
        if not 0 <= unscaled <= most or (not scaled and unscaled != value):
            raise ValueError(f"{value!r}, allowed: {offset:g} to {most / scale + offset:g}")
        return unscaled

    def from_integer(unscaled: int) -> float:
        return unscaled / scale + offset if decimals else unscaled + offset

    code = _INTEGER_CODES.get(size, f"{size}s")
    read: Callable[[Any], Any] | None = from_integer if scaled else None
    put: Callable[[Any], Any] = write
    if size not in _INTEGER_CODES:

        def read_wide(data: bytes) -> float:
            unscaled = int.from_bytes(data, "little")
            return from_integer(unscaled) if scaled else unscaled

        def put_wide(value: float) -> bytes:
            return write(value).to_bytes(size, "little")

        read, put = read_wide, put_wide
    kind = "integer" if not scaled else f"integer / {scale:.0f}" if decimals else "integer"
    kind += f" {offset:+d}" if offset else ""
    return _field(
        Wire(kind=kind, size=size, code=code, title=title, read=read, write=put, meaning=meaning), default
    )


def temperature(title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """One byte, °C + 50; 0 stands for "not measured" and is ``None``."""

    def write(value_c: float | None) -> int:
        unscaled = 0 if value_c is None else round(value_c) + 50
        if not 0 <= unscaled <= 255:
            raise ValueError(f"{value_c!r}, allowed: -49 to 205")
        return unscaled

    wire = Wire(
        kind="integer -50, 0 is none",
        size=1,
        code="B",
        title=title,
        read=lambda unscaled: unscaled - 50.0 if unscaled else None,
        write=write,
    )
    return _field(wire, default)


def text(size: int, title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """ASCII, left-justified, padded with zeros. What is not ASCII is kept as Latin-1."""

    def write(value: str) -> bytes:
        data = value.encode("latin-1")
        if len(data) > size:
            raise ValueError(f"{value!r}, at most {size} characters")
        return data.ljust(size, b"\0")

    def read(data: bytes) -> str:
        return data.rstrip(b"\0").decode("latin-1")

    return _field(
        Wire(kind="ASCII", size=size, code=f"{size}s", title=title, read=read, write=write), default
    )


def time7(title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """CP56Time2a: a :class:`~ohmstead.ykc.cp56time.WallTime`, or ``None`` where the bytes are no date."""
    wire = Wire(
        kind="CP56Time2a", size=TIME_SIZE, code=f"{TIME_SIZE}s", title=title, read=read_time, write=write_time
    )
    return _field(wire, default)


def bytes_of(
    count: int, title: str, *, meaning: type[IntEnum] | None = None, default: Any = dataclasses.MISSING
) -> Any:
    """An array of small numbers, one byte each; a tuple."""

    def write(values: Iterable[int]) -> bytes:
        data = bytes(values)
        if len(data) != count:
            raise ValueError(f"{len(data)} values, needs {count}")
        return data

    wire = Wire(
        kind=f"{count} × integer",
        size=count,
        code=f"{count}s",
        title=title,
        read=tuple,
        write=write,
        meaning=meaning,
    )
    return _field(wire, default)


def group(item: type[Structure], title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """One structure inside another."""
    size = item.LAYOUT.size
    wire = Wire(
        kind=item.__name__,
        size=size,
        code=f"{size}s",
        title=title,
        read=item.from_bytes,
        write=lambda value: value.to_bytes(),
        item=item,
    )
    return _field(wire, default)


def items(
    item: type[Structure], title: str, *, counted: bool, most: int, default: Any = dataclasses.MISSING
) -> Any:
    """Structures to the end of the body, a tuple; ``counted``: behind one byte with their number."""
    size = item.LAYOUT.size

    def read(data: bytes) -> tuple[Structure, ...]:
        count, start = (data[0], 1) if counted and data else (len(data) // size, 0)
        if counted and len(data) < start + count * size:
            raise DataError(f"{count} × {item.__name__} need {count * size} bytes, found {len(data) - start}")
        return tuple(item.from_bytes(data[i : i + size]) for i in range(start, start + count * size, size))

    def write(values: tuple[Structure, ...]) -> bytes:
        if len(values) > most:
            raise ValueError(f"{len(values)} items, allowed: 0 to {most}")
        return (bytes((len(values),)) if counted else b"") + b"".join(value.to_bytes() for value in values)

    kind = f"{'count, ' if counted else ''}n × {item.__name__}"
    return _field(
        Wire(kind=kind, size=None, code="", title=title, read=read, write=write, item=item), default
    )


def counted_text(title: str, *, default: Any = dataclasses.MISSING) -> Any:
    """ASCII behind one byte with its length."""

    def read(data: bytes) -> str:
        count = data[0] if data else 0
        if len(data) < 1 + count:
            raise DataError(f"text of {count} bytes, found {max(0, len(data) - 1)}")
        return data[1 : 1 + count].decode("latin-1")

    def write(value: str) -> bytes:
        data = value.encode("latin-1")
        return bytes((len(data),)) + data

    return _field(
        Wire(kind="length, ASCII", size=None, code="", title=title, read=read, write=write), default
    )


# Classes


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(bcd, raw, number, temperature, text, time7, bytes_of, group, items, counted_text),
)
def part(cls: type[S]) -> type[S]:
    """Fields that several messages share; inherited from the right to the left, as Python orders dataclasses.

    Without slots, because Python cannot join two parts with slots.
    """
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(bcd, raw, number, temperature, text, time7, bytes_of, group, items, counted_text),
)
def structure(cls: type[S]) -> type[S]:
    """Make a frozen dataclass of a class with wire fields, and compile its layout.

    Raises:
        TypeError: a field of open size is not the last.
    """
    made = dataclass(frozen=True, kw_only=True, slots=True)(cls)
    wires = [(field.name, field.metadata[_WIRE]) for field in dataclasses.fields(made)]  # type: ignore[arg-type]
    fixed = [(name, wire) for name, wire in wires if wire.size is not None]
    if wires[: len(fixed)] != fixed or len(wires) > len(fixed) + 1:
        raise TypeError(f"{cls.__name__}: only the last field may be of open size")
    made.LAYOUT = Layout(
        names=tuple(name for name, _ in wires),
        wires=tuple(wire for _, wire in wires),
        fixed=struct.Struct("<" + "".join(wire.code for _, wire in fixed)),
        rest=wires[-1] if len(wires) > len(fixed) else None,
    )
    return made


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(bcd, raw, number, temperature, text, time7, bytes_of, group, items, counted_text),
)
def message(
    number_: int, title: str, direction: Direction, *, reply: int | None = None, since: str = "1.5"
) -> Callable[[type[M]], type[M]]:
    """Make a class the body of a frame type and register it."""

    def make(cls: type[M]) -> type[M]:
        if number_ in REGISTRY:
            raise TypeError(f"frame type {number_:02X} is defined twice")
        made = structure(cls)
        made.TYPE, made.TITLE, made.DIRECTION, made.REPLY, made.SINCE = (
            number_,
            title,
            direction,
            reply,
            since,
        )
        REGISTRY[number_] = made
        return made

    return make
