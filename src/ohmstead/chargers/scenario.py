"""What a fleet of simulated chargers lives through, as a YAML file.

Every pair ``[low, high]`` is a range from which each charger draws with its own seed.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ohmstead.chargers.bad_line import LineFault
from ohmstead.chargers.mapping import Fault
from ohmstead.errors import ConfigError

_BUILTIN = "scenarios"


def _rising(value: tuple[float, float]) -> tuple[float, float]:
    if not 0.0 <= value[0] <= value[1] < math.inf:
        raise ValueError("allowed: [low, high] with 0 <= low <= high")
    return value


Range = Annotated[tuple[float, float], AfterValidator(_rising)]


def _on_the_wire(value: object) -> object:
    """YAML's numbers and booleans as OCPP writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


WireText = Annotated[str, BeforeValidator(_on_the_wire)]


def _finite(value: tuple[float, float]) -> tuple[float, float]:
    if not -math.inf < value[0] <= value[1] < math.inf:
        raise ValueError("allowed: [low, high] with low <= high")
    return value


SignedRange = Annotated[tuple[float, float], AfterValidator(_finite)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SupplySettings(_Model):
    """What each connector can give; currents per phase."""

    connectors: int = Field(default=1, ge=1, le=8)
    max_a: float = Field(default=32.0, ge=6.0, le=1000.0)
    phases: int = Field(default=3, ge=1, le=3)
    voltage_v: float = Field(default=230.0, ge=48.0, le=1000.0)
    dc: bool = False


class VehicleSettings(_Model):
    """The vehicles that come."""

    capacity_kwh: Range = (40.0, 80.0)
    soc: Range = (0.2, 0.5)
    max_a: Range = (16.0, 32.0)
    phases: int = Field(default=3, ge=1, le=3)
    reaction_s: Range = (2.0, 8.0)
    stops_at_soc: Range = (1.0, 1.0)
    wobble: float = Field(default=0.0, ge=0.0, le=0.5)
    """Share of the current by which a vehicle takes less than it could, another one at each look."""


class VisitSettings(_Model):
    """When vehicles come and go, seconds. Without ``returns_after_s`` each comes once."""

    share: float = Field(default=1.0, ge=0.0, le=1.0)
    after_s: Range = (0.0, 60.0)
    stays_s: Range = (3600.0, 7200.0)
    returns_after_s: Range | None = None


class Starts(StrEnum):
    """Who lets charging begin."""

    CARD = "card"
    """The driver, with a card at the charger."""
    REMOTE = "remote"
    """The central system."""


class StartSettings(_Model):
    """How charging begins."""

    by: Starts = Starts.CARD
    id_tag: str = Field(default="D14B0A54", min_length=1, max_length=20)
    after_s: Range = (5.0, 30.0)


class TroubleKind(StrEnum):
    """What goes wrong."""

    NETWORK_CUT = "network_cut"
    POWER_CUT = "power_cut"
    FAULT = "fault"
    HALF_OPEN = LineFault.HALF_OPEN.value
    SLOW_SERVER = LineFault.SLOW_SERVER.value
    DUPLICATE_FRAMES = LineFault.DUPLICATE_FRAMES.value
    REORDERED_FRAMES = LineFault.REORDERED_FRAMES.value


class TroubleSettings(_Model):
    """What goes wrong again and again at some of the chargers. A cut line is dialled anew at once."""

    kind: TroubleKind
    share: float = Field(default=1.0, ge=0.0, le=1.0)
    every_s: Range = (600.0, 3600.0)
    lasts_s: Range = (5.0, 60.0)
    fault: Fault = Fault.OTHER


class UpdateSettings(_Model):
    """A firmware campaign of the central system, and how long chargers take for it (OCPP)."""

    location: str = Field(default="https://firmware.example/ohmstead-2.0.bin", min_length=1, max_length=500)
    """Its file name is the new version."""
    after_s: Range = (60.0, 3600.0)
    """When each charger is asked."""
    retries: int = Field(default=0, ge=0, le=10)
    download_s: Range = (30.0, 240.0)
    install_s: Range = (30.0, 180.0)
    restart_s: Range = (20.0, 60.0)
    download_fails: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of downloads."""
    install_fails: float = Field(default=0.0, ge=0.0, le=1.0)


class Scenario(_Model):
    """The whole of it. ``start`` is the simulated time of day at the beginning."""

    name: str = Field(min_length=1)
    summary: str = ""
    duration_s: float = Field(default=3600.0, gt=0.0, le=31 * 86400.0)
    start: datetime = datetime(2026, 1, 12, 17, 0, tzinfo=UTC)
    spread_s: float = Field(default=10.0, ge=0.0, le=86400.0)
    step_s: float = Field(default=5.0, ge=0.1, le=60.0)
    """How often a charger looks at what its vehicle takes."""
    clock_skew_s: SignedRange = (0.0, 0.0)
    """How far ahead the chargers' clocks are; negative: behind."""
    supply: SupplySettings = SupplySettings()
    vehicles: VehicleSettings = VehicleSettings()
    visits: VisitSettings = VisitSettings()
    starts: StartSettings = StartSettings()
    updates: UpdateSettings | None = None
    troubles: tuple[TroubleSettings, ...] = ()
    configuration: dict[str, WireText] = {}
    """OCPP configuration keys of the chargers that differ from their defaults; nothing for YunKuaiChong."""


def builtin_names() -> list[str]:
    """The scenarios that come with Ohmstead."""
    folder = resources.files("ohmstead.chargers") / _BUILTIN
    return sorted(
        entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")
    )


def load_scenario(name_or_file: str) -> Scenario:
    """A scenario by its name, or out of a YAML file.

    Raises:
        ConfigError: there is none, or it says something that cannot be; the message names file and key.
    """
    if name_or_file in builtin_names():
        text = (resources.files("ohmstead.chargers") / _BUILTIN / f"{name_or_file}.yaml").read_text("utf-8")
        return parse_scenario(text, name_or_file)
    path = Path(name_or_file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        allowed = ", ".join(builtin_names())
        raise ConfigError(f"{path}: cannot be read ({error}); allowed: a YAML file, or {allowed}") from error
    return parse_scenario(text, str(path))


def parse_scenario(text: str, file: str) -> Scenario:
    """Check a scenario.

    Raises:
        ConfigError: see :func:`load_scenario`.
    """
    try:
        found: Any = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ConfigError(f"{file}: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: a scenario is a mapping with at least `name`")
    try:
        return Scenario.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "scenario"
        shown = "" if isinstance(first["input"], dict) else f" (found {str(first['input'])[:60]!r})"
        raise ConfigError(f"{file}: {key}: {first['msg']}{shown}") from error
