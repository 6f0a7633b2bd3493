"""What is wrong in a configuration: place, found, allowed, hint; all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ohmstead.errors import ConfigError

KeyPath = tuple[str | int, ...]

SECRET_WORDS = ("token", "password", "passwd", "secret", "api_key", "apikey", "credential", "authorization")

_LONGEST_FOUND = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One thing that a person must change. ``line`` counts from 1."""

    line: int
    key: KeyPath
    message: str

    def render(self, file: Path) -> str:
        """One line ``file:line: key.path: message``."""
        where = f"{file}:{self.line}: "
        return f"{where}{render_key(self.key)}: {self.message}" if self.key else f"{where}{self.message}"


class InvalidConfig(ConfigError):  # noqa: N818 - what it is, as `ConfigError` names the family
    """A configuration file with problems; ``str()`` lists all of them, in the file's order."""

    def __init__(self, file: Path, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, render_key(p.key), p.message)))
        count = len(self.problems)
        lines = [problem.render(file) for problem in self.problems]
        if count > 1:
            lines.insert(0, f"{file}: {count} problems")
        super().__init__("\n".join(lines))


def render_key(key: KeyPath) -> str:
    """``("assets", 1, "max_w")`` as ``assets[1].max_w``."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def render_found(value: object, key: KeyPath = ()) -> str:
    """A found value as a person wrote it; a secret is never shown."""
    if any(word in str(part).lower() for part in key for word in SECRET_WORDS):
        return "a value that is not shown"
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping (key: value)"
        case list():
            return "a list"
        case str():
            short = value if len(value) <= _LONGEST_FOUND else value[:_LONGEST_FOUND] + "…"
            return repr(short)
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for a near miss, else an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in allowed}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[close[0]]!r}?" if close else ""
