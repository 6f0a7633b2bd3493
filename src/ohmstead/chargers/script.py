"""Behaviour of a charger in JavaScript: JSON state in, actions out, in a sandbox.

A script defines ``step(state)`` and returns actions::

    function step(state) {
      const gun = state.connectors[0];
      if (!gun.plugged && state.t_s > 60) return [{do: "plug_in", vehicle: {soc: 0.4}}];
      if (gun.status === "Preparing") return [{do: "start", id_tag: "CARD1"}];
      return [];
    }

What it keeps in its own variables stays between calls. It reaches nothing but its state: no files, no
network, no clock but ``state.t_s``; ``Math.random`` repeats with the charger's seed. Memory, stack and the
time of each call are limited by quickjs, regular expressions included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ohmstead.errors import ConfigError, DataError

if TYPE_CHECKING:
    from quickjs import Context

MAX_ACTIONS: Final = 64
_MAX_ANSWER: Final = 65_536
_PLACE: Final = re.compile(r"<input>:(\d+)")
_WRAP: Final = """
(function () {
  "use strict";
  const parse = JSON.parse, stringify = JSON.stringify;
  return function (state) {
    const actions = globalThis.step(parse(state));
    return stringify(actions === undefined || actions === null ? [] : actions);
  };
})()
"""
_WORLD: Final = """
(function (seed) {
  delete globalThis.Date;
  delete globalThis.performance;
  let x = seed | 0;
  Math.random = function () {
    x = (x + 0x6D2B79F5) | 0;
    let t = Math.imul(x ^ (x >>> 15), 1 | x);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
})
"""
_HAS_STEP: Final = 'typeof globalThis.step === "function"'


class ScriptError(DataError):
    """A script did something wrong; the message names file and line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one script may use. ``call_s`` is processor time of one call, ``load_s`` of its first run."""

    memory_bytes: int = 8 << 20
    stack_bytes: int = 256 << 10
    call_s: float = 0.05
    load_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a script wants done; ``arguments`` are its other keys."""

    do: str
    arguments: Mapping[str, Any]

    def text(self, key: str, default: str) -> str:
        """A string argument.

        Raises:
            DataError: it is something else.
        """
        value = self.arguments.get(key, default)
        if not isinstance(value, str) or len(value) > 1000:
            raise DataError(f"{self.do}: {key}: found {str(value)[:40]!r}, allowed: a string")
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A number argument within bounds.

        Raises:
            DataError: it is something else.
        """
        value = self.arguments.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise DataError(f"{self.do}: {key}: found {str(value)[:40]!r}, allowed: {low:g} to {high:g}")
        return float(value)


class Script:
    """One charger's script; it is one interpreter, so nothing is shared between chargers.

    Args:
        source: the JavaScript.
        file: its name for messages.
        seed: of its ``Math.random`` (mulberry32).

    Raises:
        ConfigError: quickjs is not installed.
        ScriptError: it cannot be run, or defines no ``step``.
    """

    def __init__(self, source: str, file: str, limits: Limits | None = None, *, seed: int = 0) -> None:
        try:
            import quickjs  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise ConfigError(
                "scripts need the extra `chargers`: pip install 'ohmstead[chargers]'"
            ) from error
        self._errors: tuple[type[Exception], ...] = (quickjs.JSException, quickjs.StackOverflow)
        self.file = file
        self._limits = limits or Limits()
        self._context: Context = quickjs.Context()
        self._context.set_memory_limit(self._limits.memory_bytes)
        self._context.set_max_stack_size(self._limits.stack_bytes)
        self._context.set_time_limit(self._limits.load_s)
        self._context.eval(_WORLD)(seed & 0x7FFFFFFF)
        self._call = self._context.eval(_WRAP)
        try:
            self._context.eval(source)
            defined = self._context.eval(_HAS_STEP)
        except self._errors as error:
            raise self._failed(error) from error
        if not defined:
            raise ScriptError(f"{file}: defines no function step(state)")
        self._context.set_time_limit(self._limits.call_s)

    def step(self, state: Mapping[str, Any]) -> list[Action]:
        """Ask what to do.

        Raises:
            ScriptError: it failed, used up what it may, or returned something that is no list of actions.
        """
        try:
            answer = self._call(msgspec.json.encode(state).decode())
        except self._errors as error:
            raise self._failed(error) from error
        return self._actions(answer)

    def _actions(self, answer: object) -> list[Action]:
        if not isinstance(answer, str) or len(answer) > _MAX_ANSWER:
            raise ScriptError(f"{self.file}: step returned more than {_MAX_ANSWER} characters, or no value")
        try:
            found = msgspec.json.decode(answer)
        except msgspec.DecodeError as error:
            raise ScriptError(f"{self.file}: step returned what is no JSON: {error}") from error
        if not isinstance(found, list) or len(found) > MAX_ACTIONS:
            raise ScriptError(f"{self.file}: step returns a list of at most {MAX_ACTIONS} actions")
        actions = []
        for item in found:
            if not isinstance(item, dict) or not isinstance(item.get("do"), str):
                raise ScriptError(f"{self.file}: an action is an object with a string `do`: {str(item)[:80]}")
            actions.append(Action(item["do"], {key: value for key, value in item.items() if key != "do"}))
        return actions

    def _failed(self, error: Exception) -> ScriptError:
        words = str(error).strip()
        first = words.splitlines()[0] if words else type(error).__name__
        place = _PLACE.search(words)
        line = f":{place[1]}" if place else ""
        if first.endswith("interrupted"):
            first = "used up its time"
        elif first == "null":
            first = "out of memory, not even an error could be made (or `throw null`)"
        return ScriptError(f"{self.file}{line}: {first}")
