"""``ohmstead demo``: a simulated house with real prices and weather, managed before one's eyes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import typer

from ohmstead.core.engine import Engine
from ohmstead.core.settings import Settings
from ohmstead.core.site import ChargePoint, Load
from ohmstead.daemon.bookkeeping import resume_ledger, resume_memory, resume_plan
from ohmstead.daemon.cycle_log import recording
from ohmstead.daemon.energy_mix import MixHistory
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.loop import CycleListener
from ohmstead.daemon.nymea.serving import nymea_host, nymea_served
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.daemon.ocpp_view import CentralView
from ohmstead.daemon.options import DemoOptions
from ohmstead.daemon.service import Parts, Service
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.daemon.simulated.demo_charger import (
    CENTRAL_DATABASE,
    WALLBOX_DATABASE,
    DemoCharger,
    charger_over_ocpp,
)
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.daemon.simulated.world import BASELINE_STATE, MANAGED_STATE, World
from ohmstead.devices.adapter import Environment
from ohmstead.devices.simulated import SimulatedOptions, open_simulated
from ohmstead.errors import DataError
from ohmstead.planning.request import PlannerSettings
from ohmstead.recorder import Recorder
from ohmstead.simulator.timeline import prices_end

log = structlog.get_logger(__name__)

DATABASE = "demo.db"
DEMO_STATE = "demo"
TARIFF = "dynamic"
WATCHED_UP_TO_SPEED = 30.0
"""Faster, the house would stop for the meter more often than it could go on between two cycles."""
LAST_DAYS = timedelta(days=3)
"""A resumed demo that has less than this left of its real prices starts anew."""


def run_demo(options: DemoOptions) -> None:
    """Run the demo until it is interrupted.

    Raises:
        ConfigError: port or host cannot be used.
        DataError: the data folder is another program's, or of a newer version.
    """
    with _data_folder(options) as folder, contextlib.ExitStack() as stack:
        path = folder / DATABASE
        recorder = stack.enter_context(Recorder.open(path))
        world, resumed = _world(options, recorder)
        if not resumed and recorder.last_minute() is not None:
            # Another world's minutes, decisions and plans must not be shown as this one's past.
            recorder.close()
            for name in (DATABASE, CENTRAL_DATABASE, WALLBOX_DATABASE):
                _forget(folder / name)
            recorder = stack.enter_context(Recorder.open(path))
        asyncio.run(_run(options, recorder, world, resumed=resumed))


@contextlib.contextmanager
def _data_folder(options: DemoOptions) -> Iterator[Path]:
    """Where history and state are kept: the folder asked for, or the user's own."""
    folder = options.data_dir or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if options.data_dir is None and _in_use(folder):
        typer.echo("Another demo is running; this one keeps nothing (--data-dir changes that).", err=True)
        with tempfile.TemporaryDirectory(prefix="ohmstead-demo-") as own:
            yield Path(own)
        return
    yield folder


def default_folder() -> Path:
    """The user's state folder (XDG base directories): ``~/.local/state/ohmstead/demo``."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "ohmstead" / "demo"


def _in_use(folder: Path) -> bool:
    try:
        Recorder.open(folder / DATABASE).close()
    except DataError:
        return True
    return False


def _forget(database: Path) -> None:
    """Throw a demo's history away."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


async def _run(options: DemoOptions, recorder: Recorder, world: World, *, resumed: bool) -> None:
    mix = MixHistory()
    charge_point = next(asset for asset in world.site.assets if isinstance(asset, ChargePoint))
    with recording(options.record, world.site, Settings()) as listeners:
        async with charger_over_ocpp(
            world.managed, charge_point, recorder.path.parent, mix=mix.at
        ) as charger:
            await _serve(options, recorder, world, charger, (*listeners, mix), resumed=resumed)


async def _serve(
    options: DemoOptions,
    recorder: Recorder,
    world: World,
    charger: DemoCharger,
    listeners: Sequence[CycleListener],
    *,
    resumed: bool,
) -> None:
    site, start = world.site, world.managed.now
    zone = ZoneInfo(site.timezone)
    settings = Settings() if options.speed <= WATCHED_UP_TO_SPEED else Settings(protect_every_s=0.0)
    engine, ledger = Engine(site, settings), Ledger(zone=zone, since=start)
    if resumed:
        engine = Engine(site, settings, memory=resume_memory(recorder), plan=resume_plan(recorder))
        ledger = resume_ledger(recorder, zone) or ledger
        typer.echo(f"Continuing the demo at {_told(start, zone)} (--fresh starts anew).")
    clock = SimulatedClock(start, options.speed, world.advance, charger.followers)
    nymea = nymea_host(NymeaSettings(), engine, recorder, clock.now)
    adapter = open_simulated(Environment(plant=world.managed))
    service = Service(
        Parts(
            mode="demo",
            engine=engine,
            meter=adapter.meter(SimulatedOptions()),
            devices=[
                charger.device if asset.id == charger.device.id else adapter.device(asset, SimulatedOptions())
                for asset in site.assets
                if not isinstance(asset, Load)
            ],
            clock=clock,
            ledger=ledger,
            recorder=recorder,
            tariff=lambda now: known_tariff(world.formula, now),
            outlook=LearnedOutlook(world.managed, world.formula, PlannerSettings()),
            outdoor_c=lambda _: world.managed.read().outdoor_c,
            baseline=world.baseline_flows,
            operator_limited=lambda _: world.managed.operator_limited,
            more_states=lambda: world.states() | nymea.states() | {DEMO_STATE: _identity(options, world)},
            more_listeners=(*listeners, nymea),
            ocpp=CentralView(charger.central),
        )
    )

    def ready(url: str) -> None:
        typer.echo(f"The house is live at {url} (Ctrl-C ends the demo)")
        if options.open_browser and has_display():
            webbrowser.open(url)

    folder = options.data_dir or default_folder()
    async with nymea_served(NymeaSettings(), nymea, recorder, name=site.name, folder=folder):
        await service.run(host=options.host, port=options.port, ready=ready)


def _world(options: DemoOptions, recorder: Recorder) -> tuple[World, bool]:
    """The stored world where there is one that fits the options, else a new one."""
    formula = FORMULAS[TARIFF]
    stored = None if options.fresh else _stored(recorder)
    if stored is not None and stored["seed"] == options.seed and _same_start(options.start, stored["start"]):
        world = World.new(seed=options.seed, start=datetime.fromisoformat(stored["start"]), formula=formula)
        managed, baseline = recorder.load_state(MANAGED_STATE), recorder.load_state(BASELINE_STATE)
        if managed is not None and baseline is not None:
            try:
                world.restore(managed, baseline)
            except DataError as error:
                log.warning("demo_not_resumed", error=str(error))
            else:
                if world.managed.now < prices_end() - LAST_DAYS:
                    return world, True
    return World.new(seed=options.seed, start=options.start, formula=formula), False


def _same_start(wanted: datetime | None, stored: str) -> bool:
    return wanted is None or wanted == datetime.fromisoformat(stored)


def _stored(recorder: Recorder) -> dict[str, Any] | None:
    blob = recorder.load_state(DEMO_STATE)
    return None if blob is None else json.loads(blob)


def _identity(options: DemoOptions, world: World) -> bytes:
    return json.dumps({"seed": options.seed, "start": world.start.isoformat()}).encode()


def _told(when: datetime, zone: ZoneInfo) -> str:
    return when.astimezone(zone).strftime("%A %d %B %Y, %H:%M")


def has_display() -> bool:
    """Whether a browser window can appear anywhere."""
    return os.name == "nt" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
