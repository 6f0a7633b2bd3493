"""The shipped data is whole."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

from ohmstead.simulator import dataset


def test_prices_are_whole() -> None:
    prices = dataset.prices_eur_per_mwh()
    assert len(prices) == 31200
    assert prices[0] == 108.87
    assert prices[-1] == 163.91
    assert min(prices) < 0.0 < max(prices)


def test_household_is_whole_and_says_what_is_missing() -> None:
    data = dataset.household()
    assert len(data.load_w) == len(data.pv_w) == len(data.pv_forecast_w) == 13254
    assert sum(v is None for v in data.load_w) == 334
    assert sum(v is None for v in data.pv_w) == 6177
    assert max(v for v in data.pv_w if v is not None) == 4411.4


def test_typical_year_is_whole() -> None:
    year = dataset.typical_year()
    assert {len(x) for x in (year.outdoor_c, year.ghi_w_m2, year.dni_w_m2, year.dhi_w_m2, year.wind_m_s)} == {
        8760
    }
    assert min(year.ghi_w_m2) == 0.0
    assert 1300 < sum(year.ghi_w_m2) / 1000 < 1600
    assert all(g >= d - 1.0 for g, d in zip(year.ghi_w_m2, year.dhi_w_m2, strict=True))


def test_hplib_reproduces_its_reference() -> None:
    c = dataset.air_water_regulated()
    p1, p2, p3, p4 = c.cop
    assert (p1 + p4) * -7.0 + p2 * 52.0 + p3 == pytest.approx(1.41, abs=0.01)


def test_tabula_house_has_the_published_loss() -> None:
    assert dataset.tabula_house("DE.N.SFH.06.Gen.ReEx.001.003").ua_w_k == pytest.approx(187.2, abs=0.1)
    with pytest.raises(LookupError, match="no house 'nowhere'"):
        dataset.tabula_house("nowhere")


def test_every_file_has_its_provenance() -> None:
    folder = files("ohmstead.simulator").joinpath("data")
    provenance = folder.joinpath("PROVENANCE.md").read_text(encoding="utf-8")
    names = [f.name for f in folder.iterdir() if f.name != "PROVENANCE.md"]
    assert len(names) == 5
    assert all(f"`{name}`" in provenance for name in names)


def test_values_are_those_that_were_published() -> None:
    prices = "".join(f"{p}\n" for p in dataset.prices_eur_per_mwh())
    assert hashlib.sha256(prices.encode()).hexdigest().startswith("abc30392f36964d7")
