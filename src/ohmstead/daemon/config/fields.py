"""What a configuration may say about each field of a dataclass: one description for checks and docs.

The description is read off the dataclass (type, default, docstring) and off the unit in the field's
name, so that a new field of the core is configurable, checked and documented at once.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import itertools
import re
import textwrap
import types
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from ohmstead.daemon.config.problems import did_you_mean
from ohmstead.daemon.config.units import ANY_NUMBER, complaint, quantity_of
from ohmstead.sources.local_time import DailyWindow, YearDay

REQUIRED = frozenset({("Site", "timezone"), ("Site", "latitude_deg"), ("Site", "longitude_deg")})
"""Fields with a default in the core that a real home must state: a guess would be silently wrong."""

NOT_IN_FILE = frozenset({("Site", "grid"), ("Site", "circuits"), ("Site", "assets")})
"""Fields that are sections of their own."""

WRITTEN_AS_TEXT = (DailyWindow, YearDay)
"""Dataclasses that are one word in a file, not a mapping."""

PRIORITY_KINDS = ("hot_water_tank", "heat_pump", "charge_point", "battery")
TAKEN_IDS = ("grid",)
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ENTITY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_LONGEST_TEXT = 200
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)", re.ASCII)
_A_LEAP_YEAR = 2024

Parse = Callable[[Any], Any]
"""Gives the value to use; raises ``ValueError`` with what is allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldSpec:
    """One configurable field.

    Args:
        allowed: the allowed values in words.
        default: ``MISSING`` where the field is required.
        parse: makes the value of a plain field; ``None`` where ``nested`` is set.
        nested: the dataclass of a mapping.
        many: it is a list of what the other members describe.
    """

    name: str
    allowed: str
    default: Any
    doc: str
    parse: Parse | None = None
    nested: type[Any] | None = None
    many: bool = False
    optional: bool = False

    @property
    def required(self) -> bool:
        """There is no default."""
        return self.default is dataclasses.MISSING


_SPECS: dict[type[Any], tuple[FieldSpec, ...]] = {}


def field_specs(cls: type[Any]) -> tuple[FieldSpec, ...]:
    """The configurable fields of a dataclass, in its order; fields no file can hold are left out."""
    if cls not in _SPECS:
        _SPECS[cls] = tuple(_make_specs(cls))
    return _SPECS[cls]


def _make_specs(cls: type[Any]) -> Iterator[FieldSpec]:
    hints = get_type_hints(cls)
    docs = field_docs(cls)
    for field in dataclasses.fields(cls):
        if not field.init or (cls.__name__, field.name) in NOT_IN_FILE:
            continue
        spec = _spec(cls.__name__, field, hints[field.name], docs.get(field.name, ""))
        if spec is not None:
            yield spec


def _spec(owner: str, field: dataclasses.Field[Any], hint: Any, doc: str) -> FieldSpec | None:
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    if (owner, field.name) in REQUIRED:
        default = dataclasses.MISSING
    base, optional = _without_none(hint)
    many = get_origin(base) is tuple
    if many:
        base = get_args(base)[0]
    if dataclasses.is_dataclass(base) and isinstance(base, type) and base not in WRITTEN_AS_TEXT:
        allowed = f"a mapping with {', '.join(s.name for s in field_specs(base))}"
        allowed = f"a list, each: {allowed}" if many else allowed
        return FieldSpec(
            name=field.name,
            allowed=allowed,
            default=default,
            doc=doc,
            nested=base,
            many=many,
            optional=optional,
        )
    rule = _rule(owner, field.name, base)
    if rule is None:
        return None
    parse, allowed = rule
    return FieldSpec(
        name=field.name,
        allowed=f"a list, each: {allowed}" if many else allowed,
        default=default,
        doc=doc,
        parse=parse,
        many=many,
        optional=optional,
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not types.NoneType]
        if len(members) == 1:
            return members[0], True
    return hint, False


def _rule(owner: str, name: str, kind: Any) -> tuple[Parse, str] | None:
    """How a plain value is made, and what is allowed in words; ``None``: no file can hold it."""
    if kind is float or kind is int:
        return _number(owner, name, whole=kind is int)
    if kind is bool:
        return _boolean, "true or false"
    if kind is str:
        return _text_rule(owner, name)
    if kind is Path:
        return _path, "a path"
    if kind is time:
        return _time, "a time of day as '07:00'"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        words = tuple(str(member) for member in kind)
        return functools.partial(_word, words, kind), _one_of(words)
    if kind is DailyWindow:
        return _window, "a time of day as '22:00-06:00'"
    if kind is YearDay:
        return _year_day, "a month and a day as '04-01'"
    return None


def _number(owner: str, name: str, *, whole: bool) -> tuple[Parse, str]:
    quantity = quantity_of(owner, name) or ANY_NUMBER
    if whole:
        quantity = dataclasses.replace(quantity, integer=True)

    def parse(value: Any) -> float | int:
        wrong = complaint(value, quantity)
        if wrong is not None:
            raise ValueError(wrong)
        return int(value) if whole else float(value)

    return parse, quantity.describe()


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    hint = ""
    if isinstance(value, str) and value.lower() in ("yes", "on", "no", "off"):
        hint = f" Write {'true' if value.lower() in ('yes', 'on') else 'false'}."
    raise ValueError(f"allowed: true or false.{hint}")


def _text_rule(owner: str, name: str) -> tuple[Parse, str]:
    match (owner, name):
        case _, "id":
            return _identifier, "lower-case letters, digits and _, beginning with a letter, at most 40"
        case _, "timezone":
            return _timezone, "a name of the IANA time zone database, as 'Europe/Vienna'"
        case _, "url":
            return _url, "an address that begins with https:// or http://"
        case (("FloorRoom" | "FloorHeating" | "RadiatorRoom"), _) if name != "name":
            return _entity, "the id of an entity, as 'climate.kitchen'"
        case "Settings", "priority":
            return functools.partial(_word, PRIORITY_KINDS, str), _one_of(PRIORITY_KINDS)
        case _:
            return _text, "text"


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        hint = ""
        if isinstance(value, str):
            meant = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")[:40]
            hint = f" Did you mean {meant!r}?" if _ID.fullmatch(meant) else ""
        raise ValueError(
            "allowed: lower-case letters, digits and _, beginning with a letter, at most 40." + hint
        )
    if value in TAKEN_IDS:
        raise ValueError("allowed: any other id; this one is the grid connection's own")
    return value


def _timezone(value: Any) -> str:
    if isinstance(value, str):
        try:
            return ZoneInfo(value).key
        except (KeyError, ValueError, OSError):
            hint = did_you_mean(value, available_timezones())
            raise ValueError(
                "allowed: a name of the IANA time zone database, as 'Europe/Vienna'." + hint
            ) from None
    raise ValueError("allowed: a name of the IANA time zone database, as 'Europe/Vienna'.")


def _url(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("allowed: an address that begins with https:// or http://.")
    return value


def _entity(value: Any) -> str:
    if not isinstance(value, str) or not _ENTITY.fullmatch(value):
        raise ValueError("allowed: the id of an entity, as 'climate.kitchen'.")
    return value


def _text(value: Any) -> str:
    if isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_TEXT and value.isprintable():
        return value.strip()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    hint = f" Put it in quotes: '{value}'." if number else ""
    raise ValueError(f"allowed: text of 1 to {_LONGEST_TEXT} characters on one line.{hint}")


def _path(value: Any) -> Path:
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError("allowed: a path.")
    return Path(value)


def _time(value: Any) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise ValueError("allowed: a time of day as '07:00'.")


def _word(words: tuple[str, ...], kind: Callable[[str], Any], value: Any) -> Any:
    if isinstance(value, str) and value in words:
        return kind(value)
    hint = did_you_mean(value, words) if isinstance(value, str) else ""
    raise ValueError(f"allowed: {_one_of(words)}.{hint}")


def _window(value: Any) -> DailyWindow:
    """``"22:00-06:00"``; ``24:00`` is midnight at the day's end, and ``00:00-24:00`` the whole day."""
    match = _WINDOW.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("allowed: a time of day as '22:00-06:00'.")
    window = DailyWindow(
        start=time(int(match[1]), int(match[2])),
        end=time(int(match[3]), int(match[4])) if match[3] else time(0),
    )
    if window.start == window.end and (window.start != time(0) or match[3]):
        raise ValueError("allowed: a time of day with a length, as '22:00-06:00'; all day is '00:00-24:00'.")
    return window


def _year_day(value: Any) -> YearDay:
    match = _MONTH_DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    month, day = (int(match[1]), int(match[2])) if match is not None else (0, 0)
    if not 1 <= month <= 12:
        raise ValueError("allowed: a month and a day as '04-01'.")
    last = monthrange(_A_LEAP_YEAR, month)[1]
    if not 1 <= day <= last:
        raise ValueError(f"allowed: a day of that month, {month:02d}-01 to {month:02d}-{last}.")
    return YearDay(month=month, day=day)


def _one_of(words: tuple[str, ...]) -> str:
    return " | ".join(words)


def field_docs(cls: type[Any]) -> Mapping[str, str]:
    """The docstring of each field: the string below it, or its entry under ``Args:``; one line each."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except OSError:
        return {}
    docs = _args_section(inspect.getdoc(cls) or "")
    body = tree.body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for field, after in itertools.pairwise(statements):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = " ".join(text.split())
    return docs


def _args_section(doc: str) -> dict[str, str]:
    _, _, section = doc.partition("Args:\n")
    out: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        match = re.fullmatch(r"    (\w+): (.+)", line)
        if match:
            name = match[1]
            out[name] = match[2]
        elif name and line.startswith("        "):
            out[name] += " " + line.strip()
        elif line.strip():
            break
    return out
