"""The curve of a long session in few points: one sample every 10 s makes thousands in a night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from ohmstead.ocpp.central.meter_values import MeterSample

Timed = tuple[datetime, MeterSample]


def thinned(samples: Iterable[MeterSample], most: int) -> list[Timed]:
    """At most so many points, by time; samples without a time are left out.

    The first and the last sample stay as they were measured. The time between is cut into equal parts,
    and each that has samples becomes one point: its first sample, with the mean of the part's powers.

    Args:
        samples: of one session, by time.
        most: at least 2.
    """
    timed = [(sample.at, sample) for sample in samples if sample.at is not None]
    if len(timed) <= most:
        return timed
    (start, _), (end, _) = timed[0], timed[-1]
    parts: dict[int, list[Timed]] = {}
    count = most - 2
    for one in timed[1:-1] if count > 0 else ():
        share = (one[0] - start) / (end - start) if end > start else 0.0
        # What was measured at the very end belongs to the last part.
        parts.setdefault(min(int(share * count), count - 1), []).append(one)
    return [timed[0], *map(_mean, parts.values()), timed[-1]]


def _mean(part: Sequence[Timed]) -> Timed:
    at, first = part[0]
    powers_w = [sample.power_w for _, sample in part if sample.power_w is not None]
    return at, replace(first, power_w=sum(powers_w) / len(powers_w) if powers_w else None)
