"""What the API under /api/simulator takes and answers with."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ohmstead.chargers.bench import MAX_CHARGERS, BenchCharger
from ohmstead.chargers.mapping import Status
from ohmstead.chargers.message_log import LogEntry, Way
from ohmstead.chargers.protocol import ConnectorView, ProtocolName
from ohmstead.web.schema import Payload

MAX_SCRIPT = 65_536


class Request(BaseModel):
    """Base of what is asked: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ScenarioInfo(Payload):
    """One that comes with Ohmstead."""

    name: str
    summary: str


class SimulatorInfo(Payload):
    """What this service can do."""

    url: str | None = Field(description="central system where a charger is added without one")
    max_chargers: int
    scenarios: list[ScenarioInfo]
    actions: list[str]
    faults: list[str]


class SimulatedConnector(Payload):
    """One connector of a simulated charger."""

    id: int
    status: Status
    plugged: bool
    in_order: bool = Field(description="charging is paid for, whether power flows or not")
    power_w: float
    energy_kwh: float = Field(description="meter register")
    soc: float | None = Field(description="of the vehicle, 0..1")

    @classmethod
    def of(cls, view: ConnectorView) -> SimulatedConnector:
        """As it is now."""
        return cls(
            id=view.id,
            status=view.status,
            plugged=view.plugged,
            in_order=view.in_order,
            power_w=round(view.power_w, 1),
            energy_kwh=round(view.energy_kwh, 4),
            soc=view.soc,
        )


class SimulatedCharger(Payload):
    """One simulated charger."""

    id: str
    protocol: ProtocolName
    url: str
    scenario: str
    registered: bool = Field(description="the central system accepted it, and it is connected")
    messages: int = Field(description="that its log has seen, events included")
    script: str | None = Field(description="the script that drives it now")
    script_error: str | None = Field(description="why its last script stopped, with file and line")
    connectors: list[SimulatedConnector]

    @classmethod
    def of(cls, charger: BenchCharger) -> SimulatedCharger:
        """As it is now."""
        facts = charger.machine.facts
        return cls(
            id=facts.id,
            protocol=charger.protocol,
            url=facts.url,
            scenario=charger.scenario.name,
            registered=charger.machine.registered,
            messages=charger.messages.count,
            script=charger.script,
            script_error=charger.script_error,
            connectors=[SimulatedConnector.of(view) for view in charger.machine.connectors()],
        )


class NewChargers(Request):
    """Chargers to add."""

    count: int = Field(default=1, ge=1, le=MAX_CHARGERS)
    protocol: ProtocolName = ProtocolName.OCPP16
    url: str | None = Field(
        default=None, max_length=500, description="ws://… or tcp://…; default: the service's"
    )
    scenario: str | None = Field(
        default=None, max_length=100, description="name of one of the scenarios; without it nothing happens"
    )
    scenario_yaml: str | None = Field(
        default=None, max_length=MAX_SCRIPT, description="or one's own, as YAML"
    )
    prefix: str | None = Field(default=None, max_length=20, description="what the ids begin with")


class ChargerIds(Payload):
    """Chargers, by id."""

    chargers: list[str]


class Chosen(Request):
    """Which chargers; without a list all of them."""

    chargers: list[str] | None = Field(default=None, max_length=MAX_CHARGERS)


class NewAction(Chosen):
    """Something to do; ``arguments`` as of a script's action."""

    do: str = Field(max_length=40)
    arguments: dict[str, Any] = Field(default_factory=dict)


class ActionOutcome(Payload):
    """What became of it: who did it, and why the others could not."""

    done: list[str]
    failed: dict[str, str]


class NewScript(Chosen):
    """JavaScript with a function ``step``; ``file`` is its name in messages."""

    source: str = Field(max_length=MAX_SCRIPT)
    file: str = Field(default="script.js", min_length=1, max_length=100)


class LoggedMessage(Payload):
    """One message of a charger's log."""

    number: int
    at: AwareDatetime
    way: Way = Field(description="`out` from the charger, `in` to it, `event` at it")
    text: str

    @classmethod
    def of(cls, entry: LogEntry) -> LoggedMessage:
        """For the API."""
        return cls(number=entry.number, at=entry.at, way=entry.way, text=entry.text)
