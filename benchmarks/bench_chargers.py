"""Fleets of 2000 simulated chargers: ``ohmstead chargers run``, and one written with the ``ocpp`` library.

Each talks to ``ohmstead ocpp serve``, every message judged by the schemas at both ends. All chargers connect
at once, begin to charge, and then send Heartbeats and MeterValues of the same contents, each as often.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import cpu_s, rss_kb

CHARGERS = 2000
EVERY_S = 2
LINE_S = 5
MOST_LINES = 24
SCENARIO = Path(__file__).parent / "ocpp_ends" / "fleet.yaml"
COLUMNS = (
    *("boot s", "calls/s", "p50 ms", "p99 ms", "chargers µs", "central µs", "of a core"),
    *("kB per charger", "central kB"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One fleet. CPU is per call with its answer."""

    name: str
    steady: dict[str, Any]
    seconds: float
    fleet_cpu_s: float
    central_cpu_s: float
    central_kb: float
    boot_s: float
    kb_per_charger: float

    def cells(self) -> str:
        """As a row of the table."""
        calls = self.steady["messages"] / 2
        figures = (
            f"{self.boot_s:.1f}",
            f"{calls / self.seconds:.0f}",
            f"{self.steady['p50_ms']:.1f}",
            f"{self.steady['p99_ms']:.1f}",
            f"{1e6 * self.fleet_cpu_s / calls:.0f}",
            f"{1e6 * self.central_cpu_s / calls:.0f}",
            f"{100 * self.fleet_cpu_s / self.seconds:.0f}%",
            f"{self.kb_per_charger:.0f}",
            f"{self.central_kb:.0f}",
        )
        return f"| {self.name} | {' | '.join(figures)} |"


def table() -> str:
    """Both fleets, the baseline first."""
    lines = [
        f"{CHARGERS} chargers; {CHARGERS * 2 // EVERY_S} calls/s are offered.",
        "",
        f"| fleet | {' | '.join(COLUMNS)} |",
        f"|---|{'---:|' * len(COLUMNS)}",
    ]
    peer = ["-m", "benchmarks.ocpp_ends.peer_fleet", "{url}", str(CHARGERS), str(EVERY_S), str(LINE_S)]
    ours = ["-m", "ohmstead", "chargers", "run", "--url", "{url}", "--count", str(CHARGERS), "--json"]
    ours += ["--scenario", str(SCENARIO), "--report-every", str(LINE_S)]
    lines.append(_measured("ocpp library (baseline)", peer).cells())
    lines.append(_measured("Ohmstead", ours).cells())
    return "\n".join(lines)


def _measured(name: str, arguments: list[str]) -> Row:
    with _central() as (central, url):
        before_kb = rss_kb(central.pid)
        command = [sys.executable, *(argument.format(url=url) for argument in arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fleet:
            assert fleet.stdout is not None
            try:
                last = _until_all_charge(fleet.stdout)
                at_s, central_s = time.monotonic(), cpu_s(central.pid)
                steady = json.loads(fleet.stdout.readline())
                took_s, central_s = time.monotonic() - at_s, cpu_s(central.pid) - central_s
                central_kb = rss_kb(central.pid) - before_kb
                fleet.send_signal(signal.SIGINT)
                # the peer is cut off; ours says what it came to
                said = steady if "boot_s" in steady else json.loads(fleet.stdout.read().splitlines()[-1])
            finally:
                fleet.kill()
    return Row(
        name=name,
        steady=steady,
        seconds=took_s,
        fleet_cpu_s=steady["cpu_s"] - last["cpu_s"],
        central_cpu_s=central_s,
        central_kb=central_kb / CHARGERS,
        boot_s=said["boot_s"],
        kb_per_charger=said["rss_per_charger_kb"],
    )


def _until_all_charge(lines: Iterator[str]) -> dict[str, Any]:
    for _ in range(MOST_LINES):
        line: dict[str, Any] = json.loads(next(lines))
        if line["orders"] == CHARGERS:
            return line
    raise SystemExit(f"after {MOST_LINES * LINE_S} s only {line['orders']} of {CHARGERS} chargers charge")


@contextmanager
def _central() -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """``ohmstead ocpp serve`` and its address."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "central.log"
        command = [sys.executable, "-m", "ohmstead", "ocpp", "serve", "--port", "0", "--api-port", "0"]
        command += ["--heartbeat-s", str(EVERY_S), "--database", str(Path(folder) / "ocpp.db")]
        with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as central:
            try:
                yield central, _address(log)
            finally:
                central.kill()


def _address(log: Path) -> str:
    end_s = time.monotonic() + 60.0
    while time.monotonic() < end_s:
        for line in log.read_text(encoding="utf-8").splitlines():
            if line.startswith("Chargers connect to "):
                return line.removeprefix("Chargers connect to ").removesuffix("/<identity>")
        time.sleep(0.1)
    raise SystemExit(f"the central system did not start:\n{log.read_text(encoding='utf-8')}")
