"""People read decisions, not every setpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.core.reason import Limit, Reason, Rule, Setpoint
from ohmstead.daemon.notable import Notable

NOW = datetime(2026, 4, 13, 10, tzinfo=UTC)


def a_setpoint(power_w: float, rule: Rule = Rule.SURPLUS, limit: Limit | None = None) -> Setpoint:
    return Setpoint(asset="charger", power_w=power_w, reason=Reason(rule=rule, limit=limit))


def test_the_first_setpoint_of_an_asset_is_news() -> None:
    assert Notable().is_new(NOW, a_setpoint(1400)) == (True, None)


def test_following_the_sun_is_not_news() -> None:
    notable = Notable()
    notable.is_new(NOW, a_setpoint(1400))
    later = NOW + timedelta(minutes=5)
    assert notable.is_new(later, a_setpoint(1700)) == (False, None)


def test_turning_on_or_off_is_news_at_once() -> None:
    notable = Notable()
    notable.is_new(NOW, a_setpoint(1400))
    assert notable.is_new(NOW + timedelta(seconds=10), a_setpoint(0)) == (True, 1400)


def test_another_rule_or_limit_is_news_after_a_while() -> None:
    notable = Notable()
    notable.is_new(NOW, a_setpoint(1400))
    soon, later = NOW + timedelta(seconds=10), NOW + timedelta(seconds=70)
    assert notable.is_new(soon, a_setpoint(1400, Rule.DEADLINE))[0] is False
    assert notable.is_new(later, a_setpoint(1400, Rule.DEADLINE))[0] is True
    again = later + timedelta(seconds=70)
    assert notable.is_new(again, a_setpoint(1400, Rule.DEADLINE, Limit.FUSE_L2))[0] is True


def test_a_big_change_is_news() -> None:
    notable = Notable()
    notable.is_new(NOW, a_setpoint(1400))
    assert notable.is_new(NOW + timedelta(minutes=2), a_setpoint(4200)) == (True, 1400)


def test_another_rule_for_something_that_stays_off_is_no_news() -> None:
    notable = Notable()
    notable.is_new(NOW, a_setpoint(0, Rule.SURPLUS))
    later = NOW + timedelta(minutes=5)
    assert notable.is_new(later, a_setpoint(0, Rule.IDLE))[0] is False
    assert notable.is_new(later, a_setpoint(0, Rule.HOLD))[0] is True
