"""What is new since the last cycle, as events for those who listen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ohmstead.core.reason import Setpoint
from ohmstead.core.site import Site
from ohmstead.daemon.nymea.classes import LIMITED, class_of
from ohmstead.daemon.nymea.states import States
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.site_events import (
    ChargingInfoChanged,
    ChargingSchedulesChanged,
    EventTriggered,
    PowerBalanceChanged,
    ScoresChanged,
    SiteEvent,
    SpotMarketChanged,
    StateChanged,
)
from ohmstead.nymea.site_port import SitePort


class News:
    """Compares a home with what it was when it was last looked at; the first look finds nothing new."""

    def __init__(self) -> None:
        self._states: dict[str, States] = {}
        self._told: dict[str, object] = {}

    def forget(self) -> None:
        """Begin anew: nobody listens."""
        self._states.clear()
        self._told.clear()

    def told(self, key: str, value: object) -> None:
        """Note what was told already, outside of a cycle."""
        self._told[key] = value

    def events(self, home: SitePort, *, tariff: object, degraded: bool) -> Iterator[SiteEvent]:
        """Everything that is other than before.

        Args:
            tariff: anything that is equal as long as the prices are the same.
            degraded: there is no trustworthy meter.
        """
        balance = home.power_balance()
        if self._is_news("balance", balance.powers_w):
            yield PowerBalanceChanged(balance=balance)
        yield from self._of_states(home)
        for info in home.charging_infos():
            state = home.charging_state(info.charge_point)
            if self._is_news(f"info.{info.charge_point}", (info, state)):
                yield ChargingInfoChanged(info=info)
        found = tuple(home.charging_schedules())
        # The first slot begins now, whenever that is: its start is no news.
        if self._is_news("schedules", (tuple(replace(s, start=s.end) for s in found), degraded)):
            yield ChargingSchedulesChanged(schedules=found, degraded=degraded)
        if self._is_news("tariff", tariff):
            yield ScoresChanged(entries=tuple(home.score_entries(None)))
        market = home.spot_market()
        if self._is_news("spot_market", market):
            yield SpotMarketChanged(spot_market=market)

    def limited(self, site: Site, setpoints: Iterable[Setpoint]) -> Iterator[SiteEvent]:
        """Things that a limit holds back from now on."""
        for setpoint in setpoints:
            if LIMITED not in class_of(site.asset(setpoint.asset)).event_types:
                continue
            limit = setpoint.reason.limit
            if self._is_news(f"limit.{setpoint.asset}", limit) and limit is not None:
                told = (limit.value, setpoint.reason.rule.value)
                yield EventTriggered(
                    thing_id=id_of("thing", setpoint.asset),
                    event_type_id=LIMITED.id,
                    params={p.id: value for p, value in zip(LIMITED.params, told, strict=True)},
                )

    def _of_states(self, home: SitePort) -> Iterator[SiteEvent]:
        for thing in home.things():
            before = self._states.get(thing.id)
            self._states[thing.id] = dict(thing.states)
            if before is None:
                continue
            for state_type in thing.thing_class.state_types:
                value = thing.states.get(state_type.name)
                if value is not None and value != before.get(state_type.name):
                    yield StateChanged(thing_id=thing.id, state_type_id=state_type.id, state=value)

    def _is_news(self, key: str, value: object) -> bool:
        first = key not in self._told
        changed = first or self._told[key] != value
        self._told[key] = value
        return changed and not first
