"""The energy, cost and share of sun of a transaction, from one meter reading to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from ohmstead.ocpp.central.charger import Transaction

MOST_KW = 1000.0
"""A register that runs faster than this was reset or is broken."""
SLACK_S = 60.0
"""Clocks of meter and charger differ; so much is granted to a jump."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnergyMix:
    """Where the house's energy came from at a moment, and what it was worth.

    Args:
        eur_per_kwh: of what is charged: bought energy at its price, own at what feeding it in would pay.
        solar_share: share of the house's consumption that was not bought, 0..1.
    """

    eur_per_kwh: float
    solar_share: float


MixAt = Callable[[datetime], EnergyMix | None]
"""The mix at a time; ``None`` where nobody knows."""


def unknown_mix(_at: datetime) -> EnergyMix | None:
    """Nobody knows."""
    return None


def advance(
    transaction: Transaction, register_wh: float, at: datetime, mix: MixAt, *, soc: float | None = None
) -> Transaction:
    """The transaction after a meter reading. The same reading twice changes nothing.

    A register that runs backwards, or faster than anything charges, is a new meter: counting goes on
    from there, and what was charged stays.
    """
    soc = transaction.soc if soc is None else soc
    last_wh = transaction.meter_start_wh if transaction.register_wh is None else transaction.register_wh
    last_at = transaction.register_at or transaction.started_at
    late = transaction.register_at is not None and at <= transaction.register_at
    if late and register_wh <= last_wh:
        return replace(transaction, soc=soc) if soc != transaction.soc else transaction
    added_kwh = (register_wh - last_wh) / 1e3
    hours = (max(0.0, (at - last_at).total_seconds()) + SLACK_S) / 3600.0
    moved_at = max(at, last_at)
    if not 0.0 < added_kwh <= MOST_KW * hours:
        return replace(transaction, register_wh=register_wh, register_at=moved_at, soc=soc)
    known = mix(at)
    return replace(
        transaction,
        register_wh=register_wh,
        register_at=moved_at,
        soc=soc,
        energy_kwh=transaction.energy_kwh + added_kwh,
        priced_kwh=transaction.priced_kwh + (0.0 if known is None else added_kwh),
        cost_eur=transaction.cost_eur + (0.0 if known is None else added_kwh * known.eur_per_kwh),
        solar_kwh=transaction.solar_kwh + (0.0 if known is None else added_kwh * known.solar_share),
    )
