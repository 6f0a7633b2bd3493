"""A store of heat with one temperature: a room, a tank.

``C · dT/dt = Q − UA · (T − T_ambient)`` with constant inputs over a step has the exact solution
``T⁺ = a·T + (1 − a)·T_ambient + b·Q`` with ``a = exp(−UA·Δt/C)`` and ``b = (1 − a)/UA``
(zero-order hold; for UA → 0: ``b = Δt/C``). Exact, so the step may be a quarter hour or an hour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResponse:
    """Coefficients of one step: ``keep`` = a (no unit), ``gain_k_per_kw`` = b."""

    keep: float
    gain_k_per_kw: float

    def next_c(self, *, temperature_c: float, ambient_c: float, heat_kw: float) -> float:
        """The temperature at the step's end, °C."""
        return self.keep * temperature_c + (1.0 - self.keep) * ambient_c + self.gain_k_per_kw * heat_kw


def step_response(*, capacity_kwh_per_k: float, loss_w_per_k: float, duration_h: float) -> StepResponse:
    """Coefficients of a store for a step of ``duration_h``.

    Raises:
        ValueError: the capacity is not positive or the loss is negative.
    """
    if capacity_kwh_per_k <= 0.0 or loss_w_per_k < 0.0:
        raise ValueError(f"a store needs capacity > 0 and loss ≥ 0, not {capacity_kwh_per_k}, {loss_w_per_k}")
    exponent = loss_w_per_k / 1000.0 * duration_h / capacity_kwh_per_k
    # expm1 keeps b right for losses so small that 1 − exp(−x) would cancel.
    share = -math.expm1(-exponent) / exponent if exponent > 1e-12 else 1.0
    return StepResponse(keep=math.exp(-exponent), gain_k_per_kw=duration_h / capacity_kwh_per_k * share)
