from __future__ import annotations

from ohmstead.ykc.crc import CrcOrder, crc16_modbus, crc_bytes


def test_check_value_of_crc_16_modbus() -> None:
    assert crc16_modbus(b"123456789") == 0x4B37


def test_both_orders_of_the_two_bytes() -> None:
    assert crc_bytes(b"123456789", CrcOrder.LE) == b"\x37\x4b"
    assert crc_bytes(b"123456789", CrcOrder.BE) == b"\x4b\x37"


def test_the_empty_text_has_the_initial_value() -> None:
    assert crc16_modbus(b"") == 0xFFFF
