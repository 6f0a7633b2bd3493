"""What is known of single models, as data."""

from __future__ import annotations

import pytest

from ohmstead.errors import DataError
from ohmstead.ocpp.central.quirks import LADDER, Quirk, parse, quirk_of
from ohmstead.ocpp.smart_charging import Purpose, RateUnit

FILE = """
[[quirk]]
vendor = "Acme*"
model = "Box ?"
unit = "W"
purposes = ["TxProfile"]
whole_amps = true
number_phases = false
source = "https://example.org"
"""


def test_the_file_that_is_shipped_is_right() -> None:
    assert quirk_of("abb ag", "TACW22-4-RD-MC-0").stack_level == 0
    assert quirk_of("Nobody", "Nothing") == Quirk()
    assert Quirk().purposes == LADDER


def test_every_key_is_read() -> None:
    ((patterns, quirk),) = parse(FILE)
    assert patterns == ("acme*", "box ?")
    assert quirk == Quirk(
        unit=RateUnit.W, purposes=(Purpose.TX,), whole_amps=True, number_phases=False, stack_level=None
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[quirk]]\nmodel = 'x'", "vendor"),
        ("[[quirk]]\nvendor = 'x'\nlevel = 1", "unknown keys .*'level'.*allowed: .*stack_level"),
        ("[[quirk]]\nvendor = 'x'\nunit = 'kW'", "kW"),
        ("[[quirk", "quirks.toml: "),
        ("quirk = 3", "quirks.toml: "),
    ],
)
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse(text)
