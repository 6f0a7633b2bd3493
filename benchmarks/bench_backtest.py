"""What strategies cost over four weeks of the real house, on three tariffs; takes many minutes."""

from __future__ import annotations

import os

from ohmstead.daemon.backtest import run_backtest
from ohmstead.daemon.options import BacktestOptions

HEADER = (
    "| tariff | strategy | cost € | share of possible | bought kWh | sold kWh "
    "| too cold K·h | car short kWh |"
)
DAYS = float(os.environ.get("BACKTEST_DAYS", "28"))


def table() -> str:
    """Cost, share of the possible saving, and what people had of it."""
    report = run_backtest(BacktestOptions(days=DAYS))
    lines = [
        f"{report.days:g} days from {report.start:%d %B %Y}, seed {report.seed}, settled at 1 minute.",
        "",
        HEADER,
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in report.rows:
        f = {name: figure or 0.0 for name, figure in row.figures.items()}
        lines.append(
            f"| {row.tariff} | {row.strategy} | {f['cost_eur']:.2f} | {f['share_of_possible']:.1%} "
            f"| {f['import_kwh']:.0f} | {f['export_kwh']:.0f} | {f['cold_kh']:.1f} "
            f"| {f['vehicle_short_kwh']:.1f} |"
        )
    return "\n".join(lines)
