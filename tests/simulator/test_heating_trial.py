"""The heating trials as a person asks for them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ohmstead.cli import app
from ohmstead.simulator.heating_trial import heating_trial
from ohmstead.simulator.radiator_weather import Weather

runner = CliRunner()


def simulate(*arguments: str) -> dict[str, object]:
    done = runner.invoke(app, ["heating", "simulate", "--weeks", "0.1", "--json", *arguments])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.output)
    return found


def test_floors_are_told_with_comfort_starts_minutes_quota_and_energy() -> None:
    found = simulate("--house", "floors", "--weather", "setback")
    assert found["house"] == "floors"
    rows = found["regulators"]
    assert isinstance(rows, list)
    names = ["orchestrator", "orchestrator_all_rooms", "fixed_turns", "hysteresis"]
    assert [row["regulator"] for row in rows] == names
    for row in rows:
        assert row["hysteresis_k"] == 0.3
        assert set(row["minutes_per_day"]) == {"GF", "FF", "DHW"}
        assert 0.0 <= row["within_0_3"] <= row["within_1_0"] <= 1.0
        assert row["quota_met_days"] <= 1.0
        assert row["electric_kwh"] < row["heat_kwh"]


def test_the_hysteresis_may_be_chosen() -> None:
    trial = heating_trial(house="radiators", weather=Weather.MILD, weeks=0.1, hysteresis_k=0.5)
    assert [row["hysteresis_k"] for row in trial.rows] == [0.5, 0.5, 0.5]
    assert heating_trial(house="radiators", weather=Weather.MILD, weeks=0.1).hysteresis_k == 0.2


def test_a_table_fits_a_terminal() -> None:
    for house in ("floors", "radiators"):
        done = runner.invoke(app, ["heating", "simulate", "--house", house, "--weeks", "0.1"])
        assert done.exit_code == 0, done.output
        assert "within ±0.3 K" in done.output
        assert "hysteresis" in done.output
        assert "…" not in done.output, "nothing is cut off at 80 columns"


def test_another_house_is_refused() -> None:
    refused = runner.invoke(app, ["heating", "simulate", "--house", "igloo"])
    assert refused.exit_code == 2
    assert "--house: found 'igloo', allowed: radiators, floors" in refused.stderr
    with pytest.raises(ValueError, match="allowed: radiators, floors"):
        heating_trial(house="igloo", weather=Weather.MILD, weeks=0.1)
