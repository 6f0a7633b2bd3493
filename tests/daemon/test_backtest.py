"""Strategies compared over the same simulated days, through the command that people use."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from ohmstead.cli import app
from ohmstead.daemon.backtest import run_backtest, share_of_possible
from ohmstead.daemon.options import BacktestOptions
from ohmstead.daemon.simulated.tariffs import FORMULAS, all_prices
from ohmstead.daemon.simulated.trial import run_trial
from ohmstead.errors import ConfigError, DataError
from ohmstead.simulator.scenario import real_house

START = datetime(2026, 3, 16, 11, tzinfo=UTC)


def test_the_share_is_of_what_perfect_foresight_saves() -> None:
    costs = {"none": 60.0, "rules": 45.0, "plan": 42.0, "perfect": 40.0}
    assert share_of_possible(costs, "none") == 0.0
    assert share_of_possible(costs, "rules") == pytest.approx(0.75)
    assert share_of_possible(costs, "plan") == pytest.approx(0.9)
    assert share_of_possible(costs, "perfect") == 1.0
    assert share_of_possible({"none": 1.0, "rules": 1.0}, "rules") is None
    assert share_of_possible({"none": 1.0, "perfect": 1.0}, "perfect") is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (BacktestOptions(tariffs=("nonsense",)), "dynamic, spot_feed_in, fixed"),
        (BacktestOptions(start=datetime(2020, 1, 1, tzinfo=UTC)), "2020-01-01"),
        (BacktestOptions(days=300.0), "300 days"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_can(options: BacktestOptions, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        run_backtest(options)


def test_every_minute_is_paid_at_its_price() -> None:
    house = real_house(start=START)
    prices = all_prices(FORMULAS["fixed"], START, START + timedelta(hours=6))
    outcome = run_trial(house, days=0.25, settlement=prices)
    # Netted within the minute, so never more than what flowed in and out.
    assert outcome.import_kwh <= house.totals.import_kwh + 1e-9
    assert outcome.export_kwh <= house.totals.export_kwh + 1e-9
    bill = 0.30 * outcome.import_kwh - 0.08 * outcome.export_kwh
    assert outcome.cost_eur == pytest.approx(bill - outcome.stored_eur)
    assert outcome.plans == 0


def test_a_period_without_prices_is_not_paid_with_zero() -> None:
    prices = all_prices(FORMULAS["fixed"], START, START + timedelta(hours=1))
    with pytest.raises(DataError, match="has no price at"):
        run_trial(real_house(start=START), days=0.25, settlement=prices)


@pytest.mark.slow
def test_the_plan_never_costs_more_than_the_rules_on_any_tariff() -> None:
    run = CliRunner().invoke(app, ["backtest", "--days", "3", "--strategies", "none,rules,plan", "--json"])
    assert run.exit_code == 0, run.output
    tariffs = json.loads(run.stdout)["tariffs"]
    assert set(tariffs) == set(FORMULAS)
    for name, costs in tariffs.items():
        cost = {strategy: figures["cost_eur"] for strategy, figures in costs.items()}
        assert cost["plan"] <= cost["rules"] + 0.002 * abs(cost["rules"]), name
        assert cost["rules"] < cost["none"], name
        assert costs["plan"]["vehicle_short_kwh"] < 0.5, name
        assert costs["plan"]["cold_kh"] < 1.0, name
