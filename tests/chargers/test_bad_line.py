"""Fleets on lines that misbehave, in virtual time: nothing is lost or doubled by it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from ohmstead.chargers.fleet import Fleet, FleetPlan, Summary
from ohmstead.chargers.ocpp_central import own_central
from ohmstead.chargers.protocol import Happening, ProtocolName
from ohmstead.chargers.scenario import Scenario, TroubleKind, TroubleSettings, VehicleSettings, VisitSettings
from ohmstead.chargers.virtual_time import LoopClock, run_virtually
from ohmstead.chargers.ykc_central import own_platform

COUNT = 4
BUSY = Scenario(
    name="busy",
    spread_s=1.0,
    visits=VisitSettings(after_s=(5.0, 60.0), stays_s=(300.0, 600.0), returns_after_s=(30.0, 60.0)),
    vehicles=VehicleSettings(capacity_kwh=(80.0, 80.0), reaction_s=(0.0, 0.0)),
    configuration={"MeterValueSampleInterval": "10"},
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to; ``booked`` is a key and the energy, kWh, of each session that has ended.

    ``offline`` counts the end of the run, too.
    """

    summary: Summary
    sent: int
    received: int
    offline: int
    booked: list[tuple[str, float]]
    messages: list[str]


def with_trouble(kind: TroubleKind, lasts_s: float) -> Scenario:
    settings = TroubleSettings(kind=kind, every_s=(100.0, 200.0), lasts_s=(lasts_s, lasts_s))
    return BUSY.model_copy(update={"troubles": (settings,)})


def run(protocol: ProtocolName, scenario: Scenario) -> Outcome:
    """An hour."""
    written = io.StringIO()

    async def main() -> Outcome:
        clock = LoopClock(scenario.start)
        plan = FleetPlan(count=COUNT, url="", protocol=protocol, scenario=scenario, messages=written)

        async def with_central(url: str) -> Fleet:
            fleet = Fleet(replace(plan, url=url), clock)
            fleets.append(await fleet.run(3600.0))
            return fleet

        fleets: list[Summary] = []
        if protocol is ProtocolName.YKC:
            async with own_platform(plan.ids(), clock) as platform:
                fleet = await with_central(platform.url)
                booked = [(bill.serial, bill.energy_kwh) for bill in platform.bills.bills()]
        else:
            async with own_central(clock, 100) as central:
                fleet = await with_central(central.url)
                booked = [
                    (f"{one.identity} {one.started_at}", (one.meter_stop_wh - one.meter_start_wh) / 1e3)
                    for one in central.store.transactions()
                    if one.meter_stop_wh is not None
                ]
        traffic, offline = fleet.traffic, fleet.happened[Happening.OFFLINE]
        return Outcome(
            fleets[0], traffic.sent, traffic.received, offline, booked, written.getvalue().splitlines()
        )

    return run_virtually(main())


def nothing_lost(outcome: Outcome) -> None:
    """Each order is booked at most once, and all but those that run at the end are."""
    keys = [key for key, _ in outcome.booked]
    assert len(set(keys)) == len(keys)
    assert outcome.summary.orders - COUNT <= len(keys) <= outcome.summary.orders
    assert len(keys) >= COUNT
    assert 0.0 < sum(kwh for _, kwh in outcome.booked) <= outcome.summary.energy_kwh + 0.01 * len(keys)


@pytest.mark.parametrize("protocol", ProtocolName)
def test_a_half_open_line_is_given_up_and_dialled_anew(protocol: ProtocolName) -> None:
    outcome = run(protocol, with_trouble(TroubleKind.HALF_OPEN, 90.0))
    assert outcome.offline >= 4 * COUNT
    assert outcome.summary.boots >= 4 * COUNT
    nothing_lost(outcome)


@pytest.mark.parametrize("protocol", ProtocolName)
def test_a_slow_central_system_is_waited_for(protocol: ProtocolName) -> None:
    outcome = run(protocol, with_trouble(TroubleKind.SLOW_SERVER, 8.0))
    assert outcome.summary.p99_ms is not None
    assert 1000.0 < outcome.summary.p99_ms <= 8000.0
    assert outcome.offline == COUNT
    nothing_lost(outcome)


def test_piles_frames_that_arrive_twice_are_answered_twice_and_booked_once() -> None:
    outcome = run(ProtocolName.YKC, with_trouble(TroubleKind.DUPLICATE_FRAMES, 60.0))
    without = run(ProtocolName.YKC, BUSY)
    assert outcome.received / outcome.sent > 1.1 * without.received / without.sent
    nothing_lost(outcome)
    nothing_lost(without)


def test_calls_that_arrive_twice_are_booked_once() -> None:
    with capture_logs() as logs:
        outcome = run(ProtocolName.OCPP16, with_trouble(TroubleKind.DUPLICATE_FRAMES, 60.0))
    assert sum("repeated" in entry.get("reason", "") for entry in logs) > COUNT
    nothing_lost(outcome)


@pytest.mark.parametrize("protocol", ProtocolName)
def test_frames_in_the_wrong_order_lose_nothing(protocol: ProtocolName) -> None:
    outcome = run(protocol, with_trouble(TroubleKind.REORDERED_FRAMES, 60.0))
    assert outcome.summary.p99_ms is not None
    assert outcome.summary.p99_ms >= 1000.0
    nothing_lost(outcome)


def test_clocks_may_be_wrong() -> None:
    outcome = run(ProtocolName.OCPP16, BUSY.model_copy(update={"clock_skew_s": (-3600.0, -3600.0)}))
    starts = [line.split(" ", 3) for line in outcome.messages if '"StartTransaction"' in line]
    assert starts
    for at, _, _, text in starts:
        told = datetime.fromisoformat(json.loads(text)[3]["timestamp"].replace("Z", "+00:00"))
        assert abs(datetime.fromisoformat(at) - told - timedelta(hours=1)) < timedelta(minutes=1)
    nothing_lost(outcome)


def test_what_a_meter_shows_may_wobble() -> None:
    vehicles = VehicleSettings(capacity_kwh=(80.0, 80.0), reaction_s=(0.0, 0.0), wobble=0.2)
    wobbling = run(ProtocolName.YKC, BUSY.model_copy(update={"vehicles": vehicles}))
    steady = run(ProtocolName.YKC, BUSY)
    assert 0.8 * steady.summary.energy_kwh < wobbling.summary.energy_kwh < 0.95 * steady.summary.energy_kwh
    nothing_lost(wobbling)
