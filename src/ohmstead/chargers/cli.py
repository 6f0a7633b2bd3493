"""``ohmstead chargers``: many simulated chargers against a central system, ours or another."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

import json
from collections.abc import Coroutine
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from ohmstead.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from ohmstead.chargers.fleet import Fleet, FleetPlan, Summary
    from ohmstead.chargers.scenario import Scenario

app = typer.Typer(help="Simulate chargers by the thousand.", no_args_is_help=True)
_REFRESH_S = 0.5


@app.command("scenarios")
def list_scenarios() -> None:
    """List the scenarios that come with Ohmstead."""
    from ohmstead.chargers.scenario import builtin_names, load_scenario

    for name in builtin_names():
        typer.echo(f"{name:20} {load_scenario(name).summary}")


@app.command("run")
def run(
    url: Annotated[
        str | None,
        typer.Option(help="Central system: ws://host:port/path for ocpp16, tcp://host:port for ykc."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many chargers.")] = 10,
    protocol: Annotated[str, typer.Option(help="What they speak: ocpp16 or ykc.")] = "ocpp16",
    scenario: Annotated[
        str, typer.Option(help="A scenario's name (see `ohmstead chargers scenarios`) or YAML file.")
    ] = "home-evening",
    script: Annotated[
        Path | None, typer.Option(help="JavaScript file that drives each charger instead of the scenario.")
    ] = None,
    duration_s: Annotated[
        float | None, typer.Option("--duration", min=0.1, help="Seconds to run; without it the scenario's.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=10_000.0, help="Simulated by real seconds.")] = 1.0,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="As fast as it computes, against a central system of its own."),
    ] = False,
    messages: Annotated[
        Path | None, typer.Option(help="File that every message is written to, a line each.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same fleet.")] = 1,
    prefix: Annotated[
        str | None, typer.Option(help="What the chargers' ids begin with; for ykc up to 8 digits.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON, and no table.")] = False,
    report_every_s: Annotated[
        float | None,
        typer.Option(
            "--report-every",
            min=1.0,
            help="With --json: print a line of figures each so many real seconds before the summary.",
        ),
    ] = None,
) -> None:
    """Run chargers until the time is over or Ctrl-C, then say what it came to."""
    import logging
    from dataclasses import replace

    import structlog

    from ohmstead.chargers.scenario import load_scenario

    if report_every_s is not None and (virtual or not as_json):
        raise ConfigError("--report-every: allowed together with --json, and without --virtual")
    found = load_scenario(scenario)
    lasts_s = found.duration_s if duration_s is None else duration_s
    plan = _plan(found, url, count, protocol, script, seed, prefix, virtual=virtual)
    base_kb = _rss_kb()
    logging_before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        with _opened(messages) as file:
            plan = replace(plan, messages=file)
            work = _virtual(plan, lasts_s) if virtual else _live(plan, lasts_s, report_every_s, quiet=as_json)
            summary, script_errors = _run(work, virtual=virtual, speed=speed)
    finally:
        structlog.configure(**logging_before)
    told = summary.as_dict() | {"rss_per_charger_kb": (_rss_kb() - base_kb) // count}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        for key, value in told.items():
            typer.echo(f"{key.replace('_', ' '):20} {'-' if value is None else value}")
    for charger, words in list(script_errors.items())[:10]:
        typer.echo(f"{charger}: {words}", err=True)


@app.command("platform")
def platform(
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How many piles may come.")] = 10,
    prefix: Annotated[str | None, typer.Option(help="What their ids begin with; as in `run`.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8768,
    bills: Annotated[
        Path | None, typer.Option(help="File that keeps the bills; without it they are in memory.")
    ] = None,
    remote_start: Annotated[
        bool, typer.Option("--remote-start", help="Start what is plugged in, without a card.")
    ] = False,
) -> None:
    """Be a YunKuaiChong platform for a simulated fleet: every card may charge. For tests only."""
    import asyncio
    from datetime import UTC, datetime

    from ohmstead.chargers.fleet import FleetPlan
    from ohmstead.chargers.protocol import ProtocolName
    from ohmstead.chargers.scenario import load_scenario
    from ohmstead.chargers.virtual_time import LoopClock
    from ohmstead.chargers.ykc_central import LOOPBACK, own_platform

    if host not in LOOPBACK:
        raise ConfigError(f"--host: found {host!r}, allowed: {', '.join(LOOPBACK)}; it lets everybody charge")
    scenario = load_scenario("boot-storm")
    plan = FleetPlan(count=count, url="", protocol=ProtocolName.YKC, scenario=scenario, id_prefix=prefix)

    async def serve() -> None:
        clock = LoopClock(datetime.now(UTC))
        async with own_platform(
            plan.ids(), clock, remote_start=remote_start, bills=bills, host=host, port=port
        ) as listening:
            typer.echo(f"Piles connect to {listening.url}")
            await _stopped()

    asyncio.run(serve())


async def _stopped() -> None:
    """Return on Ctrl-C or SIGTERM."""
    import asyncio
    import contextlib
    import signal

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _plan(
    scenario: Scenario,
    url: str | None,
    count: int,
    protocol: str,
    script: Path | None,
    seed: int,
    prefix: str | None,
    *,
    virtual: bool,
) -> FleetPlan:
    from ohmstead.chargers.fleet import FleetPlan
    from ohmstead.chargers.protocol import ProtocolName

    try:
        name = ProtocolName(protocol)
    except ValueError as error:
        raise ConfigError(f"--protocol: found {protocol!r}, allowed: {', '.join(ProtocolName)}") from error
    if virtual and url is not None:
        raise ConfigError("--virtual: without --url, as no other process knows what time it is")
    if not virtual and url is None:
        raise ConfigError("--url: missing; where the central system listens, or use --virtual")
    return FleetPlan(
        count=count,
        url=url or "",
        protocol=name,
        scenario=scenario,
        script=script,
        seed=seed,
        id_prefix=prefix,
        longest_retry_s=60.0,
    )


async def _virtual(plan: FleetPlan, duration_s: float) -> tuple[Summary, dict[str, str]]:
    from dataclasses import replace

    from ohmstead.chargers.firmware import campaign
    from ohmstead.chargers.fleet import Fleet
    from ohmstead.chargers.ocpp_central import own_central
    from ohmstead.chargers.protocol import ProtocolName
    from ohmstead.chargers.scenario import Starts
    from ohmstead.chargers.virtual_time import LoopClock
    from ohmstead.chargers.ykc_central import own_platform

    clock = LoopClock(plan.scenario.start)
    if plan.protocol is ProtocolName.OCPP16:
        async with own_central(clock, 2 * plan.count + 16, plan.seed) as central:
            fleet = Fleet(replace(plan, url=central.url), clock)
            updates = plan.scenario.updates
            if updates is None:
                return await fleet.run(duration_s), fleet.script_errors
            async with campaign(central, plan.ids(), updates, clock, plan.seed):
                return await fleet.run(duration_s), fleet.script_errors
    remote = plan.scenario.starts.by is Starts.REMOTE
    async with own_platform(plan.ids(), clock, remote_start=remote) as platform:
        fleet = Fleet(replace(plan, url=platform.url), clock)
        return await fleet.run(duration_s), fleet.script_errors


async def _live(
    plan: FleetPlan, duration_s: float, report_every_s: float | None, *, quiet: bool
) -> tuple[Summary, dict[str, str]]:
    import asyncio
    import contextlib
    import signal
    import time
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.live import Live

    from ohmstead.chargers.fleet import Fleet
    from ohmstead.chargers.report import Report
    from ohmstead.chargers.virtual_time import LoopClock

    fleet = Fleet(plan, LoopClock(datetime.now(UTC)), time.monotonic)
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    console = Console(stderr=True)
    shown = Live(_table(fleet), console=console, auto_refresh=False) if console.is_terminal else None
    end_s = loop.time() + duration_s
    report = None if report_every_s is None else Report(fleet, report_every_s)
    async with fleet.running():
        with shown if shown is not None and not quiet else contextlib.nullcontext():
            while not stop.is_set() and (left_s := end_s - loop.time()) > 0.0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(left_s, _REFRESH_S)):
                        await stop.wait()
                if shown is not None and not quiet:
                    shown.update(_table(fleet), refresh=True)
                if report is not None and (line := report.line()) is not None:
                    typer.echo(json.dumps(line))
        return fleet.summary(), fleet.script_errors


def _opened(path: Path | None) -> AbstractContextManager[TextIO | None]:
    if path is None:
        return nullcontext()
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--messages: {path}: {error.strerror or error}") from error


def _run(
    work: Coroutine[Any, Any, tuple[Summary, dict[str, str]]], *, virtual: bool, speed: float
) -> tuple[Summary, dict[str, str]]:
    from ohmstead.chargers.live import run_live
    from ohmstead.chargers.virtual_time import run_virtually

    return run_virtually(work) if virtual else run_live(work, speed)


def _table(fleet: Fleet) -> Table:
    from rich.table import Table

    summary = fleet.summary()
    table = Table(title=f"{fleet.plan.scenario.name} · {fleet.plan.protocol} · {fleet.plan.url}")
    statuses = fleet.statuses()
    for head in ("registered", *(status.value for status in statuses), "orders", "kWh", "msg/s", "p99 ms"):
        table.add_column(head, justify="right")
    table.add_row(
        f"{fleet.registered}/{summary.chargers}",
        *(str(number) for number in statuses.values()),
        str(summary.orders),
        f"{summary.energy_kwh:.1f}",
        f"{summary.messages_per_s:.0f}",
        "-" if summary.p99_ms is None else f"{summary.p99_ms:.1f}",
    )
    return table


def _rss_kb() -> int:
    """The most memory that this process had, kB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most
