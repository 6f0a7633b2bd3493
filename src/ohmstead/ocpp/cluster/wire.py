"""What workers tell and ask each other, as JSON over NATS.

Subjects and buckets all begin with ``ohmstead``; a worker that does not understand a message ignores it,
so that workers of two versions can run side by side during an update.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

import msgspec

from ohmstead.errors import DeviceError, DeviceOffline, OhmsteadError
from ohmstead.ocpp.central.charger import Charger
from ohmstead.ocpp.schemas import SchemaError, Violation
from ohmstead.ocpp.session import Failed
from ohmstead.ocpp.transport import CallFailed

OWNERS = "ohmstead_ocpp_owners"
"""Bucket: by charger, who has its connection."""
WORKERS = "ohmstead_ocpp_workers"
"""Bucket whose entries expire: by worker, that it lives."""
STATES = "ohmstead.ocpp.state"
FORGOTTEN = "ohmstead.ocpp.forgotten"
ASKS = "ohmstead.ocpp.ask"


def key_of(identity: str) -> str:
    """An identity as part of a subject."""
    return urlsafe_b64encode(identity.encode()).decode().rstrip("=")


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a charger's connection; ``worker`` is ``None`` once the connection of this claim ended."""

    identity: str
    claim: int
    worker: str | None


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A worker lives; ``leaving``: it stops now."""

    worker: str
    leaving: bool = False


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a charger changed at a worker."""

    worker: str
    action: str
    charger: Charger


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """A charger was forgotten at a worker."""

    worker: str
    identity: str


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request to the worker that has a charger's connection; without an ``action`` to adopt it."""

    identity: str
    action: str | None = None
    payload: dict[str, Any] = {}
    timeout_s: float | None = None
    urgent: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The charger's answer; or, in one of the other fields, why there is none."""

    payload: dict[str, Any] = {}
    offline: str | None = None
    moved: bool = False
    """The worker that was asked does not have the connection (any more); nothing was done."""
    failed: Failed | None = None
    violation: Violation | None = None
    error: str | None = None


def failure(action: str | None, error: OhmsteadError) -> Answer:
    """An error as it is sent."""
    match error:
        case CallFailed(failed=failed):
            return Answer(failed=failed)
        case SchemaError(violation=violation):
            return Answer(violation=violation)
        case DeviceOffline():
            return Answer(offline=str(error))
        case _:
            return Answer(error=f"{action or 'adopt'}: {error}")


def result(action: str, answer: Answer) -> dict[str, Any]:
    """What an answer says.

    Raises:
        CallFailed, SchemaError, DeviceOffline, DeviceError: as at the worker that was asked.
    """
    if answer.failed is not None:
        raise CallFailed(answer.failed)
    if answer.violation is not None:
        raise SchemaError(action, answer.violation)
    if answer.offline is not None:
        raise DeviceOffline(answer.offline)
    if answer.error is not None:
        raise DeviceError(answer.error)
    return answer.payload
