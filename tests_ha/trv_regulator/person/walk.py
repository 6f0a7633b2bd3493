"""A person's way through a running Home Assistant, by its own API: add a room, watch it, change the target.

    walk.py PORT TOKEN_FILE HOME_ASSISTANT_LOG

The integration was installed by copying its folder, nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

PORT, TOKEN, LOG = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8").strip(), Path(sys.argv[3])
OPENER = build_opener(ProxyHandler({}))
STATE, VALVE = "sensor.kuchyn_state", "climate.kitchen_valve"


def call(path: str, body: dict[str, Any] | None = None) -> Any:
    """GET, or POST of a body."""
    request = Request(
        f"http://127.0.0.1:{PORT}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with OPENER.open(request, timeout=30) as answer:
        return json.load(answer)


def state(entity_id: str) -> dict[str, Any]:
    """Of an entity."""
    found: dict[str, Any] = call(f"states/{entity_id}")
    return found


def until(what: str, holds: Callable[[], bool]) -> None:
    """Wait until something holds, and say so."""
    for _ in range(300):
        if holds():
            print(f"  {what}")  # noqa: T201
            return
        time.sleep(0.1)
    raise SystemExit(f"did not happen within 30 s: {what}\n{LOG.read_text(encoding='utf-8')[-3000:]}")


def set_number(name: str, value: float) -> None:
    """A person moves a slider."""
    call("services/input_number/set_value", {"entity_id": f"input_number.{name}", "value": value})


def valve_at(setpoint_c: float) -> bool:
    """Whether the valve shows heat and this setpoint."""
    seen = state(VALVE)
    return seen["state"] == "heat" and seen["attributes"]["temperature"] == setpoint_c


def main() -> None:
    """Walk."""
    flow = call("config/config_entries/flow", {"handler": "trv_regulator"})
    asked = [field["name"] for field in flow["data_schema"]]
    assert asked == ["name", "temperature_entity", "target_entity", "trv_entities", "window_entities"], asked
    done = call(
        f"config/config_entries/flow/{flow['flow_id']}",
        {
            "name": "Kuchyn",
            "temperature_entity": "sensor.kitchen_temperature",
            "target_entity": "input_number.wanted",
            "trv_entities": [VALVE],
        },
    )
    assert done["type"] == "create_entry", done
    until("the room is there and idle", lambda: STATE in {s["entity_id"] for s in call("states")})
    until("the valve is closed: heat at 5 °C", lambda: valve_at(5))
    set_number("air", 20.5)
    until("colder by 0.5 K: heating", lambda: state(STATE)["state"] == "heating")
    until("the valve is open: heat at 35 °C", lambda: valve_at(35))
    set_number("wanted", 20)
    until("the target lowered: cooldown", lambda: state(STATE)["state"] == "cooldown")
    until("the valve is closed again", lambda: valve_at(5))
    assert state("sensor.kuchyn_valid_cycles")["state"] == "0"
    log = LOG.read_text(encoding="utf-8")
    for line in (
        "TRV [Kuchyn]: IDLE → HEATING",
        "TRV [Kuchyn]: Started LEARNING cycle (0/10)",
        "entering COOLDOWN",
    ):
        assert line in log, line
    # Home Assistant warns about every custom integration that it has "not been tested".
    own = [x for x in log.splitlines() if "trv_regulator" in x and "not been tested" not in x]
    wrong = [x for x in own if "WARNING" in x or "ERROR" in x]
    assert not wrong, wrong
    print("  the log reads as specified, without a warning")  # noqa: T201


if __name__ == "__main__":
    main()
