"""What each connector may offer to its car now: its own limit, and its share of what all have together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ohmstead.ocpp.smart_charging import (
    Installed,
    Limit,
    Supply,
    Transaction,
    charge_point_limit_at,
    limit_at,
    share_limit,
)


def offers_at(
    when: datetime,
    *,
    installed: tuple[Installed, ...],
    supplies: Mapping[int, Supply],
    transactions: Mapping[int, Transaction],
) -> dict[int, Limit]:
    """Limits of the connectors with a transaction, by id.

    Together they keep within the ChargePointMaxProfile; who would get less than 6 A gets nothing.

    Args:
        supplies: of all connectors.
    """
    limits = {
        c: limit_at(installed, connector_id=c, when=when, supply=supplies[c], transaction=transaction)
        for c, transaction in transactions.items()
    }
    widest = max(supplies.values(), key=lambda supply: supply.phases)
    ceiling = charge_point_limit_at(installed, when=when, supply=widest)
    if ceiling is None or len(limits) < 2:
        return limits
    shares = share_limit(ceiling.current_a, {c: limit.current_a for c, limit in limits.items()})
    return {c: _reduced(limit, shares[c]) for c, limit in limits.items()}


def _reduced(limit: Limit, current_a: float) -> Limit:
    share = current_a / limit.current_a if limit.current_a > 0.0 else 0.0
    return replace(limit, current_a=current_a, power_w=limit.power_w * share)
