"""An order at the pile: from the accepted start to the bill."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from operator import mul

from ohmstead.ykc.codes import StartedBy
from ohmstead.ykc.cp56time import WallTime
from ohmstead.ykc.layout import most_of
from ohmstead.ykc.messages.orders import NO_CARD, ClassShare, TransactionRecord

_WIRE_DECIMALS = 4
_MOST = most_of(4, _WIRE_DECIMALS)
_MOST_METER_KWH = most_of(5, _WIRE_DECIMALS)
_MOST_MIN = int(most_of(2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One accepted start. Times are what the pile's clock shows, naive; energies kWh.

    ``energies_kwh`` are by price class; ``prices_per_kwh`` those that held at the start, which are billed.
    ``balance_yuan`` is what may be spent, ``None`` without a bound.
    """

    serial: str
    gun: str
    started_by: int = StartedBy.APP
    physical_card: str = NO_CARD
    vin: str = ""
    balance_yuan: float | None = None
    accepted: datetime
    began: datetime | None = None
    seen: datetime
    """When the meter was last read: the end, where a power cut hid the real one."""
    meter_start_kwh: float
    meter_kwh: float
    prices_per_kwh: tuple[float, float, float, float]
    energies_kwh: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def energy_kwh(self) -> float:
        """Energy so far, kWh."""
        return sum(self.energies_kwh)

    @property
    def amount_yuan(self) -> float:
        """Cost so far, yuan."""
        return sum(map(mul, self.energies_kwh, self.prices_per_kwh), 0.0)

    @property
    def spent(self) -> bool:
        """The balance is used up."""
        return self.balance_yuan is not None and self.amount_yuan >= self.balance_yuan

    def charged_min(self, wall: datetime) -> int:
        """Minutes since charging began."""
        if self.began is None:
            return 0
        return max(0, min(_MOST_MIN, int((wall - self.began).total_seconds() // 60)))

    def metered(self, meter_kwh: float, price_class: int, wall: datetime) -> Order:
        """Count what the meter rose by into a class. A register that fell counts nothing."""
        taken_kwh = max(0.0, meter_kwh - self.meter_kwh)
        energies = list(self.energies_kwh)
        energies[price_class] += taken_kwh
        return replace(
            self,
            seen=wall,
            meter_kwh=max(meter_kwh, self.meter_kwh),
            energies_kwh=(energies[0], energies[1], energies[2], energies[3]),
        )

    def bill(self, pile: str, ended: datetime, stop_reason: int) -> TransactionRecord:
        """The transaction record. Class energies are rounded first, so that they add up to the total."""
        shares = [
            ClassShare(
                price_per_kwh=price,
                energy_kwh=as_on_wire(energy_kwh),
                energy_with_loss_kwh=as_on_wire(energy_kwh),
                amount_yuan=as_on_wire(as_on_wire(energy_kwh) * price),
            )
            for energy_kwh, price in zip(self.energies_kwh, self.prices_per_kwh, strict=True)
        ]
        energy_kwh = as_on_wire(sum(share.energy_kwh for share in shares))
        started = self.began or self.accepted
        return TransactionRecord(
            serial=self.serial,
            pile=pile,
            gun=self.gun,
            started=WallTime(at=started),
            ended=WallTime(at=max(ended, started)),
            sharp=shares[0],
            peak=shares[1],
            flat=shares[2],
            valley=shares[3],
            meter_start_kwh=min(_MOST_METER_KWH, self.meter_start_kwh),
            meter_end_kwh=min(_MOST_METER_KWH, self.meter_kwh),
            energy_kwh=energy_kwh,
            energy_with_loss_kwh=energy_kwh,
            amount_yuan=as_on_wire(sum(share.amount_yuan for share in shares)),
            vin=self.vin,
            started_by=self.started_by,
            time=WallTime(at=max(ended, started)),
            stop_reason=stop_reason,
            physical_card=self.physical_card,
        )


def as_on_wire(value: float) -> float:
    """An energy or amount as four bytes with four decimals can carry it."""
    return round(min(_MOST, value), _WIRE_DECIMALS)
