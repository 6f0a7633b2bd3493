"""What each command is asked to do. The command line fills these in; the daemon does the work.

Nothing heavy is imported here: ``ohmstead --help`` stays quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ohmstead.daemon.config.sections import Config

STRATEGIES = ("none", "rules", "plan", "perfect")
"""What a backtest compares: devices left alone, rules, the plan, and the plan with perfect foresight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoOptions:
    """The simulated house with its dashboard.

    Args:
        speed: simulated seconds per second.
        start: aware UTC; ``None``: where the demo's data is most interesting.
        data_dir: where history and state are kept; ``None``: the user's own state folder.
        fresh: start anew instead of going on where the demo in that folder stopped.
        open_browser: show the dashboard once it answers.
        record: write every cycle into this file, for replay.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    speed: float = 240.0
    seed: int = 1
    start: datetime | None = None
    data_dir: Path | None = None
    fresh: bool = False
    open_browser: bool = True
    record: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """A real home.

    Args:
        dry_run: read everything and decide, but command nothing.
        record: write every cycle into this file, for replay.
    """

    config: Config
    dry_run: bool = False
    record: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanOptions:
    """One plan.

    Args:
        config: the home; ``None``: the demo house.
        seed: of the demo house.
        start: when the demo house plans, aware UTC.
    """

    config: Config | None = None
    seed: int = 1
    start: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestOptions:
    """The same simulated weeks under several strategies and tariffs.

    Args:
        strategies: of :data:`STRATEGIES`.
        tariffs: names of the backtest's tariffs; empty: all of them.
        start: first day, aware UTC; ``None``: the backtest's own choice.
        progress: told what runs and the share done, 0..1.
    """

    days: float = 28.0
    strategies: tuple[str, ...] = STRATEGIES
    tariffs: tuple[str, ...] = ()
    seed: int = 1
    start: datetime | None = None
    progress: Callable[[str, float], None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestRow:
    """One strategy under one tariff; the names of the figures carry their units.

    ``share_of_possible`` is ``None`` where "none" and "perfect" were not run to compare with.
    """

    tariff: str
    strategy: str
    figures: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class BacktestReport:
    """What a backtest found; rows in the order in which they are to be read."""

    start: datetime
    days: float
    seed: int
    rows: tuple[BacktestRow, ...]

    def as_data(self) -> dict[str, object]:
        """The same as JSON data: figures by tariff and strategy."""
        tariffs: dict[str, dict[str, dict[str, float | None]]] = {}
        for row in self.rows:
            tariffs.setdefault(row.tariff, {})[row.strategy] = dict(row.figures)
        return {"start": self.start.isoformat(), "days": self.days, "seed": self.seed, "tariffs": tariffs}
