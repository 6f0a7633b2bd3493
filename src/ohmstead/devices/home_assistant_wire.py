"""What Home Assistant says over its WebSocket API, as values: states, their changes, units, addresses.

States come from ``subscribe_entities``, which sends each entity once and then only what changed, in
short keys: ``s`` state, ``a`` attributes, ``c`` context, ``lc`` last changed, ``lu`` last updated
(developers.home-assistant.io, "WebSocket API"; the keys are those of ``homeassistant.const``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

GONE = ("unavailable", "unknown", "")
"""States that hold no value."""

_TO_W: Mapping[str, float] = {"W": 1.0, "kW": 1e3, "MW": 1e6, "mW": 1e-3}
_WS_PATH = "/api/websocket"


@dataclass(frozen=True, kw_only=True, slots=True)
class EntityState:
    """One entity as Home Assistant shows it; times are UTC.

    ``reported_at`` is the last report, also of an unchanged value, as far as it is known.
    """

    entity_id: str
    state: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    changed_at: datetime
    updated_at: datetime
    reported_at: datetime
    context_id: str | None = None
    user_id: str | None = None

    @property
    def available(self) -> bool:
        """It holds a value."""
        return self.state not in GONE

    @property
    def number(self) -> float | None:
        """Its state as a finite number, where it is one."""
        return finite(self.state) if self.available else None

    @property
    def unit(self) -> str | None:
        """Its unit of measurement."""
        unit = self.attributes.get("unit_of_measurement")
        return unit if isinstance(unit, str) else None

    @property
    def watts(self) -> float | None:
        """Its state as a power, W, whatever its unit of power is; without a unit it counts as W."""
        value, factor = self.number, 1.0 if self.unit is None else _TO_W.get(self.unit)
        return None if value is None or factor is None else value * factor

    @property
    def celsius(self) -> float | None:
        """Its state as a temperature, °C."""
        value = self.number
        return (value - 32.0) / 1.8 if value is not None and self.unit == "°F" else value

    @property
    def share(self) -> float | None:
        """Its state in percent as a share, 0..1."""
        value = self.number
        return None if value is None else value / 100.0

    def attribute(self, name: str) -> float | None:
        """An attribute as a finite number, where it is one."""
        return finite(self.attributes.get(name))


@dataclass(frozen=True, kw_only=True, slots=True)
class StateChange:
    """An entity before and after; ``None``: it was not, or is not, there."""

    entity_id: str
    old: EntityState | None
    new: EntityState | None


def finite(raw: object) -> float | None:
    """A finite number out of a state or an attribute; ``None`` if it is none."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def changes(states: Mapping[str, EntityState], event: Mapping[str, Any]) -> Iterator[StateChange]:
    """What one event of ``subscribe_entities`` does to the known states.

    Raises:
        ValueError: it is no such event.
    """
    try:
        for entity_id, raw in (event.get("a") or {}).items():
            yield StateChange(entity_id=entity_id, old=states.get(entity_id), new=_added(entity_id, raw))
        for entity_id, raw in (event.get("c") or {}).items():
            old = states.get(entity_id)
            if old is not None:
                yield StateChange(entity_id=entity_id, old=old, new=_changed(old, raw))
        for entity_id in event.get("r") or ():
            yield StateChange(entity_id=entity_id, old=states.get(entity_id), new=None)
    except (AttributeError, KeyError, TypeError, OverflowError, OSError) as error:
        raise ValueError(f"not an event of subscribe_entities: {error!r}") from error


def _added(entity_id: str, raw: Mapping[str, Any]) -> EntityState:
    changed_at = _moment(raw["lc"])
    updated_at = _moment(raw.get("lu", raw["lc"]))
    context_id, user_id = _context(raw.get("c"))
    return EntityState(
        entity_id=entity_id,
        state=str(raw["s"]),
        attributes=dict(raw.get("a") or {}),
        changed_at=changed_at,
        updated_at=updated_at,
        reported_at=updated_at,
        context_id=context_id,
        user_id=user_id,
    )


def _changed(old: EntityState, raw: Mapping[str, Any]) -> EntityState:
    new, gone = raw.get("+") or {}, (raw.get("-") or {}).get("a") or ()
    attributes = {k: v for k, v in old.attributes.items() if k not in gone} | (new.get("a") or {})
    changed_at = _moment(new["lc"]) if "lc" in new else old.changed_at
    updated_at = _moment(new["lu"]) if "lu" in new else max(changed_at, old.updated_at)
    context_id, user_id = old.context_id, old.user_id
    given = new.get("c")
    if isinstance(given, Mapping):  # only what differs from the context before
        context_id, user_id = given.get("id", context_id), given.get("user_id", user_id)
    elif given is not None:
        context_id = str(given)
    return replace(
        old,
        state=str(new.get("s", old.state)),
        attributes=attributes,
        changed_at=changed_at,
        updated_at=updated_at,
        reported_at=max(updated_at, old.reported_at),
        context_id=context_id,
        user_id=user_id,
    )


def from_rest(raw: Mapping[str, Any]) -> EntityState:
    """A state as the REST API writes it, which tells the last report too.

    Raises:
        ValueError: it is none.
    """
    try:
        updated_at = _iso(raw["last_updated"])
        context_id, user_id = _context(raw.get("context"))
        return EntityState(
            entity_id=str(raw["entity_id"]),
            state=str(raw["state"]),
            attributes=dict(raw.get("attributes") or {}),
            changed_at=_iso(raw["last_changed"]),
            updated_at=updated_at,
            reported_at=_iso(raw.get("last_reported") or raw["last_updated"]),
            context_id=context_id,
            user_id=user_id,
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a state: {error!r}") from error


def _context(raw: object) -> tuple[str | None, str | None]:
    """A context is its id alone, where nothing else is known of it."""
    if isinstance(raw, Mapping):
        return raw.get("id"), raw.get("user_id")
    return (raw if isinstance(raw, str) else None), None


def _moment(raw: Any) -> datetime:
    return datetime.fromtimestamp(float(raw), UTC)


def _iso(raw: Any) -> datetime:
    when = datetime.fromisoformat(raw)
    if when.tzinfo is None:
        raise ValueError(f"found {raw!r}, expected a time with its offset")
    return when.astimezone(UTC)


def addresses(url: str) -> tuple[str, str]:
    """WebSocket address and REST base of a Home Assistant, such as ``http://homeassistant.local:8123``.

    An address that ends in ``/websocket`` is taken as it is (``ws://supervisor/core/websocket``).

    Raises:
        ValueError: it is no such address.
    """
    parts = urlsplit(url.strip())
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("an address such as http://homeassistant.local:8123")
    if parts.username or parts.query or parts.fragment:
        raise ValueError("an address without user name, ? or #, such as http://homeassistant.local:8123")
    path = parts.path.rstrip("/")
    if not path.endswith("/websocket"):
        path += _WS_PATH
    rest = path.removesuffix("/websocket")
    if not rest.endswith("/api"):
        rest += "/api"
    http = {"ws": "http", "wss": "https"}[scheme]
    return (
        urlunsplit((scheme, parts.netloc, path, "", "")),
        urlunsplit((http, parts.netloc, rest, "", "")),
    )
