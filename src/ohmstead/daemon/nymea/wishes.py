"""What people asked for, on the disk before they are told that it was taken.

The engine's memory is stored with each minute. What is asked for within a minute is stored on its own as
well, and counts after a restart where it is newer than that memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import structlog

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine
from ohmstead.core.memory import Memory
from ohmstead.errors import DataError
from ohmstead.recorder import Recorder

log = structlog.get_logger(__name__)

WISHES_STATE = "wishes"


def store_wishes(engine: Engine, recorder: Recorder, more: Mapping[str, bytes] | None = None) -> None:
    """Store what is asked for now, and ``more``. Where that fails it is told; the minute will have it."""
    memory = engine.memory
    wishes = Memory(at=memory.at, charging=memory.charging, manual=memory.manual, tuning=memory.tuning)
    try:
        recorder.save_state(WISHES_STATE, json.dumps(to_data(wishes)).encode())
        for key, value in (more or {}).items():
            recorder.save_state(key, value)
    except DataError as error:
        log.warning("wishes_not_stored", error=str(error))


def resume_wishes(engine: Engine, recorder: Recorder) -> None:
    """Take up what was asked for after the engine's memory was stored."""
    stored = recorder.load_state(WISHES_STATE)
    if stored is None:
        return
    try:
        wishes = from_data(Memory, json.loads(stored))
    except ValueError as error:
        log.warning("state_not_resumed", kind="wishes", error=str(error))
        return
    since = engine.memory.at
    if since is not None and (wishes.at is None or wishes.at < since):
        return
    engine.memory.charging = wishes.charging
    engine.memory.manual = wishes.manual
    engine.memory.tuning = wishes.tuning
