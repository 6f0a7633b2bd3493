"""A first configuration from a few questions: commented, complete, and valid by construction."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from ohmstead.daemon.config.loading import parse_config
from ohmstead.errors import ConfigError

Ask = Callable[[str, str], str]
"""Asks a question with a default answer and gives what the person said."""

T = TypeVar("T")

_FALLBACK_ZONE = "Europe/Vienna"
_ISO_6709 = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """What a first configuration is made of; 0 where there is no such thing."""

    name: str = "Home"
    timezone: str = _FALLBACK_ZONE
    latitude_deg: float = 48.22
    longitude_deg: float = 16.33
    fuse_a: float = 35.0
    pv_peak_kw: float = 5.0
    battery_kwh: float = 10.0
    charger_a: float = 16.0
    tank_l: float = 200.0
    heat_pump_kw: float = 2.5
    tariff: str = "fixed"


def default_answers() -> Answers:
    """The defaults, placed in this computer's time zone at the coordinates of its main city."""
    timezone = local_timezone()
    latitude_deg, longitude_deg = coordinates(timezone) or (48.22, 16.33)
    return Answers(timezone=timezone, latitude_deg=latitude_deg, longitude_deg=longitude_deg)


def local_timezone() -> str:
    """The IANA name of this computer's time zone, or one of central Europe where it does not tell."""
    for told in (os.environ.get("TZ", ""), os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]):
        if coordinates(told.removeprefix(":")) is not None:
            return told.removeprefix(":")
    return _FALLBACK_ZONE


def coordinates(timezone: str) -> tuple[float, float] | None:
    """Latitude and longitude (°, north and east positive) of a zone's main city.

    From ``zone.tab`` of the IANA time zone database; ``None`` where it does not list the zone.
    """
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        columns = line.split("\t")
        if line.startswith("#") or len(columns) < 3 or columns[2] != timezone:
            continue
        match = _ISO_6709.fullmatch(columns[1])
        if match is not None:
            return _degrees(*match.group(1, 2, 3, 4)), _degrees(*match.group(5, 6, 7, 8))
    return None


def _degrees(sign: str, degrees: str, minutes: str, seconds: str | None) -> float:
    value = int(degrees) + int(minutes) / 60.0 + int(seconds or 0) / 3600.0
    return round(-value if sign == "-" else value, 2)


def ask_all(ask: Ask, complain: Callable[[str], None]) -> Answers:
    """Ask every question, again where an answer cannot be.

    Args:
        ask: see :data:`Ask`.
        complain: told why an answer was refused.
    """

    def until_good(question: str, default: str, parse: Callable[[str], T]) -> T:
        while True:
            try:
                return parse(ask(question, default).strip())
            except ValueError as error:
                complain(str(error))

    def number(question: str, default: float, low: float, high: float, *, or_none: bool = False) -> float:
        suffix = " (0: none)" if or_none else ""
        parse = partial(_number, low=low, high=high, zero=or_none)
        return until_good(question + suffix, f"{default:g}", parse)

    here = default_answers()
    name = until_good("What is the home called", here.name, _name)
    timezone = until_good("Time zone", here.timezone, _zone)
    place = coordinates(timezone) or (here.latitude_deg, here.longitude_deg)
    return Answers(
        name=name,
        timezone=timezone,
        latitude_deg=number("Latitude, degrees north", place[0], -90.0, 90.0),
        longitude_deg=number("Longitude, degrees east", place[1], -180.0, 180.0),
        fuse_a=number("Main fuse per phase, A", here.fuse_a, 6.0, 250.0),
        pv_peak_kw=number("Solar, kW peak", here.pv_peak_kw, 0.1, 100.0, or_none=True),
        battery_kwh=number("House battery, kWh", here.battery_kwh, 0.5, 200.0, or_none=True),
        charger_a=number("Car charger, A per phase", here.charger_a, 6.0, 80.0, or_none=True),
        tank_l=number("Electric hot-water tank, litres", here.tank_l, 5.0, 5000.0, or_none=True),
        heat_pump_kw=number("Heat pump, electrical kW", here.heat_pump_kw, 0.7, 30.0, or_none=True),
        tariff=until_good(f"Tariff ({', '.join(_TARIFFS)})", here.tariff, _tariff),
    )


def _name(text: str) -> str:
    if 0 < len(text) <= 80 and text.isprintable():
        return text
    raise ValueError("a name of 1 to 80 characters")


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{text!r} is no time zone; give a name as {_FALLBACK_ZONE}") from None


def _number(text: str, *, low: float, high: float, zero: bool) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if low <= value <= high or (zero and value == 0.0):
        return value
    raise ValueError(f"{'0, or ' if zero else ''}{low:g} to {high:g}")


def _tariff(text: str) -> str:
    if text in _TARIFFS:
        return text
    raise ValueError(f"one of {', '.join(_TARIFFS)}")


def render(answers: Answers) -> str:
    """The YAML text of a configuration, with comments."""
    parts = [_HEAD, _site(answers), _assets(answers), _TARIFFS[answers.tariff], _TAIL]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def write(path: Path, answers: Answers, *, force: bool = False) -> None:
    """Write a configuration; the file appears whole or not at all.

    Raises:
        ConfigError: there is a file already and ``force`` is not set, the folder cannot be written,
            or the answers contradict each other.
    """
    text = render(answers)
    parse_config(text, path)
    if path.exists() and not force:
        raise ConfigError(f"{path}: there is a file already; --force replaces it")
    scratch = path.with_name(f".{path.name}.new")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _site(answers: Answers) -> str:
    return f"""
site:
  name: {json.dumps(answers.name, ensure_ascii=False)}
  timezone: {answers.timezone}
  latitude_deg: {answers.latitude_deg:g}     # north is positive
  longitude_deg: {answers.longitude_deg:g}    # east is positive

grid:
  fuse_a: {answers.fuse_a:g}               # main fuse, per phase
  # max_import_w: 20000      # limit of the contract, where there is one
  # peak_shaving_w: 6000     # import that the battery tries to stay below

meter: {{adapter: simulated}}  # the meter at the grid connection
"""


def _assets(answers: Answers) -> str:
    blocks = [
        _PV.format(peak_w=1000 * answers.pv_peak_kw) if answers.pv_peak_kw else "",
        _BATTERY.format(kwh=answers.battery_kwh, power_w=500 * answers.battery_kwh)
        if answers.battery_kwh
        else "",
        _CHARGER.format(max_a=answers.charger_a) if answers.charger_a else "",
        _TANK.format(volume_l=answers.tank_l) if answers.tank_l else "",
        _HEAT_PUMP.format(max_w=1000 * answers.heat_pump_kw) if answers.heat_pump_kw else "",
    ]
    found = [block.rstrip("\n") for block in blocks if block]
    return "\n".join(["assets:", *found]) if found else "assets: []"


_HEAD = """
# A home for Ohmstead. `ohmstead config check FILE` says what is wrong with this file, with lines;
# docs/configuration.md lists every key. Powers are in W, energies in kWh, shares between 0 and 1.
"""

_PV = """
  - kind: pv
    id: pv
    peak_w: {peak_w:g}
    tilt_deg: 35             # from horizontal
    azimuth_deg: 180         # from north, clockwise: 90 east, 180 south, 270 west
    device: {{adapter: simulated}}
"""

_BATTERY = """
  - kind: battery
    id: battery
    capacity_kwh: {kwh:g}
    max_charge_w: {power_w:g}
    max_discharge_w: {power_w:g}
    reserve_soc: 0.1         # kept for a power cut
    device: {{adapter: simulated}}
"""

_CHARGER = """
  - kind: charge_point
    id: charger
    max_a: {max_a:g}                # per phase
    phases: all              # or L1, L2, L3, unknown
    vehicle_capacity_kwh: 60
    target_soc: 0.8          # to reach by the departure
    device: {{adapter: simulated}}
"""

_TANK = """
  - kind: hot_water_tank
    id: tank
    volume_l: {volume_l:g}
    max_w: 3000
    # stages_w: [1000, 2000, 3000]   # where relays switch the heater
    min_c: 45                # below it the tank is heated at once
    target_c: 55
    max_c: 65                # what surplus may heat it to
    device: {{adapter: simulated}}
"""

_HEAT_PUMP = """
  - kind: heat_pump
    id: heat_pump
    min_w: 600               # smallest electrical power at which the compressor runs
    max_w: {max_w:g}
    rooms: [living]
    device: {{adapter: simulated}}
  - kind: room
    id: living
    name: Living room
    target_c: 21
    device: {{adapter: simulated}}
"""

_TARIFFS = {
    "fixed": """
tariff:
  provider: fixed
  import_eur_per_kwh: 0.30   # all included
  feed_in: {fixed_eur_per_kwh: 0.08}
""",
    "static_hc_hp": """
tariff:
  provider: static_hc_hp
  hp_eur_per_kwh: 0.27       # heures pleines, all included
  hc_eur_per_kwh: 0.2068     # heures creuses, all included
  hc_windows: ["22:30-06:30"]
  feed_in: {fixed_eur_per_kwh: 0.04}
""",
    "awattar": """
tariff:
  provider: awattar
  country: at                # or de
  surcharge_eur_per_kwh: 0.015   # supplier and levies, without VAT
  network_eur_per_kwh: 0.09      # network fee, without VAT
  vat: 0.20
  feed_in: {spot_factor: 1.0, spot_fee_eur_per_kwh: 0.019}
""",
}

_TAIL = """
weather: {provider: open_meteo}

recorder:
  path: ohmstead.db          # beside this file

web:
  host: 127.0.0.1            # this computer only; another address needs a token_file
  port: 8080

log: {level: info}
"""
