from __future__ import annotations

import pytest

from ohmstead.ykc.stop_reasons import STOP_REASONS, Phase, stop_reason

OCPP_REASONS = {"Remote", "Local", "EmergencyStop", "EVDisconnected", "PowerLoss", "DeAuthorized", "Other"}


def test_reasons_have_a_word_of_ocpp() -> None:
    assert {reason.ocpp for reason in STOP_REASONS.values()} == OCPP_REASONS
    assert all(code == reason.code for code, reason in STOP_REASONS.items())


@pytest.mark.parametrize(
    ("code", "phase", "ocpp"),
    [
        (0x40, Phase.DONE, "Remote"),
        (0x41, Phase.DONE, "Local"),
        (0x50, Phase.NOT_STARTED, "EmergencyStop"),
        (0x72, Phase.ABORTED, "EmergencyStop"),
        (0x4B, Phase.NOT_STARTED, "EVDisconnected"),
        (0x6B, Phase.ABORTED, "EVDisconnected"),
        (0x83, Phase.ABORTED, "PowerLoss"),
        (0x6E, Phase.ABORTED, "DeAuthorized"),
        (0x47, Phase.DONE, "Other"),
        (0x67, Phase.NOT_STARTED, "Other"),
        (0x8C, Phase.ABORTED, "Other"),
        (0x00, Phase.UNKNOWN, "Other"),
        (0xFF, Phase.UNKNOWN, "Other"),
    ],
)
def test_every_byte_means_something(code: int, phase: Phase, ocpp: str) -> None:
    found = stop_reason(code)
    assert (found.code, found.phase, found.ocpp) == (code, phase, ocpp)
