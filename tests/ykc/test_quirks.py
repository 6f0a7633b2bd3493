from __future__ import annotations

from ohmstead.ykc.codes import HardwareFault, PileKind
from ohmstead.ykc.messages.realtime import Realtime
from ohmstead.ykc.quirks import AcCurrent, CurrentOffset, Quirks, battery_current_a, faults, power_w

REALTIME = Realtime(
    pile="1" * 14, gun="01", status=3, plugged=1, voltage_v=230.0, current_a=16.0, faults=0b100
)


def test_current_with_and_without_the_offset_of_the_standard() -> None:
    assert battery_current_a(56.8, Quirks()) == 56.8
    assert battery_current_a(343.2, Quirks(current_offset=CurrentOffset.GBT)) == 400 - 343.2


def test_power_of_three_phases_depends_on_the_firmware() -> None:
    assert power_w(REALTIME, PileKind.AC, Quirks(phases=3)) == 3 * 3680
    assert power_w(REALTIME, PileKind.AC, Quirks(phases=3, ac_current=AcCurrent.TOTAL)) == 3680
    assert power_w(REALTIME, PileKind.DC, Quirks(phases=3)) == 3680


def test_fault_bits_from_zero_or_one() -> None:
    assert faults(REALTIME, Quirks()) is HardwareFault.OUTLET_HOT
    assert faults(REALTIME, Quirks(fault_bits_from_one=True)) is HardwareFault.NO_RECTIFIER
