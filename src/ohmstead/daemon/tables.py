"""What commands show a person as a table."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ohmstead.daemon.options import BacktestReport
    from ohmstead.web.schema import PlanPayload

UNBOUNDED = 10_000


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, text: Collection[str], title: str | None = None
) -> None:
    """Print a table: as wide as the terminal, or as its content where a file or a program reads it.

    Args:
        text: the columns of words; those of numbers are aligned on the right.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column in text else "right")
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=UNBOUNDED)
    console.print(table)


def print_report(report: BacktestReport) -> None:
    """Print what each strategy came to, under each tariff."""
    names = list(dict.fromkeys(name for row in report.rows for name in row.figures))
    rows = []
    for row in report.rows:
        figures = (row.figures.get(name) for name in names)
        cells = ("" if figure is None else f"{figure:.2f}" for figure in figures)
        rows.append((row.tariff, row.strategy, *cells))
    title = f"{report.days:g} days from {report.start:%Y-%m-%d}, seed {report.seed}"
    print_table(("tariff", "strategy", *names), rows, text=("tariff", "strategy"), title=title)


def print_plan(plan: PlanPayload) -> None:
    """Print a plan, a line for each slot."""
    assets = list(dict.fromkeys(asset for slot in plan.slots for asset in slot.assets))
    rows = [
        (
            f"{slot.start.astimezone(UTC):%a %H:%M}",
            f"{100 * slot.import_eur_per_kwh:.1f}{'' if slot.price_known else '?'}",
            *(f"{power_w:.0f}" for power_w in (slot.grid_w, slot.pv_w, slot.load_w)),
            *(f"{slot.assets[name].power_w:.0f}" if name in slot.assets else "" for name in assets),
        )
        for slot in plan.slots
    ]
    title = f"Plan {plan.id}: {plan.expected_cost_eur:.2f} EUR (times in UTC, powers in W)"
    columns = ("from", "ct/kWh", "grid", "sun", "household", *assets)
    print_table(columns, rows, text=("from",), title=title)
