"""Who may charge: the local list, the cache and what to ask the central system (OCPP 1.6 §3.5, §4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ohmstead.errors import DataError
from ohmstead.ocpp.charge_point.configuration import Configuration
from ohmstead.ocpp.times import read_time

ACCEPTED: Final = "Accepted"
CACHE_SIZE: Final = 200

TagInfo = dict[str, Any]
"""``idTagInfo`` as on the wire: status, expiryDate, parentIdTag."""


class Verdict(StrEnum):
    """What to do with a tag."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"
    """Send Authorize."""


@dataclass(slots=True)
class LocalList:
    """The list that the central system sends. Tags are kept in lower case: they are case-insensitive."""

    version: int = 0
    entries: dict[str, TagInfo] = field(default_factory=dict)

    def update(self, payload: Mapping[str, Any], *, max_entries: int) -> str:
        """Carry out SendLocalList; returns its status. Nothing changes unless it is Accepted."""
        version = payload["listVersion"]
        given: list[dict[str, Any]] = payload.get("localAuthorizationList") or []
        tags = [entry["idTag"].lower() for entry in given]
        if version <= 0 or len(set(tags)) != len(tags):
            return "Failed"
        if payload["updateType"] == "Full":
            if any("idTagInfo" not in entry for entry in given):
                return "Failed"
            entries: dict[str, TagInfo] = {}
        else:
            if version <= self.version:
                return "VersionMismatch"
            entries = dict(self.entries)
        for tag, entry in zip(tags, given, strict=True):
            if "idTagInfo" in entry:
                entries[tag] = entry["idTagInfo"]
            else:
                entries.pop(tag, None)
        if len(entries) > max_entries:
            return "Failed"
        self.version, self.entries = version, entries
        return ACCEPTED


@dataclass(slots=True)
class Cache:
    """What the central system said about tags lately; the oldest go first."""

    entries: dict[str, TagInfo] = field(default_factory=dict)

    def learn(self, id_tag: str, info: TagInfo) -> None:
        """Keep an answer."""
        tag = id_tag.lower()
        self.entries.pop(tag, None)
        self.entries[tag] = info
        while len(self.entries) > CACHE_SIZE:
            del self.entries[next(iter(self.entries))]


def known_info(id_tag: str, configuration: Configuration, local: LocalList, cache: Cache) -> TagInfo | None:
    """What is known here about a tag; the list goes before the cache (§3.5.3)."""
    tag = id_tag.lower()
    if configuration.switch("LocalAuthListEnabled") and tag in local.entries:
        return local.entries[tag]
    if configuration.switch("AuthorizationCacheEnabled"):
        return cache.entries.get(tag)
    return None


def is_valid(info: TagInfo, now: datetime) -> bool:
    """Accepted and not expired."""
    expiry = info.get("expiryDate")
    try:
        return info["status"] == ACCEPTED and (expiry is None or read_time(expiry) > now)
    except DataError:
        return False


def judge_tag(
    id_tag: str,
    *,
    now: datetime,
    online: bool,
    configuration: Configuration,
    local: LocalList,
    cache: Cache,
) -> Verdict:
    """May this tag start a transaction?"""
    info = known_info(id_tag, configuration, local, cache)
    if online:
        pre = configuration.switch("LocalPreAuthorize") and info is not None and is_valid(info, now)
        return Verdict.ALLOW if pre else Verdict.ASK
    if not configuration.switch("LocalAuthorizeOffline"):
        return Verdict.DENY
    if info is not None:
        return Verdict.ALLOW if is_valid(info, now) else Verdict.DENY
    return Verdict.ALLOW if configuration.switch("AllowOfflineTxForUnknownId") else Verdict.DENY


def same_user(
    id_tag: str, started_by: str, parent: str | None, known: TagInfo | None, now: datetime
) -> bool | None:
    """May this tag stop a transaction of ``started_by``? ``None``: ask the central system about it first."""
    if id_tag.lower() == started_by.lower():
        return True
    if known is None or parent is None:
        return None
    return is_valid(known, now) and _same(known.get("parentIdTag"), parent)


def same_group(info: TagInfo, parent: str | None) -> bool:
    """An accepted tag with the same parent."""
    return info.get("status") == ACCEPTED and parent is not None and _same(info.get("parentIdTag"), parent)


def _same(a: str | None, b: str | None) -> bool:
    return a is not None and b is not None and a.lower() == b.lower()
