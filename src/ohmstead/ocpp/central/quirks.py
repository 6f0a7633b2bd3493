"""What single models need, from the data file ``quirks.toml`` beside this."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from ohmstead.errors import DataError
from ohmstead.ocpp.smart_charging import Purpose, RateUnit

LADDER = (Purpose.TX_DEFAULT, Purpose.TX, Purpose.CHARGE_POINT_MAX)
"""The kinds of profile in the order to try: the first holds with and without a transaction."""

_KEYS = {"vendor", "model", "stack_level", "unit", "purposes", "whole_amps", "number_phases", "source"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Quirk:
    """How a model takes limits; ``None`` where the charger's own word counts."""

    stack_level: int | None = None
    unit: RateUnit | None = None
    purposes: tuple[Purpose, ...] = LADDER
    whole_amps: bool = False
    number_phases: bool = True


def quirk_of(vendor: str, model: str) -> Quirk:
    """The quirk of a model; the standard's way where none is known."""
    names = (vendor.casefold(), model.casefold())
    for patterns, quirk in _known():
        if all(fnmatchcase(name, pattern) for name, pattern in zip(names, patterns, strict=True)):
            return quirk
    return Quirk()


@cache
def _known() -> tuple[tuple[tuple[str, str], Quirk], ...]:
    return parse(files(__package__).joinpath("quirks.toml").read_text("utf-8"))


def parse(text: str) -> tuple[tuple[tuple[str, str], Quirk], ...]:
    """Vendor and model patterns with their quirk.

    Raises:
        DataError: not the form of ``quirks.toml``.
    """
    try:
        entries: list[dict[str, Any]] = tomllib.loads(text).get("quirk", [])
        found = []
        for entry in entries:
            if unknown := entry.keys() - _KEYS:
                raise DataError(f"quirks.toml: unknown keys {sorted(unknown)}; allowed: {sorted(_KEYS)}")
            unit = entry.get("unit")
            quirk = Quirk(
                stack_level=entry.get("stack_level"),
                unit=None if unit is None else RateUnit(unit),
                purposes=tuple(Purpose(name) for name in entry.get("purposes", LADDER)),
                whole_amps=bool(entry.get("whole_amps", False)),
                number_phases=bool(entry.get("number_phases", True)),
            )
            patterns = (str(entry["vendor"]).casefold(), str(entry.get("model", "*")).casefold())
            found.append((patterns, quirk))
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(f"quirks.toml: {error}") from error
    return tuple(found)
