"""Which modules run: a file with one word that may change while the daemon runs.

``community``: surplus, tariffs, spot market and protection, by rules alone. ``auto``: also a plan for the
coming days from the weather forecast, expecting the household of the last two days again. ``predict``: also
load forecasts learned from the home's whole history.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import structlog

from ohmstead.core.record import CycleRecord
from ohmstead.errors import ConfigError
from ohmstead.web.schema import WarningInfo

log = structlog.get_logger(__name__)


class Tier(StrEnum):
    """How much of the brain runs. Protection runs in every tier."""

    COMMUNITY = "community"
    AUTO = "auto"
    PREDICT = "predict"

    @property
    def plans(self) -> bool:
        """Whether a plan is made and followed."""
        return self is not Tier.COMMUNITY

    @property
    def learns_from(self) -> timedelta:
        """How much of the history load forecasts look at."""
        return timedelta(days=366) if self is Tier.PREDICT else timedelta(days=2)


def parse_tier(text: str, source: str) -> Tier:
    """The tier in a text of ``tier = NAME`` lines; ``#`` begins a comment, other keys are refused.

    Args:
        source: names the text in errors: its file.

    Raises:
        ConfigError: the text says something else; names the line, what was found and what is allowed.
    """
    allowed = f"allowed: tier = {' | '.join(Tier)}"
    found: Tier | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        key, equals, value = (part.strip() for part in content.partition("="))
        name = value.strip("\"'").lower()
        if key.lower() != "tier" or not equals or name not in set(Tier):
            raise ConfigError(f"{source}, line {number}: found {content!r}, {allowed}")
        if found is not None:
            raise ConfigError(f"{source}, line {number}: the tier is given twice, {allowed} once")
        found = Tier(name)
    if found is None:
        raise ConfigError(f"{source}: no line gives the tier, {allowed}")
    return found


class TierFile:
    """The tier of a home, read again whenever the file has changed; a ``CycleListener``.

    Args:
        path: the file.
        default: where there is no file.

    Raises:
        ConfigError: the file is there and cannot be used. Once the daemon runs such a change is a warning,
            and the tier stays as it was.
    """

    def __init__(self, path: Path, default: Tier = Tier.PREDICT) -> None:
        """See the class."""
        self._path = path
        self._default = default
        self._seen = self._stamp()
        self._problem: str | None = None
        self.tier = self._read()

    def cycle(self, record: CycleRecord) -> None:
        """Look at the file; cheap while it does not change."""
        del record
        self.refresh()

    def refresh(self) -> None:
        """Take the tier from the file if it has changed since the last look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            tier = self._read()
        except ConfigError as error:
            if self._problem != str(error):
                log.warning("tier_unusable", error=str(error), kept=self.tier.value)
            self._problem = str(error)
            return
        self._problem = None
        if tier is not self.tier:
            log.info("tier_changed", before=self.tier.value, now=tier.value)
        self.tier = tier

    def warnings(self) -> list[WarningInfo]:
        """What is wrong with the file now."""
        if self._problem is None:
            return []
        return [WarningInfo(code="tier", message=f"{self._problem}; {self.tier.value} stays in force")]

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> Tier:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return self._default
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            allowed = f"allowed: a text file with tier = {' | '.join(Tier)}"
            raise ConfigError(f"{self._path}: cannot be read ({why}), {allowed}") from error
        return parse_tier(text, str(self._path))
