"""What a message changes of a charger."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.ocpp.central.accounting import unknown_mix
from ohmstead.ocpp.central.charger import Admission, Charger
from ohmstead.ocpp.central.decision import Context
from ohmstead.ocpp.central.inbound import decide
from ohmstead.ocpp.central.store import Store

NOW = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "waiting"),
    [
        (("Available",), False),
        (("Preparing",), True),
        (("Preparing", "Finishing"), True),  # ConnectionTimeOut passed without a card: transition B6
        (("Preparing", "Charging", "Finishing"), False),
        (("Preparing", "Finishing", "Available"), False),
    ],
)
async def test_a_car_waits_until_a_transaction_has_begun_or_it_has_gone(
    statuses: tuple[str, ...], waiting: bool, tmp_path: Path
) -> None:
    charger = Charger(identity="CP", admission=Admission.ADOPTED)
    with closing(Store.open(tmp_path / "ocpp.db")) as store:
        context = Context(ledger=store, mix=unknown_mix, heartbeat_s=300)
        for status in statuses:
            payload = {"connectorId": 1, "errorCode": "NoError", "status": status}
            charger = decide(charger, "StatusNotification", payload, NOW, context).charger
    assert charger.connector(1).waiting is waiting
