"""What a nymea box has, and the configuration that would make devices of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    PvSystem,
    Room,
)
from ohmstead.devices.nymea import METER_INTERFACES
from ohmstead.nymea.box import BoxThing
from ohmstead.nymea.client import Address

METER = "meter"

_KINDS: tuple[tuple[str, str], ...] = (
    *((interface, METER) for interface in METER_INTERFACES),
    ("energystorage", "battery"),
    ("evcharger", "charge_point"),
    ("smartgridheatpump", "heat_pump"),
    ("simpleheatpump", "heat_pump"),
    ("smartmeterproducer", "pv"),
    ("solarinverter", "pv"),
    ("heating", "hot_water_tank"),
    ("thermostat", "room"),
    ("powersocket", "flexible_load"),
    ("powerswitch", "flexible_load"),
)
"""The first interface that a thing has says what it is."""

_NEEDED: dict[str, tuple[type[Asset], tuple[str, ...]]] = {
    "pv": (PvSystem, ("peak_w",)),
    "battery": (Battery, ("capacity_kwh", "max_charge_w", "max_discharge_w")),
    "charge_point": (ChargePoint, ("max_a",)),
    "heat_pump": (HeatPump, ("max_w",)),
    "hot_water_tank": (HotWaterTank, ("max_w",)),
    "flexible_load": (FlexibleLoad, ("max_w",)),
    "room": (Room, ("target_c",)),
}
"""What the owner knows and the box may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discovered:
    """A thing that can be a device; ``kind`` as a configuration writes it, ``meter`` for the meter."""

    thing: BoxThing
    kind: str
    asset_id: str


def discovered(things: Iterable[BoxThing]) -> list[Discovered]:
    """The things of a box that can be devices, by name."""
    found: list[Discovered] = []
    taken: set[str] = set()
    for thing in sorted(things, key=lambda t: (t.name, t.id)):
        kind = kind_of(thing)
        if kind is not None:
            asset_id = _id_for(thing.name, kind, taken)
            taken.add(asset_id)
            found.append(Discovered(thing=thing, kind=kind, asset_id=asset_id))
    return found


def kind_of(thing: BoxThing) -> str | None:
    """What a thing could be; ``None``: nothing that we manage."""
    return next((kind for interface, kind in _KINDS if interface in thing.box_class.interfaces), None)


def as_yaml(found: Iterable[Discovered], address: Address, token_file: str | None) -> str:
    """The sections ``meter`` and ``assets`` of a configuration; what nobody knows is left open."""
    found = list(found)
    lines: list[str] = []
    meters = [d for d in found if d.kind == METER]
    if meters:
        lines += ["meter:", *(f"  {line}" for line in _device(meters[0], address, token_file))]
        lines += [f"  # or thing: {_quoted(other.thing.name)}" for other in meters[1:]]
    lines.append("assets:")
    for each in found:
        if each.kind != METER:
            lines += _asset(each, address, token_file)
    return "\n".join(lines) + "\n"


def _asset(each: Discovered, address: Address, token_file: str | None) -> Iterator[str]:
    yield f"  - kind: {each.kind}"
    yield f"    id: {each.asset_id}"
    yield f"    name: {_quoted(each.thing.name)}"
    _, needed = _NEEDED[each.kind]
    for name in needed:
        known = _known(each.thing, name)
        yield f"    {name}: {known:g}" if known is not None else f"    {name}:  # fill in"
    yield "    device:"
    yield from (f"      {line}" for line in _device(each, address, token_file))


def _device(each: Discovered, address: Address, token_file: str | None) -> Iterator[str]:
    yield "adapter: nymea"
    yield f"url: {address}"
    yield f"thing: {_quoted(each.thing.name)}"
    if address.certificate_sha256 is not None:
        yield f"certificate_sha256: {address.certificate_sha256}"
    if token_file is not None:
        yield f"token_file: {_quoted(token_file)}"


def _known(thing: BoxThing, name: str) -> float | None:
    match name:
        case "capacity_kwh":
            return thing.number("capacity")
        case "max_a":
            high = thing.ranges.get("maxChargingCurrent", (None, None))[1]
            return float(high) if isinstance(high, int | float) and not isinstance(high, bool) else None
        case "target_c":
            return thing.number("targetTemperature")
    return None


def _id_for(name: str, kind: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:36] or kind
    base = base if base[0].isalpha() else f"{kind}_{base}"[:36]
    found, number = base, 2
    while found in taken or found in ("grid", "household"):
        found, number = f"{base}_{number}", number + 1
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
