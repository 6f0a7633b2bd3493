"""The core's values as plain data (dict, list, str, float, bool, None) and back, bit for bit.

Dataclasses carry their class name under ``$``, so that a mapping of several kinds of asset state
comes back as it was. Standard library only; hosts turn the data into JSON or MessagePack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ohmstead.core import (
    charging_info,
    dispatch,
    memory,
    phases,
    plan,
    reason,
    record,
    settings,
    sg_ready,
    site,
    state,
    tariff,
)

T = TypeVar("T")

_MODULES = (
    charging_info, dispatch, memory, phases, plan, reason, record, settings, sg_ready, site, state, tariff
)  # fmt: skip
_CLASSES: dict[str, type[Any]] = {
    name: found
    for module in _MODULES
    for name, found in vars(module).items()
    if isinstance(found, type) and is_dataclass(found)
}


def to_data(value: object) -> Any:
    """A value of the core as plain data.

    Raises:
        TypeError: it is, or holds, something that the core does not know.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        data = {f.name: to_data(getattr(value, f.name)) for f in fields(value) if f.init}
        return {"$": type(value).__name__, **data}
    if isinstance(value, Mapping):
        return {str(k): to_data(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [to_data(v) for v in value]
    raise TypeError(f"cannot store a {type(value).__name__}: {value!r}")


def from_data(kind: type[T], data: object) -> T:
    """The value that :func:`to_data` made plain.

    Fields that the data does not have take their defaults, so that older data can be read.

    Raises:
        ValueError: the data is not of that kind.
    """
    try:
        value = _decode(kind, data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the data of a {kind.__name__}: {error}") from error
    if not isinstance(value, kind):
        raise ValueError(f"not the data of a {kind.__name__}: {type(value).__name__}")  # noqa: TRY004
    return value


@cache
def _hints(name: str) -> Mapping[str, Any]:
    return get_type_hints(_CLASSES[name])


def _decode(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, dict) and "$" in data:
        kind = _CLASSES[data["$"]]
        hints = _hints(data["$"])
        known = {f.name for f in fields(kind) if f.init}
        return kind(**{k: _decode(hints[k], v) for k, v in data.items() if k in known})
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        options = [a for a in get_args(hint) if a is not NoneType]
        return _decode(options[0], data) if len(options) == 1 else data
    if origin is tuple:
        inner = get_args(hint)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_decode(inner[0], v) for v in data)
        return tuple(_decode(h, v) for h, v in zip(inner, data, strict=True))
    if isinstance(data, dict):
        _, value_hint = get_args(hint)
        return {k: _decode(value_hint, v) for k, v in data.items()}
    if isinstance(hint, type) and issubclass(hint, datetime):
        return datetime.fromisoformat(data)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(data)
    return data
