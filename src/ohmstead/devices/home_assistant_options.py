"""The options of the Home Assistant adapter: which entities are an asset, and what commands it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ohmstead.devices.adapter import AdapterOptions

EntityId = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")]


class Positive(StrEnum):
    """What a positive number means."""

    IN = "in"
    OUT = "out"


class HomeAssistantOptions(AdapterOptions):
    """Options of the Home Assistant adapter; every value is an entity id unless it says otherwise."""

    power: EntityId | None = Field(default=None, description="Power now, W or kW.")
    positive: Positive | None = Field(
        default=None,
        description="What a positive power means: `in` into the asset, at the meter import; `out` out of it. "
        "Without it `out` for PV and `in` for all else.",
    )
    phases: tuple[EntityId, ...] = Field(
        default=(), max_length=3, description="Power of the three phases, in their order."
    )
    soc: EntityId | None = Field(default=None, description="State of charge, %.")
    temperature: EntityId | None = Field(
        default=None, description="Temperature of a tank or room, or supply temperature of a heat pump."
    )
    target: EntityId | None = Field(default=None, description="What the people of a room want, °C.")
    window: EntityId | None = Field(default=None, description="Window of a room; `on` is open.")
    connected: EntityId | None = Field(
        default=None, description="Whether a vehicle is on the cable; a charge point needs it."
    )
    command: EntityId | None = Field(
        default=None,
        description="What takes the setpoint: a number in W, kW, % or (charge point) A per phase; or a "
        "switch, turned on only where the full power is wanted. Without it, and without `mode`, it is "
        "only read.",
    )
    command_positive: Positive | None = Field(
        default=None, description="What a positive `command` means; without it as `positive`."
    )
    discharge_command: EntityId | None = Field(
        default=None, description="A second number, for discharging; both are then without sign."
    )
    enable: EntityId | None = Field(
        default=None, description="A switch that must be on for `command` to count; turned off for 0."
    )
    mode: EntityId | None = Field(default=None, description="A select with the modes of a battery.")
    charge_option: str | None = Field(default=None, description="Option of `mode` for charging.")
    discharge_option: str | None = Field(default=None, description="Option of `mode` for discharging.")
    idle_option: str | None = Field(default=None, description="Option of `mode` for neither.")
    release_option: str | None = Field(
        default=None,
        description="Option of `mode` for the device's own control, when Ohmstead stops; else idle.",
    )
    sg_ready: tuple[EntityId, EntityId] | None = Field(
        default=None,
        description="The two switches that are contact 1 and contact 2 of an SG-Ready heat pump, "
        "instead of `command`.",
    )
    relays: dict[EntityId, float] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="Switches that make the stages of a water heater, each with its power in W; "
        "instead of `command`.",
    )
    max_age_s: float = Field(
        default=900.0,
        ge=0.0,
        le=86400.0,
        description="A power that was not reported for longer is stale; 0: never.",
    )
