"""Power balance logs: time-weighted means per minute, and longer samples made of those.

Powers hold from one reading to the next. A longer pause than :data:`LONGEST_STRETCH_S` is a gap: nothing
is counted for it. Days, weeks, months and years are local; shorter samples count from midnight UTC.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from ohmstead.core.units import energy_kwh
from ohmstead.nymea.site_values import PowerBalance, SampleRate

LONGEST_STRETCH_S = 900.0
MINUTE_S = 60
LONGER = (
    SampleRate.QUARTER,
    SampleRate.HOUR,
    SampleRate.THREE_HOURS,
    SampleRate.DAY,
    SampleRate.WEEK,
    SampleRate.MONTH,
    SampleRate.YEAR,
)
KEPT: Mapping[SampleRate, int] = {
    SampleRate.MINUTE: 10_080,
    SampleRate.QUARTER: 16_128,
    SampleRate.HOUR: 8_760,
    SampleRate.THREE_HOURS: 2_920,
    SampleRate.DAY: 1_095,
    SampleRate.WEEK: 168,
    SampleRate.MONTH: 240,
    SampleRate.YEAR: 20,
}
"""How many samples of the balance are kept."""
KEPT_OF_THINGS: Mapping[SampleRate, int] = {
    SampleRate.MINUTE: 1_440,
    SampleRate.QUARTER: 2_976,
    SampleRate.HOUR: 2_232,
    SampleRate.THREE_HOURS: 744,
    SampleRate.DAY: 366,
    SampleRate.WEEK: 53,
    SampleRate.MONTH: 24,
    SampleRate.YEAR: 20,
}
"""Fewer for each thing: a home has many."""

Powers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """Mean powers, W, over a sample that ends at ``at``, and totals, kWh, then."""

    at: datetime
    powers_w: Powers
    totals_kwh: Powers


@dataclass(frozen=True, slots=True)
class Piece:
    """Mean powers, W, of a stretch [start, end) of the past, and what the counters count of it, W."""

    start: datetime
    end: datetime
    powers_w: Powers
    counted_w: Powers


@dataclass(slots=True)
class _Sum:
    """Powers weighted by the seconds that they held."""

    powers: list[float]
    seconds: float = 0.0

    def add(self, powers_w: Powers, seconds: float) -> None:
        for i, power_w in enumerate(powers_w):
            self.powers[i] += power_w * seconds
        self.seconds += seconds

    def mean(self) -> Powers:
        return tuple(p / self.seconds for p in self.powers)


@dataclass(slots=True)
class _Longer:
    """A longer sample being collected."""

    key: object = None
    sums: _Sum | None = None


@dataclass(kw_only=True, slots=True)
class PowerLog:
    """The samples of some powers that belong together.

    Args:
        tz: of the days.
        kept: how many samples per rate.
        width: how many powers there are.
        totals_kwh: counters; they may have gone on before this log began.
    """

    tz: tzinfo
    width: int
    kept: Mapping[SampleRate, int] = field(default_factory=lambda: KEPT)
    totals_kwh: list[float] = field(default_factory=list)
    _samples: dict[SampleRate, deque[Sample]] = field(init=False)
    _since: datetime | None = field(init=False, default=None)
    _powers_w: Powers = field(init=False, default=())
    _minute: _Sum = field(init=False)
    _longer: dict[SampleRate, _Longer] = field(init=False)

    def __post_init__(self) -> None:
        self._samples = {rate: deque(maxlen=count) for rate, count in self.kept.items()}
        self._minute = _Sum([0.0] * self.width)
        self._longer = {rate: _Longer() for rate in LONGER}

    def add(self, now: datetime, powers_w: Powers, counted_w: Powers) -> list[tuple[SampleRate, Sample]]:
        """Take a reading.

        Args:
            counted_w: what the counters count from here to the next reading, W, each ≥ 0.

        Returns:
            the samples that are complete with it, shortest first.
        """
        done: list[tuple[SampleRate, Sample]] = []
        since, held_w = self._since, self._powers_w
        if since is not None and now > since:
            if (now - since).total_seconds() <= LONGEST_STRETCH_S:
                for start, end in _minutes(since, now):
                    seconds = (end - start).total_seconds()
                    self._minute.add(held_w[: self.width], seconds)
                    for i, power_w in enumerate(held_w[self.width :]):
                        self.totals_kwh[i] += energy_kwh(power_w, seconds)
                    if end.timestamp() % MINUTE_S == 0:
                        done += self._close_minute(end)
            else:
                done += self._close_minute(since)
        self._since, self._powers_w = now, powers_w + counted_w
        return done

    def seed(self, past: Iterable[Piece]) -> None:
        """Fill the log with what was recorded before it began, in order.

        Pieces of a minute become samples; longer ones count for the longer samples only. The counters
        stay where they are; such that know less than the past go on from that.
        """
        ends_kwh = list(self.totals_kwh)
        self.totals_kwh = [0.0] * len(ends_kwh)
        for piece in past:
            seconds = (piece.end - piece.start).total_seconds()
            for i, power_w in enumerate(piece.counted_w):
                self.totals_kwh[i] += energy_kwh(power_w, seconds)
            self._close(piece.end, seconds, piece.powers_w, minute=seconds <= MINUTE_S)
        before_kwh = [max(0.0, end - past) for end, past in zip(ends_kwh, self.totals_kwh, strict=True)]
        for kept in self._samples.values():
            for i, sample in enumerate(kept):
                totals = (b + t for b, t in zip(before_kwh, sample.totals_kwh, strict=True))
                kept[i] = Sample(sample.at, sample.powers_w, tuple(totals))
        self.totals_kwh = [b + t for b, t in zip(before_kwh, self.totals_kwh, strict=True)]

    def samples(self, rate: SampleRate, start: datetime | None, end: datetime | None) -> list[Sample]:
        """Samples that end in [start, end], in order; any rate is the shortest."""
        kept: Sequence[Sample] = self._samples[SampleRate.MINUTE if rate is SampleRate.ANY else rate]
        return [s for s in kept if (start is None or s.at >= start) and (end is None or s.at <= end)]

    def _close_minute(self, end: datetime) -> list[tuple[SampleRate, Sample]]:
        if self._minute.seconds <= 0.0:
            return []
        seconds, mean_w = self._minute.seconds, self._minute.mean()
        self._minute = _Sum([0.0] * self.width)
        return self._close(end, seconds, mean_w, minute=True)

    def _close(
        self, end: datetime, seconds: float, mean_w: Powers, *, minute: bool
    ) -> list[tuple[SampleRate, Sample]]:
        """Take a mean that ends now, and give the samples that end with it."""
        done: list[tuple[SampleRate, Sample]] = []
        if minute:
            sample = Sample(end, mean_w, tuple(self.totals_kwh))
            self._samples[SampleRate.MINUTE].append(sample)
            done.append((SampleRate.MINUTE, sample))
        for rate, longer in self._longer.items():
            key, after = (_bucket(rate, moment, self.tz) for moment in (end - timedelta(microseconds=1), end))
            if longer.sums is None or longer.key != key:
                longer.key, longer.sums = key, _Sum([0.0] * self.width)
            longer.sums.add(mean_w, seconds)
            if after != key:
                found = Sample(end, longer.sums.mean(), tuple(self.totals_kwh))
                self._samples[rate].append(found)
                done.append((rate, found))
                longer.sums = None
        return done


def _minutes(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A stretch cut at full minutes."""
    while start < end:
        ahead_s = MINUTE_S - start.timestamp() % MINUTE_S
        cut = min(end, start + timedelta(seconds=ahead_s))
        yield start, cut
        start = cut


def _bucket(rate: SampleRate, moment: datetime, tz: tzinfo) -> object:
    """What samples of a rate have in common that belong together."""
    if rate.minutes < SampleRate.DAY.minutes:
        return int(moment.timestamp() // (rate.minutes * MINUTE_S))
    local = moment.astimezone(tz)
    match rate:
        case SampleRate.DAY:
            return local.date()
        case SampleRate.WEEK:
            return local.isocalendar()[:2]
        case SampleRate.MONTH:
            return local.year, local.month
        case _:
            return local.year


def balance_of(powers_w: Powers, totals_kwh: Powers) -> PowerBalance:
    """A balance out of powers (acquisition, production, storage) and totals (acquisition, return, …).

    The order of the totals is acquisition, return, production, consumption.
    """
    acquisition_w, production_w, storage_w = powers_w
    acquired, returned, produced, consumed = totals_kwh
    return PowerBalance(
        consumption_w=consumption_w(acquisition_w, production_w, storage_w),
        production_w=production_w,
        acquisition_w=acquisition_w,
        storage_w=storage_w,
        total_consumption_kwh=consumed,
        total_production_kwh=produced,
        total_acquisition_kwh=acquired,
        total_return_kwh=returned,
    )


def consumption_w(acquisition_w: float, production_w: float, storage_w: float) -> float:
    """What the house takes besides charging its storages, W; production ≤ 0, storage + = charging."""
    return acquisition_w + abs(min(0.0, production_w)) - storage_w


def counted_w(acquisition_w: float, production_w: float, storage_w: float) -> Powers:
    """What the totals of a balance count, W: acquisition, return, production, consumption."""
    return (
        max(0.0, acquisition_w),
        max(0.0, -acquisition_w),
        max(0.0, -production_w),
        consumption_w(acquisition_w, production_w, storage_w),
    )
