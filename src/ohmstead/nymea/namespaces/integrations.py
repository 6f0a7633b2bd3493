"""``Integrations``: things, their classes, states and actions."""

from __future__ import annotations

import asyncio
from typing import Any

from ohmstead.nymea.api import Method, Namespace, Notification, Result, Scope
from ohmstead.nymea.identity import PLUGIN_ID, VENDOR_ID
from ohmstead.nymea.namespaces.thing_data import class_data, thing_data
from ohmstead.nymea.namespaces.thing_types import ENUMS, TYPES
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.session import Session
from ohmstead.nymea.site_port import ThingsPort
from ohmstead.nymea.site_values import StateType, ThingError

ACTION_TIMEOUT_S = 15.0


class _Handlers:
    """The methods on one home."""

    def __init__(self, port: ThingsPort) -> None:
        self._port = port

    def get_things(self, _: Session, params: dict[str, Any]) -> Result:
        wanted = params.get("thingId")
        if wanted is None:
            return _ok(things=[thing_data(t) for t in self._port.things()])
        thing = self._port.thing(wanted)
        return _failed(ThingError.THING_NOT_FOUND) if thing is None else _ok(things=[thing_data(thing)])

    def get_thing_classes(self, _: Session, params: dict[str, Any]) -> Result:
        classes = self._port.thing_classes()
        wanted = params.get("thingClassIds")
        if wanted is not None:
            known = {c.id: c for c in classes}
            if any(i not in known for i in wanted):
                return _failed(ThingError.THING_CLASS_NOT_FOUND)
            classes = [known[i] for i in wanted]
        if params.get("vendorId", VENDOR_ID) != VENDOR_ID:
            classes = []
        return _ok(thingClasses=[class_data(c) for c in classes])

    def get_vendors(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"vendors": [{"id": VENDOR_ID, "name": "ohmstead", "displayName": "Ohmstead"}]}

    def get_plugins(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        plugin = {"id": PLUGIN_ID, "name": "ohmstead", "displayName": "Ohmstead", "paramTypes": []}
        return {"plugins": [plugin]}

    def get_state_types(self, _: Session, params: dict[str, Any]) -> Result:
        return {"stateTypes": self._of_class(params, "stateTypes")}

    def get_action_types(self, _: Session, params: dict[str, Any]) -> Result:
        return {"actionTypes": self._of_class(params, "actionTypes")}

    def get_event_types(self, _: Session, params: dict[str, Any]) -> Result:
        return {"eventTypes": self._of_class(params, "eventTypes")}

    def _of_class(self, params: dict[str, Any], key: str) -> Any:
        for thing_class in self._port.thing_classes():
            if thing_class.id == params["thingClassId"]:
                return class_data(thing_class)[key]
        return []

    def get_state_value(self, _: Session, params: dict[str, Any]) -> Result:
        thing = self._port.thing(params["thingId"])
        if thing is None:
            return _failed(ThingError.THING_NOT_FOUND)
        state_type = thing.thing_class.state_type(params["stateTypeId"])
        if state_type is None or state_type.name not in thing.states:
            return _failed(ThingError.STATE_TYPE_NOT_FOUND)
        return _ok(value=thing.states[state_type.name].value)

    def get_state_values(self, _: Session, params: dict[str, Any]) -> Result:
        thing = self._port.thing(params["thingId"])
        if thing is None:
            return _failed(ThingError.THING_NOT_FOUND)
        return _ok(values=thing_data(thing)["states"])

    async def execute_action(self, _: Session, params: dict[str, Any]) -> Result:
        thing = self._port.thing(params["thingId"])
        if thing is None:
            return _failed(ThingError.THING_NOT_FOUND)
        wanted = params["actionTypeId"]
        state_type = thing.thing_class.state_type(wanted)
        if state_type is not None and state_type.writable:
            error, value = _value_for(state_type, params.get("params", []))
            if error is not None:
                return _failed(error)
            return await self._execute(thing.id, state_type.name, value)
        for action in thing.thing_class.action_types:
            if action.id == wanted:
                if params.get("params"):
                    return _failed(ThingError.INVALID_PARAMETER)
                return await self._execute(thing.id, action.name, None)
        return _failed(ThingError.ACTION_TYPE_NOT_FOUND)

    async def _execute(self, thing_id: str, action: str, value: Any) -> Result:
        try:
            async with asyncio.timeout(ACTION_TIMEOUT_S):
                error, message = await self._port.execute(thing_id, action, value)
        except TimeoutError:
            error, message = ThingError.TIMEOUT, None
        result: dict[str, Any] = {"thingError": error.value}
        return result if message is None else result | {"displayMessage": message}


def _ok(**more: Any) -> Result:
    return {"thingError": ThingError.NO_ERROR.value, **more}


def _failed(error: ThingError) -> Result:
    return {"thingError": error.value}


def _value_for(state_type: StateType, params: list[dict[str, Any]]) -> tuple[ThingError | None, Any]:
    """The one parameter of a writable state, checked against its type and range."""
    if len(params) > 1 or any(p.get("paramTypeId", state_type.id) != state_type.id for p in params):
        return ThingError.INVALID_PARAMETER, None
    if not params:
        return ThingError.MISSING_PARAMETER, None
    value = params[0]["value"]
    if state_type.type == "Bool":
        fits = isinstance(value, bool)
    elif state_type.type == "String":
        fits = isinstance(value, str)
    else:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        fits = fits and (state_type.type == "Double" or value == value // 1)
    if not fits or (state_type.possible_values and value not in state_type.possible_values):
        return ThingError.INVALID_PARAMETER, None
    if state_type.min_value is not None and value < state_type.min_value:
        return ThingError.INVALID_PARAMETER, None
    if state_type.max_value is not None and value > state_type.max_value:
        return ThingError.INVALID_PARAMETER, None
    return None, value


def integrations(port: ThingsPort) -> Namespace:
    """The namespace on a home."""
    on = _Handlers(port)
    return Namespace(
        name="Integrations",
        enums=ENUMS,
        flags={"CreateMethods": "CreateMethod"},
        types=TYPES,
        methods=(*_thing_methods(on), *_type_methods(on), *_state_methods(on), _execute_action(on)),
        notifications=NOTIFICATIONS,
    )


def _thing_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="GetThings",
            description="All things with their states, or one.",
            params={"o:thingId": "Uuid"},
            returns={"thingError": "$ref:ThingError", "o:things": "$ref:Things"},
            scope=Scope.NONE,
            handler=on.get_things,
        ),
        Method(
            name="GetThingClasses",
            description="What kinds of thing there are, all or those asked for.",
            params={"o:thingClassIds": ["Uuid"], "o:vendorId": "Uuid"},
            returns={"thingError": "$ref:ThingError", "o:thingClasses": "$ref:ThingClasses"},
            scope=Scope.NONE,
            handler=on.get_thing_classes,
        ),
        Method(
            name="GetVendors",
            description="Who makes the things.",
            returns={"vendors": "$ref:Vendors"},
            scope=Scope.NONE,
            handler=on.get_vendors,
        ),
        Method(
            name="GetPlugins",
            description="What brings the things.",
            returns={"plugins": "$ref:IntegrationPlugins"},
            scope=Scope.NONE,
            handler=on.get_plugins,
        ),
    )


def _type_methods(on: _Handlers) -> tuple[Method, ...]:
    of_class: dict[str, Definition] = {"thingClassId": "Uuid"}
    return (
        Method(
            name="GetStateTypes",
            description="The states of a thing class; none for an unknown class.",
            params=of_class,
            returns={"stateTypes": "$ref:StateTypes"},
            scope=Scope.NONE,
            handler=on.get_state_types,
        ),
        Method(
            name="GetActionTypes",
            description="The actions of a thing class; none for an unknown class.",
            params=of_class,
            returns={"actionTypes": "$ref:ActionTypes"},
            scope=Scope.NONE,
            handler=on.get_action_types,
        ),
        Method(
            name="GetEventTypes",
            description="The events of a thing class; none for an unknown class.",
            params=of_class,
            returns={"eventTypes": "$ref:EventTypes"},
            scope=Scope.NONE,
            handler=on.get_event_types,
        ),
    )


def _state_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="GetStateValue",
            description="One state of one thing.",
            params={"stateTypeId": "Uuid", "thingId": "Uuid"},
            returns={"thingError": "$ref:ThingError", "o:value": "Variant"},
            scope=Scope.NONE,
            handler=on.get_state_value,
        ),
        Method(
            name="GetStateValues",
            description="All states of one thing.",
            params={"thingId": "Uuid"},
            returns={"thingError": "$ref:ThingError", "o:values": "$ref:States"},
            scope=Scope.NONE,
            handler=on.get_state_values,
        ),
    )


def _execute_action(on: _Handlers) -> Method:
    return Method(
        name="ExecuteAction",
        description=(
            "Ask something of a thing. A writable state is an action of the same id and name, with one "
            "parameter of that id. What is asked is a command by hand: the limits of the house bind it. "
            f"Answered when it was taken, with ThingErrorTimeout after {ACTION_TIMEOUT_S:.0f} s."
        ),
        params={"actionTypeId": "Uuid", "o:params": "$ref:ParamList", "thingId": "Uuid"},
        returns={"thingError": "$ref:ThingError", "o:displayMessage": "String"},
        scope=Scope.CONTROL_THINGS,
        handler=on.execute_action,
    )


NOTIFICATIONS = (
    Notification(
        name="StateChanged",
        description="A state of a thing has another value, or another range.",
        params={
            "thingId": "Uuid",
            "stateTypeId": "Uuid",
            "value": "Variant",
            "minValue": "Variant",
            "maxValue": "Variant",
            "possibleValues": ["Variant"],
        },
    ),
    Notification(name="ThingAdded", description="There is a new thing.", params={"thing": "$ref:Thing"}),
    Notification(name="ThingRemoved", description="A thing is gone.", params={"thingId": "Uuid"}),
    Notification(
        name="ThingChanged", description="A thing has another name.", params={"thing": "$ref:Thing"}
    ),
    Notification(
        name="ThingSettingChanged",
        description="A setting of a thing has another value. Our things have no settings: never sent.",
        params={"thingId": "Uuid", "paramTypeId": "Uuid", "value": "Variant"},
    ),
    Notification(
        name="EventTriggered", description="A thing reports something.", params={"event": "$ref:Event"}
    ),
)
