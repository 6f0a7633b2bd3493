"""Who may charge (OCPP 1.6, 4.1 Authorize and 7.16 IdTagInfo)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from ohmstead.ocpp.central.charger import Charger, Tag
from ohmstead.ocpp.times import write_time

REMOTE_TAG = "ohmstead"
"""The tag with which the home itself starts a transaction; nobody needs to list it."""


class TagStatus(StrEnum):
    """OCPP 1.6, 7.2 AuthorizationStatus."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    INVALID = "Invalid"
    CONCURRENT_TX = "ConcurrentTx"


class TagList(Protocol):
    """The tags that are known."""

    def tag(self, id_tag: str) -> Tag | None:
        """A tag by its identifier, without regard to case."""
        ...

    def any_tags(self) -> bool:
        """At least one tag is listed."""
        ...

    def charging_with(self, id_tag: str, *, except_transaction: int | None = None) -> bool:
        """A transaction of that tag runs somewhere."""
        ...


def judge_tag(
    tags: TagList,
    charger: Charger,
    id_tag: str,
    now: datetime,
    *,
    starting: bool = False,
    except_transaction: int | None = None,
) -> TagStatus:
    """Whether a tag may charge at a charger.

    As long as no tag is listed, everybody who can reach an adopted charger may charge there; with the
    first listed tag only listed ones may.

    Args:
        starting: a transaction begins with it; only then others of the same tag count.
    """
    if not charger.adopted:
        return TagStatus.INVALID
    if id_tag.casefold() == REMOTE_TAG:
        return TagStatus.ACCEPTED
    tag = tags.tag(id_tag)
    if tag is None:
        return TagStatus.INVALID if tags.any_tags() else TagStatus.ACCEPTED
    if tag.blocked:
        return TagStatus.BLOCKED
    if tag.expires_at is not None and tag.expires_at <= now:
        return TagStatus.EXPIRED
    if (
        starting
        and not tag.several_at_once
        and tags.charging_with(id_tag, except_transaction=except_transaction)
    ):
        return TagStatus.CONCURRENT_TX
    return TagStatus.ACCEPTED


def id_tag_info(tags: TagList, id_tag: str, status: TagStatus) -> dict[str, Any]:
    """The ``idTagInfo`` of an answer."""
    info: dict[str, Any] = {"status": status.value}
    tag = tags.tag(id_tag)
    if tag is not None:
        if tag.expires_at is not None:
            info["expiryDate"] = write_time(tag.expires_at)
        if tag.parent is not None:
            info["parentIdTag"] = tag.parent
    return info
