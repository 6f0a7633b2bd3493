"""Between the contract's kilowatts and the watts inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import overload

Clock = Callable[[], float]
"""Seconds that never run backwards; only differences count."""


@overload
def watts(power_kw: float) -> float: ...
@overload
def watts(power_kw: None) -> None: ...
def watts(power_kw: float | None) -> float | None:
    """kW → W; what is not known stays so."""
    return None if power_kw is None else 1e3 * power_kw


def kw(power_w: float) -> float:
    """W → kW to the milliwatt, so that 9.5 − 5.0 − 3.0 is told as 1.5; never −0.0."""
    return round(power_w / 1e3, 6) + 0.0
