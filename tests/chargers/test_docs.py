from __future__ import annotations

import re
from pathlib import Path

import pytest

from ohmstead.chargers.fleet import Summary
from ohmstead.chargers.hands import Hands
from ohmstead.chargers.mapping import Fault, StopReason
from ohmstead.chargers.scenario import (
    Scenario,
    StartSettings,
    SupplySettings,
    TroubleKind,
    TroubleSettings,
    UpdateSettings,
    VehicleSettings,
    VisitSettings,
    builtin_names,
    parse_scenario,
)
from ohmstead.chargers.script import Script

PAGE = (Path(__file__).parents[2] / "docs" / "chargers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "names",
    [
        *(
            list(model.model_fields)
            for model in (
                Scenario,
                SupplySettings,
                VehicleSettings,
                VisitSettings,
                StartSettings,
                TroubleSettings,
                UpdateSettings,
            )
        ),
        [*TroubleKind, *StopReason, *Fault, *builtin_names()],
        Hands.ACTIONS,
    ],
)
def test_the_page_names_them_all(names: list[str]) -> None:
    quoted = set(re.findall(r"`([^`\n]+)`", PAGE))
    words = {word for text in quoted for word in re.findall(r"[\w-]+", text)}
    assert set(names) <= words


def test_the_page_names_the_keys_of_the_summary() -> None:
    assert all(key in PAGE for key in Summary.__dataclass_fields__)


def test_the_examples_run() -> None:
    (yaml,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    assert parse_scenario(yaml, "page").supply.connectors == 2
    (code,) = re.findall(r"```js\n(.*?)```", PAGE, re.S)
    script = Script(code, "page.js")
    state = {"registered": True, "connectors": [{"plugged": False, "in_order": False, "soc": None}]}
    assert [action.do for action in script.step(state)] == ["plug_in"]
