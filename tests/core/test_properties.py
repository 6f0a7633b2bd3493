"""What holds in every home, whatever it measures, costs or plans."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ohmstead.core.bounds import EPSILON_W, Bounds
from ohmstead.core.codec import from_data, to_data
from ohmstead.core.cycle import Cycle
from ohmstead.core.decide import decide, see
from ohmstead.core.dispatch import Desk
from ohmstead.core.engine import Engine, replay
from ohmstead.core.flexibility import charge_spans
from ohmstead.core.order import LIMITS, STRATEGIES
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.record import CycleRecord
from ohmstead.core.site import Battery, ChargePoint, FlexibleLoad, HeatPump, PvSystem
from ohmstead.core.state import BatteryState
from tests.core.homes import commands, images, plans, settings_of_homes, sites, tariffs
from tests.core.world import NOON

MANY = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@dataclass(frozen=True)
class Story:
    """Some cycles of one home."""

    engine: Engine
    records: list[CycleRecord]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    site = draw(sites())
    engine = Engine(site, draw(settings_of_homes), plan=draw(plans(site)))
    engine.set_tariff(draw(tariffs()))
    records, at_s = [], 0.0
    for command in draw(commands(site)):
        engine.command(command)
    for _ in range(draw(st.integers(min_value=1, max_value=5))):
        engine.observe(draw(images(site, at_s)))
        records.append(engine.step(NOON + timedelta(seconds=at_s)))
        at_s += draw(st.sampled_from([1.0, 5.0, 10.0, 60.0, 400.0, 3700.0, -3600.0]))
    return Story(engine, records)


def cycles(story: Story) -> Iterator[tuple[CycleRecord, Cycle]]:
    """Each record with the view that the core had of it."""
    engine = story.engine
    for record in story.records:
        memory = record.memory.copy()
        if memory.at is not None and memory.at > record.at:
            memory = record.memory.rebased(record.at)
        yield (
            record,
            see(
                record.at,
                engine.site,
                engine.settings,
                record.state,
                memory,
                engine.tariff,
                record.slot,
            ),
        )


@MANY
@given(stories())
def test_every_setpoint_is_finite_admissible_and_has_a_reason(story: Story) -> None:
    for record, cycle in cycles(story):
        told = [s.asset for s in record.setpoints]
        assert len(told) == len(set(told))
        assert set(cycle.flexibilities) <= set(told)
        for setpoint in record.setpoints:
            assert math.isfinite(setpoint.power_w)
            asset = story.engine.site.asset(setpoint.asset)
            if isinstance(asset, FlexibleLoad):
                assert 0.0 <= setpoint.power_w <= asset.max_w
            elif isinstance(asset, PvSystem):
                assert -asset.peak_w <= setpoint.power_w <= 0.0
            else:
                assert cycle.flexibilities[setpoint.asset].bounds.admits(setpoint.power_w), setpoint
            without_w = setpoint.reason.without_limit_w
            assert without_w is None or math.isfinite(without_w)


@MANY
@given(stories())
def test_a_vehicle_gets_nothing_or_a_current_that_can_be_signalled(story: Story) -> None:
    for record in story.records:
        for setpoint in record.setpoints:
            asset = story.engine.site.asset(setpoint.asset)
            if isinstance(asset, ChargePoint) and setpoint.power_w != 0.0:
                spans = charge_spans(asset)
                assert any(a - EPSILON_W <= setpoint.power_w <= b + EPSILON_W for a, b in spans)


@MANY
@given(stories())
def test_at_its_reserve_no_battery_discharges(story: Story) -> None:
    for record in story.records:
        for setpoint in record.setpoints:
            asset, state = story.engine.site.asset(setpoint.asset), record.state.assets.get(setpoint.asset)
            if not isinstance(asset, Battery) or not isinstance(state, BatteryState):
                continue
            if state.soc.value is None or state.soc.value <= asset.reserve_soc:
                assert setpoint.power_w >= 0.0


@MANY
@given(stories())
def test_what_is_committed_overloads_no_group_that_the_base_does_not(story: Story) -> None:
    for record, cycle in cycles(story):
        powers = {s.asset: s.power_w for s in record.setpoints if s.asset in cycle.flexibilities}
        desk = Desk(cycle, (b for limit in LIMITS for b in limit(cycle)))
        for group in desk.groups:
            # A device that does not obey and an unknown phase are part of what nobody can change.
            base_w = group.base_w + sum(
                max(0.0, group.most_load_w(cycle.flexibilities[a], w)) for a, w in cycle.at_least_w.items()
            )
            load_w = group.base_w + sum(
                group.most_load_w(cycle.flexibilities[a], max(w, cycle.at_least_w.get(a, w)))
                for a, w in powers.items()
            )
            assert load_w <= max(group.high_w, base_w) + 1e-3, (group, powers)


@MANY
@given(stories())
def test_limits_only_narrow_and_each_conflict_is_recorded(story: Story) -> None:
    for record, cycle in cycles(story):
        desk = Desk(cycle, (b for limit in LIMITS for b in limit(cycle)))
        for asset_id, flex in cycle.flexibilities.items():
            assert inside(desk.bounds(asset_id), flex.bounds)
        for conflict in record.conflicts:
            assert conflict.won is not conflict.lost


def inside(inner: Bounds, outer: Bounds) -> bool:
    return all(
        any(a - EPSILON_W <= low and high <= b + EPSILON_W for a, b in outer.spans)
        for low, high in inner.spans
    )


@MANY
@given(stories())
def test_what_an_earlier_strategy_gave_a_later_one_does_not_take_back(story: Story) -> None:
    for _, cycle in cycles(story):
        desk = Desk(cycle, (b for limit in LIMITS for b in limit(cycle)))
        for strategy in STRATEGIES:
            for proposal in strategy(cycle, desk):
                before = dict(desk.committed_w)
                had = set(desk.reasons)
                desk.commit(proposal)
                for asset_id, power_w in desk.committed_w.items():
                    if asset_id != proposal.asset:
                        assert power_w == before[asset_id]
                    elif asset_id in had:
                        assert abs(power_w) >= abs(before[asset_id])
                        assert power_w * before[asset_id] >= 0.0


@MANY
@given(stories())
def test_a_compressor_keeps_its_times_unless_a_limit_above_forces_it(story: Story) -> None:
    for record in story.records:
        forced = {c.asset for c in record.conflicts}
        for setpoint in record.setpoints:
            asset, memory = story.engine.site.asset(setpoint.asset), record.memory.assets.get(setpoint.asset)
            if not isinstance(asset, HeatPump) or memory is None or setpoint.asset in forced:
                continue
            if memory.on_since is not None and within(record, memory.on_since, asset.min_on_s):
                assert setpoint.power_w >= asset.min_w
            if memory.off_since is not None and within(record, memory.off_since, asset.min_off_s):
                assert setpoint.power_w == 0.0


def within(record: CycleRecord, since_at: object, duration_s: float) -> bool:
    seconds = (record.at - since_at).total_seconds()  # type: ignore[operator]
    return bool(0.0 <= seconds < duration_s)


@MANY
@given(stories())
def test_a_cycle_is_replayed_bit_for_bit_also_from_storage(story: Story) -> None:
    for record in story.records:
        for again in (record, from_data(CycleRecord, to_data(record))):
            decision = replay(again, story.engine.site, story.engine.settings)
            assert decision.setpoints == record.setpoints
            assert decision.conflicts == record.conflicts
            assert decision.left_w == record.left_w


@MANY
@given(stories())
def test_deciding_does_not_change_its_inputs(story: Story) -> None:
    engine = story.engine
    for record in story.records:
        before = record.memory.copy()
        decision = decide(
            now=record.at,
            site=engine.site,
            settings=engine.settings,
            state=record.state,
            memory=record.memory,
            tariff=engine.tariff,
            slot=record.slot,
        )
        assert record.memory == before
        for asset_id, memory in decision.memory.assets.items():
            assert memory is not record.memory.assets.get(asset_id)


@MANY
@given(stories())
def test_without_a_trusted_meter_no_battery_moves_and_no_vehicle_starts(story: Story) -> None:
    for record, cycle in cycles(story):
        if cycle.meter_fresh:
            continue
        for setpoint in record.setpoints:
            asset = story.engine.site.asset(setpoint.asset)
            if isinstance(asset, Battery):
                assert setpoint.power_w == 0.0
            if isinstance(asset, ChargePoint) and setpoint.power_w > 0.0:
                assert setpoint.power_w <= charge_spans(asset)[0][0] + EPSILON_W
                told = record.memory.assets.get(asset.id)
                assert cycle.present_w[asset.id] > 1.0 or (
                    told is not None and (told.commanded_w or 0.0) > 1.0
                )


@MANY
@given(stories())
def test_a_reason_that_names_a_limit_says_what_would_be_without_it(story: Story) -> None:
    for record in story.records:
        for setpoint in record.setpoints:
            reason = setpoint.reason
            assert (reason.limit is None) == (reason.without_limit_w is None)
            if reason.limit is Limit.MIN_ON:
                assert setpoint.power_w > 0.0
            if reason.rule is Rule.IDLE and reason.limit is None:
                assert setpoint.power_w == 0.0
