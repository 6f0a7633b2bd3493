from __future__ import annotations

import pytest

from ohmstead.errors import DataError
from ohmstead.ykc.layout import (
    REGISTRY,
    Direction,
    Message,
    Structure,
    bcd,
    items,
    message,
    number,
    structure,
    temperature,
    text,
)


@structure
class Sample(Structure):
    digits: str = bcd(2, "digits")
    volts: float = number(2, "volts", decimals=1)
    meter_kwh: float = number(5, "meter", decimals=4)
    hot_c: float | None = temperature("temperature")
    name: str = text(4, "name", default="ab")


def test_bytes_of_a_structure() -> None:
    sample = Sample(digits="12A4", volts=225.1, meter_kwh=1.5, hot_c=-10.0)
    data = bytes.fromhex("12A4" + "CB08" + "983A000000" + "28" + "61620000")
    assert sample.to_bytes() == data
    assert Sample.from_bytes(data) == sample


def test_a_longer_body_is_accepted_and_a_shorter_one_is_not() -> None:
    data = Sample(digits="0000", volts=0.0, meter_kwh=0.0, hot_c=None).to_bytes()
    assert Sample.from_bytes(data + b"appended").name == "ab"
    with pytest.raises(DataError, match="Sample: 13 bytes, needs 14"):
        Sample.from_bytes(data[:-1])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("digits", "123", "fromhex|digits"),
        ("digits", "123456", "needs 4 digits"),
        ("volts", 6553.6, "allowed: 0 to 6553.5"),
        ("volts", -0.1, "allowed"),
        ("volts", float("nan"), "cannot convert"),
        ("hot_c", 206.0, "allowed: -49 to 205"),
        ("name", "abcde", "at most 4"),
    ],
)
def test_a_value_that_does_not_fit_is_named(field: str, value: object, words: str) -> None:
    good = {"digits": "0000", "volts": 0.0, "meter_kwh": 0.0, "hot_c": None}
    with pytest.raises(DataError, match=rf"Sample\.{field}: .*({words})"):
        Sample(**(good | {field: value})).to_bytes()  # type: ignore[arg-type]


def test_a_frame_type_is_defined_once() -> None:
    before = dict(REGISTRY)
    with pytest.raises(TypeError, match="twice"):

        @message(0x01, "again", Direction.UP)
        class Again(Message):
            pile: str = bcd(7, "pile number")

    assert before == REGISTRY


def test_only_the_last_field_is_open() -> None:
    with pytest.raises(TypeError, match="last"):

        @structure
        class Wrong(Structure):
            many: tuple[Sample, ...] = items(Sample, "many", counted=True, most=2)
            one: int = number(1, "one")
