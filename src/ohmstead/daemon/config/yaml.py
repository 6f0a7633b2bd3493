"""YAML text to plain Python values, with the line of every key.

The text is only *composed* by ruamel.yaml (YAML 1.2); values are made here, so that a date-like word
or an unknown tag cannot raise, and duplicate keys are all found in one go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ohmstead.daemon.config.problems import InvalidConfig, KeyPath, Problem
from ohmstead.errors import ConfigError

_MOST_NODES = 20_000
"""Aliases can make a small file expand without end; no home needs this many values."""

_DEEPEST = 20
_MOST_BYTES = 1_000_000

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A parsed file: ``root`` of dict, list, str, int, float, bool and None; lines count from 1."""

    path: Path
    root: object
    lines: Mapping[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """The line of a key, or of the nearest thing around it that is in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


def read_document(path: Path) -> Document:
    """Read and parse a YAML file.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, not YAML, or has duplicate keys.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `ohmstead init {path}` writes one") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_document(raw, path)


def parse_document(raw: bytes, path: Path) -> Document:
    """Parse YAML bytes; ``path`` is for messages only.

    Raises:
        InvalidConfig: see :func:`read_document`.
    """
    if len(raw) > _MOST_BYTES:
        raise _invalid(path, 1, f"{len(raw)} bytes; a configuration has at most {_MOST_BYTES}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _invalid(
            path, line, f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from None
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise _invalid(path, _line_of(error), _syntax_message(error)) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
        raise _invalid(path, line, "a character that YAML does not allow (a control character?)") from None
    except RecursionError:
        raise _invalid(path, 1, "nested too deeply") from None
    if node is None:
        raise _invalid(path, 1, "the file is empty; `ohmstead init` writes a complete one")
    builder = _Builder()
    root = builder.value(node, ())
    if builder.problems:
        raise InvalidConfig(path, builder.problems)
    return Document(path=path, root=root, lines=builder.lines)


def _invalid(path: Path, line: int, message: str) -> InvalidConfig:
    return InvalidConfig(path, [Problem(line=line, key=(), message=message)])


def _line_of(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark is not None else 1


def _syntax_message(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "not YAML")
    if r"'\t'" in problem:
        return "a tab; YAML is indented with spaces only"
    context = f" {error.context}" if error.context else ""
    return f"not YAML: {problem}{context}"


class _Builder:
    """Turns nodes into values and remembers lines; problems are collected."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._nodes = 0
        self._gave_up = False

    def value(self, node: Node, key: KeyPath, depth: int = 0) -> object:
        self.lines.setdefault(key, node.start_mark.line + 1)
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            if not self._gave_up:
                self._gave_up = True
                self._problem(
                    node, key, "too many or too deeply nested values; is an alias (*) inside itself?"
                )
            return None
        match node:
            case MappingNode():
                return self._mapping(node, key, depth + 1)
            case SequenceNode():
                return [self.value(item, (*key, i), depth + 1) for i, item in enumerate(node.value)]
            case _:
                return self._scalar(node, key)

    def _mapping(self, node: MappingNode, key: KeyPath, depth: int) -> dict[str, object]:
        out: dict[str, object] = {}
        first_line: dict[str, int] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if str(key_node.tag) == _TAG + "merge":
                merged += value_node.value if isinstance(value_node, SequenceNode) else [value_node]
                continue
            if not isinstance(key_node, ScalarNode):
                self._problem(key_node, key, "a key must be one word")
                continue
            name = str(key_node.value)
            here = (*key, name)
            if name in first_line:
                self._problem(key_node, here, f"given twice; first in line {first_line[name]}")
                continue
            first_line[name] = self.lines[here] = key_node.start_mark.line + 1
            out[name] = self.value(value_node, here, depth)
        for extra in merged:
            value = self.value(extra, key, depth)
            if isinstance(value, dict):
                out = value | out
            else:
                self._problem(extra, key, "'<<' can only merge a mapping")
        return out

    def _scalar(self, node: Any, key: KeyPath) -> object:
        text = str(node.value)
        match str(node.tag).removeprefix(_TAG):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return _integer(text)
            case "float":
                return _float(text)
            case "str" | "timestamp":
                return text
            case tag:
                self._problem(node, key, f"the YAML tag {tag} is not used here")
                return None

    def _problem(self, node: Node, key: KeyPath, message: str) -> None:
        self.problems.append(Problem(line=node.start_mark.line + 1, key=key, message=message))


def _integer(text: str) -> int | str:
    plain = text.replace("_", "")
    try:
        return int(plain, 0) if plain.lstrip("+-").lower().startswith(("0x", "0o", "0b")) else int(plain)
    except ValueError:
        return text


def _float(text: str) -> float | str:
    plain = text.replace("_", "").lower()
    if plain.lstrip("+-") == ".inf":
        return -math.inf if plain.startswith("-") else math.inf
    if plain == ".nan":
        return math.nan
    try:
        return float(plain)
    except ValueError:
        return text
