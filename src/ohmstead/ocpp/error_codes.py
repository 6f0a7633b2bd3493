"""The codes of a CALLERROR (OCPP-J 1.6 §4.2.3), spelt as the standard spells them.

The standard says ``FormationViolation`` and ``OccurenceConstraintViolation``; later versions and many
implementations say otherwise. One spelling is sent, every known one is understood.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ErrorCode(StrEnum):
    """What can be wrong with a call."""

    NOT_IMPLEMENTED = "NotImplemented"
    """The action is not known."""
    NOT_SUPPORTED = "NotSupported"
    """The action is known, but not supported here."""
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    """The frame or payload does not have the form of the action."""
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    """A field has a value that is not allowed."""
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    """A field is missing, or there are too few or too many."""
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    """A field has the wrong type."""
    GENERIC_ERROR = "GenericError"


_OTHER_SPELLINGS: Final = {
    "formatviolation": ErrorCode.FORMATION_VIOLATION,
    "occurrenceconstraintviolation": ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION,
    "propertyconstrainviolation": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "typeconstrainviolation": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "messagetypenotsupported": ErrorCode.NOT_SUPPORTED,
    "rpcframeworkerror": ErrorCode.PROTOCOL_ERROR,
}
_BY_SPELLING: Final = {code.lower(): code for code in ErrorCode} | _OTHER_SPELLINGS


def read_code(text: object) -> ErrorCode:
    """The code meant by a peer; ``GenericError`` where it cannot be told."""
    if not isinstance(text, str):
        return ErrorCode.GENERIC_ERROR
    return _BY_SPELLING.get(text.strip().replace("_", "").lower(), ErrorCode.GENERIC_ERROR)
