"""The tariff that a pile bills with: four classes of price over the half-hours of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ohmstead.ykc.messages.link import Model, ModelPush, Prices

HALF_HOURS = 48
NO_MODEL = "0000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """A billing model: ``number`` is 4 digits, ``half_hours`` the price class of each from 00:00 local."""

    number: str
    prices: Prices
    half_hours: tuple[int, ...]

    @classmethod
    def of(cls, model: Model | ModelPush) -> Tariff:
        """The tariff in a frame."""
        return cls(number=model.model, prices=model.prices, half_hours=model.half_hours)

    def class_at(self, wall: datetime) -> int:
        """The price class at a local time, 0..3; a class that does not exist counts as flat."""
        found = self.half_hours[wall.hour * 2 + wall.minute // 30]
        return found if found <= 3 else 2

    def message(self, pile: str) -> Model:
        """The frame that answers a pile's request."""
        return Model(pile=pile, model=self.number, prices=self.prices, half_hours=self.half_hours)

    def push(self, pile: str) -> ModelPush:
        """The frame that gives it unasked."""
        return ModelPush(pile=pile, model=self.number, prices=self.prices, half_hours=self.half_hours)


def flat_tariff(number: str, price_per_kwh: float, service_per_kwh: float = 0.0) -> Tariff:
    """One price all day, yuan/kWh."""
    return quantised_tariff(number, [price_per_kwh] * HALF_HOURS, service_per_kwh)


def quantised_tariff(number: str, prices_per_kwh: Sequence[float], service_per_kwh: float = 0.0) -> Tariff:
    """Any day of prices in the four classes that the protocol has.

    ``prices_per_kwh`` has one entry for each half-hour from 00:00 local. The sorted prices are cut into four
    groups where that leaves the smallest sum of squared deviations; each class gets the mean of its group.
    So a pile bills the day's mean right, and single half-hours only as near as four prices can be. Prices
    below 0 cannot be told to a pile and become 0.

    Raises:
        ValueError: there are not 48 prices.
    """
    if len(prices_per_kwh) != HALF_HOURS:
        raise ValueError(f"{len(prices_per_kwh)} prices, needs {HALF_HOURS}")
    prices = [max(0.0, price) for price in prices_per_kwh]
    order = sorted(range(HALF_HOURS), key=lambda i: -prices[i])
    cuts = _best_cuts([prices[i] for i in order], 4)
    half_hours, means = [0] * HALF_HOURS, []
    for price_class, (start, end) in enumerate(cuts):
        members = order[start:end]
        means.append(sum(prices[i] for i in members) / len(members))
        for i in members:
            half_hours[i] = price_class
    sharp, peak, flat, valley = (round(mean, 5) for mean in means)
    return Tariff(
        number=number,
        prices=Prices(
            sharp_energy_per_kwh=sharp,
            sharp_service_per_kwh=service_per_kwh,
            peak_energy_per_kwh=peak,
            peak_service_per_kwh=service_per_kwh,
            flat_energy_per_kwh=flat,
            flat_service_per_kwh=service_per_kwh,
            valley_energy_per_kwh=valley,
            valley_service_per_kwh=service_per_kwh,
        ),
        half_hours=tuple(half_hours),
    )


def _best_cuts(values: list[float], groups: int) -> list[tuple[int, int]]:
    """Cut sorted values into runs of least squared deviation (natural breaks, by dynamic programming)."""
    n = len(values)
    sums, squares = [0.0], [0.0]
    for value in values:
        sums.append(sums[-1] + value)
        squares.append(squares[-1] + value * value)

    def spread(start: int, end: int) -> float:
        total = sums[end] - sums[start]
        return squares[end] - squares[start] - total * total / (end - start)

    best: list[list[tuple[float, int]]] = [[(spread(0, end), 0) if end else (0.0, 0) for end in range(n + 1)]]
    for group in range(1, groups):
        row: list[tuple[float, int]] = [(0.0, 0)] * (group + 1)
        row += [
            min((best[group - 1][cut][0] + spread(cut, end), cut) for cut in range(group, end))
            for end in range(group + 1, n + 1)
        ]
        best.append(row)
    cuts, end = [], n
    for group in range(groups - 1, -1, -1):
        start = best[group][end][1]
        cuts.append((start, end))
        end = start
    return cuts[::-1]
