"""What the central agent answers, from what was decided and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from ohmstead.agents.central_schema import (
    ActionsAnswer,
    BatteryPart,
    Coordination,
    Flows,
    HomeStatus,
    LoadAction,
    LoadPart,
    Parts,
    SolarPart,
    StorageAction,
    Unavailable,
    VehiclePart,
)
from ohmstead.agents.decision import Action, Actions, Home
from ohmstead.agents.fleet import Controlled
from ohmstead.agents.schema import StorageStatus
from ohmstead.agents.settings import Part
from ohmstead.agents.storage import Mode
from ohmstead.agents.units import kw

P = TypeVar("P", bound=BaseModel)


def coordination(
    correlation_id: str,
    at: datetime,
    actions: Actions,
    applied: Mapping[Part, Controlled],
    home: Home,
    errors: Mapping[Part, str],
) -> Coordination:
    """The answer to ``/coordinate``; what an agent could not do goes to the grid."""
    answer = ActionsAnswer(
        battery=_storage(actions.battery, applied.get(Part.BATTERY)),
        vehicle=_storage(actions.vehicle, applied.get(Part.VEHICLE)),
        load=_load(actions.load, applied.get(Part.LOAD)),
    )
    surplus_kw = kw(actions.surplus_w)
    taken_kw = _signed_kw(answer.battery) + _signed_kw(answer.vehicle) - answer.load.shed_kw
    grid_kw = round(taken_kw - surplus_kw, 6)
    return Coordination(
        id=correlation_id,
        at=at,
        actions=answer,
        surplus_kw=surplus_kw,
        export_kw=max(0.0, -grid_kw),
        import_kw=max(0.0, grid_kw),
        status=parts(home, errors),
    )


def home_status(
    home: Home, errors: Mapping[Part, str], at: datetime, last: Coordination | None
) -> HomeStatus:
    """The answer to ``/status``."""
    return HomeStatus(at=at, status=parts(home, errors), flows=_flows(home), last=last)


def parts(home: Home, errors: Mapping[Part, str]) -> Parts:
    """The state of each agent, or why there is none."""
    return Parts(
        solar=_part(SolarPart, home.solar, errors.get(Part.SOLAR)),
        battery=_part(BatteryPart, home.battery, errors.get(Part.BATTERY)),
        vehicle=_part(VehiclePart, home.vehicle, errors.get(Part.VEHICLE)),
        load=_part(LoadPart, home.load, errors.get(Part.LOAD)),
    )


def _part(kind: type[P], status: BaseModel | None, error: str | None) -> P | Unavailable:
    if status is None:
        return Unavailable(error=error or "no answer")
    return kind.model_construct(**dict(status))


def _storage(action: Action, controlled: Controlled | None) -> StorageAction:
    power_kw, reason = _applied(action, controlled)
    mode = action.mode if power_kw > 0 else Mode.IDLE
    return StorageAction(mode=mode, power_kw=power_kw, reason=reason)


def _load(action: Action, controlled: Controlled | None) -> LoadAction:
    shed_kw, reason = _applied(action, controlled)
    return LoadAction(shed_kw=shed_kw, reason=reason)


def _applied(action: Action, controlled: Controlled | None) -> tuple[float, str]:
    """What an agent does of what was decided, kW, and why."""
    if controlled is None or controlled.applied_kw >= action.power_kw:
        return action.power_kw, action.reason
    by = controlled.limited_by or "the agent"
    return controlled.applied_kw, f"{action.reason} Cut from {action.power_kw:g} kW by its own limit: {by}."


def _signed_kw(action: StorageAction) -> float:
    return -action.power_kw if action.mode is Mode.DISCHARGE else action.power_kw


def _flows(home: Home) -> Flows:
    battery, vehicle = _flow(home.battery), _flow(home.vehicle)
    solar = None if home.solar is None else -home.solar.production_kw + 0.0
    load = None if home.load is None else home.load.power_kw
    known = [p for p in (solar, battery, vehicle, load) if p is not None]
    return Flows(
        solar_kw=solar,
        battery_kw=battery,
        vehicle_kw=vehicle,
        load_kw=load,
        grid_kw=round(sum(known), 6) + 0.0 if len(known) == 4 else None,
    )


def _flow(status: StorageStatus | None) -> float | None:
    if status is None:
        return None
    return -status.power_kw + 0.0 if status.mode is Mode.DISCHARGE else status.power_kw
