"""``ohmstead chargers serve``: simulated chargers as a service, with an API and a page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Response

from ohmstead.chargers.bench import BY_HAND, MAX_CHARGERS, Bench, BenchCharger, Wish
from ohmstead.chargers.hands import Hands
from ohmstead.chargers.mapping import Fault
from ohmstead.chargers.message_log import KEPT, Way
from ohmstead.chargers.scenario import Scenario, builtin_names, load_scenario, parse_scenario
from ohmstead.chargers.script import Action
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.daemon.charger_service_schema import (
    ActionOutcome,
    ChargerIds,
    Chosen,
    LoggedMessage,
    NewAction,
    NewChargers,
    NewScript,
    ScenarioInfo,
    SimulatedCharger,
    SimulatorInfo,
)
from ohmstead.daemon.service import stop_on_signals
from ohmstead.errors import ConfigError, DataError
from ohmstead.web.app import create_service_app
from ohmstead.web.schema import Problem
from ohmstead.web.server import serve

PAGE = "simulator.html"
DESCRIPTION = "Add simulated chargers, act at them, let scripts drive them, and read what they say."
NO_STORE = {"cache-control": "no-store"}
Id = Annotated[str, Path(description="the charger's id")]


def create_simulator_app(bench: Bench, *, url: str | None = None, token: str | None = None) -> FastAPI:
    """The API of simulated chargers, and the page that works with it.

    Args:
        url: the central system of chargers that are added without one.
        token: when given, the API needs it.

    Raises:
        ConfigError: the token is too short.
    """
    router = APIRouter(prefix="/api/simulator", tags=["simulator"], responses={422: {"model": Problem}})
    _about(router, url)
    _chargers(router, bench, url)
    _log(router, bench)
    _driving(router, bench)
    return create_service_app(
        [router], title="Ohmstead simulator", description=DESCRIPTION, page=PAGE, token=token
    )


def _about(router: APIRouter, url: str | None) -> None:
    @router.get("", summary="What the simulator can do")
    async def get_simulator(response: Response) -> SimulatorInfo:
        response.headers.update(NO_STORE)
        return SimulatorInfo(
            url=url,
            max_chargers=MAX_CHARGERS,
            scenarios=[
                ScenarioInfo(name=name, summary=load_scenario(name).summary) for name in builtin_names()
            ],
            actions=list(Hands.ACTIONS),
            faults=[fault.value for fault in Fault],
        )


def _chargers(router: APIRouter, bench: Bench, url: str | None) -> None:
    @router.get("/chargers", summary="All chargers now")
    async def get_chargers(response: Response) -> list[SimulatedCharger]:
        response.headers.update(NO_STORE)
        return [SimulatedCharger.of(charger) for charger in bench.chargers.values()]

    @router.post("/chargers", status_code=201, summary="Add chargers and switch them on")
    async def add_chargers(wish: NewChargers) -> ChargerIds:
        target = wish.url or url
        if target is None:
            raise HTTPException(422, "url: missing; this service was started without --url")
        try:
            ids = await bench.add(
                Wish(
                    count=wish.count,
                    protocol=wish.protocol,
                    url=target,
                    scenario=_scenario(wish),
                    id_prefix=wish.prefix,
                )
            )
        except ConfigError as error:
            raise HTTPException(422, str(error)) from error
        return ChargerIds(chargers=ids)

    @router.delete("/chargers", summary="Switch all chargers off and forget them")
    async def remove_all() -> ChargerIds:
        return ChargerIds(chargers=await bench.remove(list(bench.chargers)))

    @router.delete(
        "/chargers/{charger_id}",
        status_code=204,
        summary="Switch one off and forget it",
        responses={404: {"model": Problem}},
    )
    async def remove(charger_id: Id) -> None:
        _known(bench, charger_id)
        await bench.remove([charger_id])


def _log(router: APIRouter, bench: Bench) -> None:
    @router.get(
        "/chargers/{charger_id}/log",
        summary=f"The last {KEPT} messages of a charger, newest first",
        responses={404: {"model": Problem}},
    )
    async def get_log(
        charger_id: Id,
        response: Response,
        contains: Annotated[str, Query(max_length=200, description="small or capital letters")] = "",
        way: Annotated[Way | None, Query(description="only these")] = None,
        after: Annotated[int, Query(ge=0, description="only newer than this number")] = 0,
        limit: Annotated[int, Query(ge=1, le=KEPT)] = KEPT,
    ) -> list[LoggedMessage]:
        response.headers.update(NO_STORE)
        messages = _known(bench, charger_id).messages
        found = messages.find(contains=contains, way=way, after=after, limit=limit)
        return [LoggedMessage.of(entry) for entry in found]


def _driving(router: APIRouter, bench: Bench) -> None:
    @router.post("/actions", summary="Do something at chargers", responses={404: {"model": Problem}})
    async def act(wish: NewAction) -> ActionOutcome:
        ids = _chosen(bench, wish)
        try:
            failed = await bench.act(ids, Action(wish.do, wish.arguments))
        except DataError as error:
            raise HTTPException(422, str(error)) from error
        return ActionOutcome(done=[one for one in ids if one not in failed], failed=failed)

    @router.put(
        "/script", summary="Let a script drive chargers from now on", responses={404: {"model": Problem}}
    )
    async def run_script(wish: NewScript) -> ChargerIds:
        ids = _chosen(bench, wish)
        try:
            await bench.run_script(ids, wish.source, wish.file)
        except (ConfigError, DataError) as error:
            raise HTTPException(422, str(error)) from error
        return ChargerIds(chargers=ids)

    @router.post(
        "/script/stop", summary="Let scripts and scenarios rest", responses={404: {"model": Problem}}
    )
    async def stop_script(wish: Chosen) -> ChargerIds:
        ids = _chosen(bench, wish)
        await bench.stop_script(ids)
        return ChargerIds(chargers=ids)


def _scenario(wish: NewChargers) -> Scenario:
    if wish.scenario is not None and wish.scenario_yaml is not None:
        raise ConfigError("scenario: found a name and YAML, allowed: one of them")
    if wish.scenario_yaml is not None:
        return parse_scenario(wish.scenario_yaml, "scenario_yaml")
    if wish.scenario is None:
        return BY_HAND
    if wish.scenario not in builtin_names():  # a file of this computer is nobody's business
        raise ConfigError(f"scenario: found {wish.scenario!r}, allowed: {', '.join(builtin_names())}")
    return load_scenario(wish.scenario)


def _known(bench: Bench, charger_id: str) -> BenchCharger:
    found = bench.chargers.get(charger_id)
    if found is None:
        raise HTTPException(404, f"There is no charger {charger_id!r}.")
    return found


def _chosen(bench: Bench, wish: Chosen) -> list[str]:
    if wish.chargers is None:
        return list(bench.chargers)
    for charger_id in wish.chargers:
        _known(bench, charger_id)
    return list(dict.fromkeys(wish.chargers))


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOptions:
    """Where it listens, and which chargers are there from the beginning.

    Args:
        port: 0 takes a free one.
        ready: told where, once it listens.
    """

    host: str
    port: int
    url: str | None = None
    token: str | None = None
    first: Wish | None = None
    ready: Callable[[str], None]


def serve_simulator(options: ServeOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: an address cannot be used, or anybody could get in.
    """
    asyncio.run(_serve(options))


async def _serve(options: ServeOptions) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with Bench(LoopClock(datetime.now(UTC))) as bench:
        app = create_simulator_app(bench, url=options.url, token=options.token)
        if options.first is not None:
            await bench.add(options.first)
        web = asyncio.create_task(serve(app, options.host, options.port, ready=options.ready))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({web, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if web.done():
                web.result()
        except ConfigError as error:
            raise ConfigError(
                str(error).replace("OHMSTEAD_WEB__TOKEN", "OHMSTEAD_SIMULATOR_TOKEN")
            ) from error
        finally:
            stopping.cancel()
            web.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConfigError):
                await web
