"""The checksum of a frame: CRC-16/MODBUS, in either of the two byte orders that are in use.

The published text names the polynomial 0x180D, but its own C function, its verifiable samples and all
known piles compute CRC-16/MODBUS (reflected polynomial 0xA001, initial value 0xFFFF, no final xor).
That function returns the two bytes swapped, and so part of the field sends them swapped.
"""

from __future__ import annotations

from enum import StrEnum


class CrcOrder(StrEnum):
    """How the two bytes of the checksum follow each other on the wire."""

    LE = "le"
    """Low byte first: the text's samples and most platforms."""
    BE = "be"
    """High byte first: the firmware of many piles."""


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_TABLE = _table()


def crc16_modbus(data: bytes) -> int:
    """CRC-16/MODBUS; the check value of ``b"123456789"`` is 0x4B37."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def crc_bytes(data: bytes, order: CrcOrder) -> bytes:
    """The checksum as the two bytes of the wire."""
    return crc16_modbus(data).to_bytes(2, "little" if order is CrcOrder.LE else "big")
