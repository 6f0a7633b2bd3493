"""The type language of nymea's introspection, and the check of parameters against it.

A definition is plain data, as introspection shows it: the name of a basic type, ``$ref:Name`` of an
enum, flag or type, ``[definition]`` for a list, or a mapping of keys to definitions. Keys carry the
prefixes ``o:`` (optional), ``r:`` (read-only: returned, not required when sent), ``d:`` (deprecated).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

Definition = str | Sequence[Any] | Mapping[str, Any]

BASIC_TYPES = (
    "Uuid",
    "String",
    "StringList",
    "Int",
    "Uint",
    "Double",
    "Bool",
    "Variant",
    "Color",
    "Time",
    "Object",
)

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
_KEY = re.compile(r"((?:[ord]:)*)(.+)", re.DOTALL)


class Invalid(ValueError):  # noqa: N818 - what the value is
    """A value that does not fit its definition.

    Args:
        why: in nymea's words.
        path: the keys that lead to it, outermost first.
    """

    def __init__(self, why: str, *path: str) -> None:
        super().__init__(why)
        self.why = why
        self.path = path

    @property
    def where(self) -> str:
        """The path as nymea prints it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping definition, its prefixes taken apart."""

    name: str
    optional: bool
    read_only: bool
    deprecated: bool


@lru_cache(maxsize=2048)
def key_of(written: str) -> Key:
    """A key as the introspection writes it, such as ``o:from``."""
    match = _KEY.fullmatch(written)
    prefixes, name = (match[1], match[2]) if match else ("", written)
    return Key(name, "o:" in prefixes, "r:" in prefixes, "d:" in prefixes)


def braced(uuid: UUID | str) -> str:
    """A UUID as nymea prints it: with braces.

    Raises:
        ValueError: it is none.
    """
    return f"{{{uuid if isinstance(uuid, UUID) else UUID(uuid)}}}"


def shown(value: object) -> str:
    """A value as error texts quote it; long ones are cut."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else text[:200] + "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The named enums, flags and types that definitions refer to."""

    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    """Name of the flags → the enum whose values they collect."""
    types: Mapping[str, Definition] = field(default_factory=dict)

    def accept(self, params: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that a peer sent, with UUIDs brought into one form.

        Raises:
            Invalid: a key is missing, unknown or of another type.
        """
        return self._map(params, definition, sent=True)

    def check(self, values: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        """Values that we send (results, notifications): also what is read-only must be there.

        Raises:
            Invalid: a key is missing, unknown or of another type.
        """
        self._map(values, definition, sent=False)

    def undefined(self, definition: Definition) -> set[str]:
        """The names that a definition refers to and that are not here."""
        if isinstance(definition, str):
            name = definition.removeprefix("$ref:")
            if name == definition:
                return set() if definition in BASIC_TYPES else {definition}
            known = name in self.enums or name in self.flags or name in self.types
            return set() if known else {name}
        inner = definition.values() if isinstance(definition, Mapping) else definition
        return set().union(*(self.undefined(d) for d in inner)) if inner else set()

    def _map(self, values: Mapping[str, Any], definition: Mapping[str, Any], *, sent: bool) -> dict[str, Any]:
        allowed: dict[str, Definition] = {}
        for written, inner in definition.items():
            key = key_of(written)
            allowed[key.name] = inner
            if key.name not in values and not key.optional and not (key.read_only and sent):
                raise Invalid(f"Missing required key: {key.name}", key.name)
        out = {}
        for name, value in values.items():
            if name not in allowed:
                raise Invalid(f"Invalid key: {name}", name)
            try:
                out[name] = self._entry(value, allowed[name], sent=sent)
            except Invalid as invalid:
                raise Invalid(invalid.why, name, *invalid.path) from None
        return out

    def _entry(self, value: Any, definition: Definition, *, sent: bool) -> Any:
        if isinstance(definition, Mapping):
            if not isinstance(value, dict):
                raise Invalid(f"Invalid value. Expected a map but received: {shown(value)}")
            return self._map(value, definition, sent=sent)
        if not isinstance(definition, str):
            if not isinstance(value, list | tuple):
                raise Invalid(f"Expected list of {shown(definition[0])} but got {shown(value)}")
            return [self._entry(entry, definition[0], sent=sent) for entry in value]
        if definition.startswith("$ref:"):
            return self._reference(value, definition.removeprefix("$ref:"), sent=sent)
        return _basic(value, definition)

    def _reference(self, value: Any, name: str, *, sent: bool) -> Any:
        if name in self.enums:
            if value not in self.enums[name]:
                raise Invalid(f"Expected enum value for {name} but got {shown(value)}")
            return value
        if name in self.flags:
            if not isinstance(value, list | tuple):
                raise Invalid(f"Expected flags {name} but got {shown(value)}")
            return [self._reference(entry, self.flags[name], sent=sent) for entry in value]
        return self._entry(value, self.types[name], sent=sent)


def _basic(value: Any, kind: str) -> Any:
    match kind:
        case "Variant":
            return value
        case "Bool" if isinstance(value, bool):
            return value
        case "Uuid":
            return _uuid(value)
        case "Int" | "Uint" | "Double":
            return _number(value, kind)
        case "String" if isinstance(value, str):
            return value
        case "StringList" if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            return value
        case "Time":
            return _matching(value, _TIME, kind)
        case "Color":
            return _matching(value, _COLOR, kind)
        case "Object" if isinstance(value, dict):
            return value
        case _:
            raise Invalid(f"Invalid value. Expected: {kind}, Got: {shown(value)}")


def _uuid(value: Any) -> str:
    try:
        uuid = UUID(value) if isinstance(value, str) else None
    except ValueError:
        uuid = None
    if uuid is None or not uuid.int:
        raise Invalid(f"Invalid Uuid: {shown(value)}")
    return braced(uuid)


def _number(value: Any, kind: str) -> int | float:
    called = {"Int": "Int", "Uint": "UInt", "Double": "Double"}[kind]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"Invalid {called}: {shown(value)}")
    if kind == "Double":
        if abs(value) > 1e300:
            raise Invalid(f"Invalid Double: {shown(value)}")
        return float(value)
    low, high = (0, 2**64) if kind == "Uint" else (-(2**63), 2**63)
    if value != value // 1 or not low <= value < high:
        raise Invalid(f"Invalid {called}: {shown(value)}")
    return int(value)


def _matching(value: Any, pattern: re.Pattern[str], kind: str) -> Any:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Invalid(f"Invalid {kind}: {shown(value)}")
    return value
