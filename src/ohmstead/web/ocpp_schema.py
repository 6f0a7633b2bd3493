"""What the API under /api/ocpp answers with. Times are UTC; what is not known is ``null``."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ohmstead.web.schema import Payload


class CentralInfo(Payload):
    """Whether there is a central system to ask for anything else here."""

    available: bool


class ConnectorInfo(Payload):
    """One connector; 0 is the charger as a whole."""

    id: int
    status: str = Field(description="as in OCPP 1.6, 7.7; `Unknown` as long as the charger did not say")
    error_code: str
    info: str | None = None
    status_at: AwareDatetime | None = None
    transaction_id: int | None = None
    power_w: float | None = None
    energy_wh: float | None = Field(default=None, description="meter register")
    soc: float | None = Field(default=None, description="of the vehicle, 0..1")
    measured_at: AwareDatetime | None = None


class ChargerInfo(Payload):
    """One charger."""

    identity: str
    adopted: bool = Field(description="false: it is held until somebody adopts it")
    connected: bool
    vendor: str
    model: str
    serial: str
    firmware: str
    first_seen: AwareDatetime | None
    last_seen: AwareDatetime | None
    booted_at: AwareDatetime | None
    connectors: list[ConnectorInfo]


class ChargingSession(Payload):
    """One transaction. ``cost_eur`` and ``solar_share`` are of ``priced_kwh``."""

    id: int
    identity: str
    connector: int
    id_tag: str
    accepted: bool
    started_at: AwareDatetime
    stopped_at: AwareDatetime | None
    reason: str | None
    energy_kwh: float
    priced_kwh: float
    cost_eur: float | None
    solar_share: float | None = Field(description="share of the energy that was not bought, 0..1")
    soc: float | None


class CurvePoint(Payload):
    """One measurement of a session."""

    at: AwareDatetime
    energy_wh: float | None
    power_w: float | None
    soc: float | None


class ChargerEvent(Payload):
    """Something that happened at a charger."""

    at: AwareDatetime
    kind: str
    text: str


class TagInfo(BaseModel):
    """Somebody who may charge."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id_tag: str = Field(min_length=1, max_length=20)
    name: str = Field(default="", max_length=200)
    parent: str | None = Field(default=None, max_length=20)
    expires_at: AwareDatetime | None = None
    blocked: bool = False
    several_at_once: bool = True


class NewPassword(BaseModel):
    """A password for a charger; a random one where none is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    password: str | None = Field(
        default=None, min_length=16, max_length=20, description="ASCII, 16 to 20 characters"
    )
    send: bool = Field(
        default=False, description="send it to the charger, which must be connected (AuthorizationKey)"
    )


class PasswordAnswer(Payload):
    """A password that was set; it is shown this once."""

    status: str = Field(description="`Accepted`, or what the charger answered: then nothing was changed")
    password_hex: str | None = Field(default=None, description="as the charger's AuthorizationKey")


class OperationAnswer(Payload):
    """What a charger answered."""

    action: str
    answer: dict[str, Any] = Field(description="the payload, by the standard's names")
