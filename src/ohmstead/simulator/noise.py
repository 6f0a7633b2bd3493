"""Counter-based noise: a number for every (seed, stream, counter), without a state.

The same place gives the same number whatever was asked before, so that a restored house, a house
stepped differently and a house in another process live in the same world.

Source: SplitMix64, G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014, with the finaliser constants of David Stafford's variant 13.
"""

from __future__ import annotations

import math
from zlib import crc32

_MASK = 0xFFFFFFFFFFFFFFFF
_GOLDEN = 0x9E3779B97F4A7C15
_STREAM = 0xD1B54A32D192ED03


def _mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


class Noise:
    """One stream of noise, named in words; the counter is usually a bucket of time."""

    __slots__ = ("_base",)

    def __init__(self, seed: int, stream: str) -> None:
        self._base = _mix((seed * _GOLDEN + crc32(stream.encode()) * _STREAM) & _MASK)

    def uniform(self, counter: int) -> float:
        """A number in [0, 1)."""
        return (_mix((self._base + counter * _GOLDEN) & _MASK) >> 11) * (1.0 / (1 << 53))

    def signed(self, counter: int) -> float:
        """A number in [-1, 1)."""
        return 2.0 * self.uniform(counter) - 1.0

    def normal(self, counter: int) -> float:
        """A number of the standard normal distribution (Box and Muller, 1958)."""
        u = 1.0 - self.uniform(2 * counter)
        return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * self.uniform(2 * counter + 1))

    def smooth(self, x: float) -> float:
        """A continuous function of ``x`` in [-1, 1): value noise, smoothstep between whole numbers."""
        i = math.floor(x)
        f = x - i
        a = self.signed(i)
        return a + (self.signed(i + 1) - a) * f * f * (3.0 - 2.0 * f)
