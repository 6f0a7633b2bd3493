"""A tolerant reader: what real chargers are known to send besides the standard, made readable.

Only a payload that the schema refuses comes here, so that a charger which follows the standard costs
nothing. Each violation either is mended in a copy, or is known to be harmless and left, or stands: then
the message is refused as the schema says. An ``idTag`` is never mended, because it decides who charges.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import jsonschema_rs

from ohmstead.errors import DataError
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.schemas import judge, validator
from ohmstead.ocpp.times import read_time, write_time

_ROUNDS = 4
_MAX_ERRORS = 200
_EXACT = 1e12
"""Up to here tenths are exact in a double."""
_NEVER_MENDED: Final = {"idTag", "parentIdTag"}
_MISSING: Final[dict[tuple[str, str], Any]] = {
    ("StatusNotification", "errorCode"): "NoError",
    ("GetConfigurationResponse", "readonly"): False,
}
"""Required fields that some leave out, and what their absence means."""
_INSTEAD: Final = {"errorCode": "OtherError", "reason": "Other"}
"""What an unknown value means; ``errorCode`` "Error" is sent by several models."""
_SPELLINGS: Final = {"unit": {"hz": "hertz", "%": "percent"}}
_HARMLESS_ENUMS: Final = {"unit", "measurand", "phase", "location", "context", "format"}
"""A sample with an unknown value here is passed on as it is: readers skip samples they do not know."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A payload as it can be used, and what was wrong with it (field paths)."""

    payload: Payload
    deviations: tuple[str, ...]


@dataclass(slots=True)
class _Field:
    name: str
    holder: Any
    key: str | int
    error: jsonschema_rs.ValidationError
    received_at: datetime | None

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> bool:
        self.holder[self.key] = value
        return True

    def drop(self) -> bool:
        del self.holder[self.key]
        return True


def mend(name: str, payload: Payload, received_at: datetime | None) -> Mended | None:
    """Make the message ``Action`` or ``ActionResponse`` readable.

    Args:
        received_at: stands in for a time that cannot be read; ``None``: such a message is refused.
            A time without an offset can be read: it is meant in UTC.

    Returns:
        ``None`` where a violation is left that is not known to be harmless.
    """
    mended = copy.deepcopy(payload)
    deviations: dict[str, None] = {}
    for _ in range(_ROUNDS):
        try:
            errors = list(validator(name).iter_errors(mended))
        except ValueError:
            return None
        if len(errors) > _MAX_ERRORS:
            return None
        changed = False
        for error in errors:
            outcome = _mend_one(name, mended, error, received_at)
            if outcome is None:
                return None
            deviations["/".join(str(step) for step in error.instance_path)] = None
            changed |= outcome
        if not changed:
            break
    else:
        if judge(name, mended) is not None:
            return None
    return Mended(mended, tuple(deviations))


def _mend_one(
    name: str, payload: Payload, error: jsonschema_rs.ValidationError, received_at: datetime | None
) -> bool | None:
    """True: mended. False: harmless, left. None: it stands."""
    path = list(error.instance_path)
    keyword = error.kind.name
    place: Any = payload
    for step in path[:-1]:
        place = place[step]
    if keyword == "additionalProperties":
        return _drop_unknown(place[path[-1]] if path else place, error)
    if keyword == "required":
        return _add_missing(name, place[path[-1]] if path else place, error)
    if not path:
        return None
    key = path[-1]
    if keyword == "falseSchema":  # a message without any field has one
        del place[key]
        return True
    field_name = key if isinstance(key, str) else str(path[-2]) if len(path) > 1 else ""
    if field_name in _NEVER_MENDED:
        return None
    field = _Field(field_name, place, key, error, received_at)
    mender = _MENDERS.get(keyword)
    return mender(field) if mender else None


def _drop_unknown(holder: Any, error: jsonschema_rs.ValidationError) -> bool:
    for unknown in error.kind.as_dict()["unexpected"]:
        holder.pop(unknown, None)
    return True


def _add_missing(name: str, holder: Any, error: jsonschema_rs.ValidationError) -> bool | None:
    missing = str(error.kind.as_dict()["property"])
    if (name, missing) not in _MISSING:
        return None
    holder[missing] = _MISSING[name, missing]
    return True


def _mend_type(field: _Field) -> bool | None:
    value, wanted = field.value, _wanted(field)
    if value is None and isinstance(field.holder, dict):
        return field.drop()
    if wanted == "string" and isinstance(value, bool):
        return field.put("true" if value else "false")
    if wanted == "string" and isinstance(value, int | float):
        return field.put(str(value))
    number = _number(value)
    if number is None:
        return None
    if wanted == "integer":
        return field.put(round(number))
    if wanted == "number":
        return field.put(number)
    return None


def _mend_format(field: _Field) -> bool | None:
    if not isinstance(field.value, str):
        return None
    try:
        return field.put(write_time(read_time(field.value.strip())))
    except DataError:
        return None if field.received_at is None else field.put(write_time(field.received_at))


def _mend_enum(field: _Field) -> bool | None:
    if not isinstance(field.value, str):
        return None
    word = field.value.strip().lower()
    word = _SPELLINGS.get(field.name, {}).get(word, word)
    for option in field.error.kind.as_dict()["options"]:
        if option.lower() == word:
            return field.put(option)
    if field.name in _HARMLESS_ENUMS:
        return False
    return field.put(_INSTEAD[field.name]) if field.name in _INSTEAD else None


def _mend_length(field: _Field) -> bool | None:
    return field.put(field.value[: field.error.kind.as_dict()["limit"]])


def _mend_multiple(field: _Field) -> bool | None:
    """Down, because these are limits."""
    value = float(field.value)
    rounded = math.floor(value * 10.0) / 10.0 if abs(value) < _EXACT else value
    return field.put(rounded) if rounded != field.value else None


def _leave(_field: _Field) -> bool | None:
    return False


def _wanted(field: _Field) -> str:
    types = field.error.kind.as_dict()["types"]
    return str(types[0]) if types else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


_MENDERS: Final[dict[str, Callable[[_Field], bool | None]]] = {
    "type": _mend_type,
    "format": _mend_format,
    "enum": _mend_enum,
    "maxLength": _mend_length,
    "multipleOf": _mend_multiple,
    "minItems": _leave,
}
