"""Bodies of the five agents. Powers in kW and energies in kWh, as their contract has it.

Numbers are strict: a string, a boolean, NaN or infinity is refused. Unknown keys are refused too, so
that a mistyped one is not silently without effect.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from ohmstead.agents.storage import LimitedBy, Mode

LARGEST = 1e6
"""A gigawatt, or a gigawatt-hour: what a home will never reach, and arithmetic still bears."""
LEASE_S = 900.0
SUPERSEDED_TITLE = "Superseded"
"""Of the problem that refuses a command which came after a newer one."""
COMMAND_ID = r"^[A-Za-z0-9._:-]{1,100}$"

Number = Annotated[float, Field(strict=True, ge=0.0, le=LARGEST, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, ge=0.001, le=LARGEST, allow_inf_nan=False)]
Efficiency = Annotated[float, Field(strict=True, ge=0.3, le=1.0, allow_inf_nan=False)]
Lease = Annotated[
    float,
    Field(
        strict=True,
        ge=1.0,
        le=86400.0,
        allow_inf_nan=False,
        description="Seconds after which the device falls back by itself.",
    ),
]
CommandId = Annotated[
    str | None,
    Field(
        pattern=COMMAND_ID,
        description="A repeated command of the same id is answered, not carried out again.",
    ),
]


class Body(BaseModel):
    """Base of what comes in."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=False)


class Answer(BaseModel):
    """Base of what goes out, and of what the central agent reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Problem(BaseModel):
    """An error (RFC 9457 problem details)."""

    title: str
    status: int
    detail: str


class Health(Answer):
    """A process that answers."""

    status: Literal["ok"] = "ok"
    service: str
    version: str


def _whole(value: object) -> object:
    """5.0 is an integer to JSON Schema."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Sequence(Body):
    """A command's place among those of its issuer, so that one that comes late is not carried out."""

    issuer: Annotated[str, Field(pattern=COMMAND_ID, description="Who commands; new with each start.")]
    number: Annotated[
        int,
        Field(strict=True, ge=0, le=2**53, description="Rises with each command."),
        BeforeValidator(_whole),
    ]


class Production(Body):
    """What the sun gives."""

    production_kw: Number


class BatteryUpdate(Body):
    """A measurement, and what the battery is; what is left out stays as it was."""

    state_of_charge_kwh: Number | None = None
    capacity_kwh: Positive | None = None
    max_charge_kw: Number | None = None
    max_discharge_kw: Number | None = None
    reserve_kwh: Number | None = None
    efficiency: Efficiency | None = Field(default=None, description="One way, 0.3 to 1.")


class VehicleUpdate(BatteryUpdate):
    """The same of a vehicle; ``bidirectional``: its charger can feed the house."""

    connected: StrictBool | None = None
    bidirectional: StrictBool | None = None


class LoadUpdate(Body):
    """What the house wants: ``flexible_load_kw`` is on top of ``critical_load_kw`` and may be shed."""

    critical_load_kw: Number | None = None
    flexible_load_kw: Number | None = None


class Control(Body):
    """A command to a storage."""

    mode: Mode
    power_kw: Number = 0.0
    valid_for_s: Lease = LEASE_S
    command_id: CommandId = None
    sequence: Sequence | None = None


class Shed(Body):
    """A command to the load."""

    shed_kw: Number
    valid_for_s: Lease = LEASE_S
    command_id: CommandId = None
    sequence: Sequence | None = None


class Coordinate(Body):
    """What is measured now; for a part that is missing the agent's last measurement counts."""

    solar: Production | None = None
    load: LoadUpdate | None = None
    battery: BatteryUpdate | None = None
    vehicle: VehicleUpdate | None = None


class StorageOrder(Answer):
    """The command in force."""

    mode: Mode
    power_kw: float
    lease_left_s: float
    command_id: str | None = None


class ShedOrder(Answer):
    """The command in force."""

    shed_kw: float
    lease_left_s: float
    command_id: str | None = None


class SolarStatus(Answer):
    """The sun as measured last; ``measured_age_s`` is null before the first measurement."""

    production_kw: Number
    measured_age_s: float | None = None


class StorageStatus(Answer):
    """``mode`` and ``power_kw`` (≥ 0) are what flows now, ``command`` what was asked for."""

    state_of_charge_kwh: Number
    capacity_kwh: Positive
    max_charge_kw: Number
    max_discharge_kw: Number
    reserve_kwh: Number
    efficiency: Efficiency
    mode: Mode = Mode.IDLE
    power_kw: float = 0.0
    limited_by: LimitedBy | None = None
    command: StorageOrder | None = None
    measured_age_s: float | None = None


class VehicleStatus(StorageStatus):
    """A storage that may be away."""

    connected: bool
    bidirectional: bool


class LoadStatus(Answer):
    """``power_kw`` is what is really taken: critical and flexible, less what is shed."""

    critical_load_kw: Number
    flexible_load_kw: Number
    shed_kw: float = 0.0
    power_kw: float = 0.0
    command: ShedOrder | None = None
    measured_age_s: float | None = None


class BatteryControlled(Answer):
    """What became of a command; ``limited_by`` is null where all of it was applied."""

    requested_kw: float
    applied_kw: Number
    limited_by: LimitedBy | None
    status: StorageStatus


class VehicleControlled(BatteryControlled):
    """The same of a vehicle."""

    status: VehicleStatus


class LoadShed(Answer):
    """What became of a command; ``limited_by`` is null where all of it was applied."""

    requested_kw: float
    applied_kw: Number
    limited_by: LimitedBy | None
    status: LoadStatus
