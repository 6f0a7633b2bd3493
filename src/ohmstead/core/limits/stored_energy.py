"""What a storage can take or give for a while, where a command must last longer than a moment."""

from __future__ import annotations

from collections.abc import Iterator

from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, Narrowing
from ohmstead.core.reason import Limit
from ohmstead.core.site import Battery
from ohmstead.core.state import BatteryState
from ohmstead.core.units import mean_power_w


def stored_energy(cycle: Cycle) -> Iterator[Bound]:
    """A battery is not told a power that fills or empties it within ``Settings.storage_horizon_s``.

    What it cannot take or give so long is left to those that come after it. Losses count: the cell
    gets less than the terminals take, and gives more than they deliver.
    """
    horizon_s = cycle.settings.storage_horizon_s
    if horizon_s <= 0.0:
        return
    for battery in cycle.all(Battery):
        state = cycle.state_of(battery.id)
        if not isinstance(state, BatteryState) or state.soc.value is None:
            continue
        room_kwh = max(0.0, battery.max_soc - state.soc.value) * battery.capacity_kwh
        kept_kwh = max(0.0, state.soc.value - battery.reserve_soc) * battery.capacity_kwh
        charge_w = mean_power_w(room_kwh / battery.charge_efficiency, horizon_s)
        discharge_w = mean_power_w(kept_kwh * battery.discharge_efficiency, horizon_s)
        yield Narrowing(asset=battery.id, high_w=charge_w, by=Limit.FULL)
        yield Narrowing(asset=battery.id, low_w=-discharge_w, by=Limit.RESERVE)
