"""Reaction times of commands."""

from __future__ import annotations

import json

from ohmstead.simulator.actuator import CommandLatch


def test_a_command_takes_effect_after_the_reaction_time() -> None:
    latch = CommandLatch()
    latch.put(100.0, 0.0, 8.0)
    latch.update(7.9)
    assert latch.target is None
    latch.update(8.0)
    assert latch.target == 100.0


def test_a_stream_of_commands_does_not_starve_the_device() -> None:
    latch = CommandLatch()
    for second in range(9):
        latch.put(float(second), float(second), 8.0)
        latch.update(float(second))
    assert latch.target == 8.0


def test_release_and_repeat() -> None:
    latch = CommandLatch()
    latch.put(5.0, 0.0, 1.0)
    latch.update(1.0)
    latch.put(5.0, 2.0, 1.0)
    assert latch.pending == 5.0
    assert latch.due_s > 1e300
    latch.put(None, 3.0, 1.0)
    latch.update(4.0)
    assert latch.target is None


def test_held_wins_and_state_survives_json() -> None:
    latch = CommandLatch()
    latch.put(5.0, 0.0, 1.0)
    latch.held = 3.0
    copy = CommandLatch()
    copy.restore(json.loads(json.dumps(latch.snapshot())))
    copy.update(1.0)
    assert copy.target == 3.0
    copy.held = None
    assert copy.target == 5.0
