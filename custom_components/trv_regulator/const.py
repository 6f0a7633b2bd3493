"""Names shared by the integration's files."""

from __future__ import annotations

from typing import Final

DOMAIN: Final = "trv_regulator"

CONF_TEMPERATURE_ENTITY: Final = "temperature_entity"
CONF_TARGET_ENTITY: Final = "target_entity"
CONF_TRV_ENTITIES: Final = "trv_entities"
CONF_WINDOW_ENTITIES: Final = "window_entities"
CONF_DOOR_ENTITIES: Final = "door_entities"
"""Of version 1.1; merged into the windows."""

CONF_ENABLED_TRVS: Final = "enabled_trvs"
CONF_HYSTERESIS: Final = "hysteresis"
CONF_LEARNING_CYCLES: Final = "learning_cycles"
CONF_COOLDOWN_DURATION: Final = "cooldown_duration"
CONF_MIN_HEATING_DURATION: Final = "min_heating_duration"
CONF_MAX_HEATING_DURATION: Final = "max_heating_duration"
CONF_MAX_VALID_OVERSHOOT: Final = "max_valid_overshoot"
CONF_DESIRED_OVERSHOOT: Final = "desired_overshoot"
CONF_WINDOW_OPEN_DELAY: Final = "window_open_delay"
CONF_SENSOR_SILENCE: Final = "sensor_silence"

DEFAULTS: Final[dict[str, float]] = {
    CONF_HYSTERESIS: 0.3,
    CONF_LEARNING_CYCLES: 10,
    CONF_COOLDOWN_DURATION: 1200,
    CONF_MIN_HEATING_DURATION: 180,
    CONF_MAX_HEATING_DURATION: 7200,
    CONF_MAX_VALID_OVERSHOOT: 3.0,
    CONF_DESIRED_OVERSHOOT: 0.1,
    CONF_WINDOW_OPEN_DELAY: 120,
    CONF_SENSOR_SILENCE: 7200,
}

SERVICE_RESET: Final = "reset_learned_params"
WATCHDOG_S: Final = 30
SAVE_DELAY_S: Final = 10
COMMAND_TIMEOUT_S: Final = 20
STORE_VERSION: Final = 1
