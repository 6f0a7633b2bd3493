"""A central system as the web sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ohmstead.ocpp.central.charger import Charger, Connector, Tag, Transaction
from ohmstead.ocpp.central.commands import OPERATIONS
from ohmstead.ocpp.central.curve import thinned
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.schemas import schema_of
from ohmstead.web.ocpp_schema import (
    ChargerEvent,
    ChargerInfo,
    ChargingSession,
    ConnectorInfo,
    CurvePoint,
    NewPassword,
    PasswordAnswer,
    TagInfo,
)
from ohmstead.web.schema import WarningInfo


def held_chargers(central: CentralSystem | None) -> list[WarningInfo]:
    """Chargers that wait for a person, as warnings."""
    if central is None:
        return []
    return [
        WarningInfo(
            code="ocpp",
            message=f"Charger {identity!r} is new; adopt it on the page Chargers, or by "
            f"`ohmstead ocpp adopt {identity}`, to let it charge.",
        )
        for identity, charger in sorted(central.chargers.items())
        if not charger.adopted
    ]


class CentralView:
    """An :class:`~ohmstead.web.ocpp_view.OcppView`."""

    def __init__(self, central: CentralSystem) -> None:
        self._central = central

    def operations(self) -> Mapping[str, Mapping[str, Any]]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return {action: schema_of(action) for action in OPERATIONS}

    def chargers(self) -> list[ChargerInfo]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return [self._info(charger) for _, charger in sorted(self._central.chargers.items())]

    def charger(self, identity: str) -> ChargerInfo | None:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        found = self._central.chargers.get(identity)
        return None if found is None else self._info(found)

    async def operate(self, identity: str, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return await self._central.call(identity, action, dict(payload))

    async def adopt(self, identity: str) -> None:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        await self._central.adopt(identity)

    async def forget(self, identity: str) -> bool:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return await self._central.forget(identity)

    async def set_password(self, identity: str, wish: NewPassword) -> PasswordAnswer:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        password = None if wish.password is None else wish.password.encode()
        door = self._central.door
        if not wish.send:
            kept = await door.set_password(identity, password)
            return PasswordAnswer(status="Accepted", password_hex=kept.hex().upper())
        status, sent = await door.change_key(identity, self._central.commands(identity), password)
        shown = sent.hex().upper() if status == "Accepted" else None
        return PasswordAnswer(status=status, password_hex=shown)

    def events(self, identity: str, limit: int) -> list[ChargerEvent]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return [
            ChargerEvent(at=event.at, kind=event.kind, text=event.text)
            for event in self._central.store.events(identity, limit)
        ]

    def sessions(self, limit: int, before_id: int | None, identity: str | None) -> list[ChargingSession]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        found = self._central.store.transactions(limit=limit, before_id=before_id, identity=identity)
        return [_session(transaction) for transaction in found]

    def curve(self, session_id: int, points: int) -> list[CurvePoint]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return [
            CurvePoint(at=at, energy_wh=sample.energy_wh, power_w=sample.power_w, soc=sample.soc)
            for at, sample in thinned(self._central.store.samples(session_id), points)
        ]

    def tags(self) -> list[TagInfo]:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return [
            TagInfo(
                id_tag=tag.id_tag,
                name=tag.name,
                parent=tag.parent,
                expires_at=tag.expires_at,
                blocked=tag.blocked,
                several_at_once=tag.several_at_once,
            )
            for tag in self._central.store.tags()
        ]

    async def put_tag(self, tag: TagInfo) -> None:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        await self._central.store.put_tag(
            Tag(
                id_tag=tag.id_tag,
                name=tag.name,
                parent=tag.parent,
                expires_at=tag.expires_at,
                blocked=tag.blocked,
                several_at_once=tag.several_at_once,
            )
        )

    async def remove_tag(self, id_tag: str) -> bool:
        """See :class:`~ohmstead.web.ocpp_view.OcppView`."""
        return await self._central.store.remove_tag(id_tag)

    def _info(self, charger: Charger) -> ChargerInfo:
        return ChargerInfo(
            identity=charger.identity,
            adopted=charger.adopted,
            connected=self._central.connected(charger.identity),
            vendor=charger.vendor,
            model=charger.model,
            serial=charger.serial,
            firmware=charger.firmware,
            first_seen=charger.first_seen,
            last_seen=charger.last_seen,
            booted_at=charger.booted_at,
            connectors=[_connector(c) for _, c in sorted(charger.connectors.items())],
        )


def _connector(connector: Connector) -> ConnectorInfo:
    sample = connector.sample
    return ConnectorInfo(
        id=connector.id,
        status=connector.status.value,
        error_code=connector.error_code,
        info=connector.info,
        status_at=connector.status_at,
        transaction_id=connector.transaction_id,
        power_w=None if sample is None else sample.power_w,
        energy_wh=None if sample is None else sample.energy_wh,
        soc=None if sample is None else sample.soc,
        measured_at=connector.sampled_at,
    )


def _session(t: Transaction) -> ChargingSession:
    priced = t.priced_kwh > 0
    return ChargingSession(
        id=t.id,
        identity=t.identity,
        connector=t.connector,
        id_tag=t.id_tag,
        accepted=t.accepted,
        started_at=t.started_at,
        stopped_at=t.stopped_at,
        reason=t.reason,
        energy_kwh=t.energy_kwh,
        priced_kwh=t.priced_kwh,
        cost_eur=t.cost_eur if priced else None,
        solar_share=t.solar_kwh / t.priced_kwh if priced else None,
        soc=t.soc,
    )
