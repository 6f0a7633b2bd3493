"""The Open Charge Alliance's JSON schemas as the judge of every message, in and out.

The files are read unmodified out of the installed package ``ocpp`` (``v16/schemas``: OCPP 1.6 and the
security whitepaper's messages); none of that package's code is loaded. ``jsonschema-rs`` compiles a
schema when it is first needed and judges a MeterValues of 1.6 kB in a few microseconds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from ohmstead.errors import ConfigError, DataError
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload

RESPONSE: Final = "Response"
MASK: Final = "the value"
"""Stands for values in messages: they may be passwords, and messages go into logs."""

_CODES: Final = {
    "additionalProperties": ErrorCode.FORMATION_VIOLATION,
    "falseSchema": ErrorCode.FORMATION_VIOLATION,
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "required": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
}
"""By the schema's keyword; all others (enum, format, maxLength, multipleOf …) are about a value."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a payload is refused."""

    code: ErrorCode
    path: str
    """Where, as ``meterValue/0/timestamp``; empty for the payload itself."""
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SchemaError(DataError):
    """A payload that was to be sent does not follow the schema; ``violation`` says where."""

    def __init__(self, action: str, violation: Violation) -> None:
        super().__init__(f"{action}: {violation}")
        self.violation = violation


@cache
def _folder() -> Path:
    spec = find_spec("ocpp")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "v16" / "schemas"
        if folder.is_dir():
            return folder
    raise ConfigError("the package 'ocpp' with the schemas of OCPP 1.6 is missing; install ohmstead anew")


@cache
def actions() -> frozenset[str]:
    """Every action of OCPP 1.6 and its security whitepaper."""
    names = {path.stem for path in _folder().glob("*.json")}
    return frozenset(name for name in names if not name.endswith(RESPONSE))


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """The compiled schema of ``Action`` or ``ActionResponse``.

    Raises:
        KeyError: there is no such message.
    """
    return jsonschema_rs.validator_for(schema_of(name), validate_formats=True)


def schema_of(name: str) -> dict[str, Any]:
    """The schema of ``Action`` or ``ActionResponse``, as the Alliance wrote it.

    Raises:
        KeyError: there is no such message.
    """
    if name.removesuffix(RESPONSE) not in actions():
        raise KeyError(name)
    schema: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text("utf-8-sig"))
    return schema


def judge_call(action: str, payload: Payload) -> Violation | None:
    """What is wrong with a request; ``None`` for nothing."""
    if action not in actions():
        return Violation(ErrorCode.NOT_IMPLEMENTED, "", f"unknown action {action[:50]!r}")
    return judge(action, payload)


def judge_result(action: str, payload: Payload) -> Violation | None:
    """What is wrong with the answer to a request; ``None`` for nothing."""
    return judge(action + RESPONSE, payload)


def judge(name: str, payload: Payload) -> Violation | None:
    """What is wrong with the message ``Action`` or ``ActionResponse``.

    Raises:
        KeyError: there is no such message.
    """
    compiled = validator(name)
    try:
        if compiled.is_valid(payload):
            return None
        found = list(compiled.iter_errors(payload))
    except ValueError as error:  # deeper or larger than the validator takes
        return Violation(ErrorCode.FORMATION_VIOLATION, "", str(error))
    first = min(found, key=lambda error: (_rank(code_of(error.kind.name)), len(error.instance_path)))
    path = "/".join(str(step) for step in first.instance_path)
    return Violation(code_of(first.kind.name), path, first.message[:200])


def code_of(keyword: str) -> ErrorCode:
    """The code for a schema's keyword, ``maxLength`` and the like."""
    return _CODES.get(keyword, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)


def _rank(code: ErrorCode) -> int:
    """Of several violations the one about the form is told before the one about a value."""
    return (
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
        ErrorCode.FORMATION_VIOLATION,
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ).index(code)
