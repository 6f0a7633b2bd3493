"""Noise without a state."""

from __future__ import annotations

import statistics
import subprocess
import sys
from itertools import pairwise

from ohmstead.simulator.noise import Noise


def test_same_place_gives_same_number_in_any_order() -> None:
    one, other = Noise(7, "clouds"), Noise(7, "clouds")
    forwards = [one.uniform(i) for i in range(100)]
    backwards = [other.uniform(i) for i in reversed(range(100))]
    assert forwards == backwards[::-1]


def test_seeds_and_streams_differ() -> None:
    numbers = {Noise(seed, stream).uniform(3) for seed in range(20) for stream in ("a", "b", "c")}
    assert len(numbers) == 60


def test_another_process_lives_in_the_same_world() -> None:
    code = "from ohmstead.simulator.noise import Noise; print([Noise(5, 'x').normal(i) for i in range(5)])"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": h},
        ).stdout
        for h in ("1", "2")
    }
    assert runs == {f"{[Noise(5, 'x').normal(i) for i in range(5)]}\n"}


def test_distributions() -> None:
    noise = Noise(1, "test")
    uniform = [noise.uniform(i) for i in range(20000)]
    assert min(uniform) >= 0.0
    assert max(uniform) < 1.0
    assert abs(statistics.fmean(uniform) - 0.5) < 0.01
    assert abs(statistics.pstdev(uniform) - 12**-0.5) < 0.01
    normal = [noise.normal(i) for i in range(20000)]
    assert abs(statistics.fmean(normal)) < 0.03
    assert abs(statistics.pstdev(normal) - 1.0) < 0.03


def test_smooth_is_continuous_and_bounded() -> None:
    noise = Noise(1, "smooth")
    values = [noise.smooth(i / 100.0) for i in range(2000)]
    assert max(abs(v) for v in values) <= 1.0
    assert max(abs(b - a) for a, b in pairwise(values)) < 0.04
