"""Things and thing classes as they go on the wire."""

from __future__ import annotations

from typing import Any

from ohmstead.nymea.identity import PLUGIN_ID, VENDOR_ID
from ohmstead.nymea.site_values import (
    ActionType,
    EventType,
    StateType,
    StateValue,
    Thing,
    ThingClass,
    ThingError,
)


def state_data(state_type: StateType, state: StateValue) -> dict[str, Any]:
    """A state's value as a ``State``."""
    return {
        "stateTypeId": state_type.id,
        "value": state.value,
        "filter": "StateValueFilterNone",
        **_range(state.min_value, state.max_value, state.possible_values),
    }


def thing_data(thing: Thing) -> dict[str, Any]:
    """A thing as a ``Thing``."""
    data = {
        "id": thing.id,
        "thingClassId": thing.thing_class.id,
        "name": thing.name,
        "params": [],
        "settings": [],
        "states": [
            state_data(s, thing.states[s.name])
            for s in thing.thing_class.state_types
            if s.name in thing.states
        ],
        "setupStatus": "ThingSetupStatusComplete",
        "setupError": ThingError.NO_ERROR.value,
        "setupComplete": True,
    }
    return data if thing.parent_id is None else data | {"parentId": thing.parent_id}


def class_data(thing_class: ThingClass) -> dict[str, Any]:
    """A thing class as a ``ThingClass``."""
    return {
        "id": thing_class.id,
        "vendorId": VENDOR_ID,
        "pluginId": PLUGIN_ID,
        "name": thing_class.name,
        "displayName": thing_class.display_name,
        "interfaces": list(thing_class.interfaces),
        "providedInterfaces": [],
        "browsable": False,
        "stateTypes": [_state_type(i, s) for i, s in enumerate(thing_class.state_types)],
        "actionTypes": _action_types(thing_class),
        "eventTypes": [_plain_type(i, e) for i, e in enumerate(thing_class.event_types)],
        "paramTypes": [],
        "settingsTypes": [],
        "discoveryParamTypes": [],
        "browserItemActionTypes": [],
        "createMethods": ["CreateMethodAuto"],
        "setupMethod": "SetupMethodJustAdd",
        "discoveryType": "DiscoveryTypePrecise",
    }


def _range(low: float | None, high: float | None, possible: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if low is not None:
        found["minValue"] = low
    if high is not None:
        found["maxValue"] = high
    if possible:
        found["possibleValues"] = list(possible)
    return found


def _state_type(index: int, state_type: StateType) -> dict[str, Any]:
    return {
        "id": state_type.id,
        "name": state_type.name,
        "displayName": state_type.display_name,
        "index": index,
        "type": state_type.type,
        "defaultValue": state_type.default,
        "unit": state_type.unit,
        **_range(state_type.min_value, state_type.max_value, state_type.possible_values),
    }


def _plain_type(index: int, plain: ActionType | EventType) -> dict[str, Any]:
    params = plain.params if isinstance(plain, EventType) else ()
    return {
        "id": plain.id,
        "name": plain.name,
        "displayName": plain.display_name,
        "index": index,
        "paramTypes": [
            {"id": p.id, "name": p.name, "displayName": p.display_name, "index": i, "type": p.type}
            for i, p in enumerate(params)
        ],
    }


def _action_types(thing_class: ThingClass) -> list[dict[str, Any]]:
    """The writable states, each with one parameter of its own id and name, and the other actions."""
    found: list[dict[str, Any]] = []
    for state_type in thing_class.state_types:
        if state_type.writable:
            values = _range(state_type.min_value, state_type.max_value, ())
            if state_type.possible_values:
                values["allowedValues"] = list(state_type.possible_values)
            param = {
                "id": state_type.id,
                "name": state_type.name,
                "displayName": state_type.display_name,
                "index": 0,
                "type": state_type.type,
                "defaultValue": state_type.default,
                "unit": state_type.unit,
                **values,
            }
            found.append(
                {
                    "id": state_type.id,
                    "name": state_type.name,
                    "displayName": f"Set {state_type.display_name.lower()}",
                    "index": len(found),
                    "paramTypes": [param],
                }
            )
    return found + [_plain_type(len(found) + i, a) for i, a in enumerate(thing_class.action_types)]
