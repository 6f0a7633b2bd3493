"""Writes the plant's entities as a Home Assistant package: thermostats, relay, button, weather."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ohmstead.simulator.floor_house import SEVEN_ROOMS

rooms = [s.id for s in SEVEN_ROOMS]
package = {
    "input_number": {
        name: {"min": -30, "max": 45, "step": 0.1, "initial": 21 if name != "t_outdoor" else 8}
        for name in (*(f"t_{room}" for room in rooms), "t_outdoor")
    },
    "input_boolean": {
        **{f"valve_{room}": {"initial": False} for room in rooms},
        "pump_relay": {"initial": False},
        "forbidden_turn_off": {"initial": False},
    },
    "input_button": {"wylacznik_pompy": {"name": "Wylacznik pompy"}},
    "climate": [
        {
            "platform": "generic_thermostat",
            "name": room,
            "heater": f"input_boolean.valve_{room}",
            "target_sensor": f"input_number.t_{room}",
            "min_temp": 5,
            "max_temp": 30,
            "target_temp": 21,
            "target_temp_step": 0.5,
            "precision": 0.1,
            "cold_tolerance": 0.0,
            "hot_tolerance": 0.0,
            "initial_hvac_mode": "heat",
        }
        for room in rooms
    ],
    "template": [
        {
            "switch": [
                {
                    "name": "sonoff_10017fadeb",
                    "state": "{{ is_state('input_boolean.pump_relay', 'on') }}",
                    "turn_on": {
                        "action": "input_boolean.turn_on",
                        "target": {"entity_id": "input_boolean.pump_relay"},
                    },
                    "turn_off": {
                        "action": "input_boolean.turn_on",
                        "target": {"entity_id": "input_boolean.forbidden_turn_off"},
                    },
                }
            ],
            "weather": [
                {
                    "name": "Forecast home",
                    "condition_template": "cloudy",
                    "temperature_template": "{{ states('input_number.t_outdoor') | float }}",
                    "temperature_unit": "°C",
                    "humidity_template": "70",
                }
            ],
        }
    ],
}
Path(sys.argv[1]).write_text(json.dumps(package, indent=1, ensure_ascii=False), encoding="utf-8")
