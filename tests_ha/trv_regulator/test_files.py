"""The files around the code, by the rules that Home Assistant's own validator has."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from custom_components.trv_regulator import config_flow, sensor
from custom_components.trv_regulator.room_controller import ProblemCode
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import Platform
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "custom_components" / "trv_regulator"
LANGUAGES = ("en", "cs", "pl", "de")


def read(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((HERE / name).read_text(encoding="utf-8"))
    return data


def leaves(tree: dict[str, Any], path: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            out |= leaves(value, f"{path}{key}.")
        else:
            out[path + key] = value
    return out


def test_manifest() -> None:
    manifest = read("manifest.json")
    keys = list(manifest)
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])
    assert manifest["domain"] == HERE.name
    assert manifest["config_flow"] is True
    assert manifest["integration_type"] == "device"
    assert manifest["iot_class"] == "calculated"
    assert manifest["requirements"] == []
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert manifest["issue_tracker"].startswith("https://")


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_complete(language: str) -> None:
    english, other = leaves(read("translations/en.json")), leaves(read(f"translations/{language}.json"))
    assert other.keys() == english.keys()
    for key, text in other.items():
        assert text.strip(), key
        assert "[%key:" not in text, key
        assert "http" not in text, key
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_strings_equal_english() -> None:
    assert read("strings.json") == read("translations/en.json")


def test_every_text_has_its_user() -> None:
    english = read("translations/en.json")
    steps = english["config"]["step"]
    user = {str(k) for k in config_flow.USER_SCHEMA.schema}
    assert set(steps["user"]["data"]) == set(steps["user"]["data_description"]) == user
    reconfigure = {str(k) for k in config_flow.RECONFIGURE_SCHEMA.schema}
    assert set(steps["reconfigure"]["data"]) == set(steps["reconfigure"]["data_description"]) == reconfigure
    tuned = {"enabled_trvs", *config_flow._TUNING}
    init = english["options"]["step"]["init"]
    assert set(init["data"]) == set(init["data_description"]) == tuned
    assert set(english["entity"]["sensor"]) == {s.translation_key for s in sensor.SENSORS}
    for description in sensor.SENSORS:
        if description.options:
            states = english["entity"]["sensor"][description.translation_key]["state"]
            assert set(states) == set(description.options)
    code = "".join(p.read_text(encoding="utf-8") for p in HERE.glob("*.py"))
    for key in (*english["exceptions"], *english["config"]["error"], *english["options"]["error"]):
        assert f'"{key}"' in code, key
    assert set(english["issues"]) <= {c.value for c in ProblemCode}


def test_services_are_described() -> None:
    services = load_yaml_dict(str(HERE / "services.yaml"))
    english, icons = read("translations/en.json")["services"], read("icons.json")["services"]
    assert services.keys() == english.keys() == icons.keys()
    for name, service in services.items():
        assert english[name]["fields"].keys() == service["fields"].keys()


def test_icons_belong_to_entities() -> None:
    icons = read("icons.json")["entity"]
    english = read("translations/en.json")["entity"]
    assert icons.keys() == english.keys() <= {p.value for p in Platform}
    for platform, entities in icons.items():
        assert entities.keys() == english[platform].keys()
        for key, icon in entities.items():
            for name in (icon["default"], *icon.get("state", {}).values()):
                assert re.fullmatch(r"mdi:[a-z0-9-]+", name)
            assert icon.get("state", {}).keys() <= english[platform][key].get("state", {"on": ""}).keys()


def test_quality_scale_says_done_or_why_not() -> None:
    rules = load_yaml_dict(str(HERE / "quality_scale.yaml"))["rules"]
    assert len(rules) >= 50
    for name, rule in rules.items():
        assert rule == "done" or (rule["status"] == "exempt" and rule["comment"]), name


def test_brand_icon_is_256_square() -> None:
    head = (HERE / "brand" / "icon.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", head[16:24]) == (256, 256)


def test_hacs_names_the_floor() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    assert hacs["homeassistant"] == "2025.4.0"


def test_the_controller_is_the_generated_copy() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "carry.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_flow_has_a_user_step() -> None:
    assert hasattr(config_flow.TrvRegulatorConfigFlow, f"async_step_{SOURCE_USER}")
