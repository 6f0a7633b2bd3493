"""A good file becomes facts; a bad one is told about completely."""

from __future__ import annotations

import contextlib
import json
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.site import Battery, ChargePoint, HeatPump, Load, Phases, PvSystem
from ohmstead.daemon.config.loading import load_config, parse_config
from ohmstead.daemon.config.problems import InvalidConfig
from ohmstead.daemon.config.sections import FixedTariff, OffPeakTariff, SpotTariff
from ohmstead.errors import ConfigError
from ohmstead.sources.local_time import DailyWindow, YearDay

FILE = Path("home.yaml")

SITE = """\
site: {timezone: Europe/Vienna, latitude_deg: 48.2, longitude_deg: 16.4}
meter: {adapter: simulated}
"""
TARIFF = "tariff: {provider: fixed, import_eur_per_kwh: 0.3}\n"

FULL = """\
site:
  name: Haus am See
  timezone: Europe/Vienna
  latitude_deg: 48.2
  longitude_deg: 16.4
grid: {fuse_a: 25, max_import_w: 15000, peak_shaving_w: 8000}
circuits:
  - {id: garage, fuse_a: 20, assets: [charger]}
assets:
  - {kind: pv, id: roof, peak_w: 5400, device: {adapter: simulated, asset: pv}}
  - kind: battery
    id: battery
    capacity_kwh: 10
    max_charge_w: 5000
    max_discharge_w: 4_600
    max_soc: 0.95
    device: {adapter: simulated}
  - {kind: charge_point, id: charger, phases: L2, device: &twin {adapter: simulated}}
  - {kind: heat_pump, id: heat_pump, rooms: [living], device: *twin}
  - {kind: room, id: living, device: *twin}
  - {kind: household, phases: all}
meter: {adapter: simulated}
tariff:
  provider: static_hc_hp
  hp_eur_per_kwh: 0.27
  hc_eur_per_kwh: 0.2068
  seasons:
    - {start: "04-01", windows: ["11:00-17:00", "02:00-04:00"]}
    - {start: "11-01", windows: ["22:30-06:30"]}
  feed_in: {fixed_eur_per_kwh: 0.04}
strategy: {priority: [charge_point, hot_water_tank]}
planner: {horizon_h: 36, penalties: {cold_eur_per_k_h: 2}}
recorder: {path: var/history.db}
web: {port: 9000}
log: {level: debug, format: json}
"""


def problems(text: str) -> list[str]:
    """What is told about a text: each problem as ``line: key: message``."""
    with pytest.raises(InvalidConfig) as caught:
        parse_config(text, FILE)
    return [p.render(FILE).removeprefix("home.yaml:") for p in caught.value.problems]


def one_problem(text: str) -> str:
    """The only problem of a text."""
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def asset(facts: str) -> str:
    """A home with one asset, whose facts begin in line 5."""
    lines = [line.strip() for line in facts.strip().splitlines()]
    body = "\n    ".join(lines)
    return f"{SITE}{TARIFF}assets:\n  - {body}\n    device: {{adapter: simulated}}\n"


def test_a_full_file_becomes_facts(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(FULL, encoding="utf-8")
    config = load_config(file)
    site = config.site
    assert (site.name, site.timezone, site.grid.fuse_a) == ("Haus am See", "Europe/Vienna", 25.0)
    assert [a.id for a in site.assets] == ["roof", "battery", "charger", "heat_pump", "living", "household"]
    roof, battery, charger, pump, _, household = site.assets
    assert isinstance(roof, PvSystem)
    assert (roof.peak_w, roof.tilt_deg) == (5400.0, PvSystem(id="x", peak_w=1.0).tilt_deg)
    assert isinstance(battery, Battery)
    assert (battery.max_discharge_w, battery.max_soc) == (4600.0, 0.95)
    assert isinstance(charger, ChargePoint)
    assert charger.phases is Phases.L2
    assert isinstance(pump, HeatPump)
    assert pump.rooms == ("living",)
    assert household == Load(phases=Phases.ALL)
    assert site.circuits[0].assets == ("charger",)
    assert set(config.devices) == {"roof", "battery", "charger", "heat_pump", "living"}
    assert config.devices["roof"].options.model_dump() == {"asset": "pv", "sg_ready": False}
    assert isinstance(config.tariff, OffPeakTariff)
    assert config.tariff.seasons[1].start == YearDay(month=11, day=1)
    assert config.tariff.seasons[1].windows == (DailyWindow(start=time(22, 30), end=time(6, 30)),)
    assert config.strategy.priority == ("charge_point", "hot_water_tank")
    assert config.planner is not None
    assert (config.planner.horizon_h, config.planner.penalties.cold_eur_per_k_h) == (36.0, 2.0)
    assert config.recorder.path == tmp_path / "var/history.db"
    assert (config.web.host, config.web.port, config.log.level) == ("127.0.0.1", 9000, "debug")


def test_numbers_become_floats_and_ports_stay_whole() -> None:
    config = parse_config(FULL, FILE)
    assert type(config.site.grid.fuse_a) is float
    assert type(config.web.port) is int


def test_the_shortest_home_has_defaults_and_a_household() -> None:
    config = parse_config(SITE + TARIFF, FILE)
    assert config.site.assets == (Load(),)
    assert config.devices == {}
    assert config.planner is not None
    assert isinstance(config.tariff, FixedTariff)


def test_a_heading_alone_means_defaults() -> None:
    assert parse_config(f"{SITE}{TARIFF}web:\nassets:\ngrid:\n", FILE).web.port == 8080


def test_the_planner_can_be_switched_off() -> None:
    assert parse_config(f"{SITE}{TARIFF}planner: {{enabled: false}}\n", FILE).planner is None


def test_a_spot_tariff() -> None:
    text = SITE + (
        "tariff: {provider: awattar, country: at, vat: 0.2, feed_in: {spot_factor: 0.9},\n"
        "  network_windows: [{window: '10:00-16:00', eur_per_kwh: 0.05}, "
        "{window: '00:00-24:00', eur_per_kwh: 0.07}]}\n"
    )
    tariff = parse_config(text, FILE).tariff
    assert isinstance(tariff, SpotTariff)
    assert tariff.feed_in.spot_factor == 0.9
    assert tariff.network_windows[1].window == DailyWindow(start=time(0), end=time(0))


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = FULL.replace("fuse_a: 25", "fuse_a: none").replace("port: 9000", "prt: 1").replace("L2", "L4")
    found = problems(text)
    assert [line.split(":")[0] for line in found] == ["6", "18", "34"]
    with pytest.raises(ConfigError, match=r"^home\.yaml: 3 problems\n") as caught:
        parse_config(text, FILE)
    assert str(caught.value).count("home.yaml:") == 4


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            "kind: battery\nid: b\ncapacity_kwh: 10\nmax_charge_w: 5\nmax_discharge_w: 5000",
            (
                "8: assets[0].max_charge_w: found 5, allowed: 25 to 1000000 W. "
                "Looks like kW, but the unit is W: did you mean 5000?"
            ),
        ),
        (
            "kind: battery\nid: b\ncapacity_kwh: 10000\nmax_charge_w: 5000\nmax_discharge_w: 5000",
            (
                "7: assets[0].capacity_kwh: found 10000, allowed: 0.1 to 1000 kWh. "
                "Looks like Wh, but the unit is kWh: did you mean 10?"
            ),
        ),
        (
            "kind: charge_point\nid: c\ntarget_soc: 80",
            (
                "7: assets[0].target_soc: found 80, allowed: 0 to 1. "
                "Looks like percent, but the unit is a share of 1: did you mean 0.8?"
            ),
        ),
        (
            'kind: charge_point\nid: c\ntarget_soc: "80 %"',
            "7: assets[0].target_soc: found '80 %', allowed: 0 to 1. Write the bare number: 0.8",
        ),
        (
            "kind: pv\nid: p\npeak_w: 5,4 kW",
            "7: assets[0].peak_w: found '5,4 kW', allowed: 25 to 1000000 W. Write the bare number: 5400",
        ),
        ("kind: pv\nid: p\npeak_w: .nan", "7: assets[0].peak_w: found nan, allowed: 25 to 1000000 W."),
        ("kind: pv\nid: p\npeak_w: true", "7: assets[0].peak_w: found true, allowed: 25 to 1000000 W."),
        ("kind: pv\nid: p\npeak_w:", "7: assets[0].peak_w: found nothing, allowed: 25 to 1000000 W."),
        ("kind: pv\nid: p", "5: assets[0].peak_w: missing; needed: 25 to 1000000 W"),
        (
            "kind: pv\nid: p\npeak_w: 5000\ncurtailable: yes",
            "8: assets[0].curtailable: found 'yes', allowed: true or false. Write true.",
        ),
        (
            "kind: pv\nid: p\npeak_w: 5000\nphases: l1",
            "8: assets[0].phases: found 'l1', allowed: all | L1 | L2 | L3 | unknown. Did you mean 'L1'?",
        ),
        (
            "kind: pv\nid: Süd Dach\npeak_w: 5000",
            (
                "6: assets[0].id: found 'Süd Dach', allowed: lower-case letters, digits and _, beginning "
                "with a letter, at most 40. Did you mean 's_d_dach'?"
            ),
        ),
        (
            "kind: room\nid: grid",
            "6: assets[0].id: found 'grid', allowed: any other id; this one is the grid",
        ),
        ("kind: boiler\nid: b", "5: assets[0].kind: found 'boiler', allowed: pv | battery | charge_point"),
        ("kind: charge_pont\nid: b", "Did you mean 'charge_point'?"),
        ("id: b", "5: assets[0].kind: missing; needed: pv | battery"),
        (
            "kind: hot_water_tank\nid: t\nstages_w: [2000, 1000]",
            "7: assets[0].stages_w: allowed: different powers in rising order",
        ),
        (
            "kind: hot_water_tank\nid: t\nstages_w: 2000",
            "7: assets[0].stages_w: found 2000, allowed: a list, as [a, b].",
        ),
        (
            "kind: hot_water_tank\nid: t\nstages_w: [1000, 6000]",
            "7: assets[0].stages_w: found 6000, allowed: at most max_w, 3000",
        ),
        (
            "kind: hot_water_tank\nid: t\nlegionella_c: 50",
            "7: assets[0].legionella_c: found 50, allowed: 60 to 80 °C.",
        ),
        (
            "kind: charge_point\nid: c\nmax_a: 10\nmin_a: 12",
            "8: assets[0].min_a: found 12, allowed: at most max_a, 10",
        ),
        (
            "kind: charge_point\nid: c\nphases: L1\nphase_switching: true",
            "8: assets[0].phase_switching: found true, allowed: only with phases: all, and phases is L1",
        ),
        (
            "kind: heat_pump\nid: h\nrooms: [attic]",
            "7: assets[0].rooms[0]: found 'attic', no such room; this file has no room.",
        ),
    ],
)
def test_a_wrong_fact_of_an_asset(facts: str, expected: str) -> None:
    assert expected in one_problem(asset(facts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2]", "1: found a list, allowed: the sections site, grid"),
        (f"{SITE}{TARIFF}wether: {{}}\n", "4: wether: unknown section; allowed: site"),
        (f"{SITE}", "1: tariff: missing; every home needs this section"),
        (f"{SITE}{TARIFF}assets: pv\n", "4: assets: found 'pv', allowed: a list"),
        (
            f"{SITE}{TARIFF}assets: [pv]\n",
            "4: assets[0]: found 'pv', allowed: a mapping with kind: pv | battery",
        ),
        (f"{SITE}{TARIFF}grid: 35\n", "4: grid: found 35, allowed: a mapping with fuse_a, voltage_v"),
        (
            f"{SITE}{TARIFF}grid: {{max_import_w: 5000, peak_shaving_w: 6000}}\n",
            "4: grid.peak_shaving_w: found 6000 W, allowed: at most max_import_w, 5000 W",
        ),
        (
            f"{SITE}{TARIFF}grid: {{voltage_v: 400}}\n",
            (
                "4: grid.voltage_v: found 400, allowed: 100 to 260 V. Looks like volt between phases, "
                "but the unit is V: did you mean 230.94?"
            ),
        ),
        (
            f"{SITE}{TARIFF}circuits: [{{id: a, fuse_a: 16, assets: [houshold]}}]\n",
            (
                "4: circuits[0].assets[0]: found 'houshold', no such asset; allowed: household. "
                "Did you mean 'household'?"
            ),
        ),
        (
            f"{SITE}{TARIFF}circuits: [{{id: a, fuse_a: 63, assets: []}}]\n",
            "4: circuits[0].fuse_a: found 63 A, allowed: at most the main fuse, 35 A",
        ),
        (
            f"{SITE}{TARIFF}web: {{host: 0.0.0.0}}\n",
            "4: web.host: found '0.0.0.0': other computers could command",
        ),
        (
            f"{SITE}{TARIFF}strategy: {{priority: [battery, car]}}\n",
            "4: strategy.priority[1]: found 'car', allowed: hot_water_tank | heat_pump",
        ),
        (
            (
                f"{SITE}{TARIFF}assets:\n"
                "  - {kind: hot_water_tank, id: tank, max_c: 58, device: {adapter: simulated}}\n"
            ),
            "5: assets[0].legionella_c: found 60",
        ),
        (
            f"{SITE}{TARIFF}planner: {{enabled: maybe}}\n",
            "4: planner.enabled: found 'maybe', allowed: true or false.",
        ),
        (
            f"{SITE}tariff: {{provider: awatar}}\n",
            "tariff.provider: found 'awatar', allowed: fixed | static_hc_hp | tempo | ejp | awattar. Did you",
        ),
        (
            f"{SITE}tariff: {{provider: fixed, import_eur_per_kwh: 28.5}}\n",
            "Looks like cent, but the unit is EUR/kWh: did you mean 0.285?",
        ),
        (
            f"{SITE}tariff: {{provider: fixed, import_eur_per_kwh: 0.3, feed_in: {{spot_factor: 1}}}}\n",
            "3: tariff.feed_in.spot_factor: this tariff knows no spot price",
        ),
        (
            f"{SITE}tariff: {{provider: static_hc_hp, hp_eur_per_kwh: 0.3, hc_eur_per_kwh: 0.2}}\n",
            "3: tariff.hc_windows: needed: either hc_windows or seasons, and not both",
        ),
        (
            (
                f"{SITE}tariff: {{provider: static_hc_hp, hp_eur_per_kwh: 0.3, hc_eur_per_kwh: 0.2, "
                "seasons: [{start: 02-30, windows: ['22:00-06:00']}]}\n"
            ),
            "3: tariff.seasons[0].start: found '02-30', allowed: a day of that month, 02-01 to 02-29.",
        ),
        (
            (
                f"{SITE}tariff: {{provider: static_hc_hp, hp_eur_per_kwh: 0.3, hc_eur_per_kwh: 0.2, "
                "hc_windows: ['22:00-22:00']}\n"
            ),
            "3: tariff.hc_windows[0]: found '22:00-22:00', allowed: a time of day with a length",
        ),
        (
            f"{SITE.replace('simulated', 'simulatd')}{TARIFF}",
            "| simulated. Did you mean 'simulated'?",
        ),
        (
            f"{SITE.replace('simulated', 'simulated, port: 1')}{TARIFF}",
            "2: meter.port: unknown key; allowed: asset, sg_ready.",
        ),
        (
            f"{SITE.replace('Europe/Vienna', 'Europe/Viena')}{TARIFF}",
            (
                "1: site.timezone: found 'Europe/Viena', allowed: a name of the IANA time zone database, "
                "as 'Europe/Vienna'. Did you mean 'Europe/Vienna'?"
            ),
        ),
        (
            (
                f"{SITE}{TARIFF}assets:\n  - {{kind: room, id: a, device: {{adapter: simulated}}}}\n"
                "  - {kind: room, id: a, device: {adapter: simulated}}\n"
            ),
            "6: assets[1].id: found 'a', which assets[0] has already; ids are unique",
        ),
        (
            f"{SITE}{TARIFF}assets:\n  - {{kind: room, id: a}}\n",
            "5: assets[0].device: missing; needed: a mapping",
        ),
        (
            f"{SITE}{TARIFF}assets:\n  - {{kind: household}}\n  - {{kind: household, id: b}}\n",
            "one household",
        ),
    ],
)
def test_a_wrong_section(text: str, expected: str) -> None:
    assert expected in one_problem(text)


def test_a_mistake_in_a_room_is_not_told_again_at_its_heat_pump() -> None:
    text = (
        f"{SITE}{TARIFF}assets:\n"
        "  - {kind: heat_pump, id: h, rooms: [living], device: {adapter: simulated}}\n"
        "  - {kind: room, id: living, target_c: 210, device: {adapter: simulated}}\n"
    )
    assert one_problem(text).startswith("6: assets[1].target_c")


def test_secrets_are_not_repeated_in_messages() -> None:
    found = one_problem(f"{SITE.replace('simulated', 'simulated, token: hunter2hunter2')}{TARIFF}")
    assert "meter.token: unknown key" in found
    assert "hunter2" not in found
    assert "hunter2" not in one_problem(f"{SITE}{TARIFF}web: {{token_file: [hunter2]}}\n")


def test_a_token_file_opens_the_web_to_other_computers(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(f"{SITE}{TARIFF}web: {{host: 0.0.0.0, token_file: token}}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"web\.token_file: .*token: the token cannot be read"):
        load_config(file)
    (tmp_path / "token").write_text("short\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="the first line has 5 characters; a token has at least 16"):
        load_config(file)
    (tmp_path / "token").write_text("0123456789abcdef\n", encoding="utf-8")
    config = load_config(file)
    assert config.web.token() == "0123456789abcdef"
    assert "0123456789abcdef" not in repr(config)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"home\.yaml: there is no such file; `ohmstead init"):
        load_config(tmp_path / "home.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
trees: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(line=st.integers(0, FULL.count("\n") - 1), value=trees)
def test_no_value_anywhere_brings_anything_but_facts_or_a_config_error(line: int, value: object) -> None:
    lines = FULL.splitlines()
    head, colon, _ = lines[line].partition(": ")
    lines[line] = f"{head}{colon or ': '}{json.dumps(value)}"
    with contextlib.suppress(ConfigError):
        parse_config("\n".join(lines), FILE)
