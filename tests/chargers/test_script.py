from __future__ import annotations

import time

import pytest

from ohmstead.chargers.script import MAX_ACTIONS, Action, Limits, Script, ScriptError
from ohmstead.errors import DataError

GOOD = """
let calls = 0;
function step(state) {
  calls += 1;
  return [{do: "plug_in", connector: state.connectors[0].id, call: calls}];
}
"""
HOSTILE = {
    "an endless loop": ("while (true) {}", "used up its time"),
    "an endless loop that catches": (
        "while (true) { try { while (true) {} } catch (e) {} }",
        "used up its time",
    ),
    "a gigabyte array": ("const a = new Array(1e9).fill(1);", "out of memory"),
    "a gigabyte buffer": ("const a = new ArrayBuffer(1 << 30);", "out of memory"),
    "a list that grows": (
        "const a = []; while (true) a.push({x: 'y'.repeat(1000) + a.length});",
        "out of memory",
    ),
    "deep recursion": ("function f() { return f() + 1; } f();", "call stack"),
    "a catastrophic regular expression": ("/(a+)+$/.test('a'.repeat(50) + 'b');", "used up its time"),
    "a bomb in toJSON": ("return {toJSON() { while (true) {} }};", "used up its time"),
    "a broken JSON": ("JSON.stringify = () => { while (true) {} }; while (true) {}", "used up its time"),
    "an answer without end": ("return ['x'.repeat(1 << 20)];", "more than 65536"),
    "too many actions": ("return Array(1000).fill({do: 'x'});", "at most 64 actions"),
    "an error": ("throw new Error('mine');", "Error: mine"),
    "no list": ("return 7;", "list"),
    "no action": ("return [1];", "string `do`"),
}


def body(code: str) -> str:
    return f"function step(state) {{\n  {code}\n  return [];\n}}\n"


def test_state_in_actions_out_and_memory_between_calls() -> None:
    script = Script(GOOD, "good.js")
    for call in (1, 2, 3):
        (action,) = script.step({"connectors": [{"id": 4}]})
        assert action == Action("plug_in", {"connector": 4, "call": call})


def test_nothing_is_an_answer_too() -> None:
    assert Script("function step(state) {}", "a.js").step({}) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_stops_within_its_limits(name: str) -> None:
    code, words = HOSTILE[name]
    script = Script(body(code), "bad.js", Limits(call_s=0.5))
    began = time.monotonic()
    with pytest.raises(ScriptError, match=r"^bad\.js") as caught:
        script.step({})
    assert words in str(caught.value)
    assert time.monotonic() - began < 30.0


@pytest.mark.parametrize("name", ["an endless loop", "a gigabyte array", "deep recursion"])
def test_hostile_code_is_stopped_when_it_is_loaded_too(name: str) -> None:
    code, words = HOSTILE[name]
    with pytest.raises(ScriptError, match=r"^bad\.js:1: ") as caught:
        Script(f"{code}; function step() {{}}", "bad.js", Limits(load_s=0.1))
    assert words in str(caught.value)


def test_errors_name_file_and_line() -> None:
    script = Script("function step(state) {\n  return [\n    state.nothing.at.all\n  ];\n}", "where.js")
    with pytest.raises(ScriptError, match=r"^where\.js:3: TypeError"):
        script.step({})
    with pytest.raises(ScriptError, match=r"^where\.js:2: SyntaxError"):
        Script("let a = 1;\nlet = ;", "where.js")
    with pytest.raises(ScriptError, match="defines no function step"):
        Script("let a = 1;", "where.js")


def test_one_script_reaches_neither_another_nor_the_machine() -> None:
    Script("globalThis.shared = 1; function step() {}", "a.js")
    names = '["shared", "require", "process", "std", "os", "fetch", "setTimeout", "Date", "performance"]'
    script = Script(
        f"function step() {{ return {names}.filter(n => n in globalThis).map(n => ({{do: n}})); }}", "b.js"
    )
    assert script.step({}) == []


def test_chance_repeats_with_the_seed() -> None:
    code = "function step() { return [{do: 'x', a: Math.random(), b: Math.random()}]; }"
    one, same, other = (Script(code, "r.js", seed=seed).step({})[0] for seed in (1, 1, 2))
    assert one == same != other
    assert 0.0 <= one.arguments["a"] < 1.0
    assert one.arguments["a"] != one.arguments["b"]


def test_a_script_that_failed_does_not_harm_the_next() -> None:
    for _ in range(3):
        with pytest.raises(ScriptError):
            Script(body(HOSTILE["a list that grows"][0]), "bad.js").step({})
    assert len(Script(GOOD, "good.js").step({"connectors": [{"id": 1}]})) == 1


def test_arguments_are_checked() -> None:
    action = Action("x", {"n": 3, "s": "text", "b": True})
    assert action.number("n", 0.0, 0.0, 5.0) == 3.0
    assert action.number("missing", 2.0, 0.0, 5.0) == 2.0
    assert action.text("s", "") == "text"
    for key in ("s", "b"):
        with pytest.raises(DataError, match=f"x: {key}: found"):
            action.number(key, 0.0, 0.0, 5.0)
    with pytest.raises(DataError, match="allowed: 0 to 2"):
        action.number("n", 0.0, 0.0, 2.0)
    with pytest.raises(DataError, match="allowed: a string"):
        action.text("n", "")
    assert MAX_ACTIONS == 64
