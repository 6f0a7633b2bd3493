"""Reservations (OCPP 1.6 §3.12, §5.13): who may use a connector that is held for somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ohmstead.ocpp.charge_point.connector import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """``connector_id`` 0: any connector."""

    reservation_id: int
    connector_id: int
    id_tag: str
    expires_at: datetime
    parent_id_tag: str | None = None

    def is_for(self, id_tag: str, parent_id_tag: str | None) -> bool:
        """Tags are case-insensitive; a tag of the same group counts."""
        if id_tag.lower() == self.id_tag.lower():
            return True
        return (
            self.parent_id_tag is not None
            and parent_id_tag is not None
            and parent_id_tag.lower() == self.parent_id_tag.lower()
        )


def reserve(
    new: Reservation,
    reservations: Iterable[Reservation],
    statuses: Mapping[int, Status],
    now: datetime,
) -> str:
    """The status of ReserveNow.conf.

    Args:
        reservations: those that are held, without the one of the same id, which is replaced.
        statuses: of the connectors, by id.
    """
    if new.expires_at <= now:
        return "Rejected"
    others = [r for r in reservations if r.reservation_id != new.reservation_id]
    if new.connector_id == 0:
        held = {r.connector_id for r in others if r.connector_id}
        free = [c for c, status in statuses.items() if status is Status.AVAILABLE and c not in held]
        wanted = sum(1 for r in others if r.connector_id == 0)
        if len(free) > wanted:
            return "Accepted"
        found = set(statuses.values())
        for status in (Status.FAULTED, Status.UNAVAILABLE):
            if found == {status}:
                return status.value
        return "Occupied"
    status = statuses[new.connector_id]
    if status in (Status.FAULTED, Status.UNAVAILABLE):
        return status.value
    if any(r.connector_id == new.connector_id for r in others):
        return "Occupied"
    return "Accepted" if status in (Status.AVAILABLE, Status.RESERVED) else "Occupied"


def may_use(
    connector_id: int,
    id_tag: str,
    parent_id_tag: str | None,
    reservations: Iterable[Reservation],
    free: Iterable[int],
) -> tuple[bool, Reservation | None]:
    """May this tag use this connector, and which reservation does it use up?

    Args:
        free: connectors that nobody uses, this one included.
    """
    held = list(reservations)
    own = [r for r in held if r.connector_id in (connector_id, 0) and r.is_for(id_tag, parent_id_tag)]
    if own:
        return True, max(own, key=lambda r: r.connector_id)
    if any(r.connector_id == connector_id for r in held):
        return False, None
    named = {r.connector_id for r in held if r.connector_id}
    any_connector = sum(1 for r in held if r.connector_id == 0)
    return len(set(free) - named) > any_connector, None
