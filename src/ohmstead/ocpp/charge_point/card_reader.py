"""Somebody holds a card to the reader: may he start, or stop (OCPP 1.6 §3.5, §4.1, §4.10)?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.errors import DeviceError
from ohmstead.ocpp.charge_point.authorization import (
    ACCEPTED,
    TagInfo,
    Verdict,
    is_valid,
    judge_tag,
    same_group,
    same_user,
)
from ohmstead.ocpp.charge_point.outlet import Outlet, PendingUser, RunningTransaction

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint


async def present(cp: ChargePoint, outlet: Outlet, id_tag: str) -> bool:
    """Start or stop at this connector; returns whether it was allowed."""
    if outlet.transaction is not None:
        allowed = await _may_stop(cp, outlet.transaction, id_tag)
        if allowed:
            cp.charging.end(outlet, "Local", id_tag=id_tag)
        return allowed
    info = await authorize(cp, id_tag)
    if info is None:
        return False
    parent = info.get("parentIdTag")
    allowed, _ = cp.charging.may_use(outlet, id_tag, parent)
    if allowed:
        cp.charging.authorise(outlet, PendingUser(id_tag, parent))
    return allowed


async def authorize(cp: ChargePoint, id_tag: str) -> TagInfo | None:
    """What allows a tag to charge: the list, the cache or the central system; ``None``: nothing does."""
    verdict = _judge(cp, id_tag, online=cp.is_online)
    if verdict is Verdict.ASK:
        try:
            answer = await cp.link.open().call("Authorize", {"idTag": id_tag})
        except DeviceError:
            verdict = _judge(cp, id_tag, online=False)
        else:
            info: TagInfo = answer["idTagInfo"]
            cp.memory.learn_tag(id_tag, info)
            return info if is_valid(info, cp.now()) else None
    if verdict is Verdict.ALLOW:
        return cp.memory.tag_info(id_tag) or {"status": ACCEPTED}
    return None


async def _may_stop(cp: ChargePoint, running: RunningTransaction, id_tag: str) -> bool:
    record = running.record
    known = cp.memory.tag_info(id_tag)
    allowed = same_user(id_tag, record.id_tag, record.parent_id_tag, known, cp.now())
    if allowed is None:
        info = await authorize(cp, id_tag)
        allowed = info is not None and same_group(info, record.parent_id_tag)
    return allowed


def _judge(cp: ChargePoint, id_tag: str, *, online: bool) -> Verdict:
    memory = cp.memory
    return judge_tag(
        id_tag,
        now=cp.now(),
        online=online,
        configuration=memory.configuration,
        local=memory.local_list,
        cache=memory.cache,
    )
