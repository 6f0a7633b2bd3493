"""Bodies of the central agent's answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ohmstead.agents.schema import Answer, LoadStatus, SolarStatus, StorageStatus, VehicleStatus
from ohmstead.agents.storage import Mode


class Unavailable(Answer):
    """An agent that does not answer."""

    available: Literal[False] = False
    error: str


class SolarPart(SolarStatus):
    """An agent that answers."""

    available: Literal[True] = True


class BatteryPart(StorageStatus):
    """An agent that answers."""

    available: Literal[True] = True


class VehiclePart(VehicleStatus):
    """An agent that answers."""

    available: Literal[True] = True


class LoadPart(LoadStatus):
    """An agent that answers."""

    available: Literal[True] = True


class Parts(Answer):
    """The four device agents."""

    solar: SolarPart | Unavailable
    battery: BatteryPart | Unavailable
    vehicle: VehiclePart | Unavailable
    load: LoadPart | Unavailable


class StorageAction(Answer):
    """What a storage does, and why."""

    mode: Mode
    power_kw: float
    reason: str


class LoadAction(Answer):
    """What the load goes without, and why."""

    shed_kw: float
    reason: str


class ActionsAnswer(Answer):
    """One action per device that obeys."""

    battery: StorageAction
    vehicle: StorageAction
    load: LoadAction


class Coordination(Answer):
    """One coordination: production + discharge + import = loads − shed + charge + export."""

    id: str = Field(description="The correlation id under which the agents log it.")
    at: datetime
    actions: ActionsAnswer
    surplus_kw: float = Field(
        description="Production less all that is wanted; negative where it is not enough."
    )
    export_kw: float
    import_kw: float
    status: Parts


class Flows(Answer):
    """Powers now, kW, into the asset positive; null where an agent does not answer."""

    solar_kw: float | None
    battery_kw: float | None
    vehicle_kw: float | None
    load_kw: float | None
    grid_kw: float | None = Field(description="Their sum; import is positive.")


class HomeStatus(Answer):
    """All agents now, and what was decided last."""

    at: datetime
    status: Parts
    flows: Flows
    last: Coordination | None = Field(default=None, description="The last coordination since the start.")
