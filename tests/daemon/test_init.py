"""What ``init`` writes is a configuration, whatever was answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.site import Battery, ChargePoint, HeatPump, HotWaterTank, PvSystem
from ohmstead.daemon.config.loading import load_config, parse_config
from ohmstead.daemon.init import Answers, ask_all, coordinates, default_answers, local_timezone, render, write
from ohmstead.errors import ConfigError

FILE = Path("home.yaml")


def or_none(low: float, high: float) -> st.SearchStrategy[float]:
    return st.just(0.0) | st.floats(low, high)


@given(
    st.builds(
        Answers,
        name=st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1, max_size=80).filter(
            lambda s: s.isprintable() and bool(s.strip())
        ),
        timezone=st.sampled_from(["Europe/Vienna", "Pacific/Auckland", "UTC"]),
        latitude_deg=st.floats(-90, 90),
        longitude_deg=st.floats(-180, 180),
        fuse_a=st.floats(6, 250),
        pv_peak_kw=or_none(0.1, 100),
        battery_kwh=or_none(0.5, 200),
        charger_a=or_none(6, 80),
        tank_l=or_none(5, 5000),
        heat_pump_kw=or_none(0.7, 30),
        tariff=st.sampled_from(["fixed", "static_hc_hp", "awattar"]),
    )
)
def test_every_answer_gives_a_good_file(answers: Answers) -> None:
    config = parse_config(render(answers), FILE)
    kinds = {type(asset) for asset in config.site.assets}
    assert (PvSystem in kinds) == bool(answers.pv_peak_kw)
    assert (Battery in kinds) == bool(answers.battery_kwh)
    assert (ChargePoint in kinds) == bool(answers.charger_a)
    assert (HotWaterTank in kinds) == bool(answers.tank_l)
    assert (HeatPump in kinds) == bool(answers.heat_pump_kw)
    assert config.site.name == answers.name.strip()
    assert config.site.grid.fuse_a == pytest.approx(answers.fuse_a, rel=1e-5)


def test_questions_are_asked_again_until_the_answer_can_be() -> None:
    told = iter(
        [
            "Haus",
            "Europe/Wien",
            "Europe/Vienna",
            "north",
            "48,3",
            "16.4",
            "1e9",
            "25",
            "0",
            "7.7",
            "5",
            "11",
            "0",
            "0",
            "cheap",
            "awattar",
        ]
    )
    refused: list[str] = []
    answers = ask_all(lambda _question, _default: next(told), refused.append)
    assert answers == Answers(
        name="Haus",
        timezone="Europe/Vienna",
        latitude_deg=48.3,
        longitude_deg=16.4,
        fuse_a=25.0,
        pv_peak_kw=0.0,
        battery_kwh=7.7,
        charger_a=11.0,
        tank_l=0.0,
        heat_pump_kw=0.0,
        tariff="awattar",
    )
    assert len(refused) == 5
    assert next(told, None) is None


def test_defaults_are_offered_and_can_be_taken() -> None:
    assert ask_all(lambda _question, default: default, pytest.fail) == default_answers()


def test_a_zone_lies_where_its_city_is() -> None:
    assert coordinates("Europe/Vienna") == (48.22, 16.33)
    assert coordinates("America/Argentina/Buenos_Aires") == (-34.6, -58.45)
    assert coordinates("Nowhere/Land") is None


def test_the_zone_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert local_timezone() == "Asia/Tokyo"
    assert default_answers().latitude_deg == pytest.approx(35.65, abs=0.01)
    monkeypatch.setenv("TZ", "CET-1CEST")
    assert coordinates(local_timezone()) is not None


def test_a_file_is_not_replaced_without_force(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    write(file, Answers(name="First"))
    with pytest.raises(ConfigError, match="there is a file already; --force replaces it"):
        write(file, Answers(name="Second"))
    assert load_config(file).site.name == "First"
    write(file, Answers(name="Second"), force=True)
    assert load_config(file).site.name == "Second"
    assert [path.name for path in tmp_path.iterdir()] == ["home.yaml"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "absent" / "home.yaml", Answers())
