"""What a person or an API asked for by hand."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.reason import Proposal, Reason, Rule


def manual(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """A command holds until it expires; it is bound by every limit like any other wish."""
    for asset_id, command in list(cycle.memory.manual.items()):
        if command.until is not None and command.until <= cycle.now:
            del cycle.memory.manual[asset_id]
            continue
        yield Proposal(
            asset=asset_id,
            power_w=command.power_w,
            bought_w=desk.to_buy_w(asset_id, command.power_w),
            reason=Reason(rule=Rule.MANUAL, review_at=command.until),
        )
