"""``ohmstead run``: a configured home, wired up from its file and run until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
import typer

from ohmstead.core.engine import Engine
from ohmstead.core.memory import Memory
from ohmstead.core.state import Reading, SiteState
from ohmstead.daemon.bookkeeping import resume_ledger, resume_memory, resume_plan
from ohmstead.daemon.clock import Clock, WallClock
from ohmstead.daemon.config.sections import Config
from ohmstead.daemon.cycle_log import recording
from ohmstead.daemon.energy_mix import MixHistory
from ohmstead.daemon.feeds import HomeFeeds
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.daemon.home_devices import HomeDevices, central_system, connected, opened
from ohmstead.daemon.home_outlook import HomeOutlook
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.live_plant import PLANT_STATE, LivePlant, needs_plant
from ohmstead.daemon.loop import CycleListener
from ohmstead.daemon.nymea.serving import nymea_host, nymea_served
from ohmstead.daemon.ocpp_view import CentralView, held_chargers
from ohmstead.daemon.options import RunOptions
from ohmstead.daemon.payloads import plan_payload
from ohmstead.daemon.sensing import Senses
from ohmstead.daemon.service import Parts, Service, stop_on_signals
from ohmstead.daemon.tier import TierFile
from ohmstead.devices.adapter import Environment
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import ConfigError, DataError, DeviceError
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.planning.planner import make_plan
from ohmstead.recorder import Recorder
from ohmstead.recorder.rollup import Retention
from ohmstead.sources import HttpClient
from ohmstead.web.schema import PlanPayload, WarningInfo
from ohmstead.web.server import listen

log = structlog.get_logger(__name__)

COMMAND = "command"


def run(options: RunOptions) -> None:
    """Run a home until SIGTERM or SIGINT; then every device is left in its own safe state.

    Raises:
        ConfigError: the web address is taken, or a device or source cannot be set up; nothing was
            commanded then.
        DataError: the history is another program's, of a newer version, or another daemon writes it.
    """
    config = options.config
    _refuse_taken_address(config)
    retention = Retention(minutes=timedelta(days=config.recorder.minutes_kept_days))
    with Recorder.open(config.recorder.path, retention=retention) as recorder:
        asyncio.run(_run(options, recorder))


async def plan_home(config: Config) -> PlanPayload:
    """One plan for a configured home, made from one look at it. Nothing is commanded or recorded.

    Raises:
        ConfigError: the planner is turned off.
        DeviceError: nothing of the home answers.
        PlanError: the solver failed.
    """
    if config.planner is None:
        raise ConfigError(f"{config.file}: planner.enabled: found false; a plan needs the planner")
    clock = WallClock()
    with _past(config) as recorder:
        memory = (None if recorder is None else resume_memory(recorder)) or Memory()
        async with _surroundings(config, clock, recorder, serve=False) as around:
            outlook = HomeOutlook(
                site=config.site,
                settings=config.planner,
                recorder=recorder,
                tariff=around.feeds.tariff_now,
                weather=around.feeds.forecast,
                memory=lambda: memory,
            )
            state = await _look(around, clock)
            engine = Engine(config.site, config.strategy, memory=memory)
            engine.observe(state)
            task = engine.task(state.at, COMMAND)
            plan = await asyncio.to_thread(lambda: make_plan(outlook.request(task)))
    return plan_payload(plan, config.site.assets, COMMAND)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Surroundings:
    """What a home is connected to."""

    home: HomeDevices
    feeds: HomeFeeds
    plant: LivePlant | None
    link: HomeAssistantLink | None
    central: CentralSystem | None
    mix: MixHistory

    def outdoor_c(self, now: datetime) -> Reading:
        """The simulated house has a thermometer; else the forecast tells."""
        return self.feeds.outdoor_c(now) if self.plant is None else self.plant.outdoor_c(now)


@contextlib.asynccontextmanager
async def _surroundings(
    config: Config, clock: Clock, recorder: Recorder | None, *, serve: bool = True, dry_run: bool = False
) -> AsyncIterator[_Surroundings]:
    plant = None
    if needs_plant(config):
        stored = None if recorder is None else recorder.load_state(PLANT_STATE)
        plant = LivePlant.start(clock.now, stored)
    mix = MixHistory()
    async with (
        HttpClient() as http,
        connected(config) as home_assistant,
        central_system(config, mix=mix.at, serve=serve) as central,
        opened(
            config,
            Environment(plant=plant, home_assistant=home_assistant, ocpp=central, dry_run=dry_run),
        ) as home,
    ):
        feeds = HomeFeeds(config, http, config.recorder.path.parent)
        async with feeds.running(clock):
            yield _Surroundings(
                home=home, feeds=feeds, plant=plant, link=home_assistant, central=central, mix=mix
            )


async def _run(options: RunOptions, recorder: Recorder) -> None:
    with recording(options.record, options.config.site, options.config.strategy) as listeners:
        await _serve(options, recorder, listeners)


async def _serve(options: RunOptions, recorder: Recorder, listeners: Sequence[CycleListener]) -> None:
    config, clock, stop = options.config, WallClock(), asyncio.Event()
    tiers = TierFile(config.tier.file, config.tier.default)
    stop_on_signals(stop)
    async with _surroundings(config, clock, recorder, dry_run=options.dry_run) as around:
        engine = Engine(
            config.site,
            config.strategy,
            memory=resume_memory(recorder),
            plan=resume_plan(recorder) if tiers.tier.plans else None,
        )
        zone = ZoneInfo(config.site.timezone)
        outlook = _outlook(config, recorder, around, engine, tiers)
        notices = _notices(options, recorder)
        heating = _heating(options, recorder, around, clock)
        nymea = nymea_host(config.nymea, engine, recorder, clock.now)
        folder = config.recorder.path.parent
        served = nymea_served(config.nymea, nymea, recorder, name=config.site.name, folder=folder)
        service = Service(
            Parts(
                mode="run",
                engine=engine,
                meter=around.home.meter,
                devices=around.home.devices,
                clock=clock,
                ledger=resume_ledger(recorder, zone) or Ledger(zone=zone, since=clock.now()),
                recorder=recorder,
                tariff=around.feeds.tariff_now,
                outlook=outlook,
                outdoor_c=around.outdoor_c,
                more_values=None if outlook is None else outlook.expected,
                more_states=lambda: nymea.states() | ({} if around.plant is None else around.plant.states()),
                more_warnings=lambda: [
                    *notices,
                    *around.feeds.warnings(clock.now()),
                    *tiers.warnings(),
                    *heating.warnings(),
                    *held_chargers(around.central),
                ],
                more_listeners=(tiers, *listeners, around.mix, nymea),
                plans_wanted=lambda: tiers.tier.plans,
                heating=heating,
                ocpp=None if around.central is None else CentralView(around.central),
                dry_run=options.dry_run,
            )
        )

        def ready(url: str) -> None:
            how = "is watched (dry run: nothing is commanded)" if options.dry_run else "is run"
            typer.echo(f"{config.site.name} {how}: {url}")

        async with heating.running(), served:
            await service.run(
                host=config.web.host, port=config.web.port, token=config.web.token(), stop=stop, ready=ready
            )


def _outlook(
    config: Config, recorder: Recorder, around: _Surroundings, engine: Engine, tiers: TierFile
) -> HomeOutlook | None:
    """What plans are made with; ``None``: rules only."""
    if config.planner is None:
        return None
    return HomeOutlook(
        site=config.site,
        settings=config.planner,
        recorder=recorder,
        tariff=around.feeds.tariff_now,
        weather=around.feeds.forecast,
        memory=lambda: engine.memory,
        learns_from=lambda: tiers.tier.learns_from,
    )


def _heating(options: RunOptions, recorder: Recorder, around: _Surroundings, clock: Clock) -> HeatingHost:
    """Rooms and floors that Ohmstead regulates itself."""
    config = options.config
    return HeatingHost(
        config.heating,
        clock=clock,
        zone=ZoneInfo(config.site.timezone),
        recorder=recorder,
        link=around.link,
        outdoor_c=around.outdoor_c,
        dry_run=options.dry_run,
    )


def _notices(options: RunOptions, recorder: Recorder) -> list[WarningInfo]:
    """What stays true as long as this daemon runs."""
    notices = []
    if options.dry_run:
        notices.append(WarningInfo(code="dry_run", message="Dry run: nothing is commanded."))
    if recorder.quarantined is not None:
        notices.append(
            WarningInfo(
                code="recorder",
                message=f"The history was damaged and is kept as {recorder.quarantined.name}; "
                "a new one was begun.",
            )
        )
    return notices


async def _look(around: _Surroundings, clock: Clock) -> SiteState:
    """One process image.

    Raises:
        DeviceError: nothing answered.
    """
    senses = Senses(around.home.meter, around.home.devices)
    now = clock.now()
    state = await senses.image(now, around.outdoor_c(now))
    if state.grid.power_w.value is None and not state.assets:
        raise DeviceError("; ".join(f"{name}: {words}" for name, words in senses.failing.items()))
    return state


@contextlib.contextmanager
def _past(config: Config) -> Iterator[Recorder | None]:
    """The history as far as there is one that can be read, also while a daemon writes it."""
    path = config.recorder.path
    if not path.exists():
        yield None
        return
    try:
        recorder = Recorder.open_readonly(path)
    except DataError as error:
        log.warning("planned_without_history", error=str(error))
        yield None
        return
    with recorder:
        yield recorder


def _refuse_taken_address(config: Config) -> None:
    """The web's address must be free before any device is touched."""
    web = config.web
    try:
        listen(web.host, web.port).close()
    except ConfigError as error:
        why = error.__cause__ or error
        told = getattr(why, "strerror", None) or why
        raise ConfigError(
            f"{config.file}: web: cannot listen on host {web.host}, port {web.port}: {told}; "
            "set another host or port there"
        ) from error
