"""Run benchmarks and write their tables into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    bench_backtest,
    bench_chargers,
    bench_coordinate,
    bench_cycle,
    bench_heating,
    bench_nymea,
    bench_ocpp,
    bench_plan,
)

DOCUMENT = Path(__file__).parent.parent / "docs" / "benchmarks.md"

BENCHMARKS: dict[str, Callable[[], str]] = {
    "cycle": bench_cycle.table,
    "plan": bench_plan.table,
    "coordinate": bench_coordinate.table,
    "heating": bench_heating.table,
    "nymea": bench_nymea.table,
    "ocpp": bench_ocpp.table,
    "chargers": bench_chargers.table,
    "backtest": bench_backtest.table,
}


def main() -> None:
    """Run what is named, all by default, and replace each one's section of the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all by default")
    names = parser.parse_args().names or list(BENCHMARKS)
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        table = BENCHMARKS[name]()
        print(table)
        text = DOCUMENT.read_text(encoding="utf-8")  # somebody may have written it while this was measured
        DOCUMENT.write_text(with_section(text, name, f"{table}\n\n{machine()}"), encoding="utf-8")


def with_section(text: str, name: str, content: str) -> str:
    """The document with one section's generated part replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{DOCUMENT.name} has no section <!-- {name} -->")
    return pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text)


def machine() -> str:
    """What it was measured on."""
    return f"*Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.*"


if __name__ == "__main__":
    main()
