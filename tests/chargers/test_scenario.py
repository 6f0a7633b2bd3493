from __future__ import annotations

from pathlib import Path

import pytest

from ohmstead.chargers.scenario import Starts, TroubleKind, builtin_names, load_scenario, parse_scenario
from ohmstead.errors import ConfigError

NAMES = ["boot-storm", "depot-night", "firmware-campaign", "flaky-network", "home-evening", "motorway-rapid"]


def test_the_scenarios_that_come_with_ohmstead() -> None:
    assert builtin_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_is_good_and_says_what_it_is(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.summary.endswith(".")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nstarts: {by: remote}\ntroubles:\n  - {kind: fault, fault: Meter}\n")
    scenario = load_scenario(str(file))
    assert scenario.starts.by is Starts.REMOTE
    assert scenario.troubles[0].kind is TroubleKind.FAULT


def test_configuration_keys_as_ocpp_writes_them() -> None:
    keys = "{MeterValueSampleInterval: 10, LocalPreAuthorize: true, MeterValuesSampledData: Voltage}"
    scenario = parse_scenario(f"name: x\nconfiguration: {keys}", "f.yaml")
    assert dict(scenario.configuration) == {
        "MeterValueSampleInterval": "10",
        "LocalPreAuthorize": "true",
        "MeterValuesSampledData": "Voltage",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\nvisits: {after_s: [5, 1]}", r"f\.yaml: visits\.after_s: .*0 <= low <= high.*\[5, 1\]"),
        ("name: x\nvisits: {after_s: [5]}", r"f\.yaml: visits\.after_s"),
        ("name: x\nvehicle: {}", r"f\.yaml: vehicle: Extra"),
        ("name: x\ntroubles: [{kind: earthquake}]", r"troubles\.0\.kind: .*'network_cut'.*earthquake"),
        ("summary: x", r"f\.yaml: name: Field required"),
        ("- a", "a mapping"),
        ("name: [", r"f\.yaml: "),
        ("name: x\nsupply: {phases: 4}", r"supply\.phases: .*3 \(found '4'\)"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_scenario(text, "f.yaml")


def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match=r"nope: cannot be read .* boot-storm, depot-night"):
        load_scenario("nope")
