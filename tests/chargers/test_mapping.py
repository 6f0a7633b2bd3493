from __future__ import annotations

import pytest

from ohmstead.chargers.mapping import (
    OCPP_FAULT,
    OCPP_REASON,
    STATUS_OF_OCPP,
    STATUS_OF_YKC,
    YKC_FAULT,
    YKC_REASON,
    Fault,
    StopReason,
    reason_of_ykc,
)
from ohmstead.ocpp.charge_point.connector import ERROR_CODES
from ohmstead.ocpp.charge_point.connector import Status as OcppStatus
from ohmstead.ykc.codes import GunStatus


def test_every_state_of_each_protocol_has_a_word() -> None:
    assert set(STATUS_OF_OCPP) == set(OcppStatus)
    assert set(STATUS_OF_YKC) == {(status, plugged) for status in GunStatus for plugged in (False, True)}


def test_every_reason_and_fault_can_be_said_in_each_protocol() -> None:
    assert set(OCPP_REASON) == set(YKC_REASON) == set(StopReason)
    assert set(OCPP_FAULT) == set(YKC_FAULT) == set(Fault)
    assert set(OCPP_FAULT.values()) <= set(ERROR_CODES)
    assert len(set(YKC_FAULT.values())) == len(Fault)


@pytest.mark.parametrize("reason", StopReason)
def test_a_reason_survives_a_transaction_record(reason: StopReason) -> None:
    assert reason_of_ykc(YKC_REASON[reason]) is reason


def test_every_byte_is_a_reason() -> None:
    assert {reason_of_ykc(code) for code in range(256)} == set(StopReason)
