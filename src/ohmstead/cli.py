"""The command line. Each command imports what it runs, so that ``--help`` is quick.

An error made on purpose is one message on standard error: exit code 2 where the person must change
something, 1 otherwise. A traceback is shown with ``--debug`` only.
"""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ohmstead import __version__
from ohmstead.chargers import cli as chargers_cli
from ohmstead.daemon import charger_service_cli, ocpp_cli
from ohmstead.daemon.nymea import cli as nymea_cli
from ohmstead.errors import ConfigError, OhmsteadError

if TYPE_CHECKING:
    from ohmstead.core.reason import Setpoint

EXIT_FAILED = 1
EXIT_CONFIG = 2


class _Commands(TyperGroup):
    """Turns errors made on purpose into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OhmsteadError as error:
            if ctx.params.get("debug"):
                raise
            typer.echo(f"ohmstead: {error}", err=True)
            raise typer.Exit(EXIT_CONFIG if isinstance(error, ConfigError) else EXIT_FAILED) from None


app = typer.Typer(
    cls=_Commands,
    name="ohmstead",
    help="The open energy brain of a home.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
config_app = typer.Typer(help="Work on a configuration file.", no_args_is_help=True)
app.add_typer(config_app, name="config")
agents_app = typer.Typer(help="Run each device as a service of its own.", no_args_is_help=True)
app.add_typer(agents_app, name="agents")
heating_app = typer.Typer(help="Try the heating regulators on simulated houses.", no_args_is_help=True)
app.add_typer(heating_app, name="heating")
app.add_typer(ocpp_cli.app, name="ocpp")
chargers_cli.app.command("serve")(charger_service_cli.serve)
app.add_typer(chargers_cli.app, name="chargers")
app.add_typer(nymea_cli.app, name="nymea")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The home's YAML file.", show_default=False)]
OptionalConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="A home's YAML file; without it the demo house.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the dashboard; 0 takes a free one.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same house, day for day.")]
Record = Annotated[
    Path | None, typer.Option(help="Write every cycle into this new file (.jsonl.gz), for `ohmstead replay`.")
]
Start = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Simulated time to start at, UTC."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def main() -> None:
    """Run the command line."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ohmstead {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks.")] = False,
) -> None:
    del version, debug  # read where they act: the callback above, and the context


@app.command()
def demo(
    ctx: typer.Context,
    port: Port = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[float, typer.Option(min=1, max=7200, help="Simulated seconds per second.")] = 240.0,
    seed: Seed = 1,
    start: Start = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep history and state here instead of in the user's state folder.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start anew; forget the demo before.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the dashboard.")] = False,
    record: Record = None,
) -> None:
    """Run the simulated house and show its dashboard."""
    from ohmstead.daemon.demo import run_demo
    from ohmstead.daemon.options import DemoOptions

    _setup_logs(ctx, level="warning")
    run_demo(
        DemoOptions(
            host=host,
            port=port,
            speed=speed,
            seed=seed,
            start=_utc(start),
            data_dir=data_dir,
            fresh=fresh,
            open_browser=not no_browser,
            record=record,
        )
    )


@app.command()
def run(
    ctx: typer.Context,
    config: ConfigFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide, but command nothing.")] = False,
    record: Record = None,
) -> None:
    """Run a home."""
    from ohmstead.daemon.config.loading import load_config
    from ohmstead.daemon.options import RunOptions

    loaded = load_config(config)  # before the daemon is imported: a mistake is told at once
    from ohmstead.daemon.run import run as run_home

    _setup_logs(ctx, level=loaded.log.level, as_json=loaded.log.format == "json")
    run_home(RunOptions(config=loaded, dry_run=dry_run, record=record))


@app.command()
def plan(
    ctx: typer.Context,
    config: OptionalConfigFile = None,
    seed: Seed = 1,
    start: Start = None,
    as_json: AsJson = False,
) -> None:
    """Make one plan and print it."""
    from ohmstead.daemon.config.loading import load_config
    from ohmstead.daemon.options import PlanOptions
    from ohmstead.daemon.plan_once import plan_once
    from ohmstead.daemon.tables import print_plan

    _setup_logs(ctx, level="warning")
    loaded = None if config is None else load_config(config)
    payload = plan_once(PlanOptions(config=loaded, seed=seed, start=_utc(start)))
    if as_json:
        typer.echo(payload.model_dump_json(indent=2))
    else:
        print_plan(payload)


@app.command()
def backtest(
    ctx: typer.Context,
    days: Annotated[float, typer.Option(min=1, max=365, help="Simulated days.")] = 28.0,
    strategies: Annotated[str, typer.Option(help="Which to compare.")] = "none,rules,plan,perfect",
    tariffs: Annotated[str, typer.Option(help="Under which tariffs; without it under all.")] = "",
    seed: Seed = 1,
    start: Start = None,
    as_json: AsJson = False,
) -> None:
    """Compare strategies over the same simulated weeks."""
    from ohmstead.daemon.options import STRATEGIES, BacktestOptions

    _setup_logs(ctx, level="error")
    chosen = _words(strategies)
    unknown = [name for name in chosen if name not in STRATEGIES]
    if unknown or not chosen:
        raise ConfigError(f"--strategies: found {strategies!r}, allowed: {', '.join(STRATEGIES)}")
    from ohmstead.daemon.backtest import run_backtest
    from ohmstead.daemon.tables import print_report

    options = BacktestOptions(
        days=days,
        strategies=chosen,
        tariffs=_words(tariffs),
        seed=seed,
        start=_utc(start),
        progress=_show_progress,
    )
    report = run_backtest(options)
    if as_json:
        typer.echo(json.dumps(report.as_data(), indent=2))
    else:
        print_report(report)


@app.command("init")
def init_config(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("home.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take every default, ask nothing.")] = False,
) -> None:
    """Write a first configuration after a few questions."""
    from ohmstead.daemon.init import ask_all, default_answers, write

    if file.exists() and not force:
        raise ConfigError(f"{file}: there is a file already; --force replaces it")
    answers = default_answers() if yes else ask_all(_ask, lambda wrong: typer.echo(f"  {wrong}", err=True))
    write(file, answers, force=force)
    typer.echo(f"{file} is written. Look through it, then: ohmstead run --config {file}")


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A file written with --record.", show_default=False)],
) -> None:
    """Decide every recorded cycle again; exit code 1 where a setpoint comes out otherwise."""
    from ohmstead.daemon.cycle_log import replay_file

    cycles, others = 0, 0
    for cycle in replay_file(file):
        cycles += 1
        if not cycle.same:
            others += 1
            typer.echo(f"{cycle.record.at.isoformat()}: recorded {_powers(cycle.record.setpoints)}")
            typer.echo(f"{cycle.record.at.isoformat()}: now      {_powers(cycle.again.setpoints)}")
    typer.echo(f"{file}: {cycles} cycles, {others} decided otherwise")
    if others:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def export(
    output: Annotated[Path, typer.Argument(help="The file to write: .csv or .parquet.", show_default=False)],
    config: OptionalConfigFile = None,
    database: Annotated[Path | None, typer.Option(help="The history, where no --config is given.")] = None,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="From this time on, UTC.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.01, help="So many days; to the last minute at most.")] = 30.0,
    resolution_s: Annotated[int, typer.Option(help="60, 900, 3600 or 86400.")] = 900,
) -> None:
    """Write recorded history to a CSV or Parquet file."""
    from ohmstead.daemon.config.loading import load_config
    from ohmstead.recorder.recorder import Recorder

    if (config is None) == (database is None):
        raise ConfigError("export: needed: either --config FILE or --database FILE")
    path = load_config(config).recorder.path if config is not None else database
    assert path is not None  # noqa: S101 - one of the two is given
    with Recorder.open_readonly(path) as recorder:
        last = recorder.last_minute()
        if last is None:
            raise ConfigError(f"{path}: holds no history yet")
        end = last + timedelta(minutes=1)
        begin = _utc(start) or end - timedelta(days=days)
        rows = recorder.export(
            output,
            file_format=output.suffix.removeprefix("."),
            start=begin,
            end=min(end, begin + timedelta(days=days)),
            resolution_s=resolution_s,
        )
    typer.echo(f"{output}: {rows} rows")


@config_app.command("check")
def config_check(
    file: Annotated[Path, typer.Argument(help="The home's YAML file.", show_default=False)],
) -> None:
    """Say everything that is wrong with a configuration, with lines; exit code 2 where there is something."""
    from ohmstead.daemon.config.loading import load_config

    config = load_config(file)
    typer.echo(f"{file}: good; {len(config.devices)} devices, tariff and meter are complete")


@heating_app.command("simulate")
def heating_simulate(
    house: Annotated[str, typer.Option(help="Which house: radiators or floors.")] = "radiators",
    weather: Annotated[str, typer.Option(help="Which weeks: mild, cold, front or setback.")] = "cold",
    weeks: Annotated[
        float, typer.Option(min=0.1, max=52, help="Simulated weeks; with radiators after two days of run-in.")
    ] = 4.0,
    hysteresis: Annotated[
        float | None,
        typer.Option(
            min=0.1, max=2, help="K below the target to heat; without it 0.2 with radiators, 0.3 with floors."
        ),
    ] = None,
    seed: Seed = 1,
    as_json: AsJson = False,
) -> None:
    """Compare this project's heating regulators with simpler ones over the same winter weeks."""
    from ohmstead.simulator.heating_trial import HOUSES, WEATHERS, heating_trial
    from ohmstead.simulator.radiator_weather import Weather

    if house not in HOUSES:
        raise ConfigError(f"--house: found {house!r}, allowed: {', '.join(HOUSES)}")
    if weather not in WEATHERS:
        raise ConfigError(f"--weather: found {weather!r}, allowed: {', '.join(WEATHERS)}")
    trial = heating_trial(
        house=house, weather=Weather(weather), weeks=weeks, hysteresis_k=hysteresis, seed=seed
    )
    if as_json:
        typer.echo(json.dumps({"house": house, "regulators": trial.rows}, indent=2))
        return
    from ohmstead.daemon.tables import print_table

    title = f"{house}, {weather}, {weeks:g} weeks, hysteresis {trial.hysteresis_k:g} K, seed {seed}"
    columns = ("", *(row["regulator"].replace("_", " ") for row in trial.rows))
    print_table(columns, trial.lines(), text=("",), title=title)


@agents_app.command("up")
def agents_up(
    port: Annotated[
        int, typer.Option(min=1, max=65531, help="Of the central agent; four more follow.")
    ] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Run the central, solar, battery, vehicle and load agents on this computer."""
    from ohmstead.agents.up import run

    run(port, host, typer.echo)


def _setup_logs(ctx: typer.Context, *, level: str, as_json: bool = False) -> None:
    from ohmstead.daemon.logs import setup_logs

    debug = bool(ctx.find_root().params.get("debug"))
    setup_logs("debug" if debug else level, as_json=as_json)


def _utc(when: datetime | None) -> datetime | None:
    return None if when is None else when.replace(tzinfo=UTC)


def _powers(setpoints: tuple[Setpoint, ...]) -> str:
    return ", ".join(f"{s.asset} {s.power_w:.0f} W ({s.reason.rule})" for s in setpoints)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _ask(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default))


def _show_progress(what: str, share: float) -> None:
    begin, end = ("\r", "\n" if share >= 1.0 else "") if sys.stderr.isatty() else ("", "\n")
    typer.echo(f"{begin}{share:4.0%}  {what}{' ' * 12}".rstrip() + end, nl=False, err=True)
