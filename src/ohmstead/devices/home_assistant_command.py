"""How a power becomes commands to entities: numbers, switches and selects.

Nothing here asks for more than was wanted: numbers are rounded towards zero, what is below an entity's
smallest number is off, and a switch is turned on only where the asset's full power is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from ohmstead.core.sg_ready import SgReady, wish_of
from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Phases,
    PvSystem,
)
from ohmstead.devices.home_assistant_library import ServiceCall
from ohmstead.devices.home_assistant_wire import EntityState
from ohmstead.errors import DeviceError

NOTHING_W = 1.0
NUMBERS = ("number", "input_number")
SWITCHES = ("switch", "input_boolean", "light")
SELECTS = ("select", "input_select")

Look = Callable[[str], EntityState]
"""Gives an entity now; raises ``DeviceOffline`` where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A service call, and how the entity looks once it has had its effect."""

    call: ServiceCall
    shows: Callable[[EntityState], bool]

    @property
    def entity_id(self) -> str:
        """Whom it is for."""
        return str(self.call.entity_id)


def domain_of(entity_id: str) -> str:
    """What is before the dot."""
    return entity_id.partition(".")[0]


def switched(entity_id: str, *, on: bool) -> Order:
    """Turn a switch on or off."""
    service = f"{domain_of(entity_id)}.turn_{'on' if on else 'off'}"
    wanted = "on" if on else "off"
    return Order(
        call=ServiceCall(service=service, entity_id=entity_id, data={}),
        shows=lambda state: state.state == wanted,
    )


def all_switched(wanted: Mapping[str, bool]) -> Iterator[Order]:
    """Turn several switches on and off: those that go off come first."""
    for entity_id, on in sorted(wanted.items(), key=lambda pair: pair[1]):
        yield switched(entity_id, on=on)


def relays_for(power_w: float, relays: Sequence[tuple[str, float]]) -> frozenset[str]:
    """The relays that together make the largest power that is not above one, W."""
    sets = (chosen for count in range(len(relays) + 1) for chosen in combinations(relays, count))
    allowed = [chosen for chosen in sets if _sum_w(chosen) <= max(0.0, power_w) + NOTHING_W]
    return frozenset(entity_id for entity_id, _ in max(allowed, key=_sum_w))


def _sum_w(relays: Sequence[tuple[str, float]]) -> float:
    return sum(power_w for _, power_w in relays)


def selected(entity_id: str, option: str) -> Order:
    """Choose an option of a select."""
    call = ServiceCall(
        service=f"{domain_of(entity_id)}.select_option", entity_id=entity_id, data={"option": option}
    )
    return Order(call=call, shows=lambda state: state.state == option)


def numbered(entity_id: str, value: float, step: float) -> Order:
    """Set a number; half a step is the same number."""
    call = ServiceCall(
        service=f"{domain_of(entity_id)}.set_value", entity_id=entity_id, data={"value": value}
    )
    half = step / 2.0 + 1e-6
    return Order(
        call=call, shows=lambda state: state.number is not None and abs(state.number - value) <= half
    )


def full_power_w(asset: Asset) -> float:
    """What a switched asset takes (PV: gives) when it is on, W."""
    match asset:
        case PvSystem():
            return asset.peak_w if asset.inverter_w is None else asset.inverter_w
        case ChargePoint():
            return asset.max_a * volts(asset)
        case HotWaterTank():
            return max(asset.stages_w) if asset.stages_w else asset.max_w
        case HeatPump():
            return asset.min_w  # its own control modulates it
        case FlexibleLoad():
            return asset.max_w
        case _:
            return math.inf


def volts(asset: ChargePoint) -> float:
    """Watts per ampere of a charge point."""
    return asset.voltage_v * (3.0 if asset.phases is Phases.ALL else 1.0)


def number_for(power_w: float, asset: Asset, state: EntityState) -> float:
    """The number of an entity for a power of this sign, never more of it; 0 where its least is more.

    Raises:
        DeviceError: the entity's unit is none of W, kW, % (of the full power) and A (of a charge point).
    """
    match state.unit:
        case None | "W":
            value = power_w
        case "kW":
            value = power_w / 1e3
        case "A" if isinstance(asset, ChargePoint):
            value = power_w / volts(asset)
        case "%" if math.isfinite(full_power_w(asset)):
            value = 100.0 * power_w / full_power_w(asset)
        case unit:
            also = ", A" * isinstance(asset, ChargePoint) + ", %" * math.isfinite(full_power_w(asset))
            raise DeviceError(
                f"{asset.id}: {state.entity_id} has the unit {unit!r}; allowed: W, kW{also}, or none for W"
            )
    low, high = state.attribute("min"), state.attribute("max")
    if value > 0.0:
        value = _whole_steps(value if high is None else min(value, high), state)
        return value if low is None or value >= low else 0.0
    value = -_whole_steps(-value if low is None else min(-value, -low), state)
    return value if high is None or value <= high else 0.0


def step_of(state: EntityState) -> float:
    """Resolution of a number."""
    return state.attribute("step") or 1.0


def _whole_steps(value: float, state: EntityState) -> float:
    step = step_of(state)
    return round(math.floor(max(0.0, value) / step + 1e-6) * step, 9)


@dataclass(frozen=True, kw_only=True, slots=True)
class Knobs:
    """The entities that command one asset.

    Args:
        sign: 1 where a positive number means power into the asset, else -1.
        options: of ``mode``, for charging, discharging, idle and for the device's own control.
        contacts: the two switches of an SG-Ready heat pump, in their order.
        relays: the switches of a water heater's stages, each with its power, W.
    """

    asset: Asset
    command: str | None = None
    discharge_command: str | None = None
    enable: str | None = None
    mode: str | None = None
    sign: float = 1.0
    charge_option: str | None = None
    discharge_option: str | None = None
    idle_option: str | None = None
    release_option: str | None = None
    contacts: tuple[str, ...] = ()
    relays: tuple[tuple[str, float], ...] = ()

    def entities(self) -> tuple[str, ...]:
        """All of them."""
        found = (self.command, self.discharge_command, self.enable, self.mode)
        named = (entity for entity in found if entity is not None)
        return (*named, *self.contacts, *(entity for entity, _ in self.relays))

    def contact_orders(self, state: SgReady) -> Iterator[Order]:
        """What to send for a state of SG Ready; a contact opens before the other one closes."""
        yield from all_switched(dict(zip(self.contacts, state.contacts, strict=True)))

    def orders(self, power_w: float, look: Look) -> Iterator[Order]:
        """What to send for a power, W, load convention, in this order.

        Raises:
            DeviceError: an entity is away, or cannot do it.
        """
        if not math.isfinite(power_w):
            raise DeviceError(f"{self.asset.id}: {power_w} W is not a setpoint")
        if self.contacts and isinstance(self.asset, HeatPump):
            yield from self.contact_orders(wish_of(self.asset, power_w))
            return
        if self.relays:
            closed = relays_for(power_w, self.relays)
            yield from all_switched({entity_id: entity_id in closed for entity_id, _ in self.relays})
            return
        orders = list(self._number_orders(power_w, look))
        off = abs(power_w) < NOTHING_W or self._is_off(orders)
        if self.mode is not None:
            option = (
                self.idle_option if off else self.charge_option if power_w > 0.0 else self.discharge_option
            )
            if option is None:
                raise DeviceError(
                    f"{self.asset.id}: no option of {self.mode} is configured for {power_w:.0f} W"
                )
            orders.append(selected(self.mode, option))
        if self.enable is not None:
            order = switched(self.enable, on=not off)
            orders = [order] if off else [*orders, order]
        yield from orders

    def release(self, look: Look) -> Iterator[Order]:
        """What to send so that the device is in its own safe state."""
        if self.contacts:
            yield from self.contact_orders(SgReady.NORMAL)
            return
        if self.mode is not None and (option := self.release_option or self.idle_option) is not None:
            yield selected(self.mode, option)
            return
        match self.asset:
            case PvSystem():
                yield from self.orders(-self.asset.peak_w, look)
            case HeatPump() | FlexibleLoad():
                yield from self.orders(self.asset.max_w, look)
            case _:
                yield from self.orders(0.0, look)

    def _number_orders(self, power_w: float, look: Look) -> Iterator[Order]:
        discharging = power_w < -NOTHING_W and not isinstance(self.asset, PvSystem)
        entity_id = self.discharge_command if discharging and self.discharge_command else self.command
        if entity_id is None:
            return
        if domain_of(entity_id) in SWITCHES:
            yield switched(entity_id, on=abs(power_w) >= full_power_w(self.asset) - NOTHING_W)
            return
        state = look(entity_id)
        wanted_w = (
            abs(power_w) if self.mode or (discharging and self.discharge_command) else self.sign * power_w
        )
        value = 0.0 if abs(power_w) < NOTHING_W else number_for(wanted_w, self.asset, state)
        if value == 0.0:
            if self.enable is not None or self.mode is not None:
                return
            low, high = state.attribute("min"), state.attribute("max")
            if (low is not None and low > 0.0) or (high is not None and high < 0.0):
                raise DeviceError(
                    f"{self.asset.id}: {entity_id} cannot be 0; name a switch in `enable` that stops it"
                )
        yield numbered(entity_id, value, step_of(state))

    def _is_off(self, orders: list[Order]) -> bool:
        """A number that came out as 0 was left out."""
        numbers = self.command is not None and domain_of(self.command) in NUMBERS
        return numbers and not orders


def problems_of(knobs: Knobs) -> Iterator[tuple[str, str]]:
    """What is wrong with the entities that command, as the option to blame and words."""
    allowed = {
        "command": (knobs.command, (*NUMBERS, *SWITCHES)),
        "discharge_command": (knobs.discharge_command, NUMBERS),
        "enable": (knobs.enable, SWITCHES),
        "mode": (knobs.mode, SELECTS),
    }
    for contact in knobs.contacts:
        if domain_of(contact) not in SWITCHES:
            yield "sg_ready", f"found {contact!r}, allowed: entities of {', '.join(SWITCHES)}"
    if knobs.contacts and not isinstance(knobs.asset, HeatPump):
        yield "sg_ready", "only a heat pump has it"
    if knobs.contacts and knobs.command is not None:
        yield "sg_ready", "found together with `command`; such a heat pump takes no power"
    yield from _problems_of_relays(knobs)
    for key, (entity_id, domains) in allowed.items():
        if entity_id is not None and domain_of(entity_id) not in domains:
            yield key, f"found {entity_id!r}, allowed: an entity of {', '.join(domains)}"
    if isinstance(knobs.asset, Battery) and knobs.command and domain_of(knobs.command) in SWITCHES:
        yield "command", f"found {knobs.command!r}; a battery needs a number (W or kW)"
    if knobs.enable is not None and knobs.command is None:
        yield "enable", "needs `command`; a device that is only switched has its switch there"
    if knobs.mode is not None and not isinstance(knobs.asset, Battery):
        yield "mode", "only a battery has one; allowed here: command, enable"
    if knobs.mode is not None and None in (knobs.charge_option, knobs.idle_option):
        yield "mode", "needs charge_option and idle_option, the names of its options"
    if isinstance(knobs.asset, ChargePoint) and knobs.asset.phase_switching:
        yield "command", "cannot switch phases; leave phase_switching out of the charge point"


def _problems_of_relays(knobs: Knobs) -> Iterator[tuple[str, str]]:
    if not knobs.relays:
        return
    for entity_id, power_w in knobs.relays:
        if domain_of(entity_id) not in SWITCHES:
            yield "relays", f"found {entity_id!r}, allowed: entities of {', '.join(SWITCHES)}"
        if not power_w > 0.0:
            yield "relays", f"{entity_id}: found {power_w:g}, allowed: a power above 0 W"
    if knobs.command is not None:
        yield "relays", "found together with `command`; allowed: one of them"
    if not isinstance(knobs.asset, HotWaterTank):
        yield "relays", "only a water heater has stages"
    elif not knobs.asset.stages_w:
        yield "relays", "the tank needs `stages_w`, the powers that its relays can make"
    else:
        for stage_w in knobs.asset.stages_w:
            made_w = sum(w for entity_id, w in knobs.relays if entity_id in relays_for(stage_w, knobs.relays))
            if abs(made_w - stage_w) > NOTHING_W:
                yield "relays", f"no relays make {stage_w:g} W, a stage of `stages_w`; nearest: {made_w:g} W"
