"""The routes under /api, and /healthz and /metrics."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from ohmstead.web import metrics
from ohmstead.web.problems import problem
from ohmstead.web.schema import (
    DecisionPayload,
    HealthPayload,
    HeatingPayload,
    HistoryPayload,
    LearningInfo,
    PlanPayload,
    Problem,
    StatePayload,
    TokenPayload,
)
from ohmstead.web.security import COOKIE, AccessToken
from ohmstead.web.stream import event_stream
from ohmstead.web.view import SiteView

MAX_HISTORY_POINTS = 10_000
SESSION_S = 180 * 24 * 3600
NO_STORE = {"cache-control": "no-store"}


def _router_for_home(view: SiteView, closing: asyncio.Event) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["home"])
    _present(router, view)
    _heating(router, view)
    _past(router, view)
    _live(router, view, closing)
    return router


def _present(router: APIRouter, view: SiteView) -> None:
    @router.get("/state", summary="The home now")
    async def get_state(response: Response) -> StatePayload:
        response.headers.update(NO_STORE)
        return view.state()

    @router.get("/plan", summary="The plan in force", responses={404: {"model": Problem}})
    async def get_plan(response: Response) -> PlanPayload:
        response.headers.update(NO_STORE)
        plan = view.plan()
        if plan is None:
            raise HTTPException(404, "There is no plan yet; the first one is made soon after the start.")
        return plan


def _heating(router: APIRouter, view: SiteView) -> None:
    @router.get("/heating", summary="Rooms and floors: state, reason, countdowns, what was learned")
    async def get_heating(response: Response) -> HeatingPayload:
        response.headers.update(NO_STORE)
        return view.heating()

    @router.post(
        "/heating/{room}/reset-learning",
        summary="Forget what a radiator room has learned; answers with what that was",
        responses={404: {"model": Problem}},
    )
    async def reset_learning(room: str) -> LearningInfo:
        try:
            return view.reset_learning(room)
        except KeyError:
            known = ", ".join(found.id for found in view.heating().radiators) or "none"
            raise HTTPException(404, f"There is no radiator room {room!r}; there are: {known}.") from None


def _past(router: APIRouter, view: SiteView) -> None:
    @router.get("/decisions", summary="What was decided, and why; newest first")
    def get_decisions(
        response: Response,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        asset: Annotated[str | None, Query(description="only of this asset")] = None,
    ) -> list[DecisionPayload]:
        response.headers.update(NO_STORE)
        if asset is not None and asset not in view.state().assets:
            known = ", ".join(sorted(view.state().assets))
            raise HTTPException(404, f"There is no asset {asset!r}; there are: {known}.")
        return view.decisions(limit, asset)

    @router.get("/history", summary="Recorded mean values", responses={422: {"model": Problem}})
    def get_history(
        response: Response,
        start: Annotated[AwareDatetime | None, Query(description="default: 24 h before the end")] = None,
        end: Annotated[AwareDatetime | None, Query(description="default: now")] = None,
        resolution_s: Annotated[int, Query(ge=1, le=86_400)] = 900,
        series: Annotated[
            list[str] | None,
            Query(description="grid, <asset>, <asset>.soc, <asset>.temperature_c, price.import; default all"),
        ] = None,
    ) -> HistoryPayload:
        response.headers.update(NO_STORE)
        until = end or view.state().at
        since = start or until - timedelta(days=1)
        points = (until - since).total_seconds() / resolution_s
        if points <= 0:
            raise HTTPException(422, f"start: {since.isoformat()} is not before the end {until.isoformat()}")
        if points > MAX_HISTORY_POINTS:
            raise HTTPException(
                422,
                f"resolution_s: {resolution_s} gives {points:.0f} points, allowed are {MAX_HISTORY_POINTS}. "
                "Ask for a coarser resolution or a shorter time.",
            )
        names = [name for item in series for name in item.split(",") if name] if series else None
        return view.history(since, until, resolution_s, names)


def _live(router: APIRouter, view: SiteView, closing: asyncio.Event) -> None:
    @router.get(
        "/stream",
        summary="Live events: state, plan, decision",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Server-Sent Events"}},
    )
    async def get_stream() -> StreamingResponse:
        # A proxy that buffers (nginx does by default) would hold the events back.
        headers = {**NO_STORE, "x-accel-buffering": "no"}
        return StreamingResponse(event_stream(view, closing), media_type="text/event-stream", headers=headers)


def session_router(token: AccessToken | None) -> APIRouter:
    """The route that changes the token into a browser's session."""
    router = APIRouter(prefix="/api", tags=["access"])

    @router.post(
        "/session",
        status_code=204,
        response_class=Response,
        summary="Change the access token into a browser session",
        responses={401: {"model": Problem}},
    )
    async def open_session(body: TokenPayload, request: Request) -> Response:
        if token is not None and not token.matches(body.token):
            return problem(401, "Wrong token", "This is not the token of this home.")
        response = Response(status_code=204)
        if token is not None:
            response.set_cookie(
                COOKIE,
                token.cookie,
                max_age=SESSION_S,
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
        return response

    return router


def _router_for_operation(view: SiteView) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/healthz", summary="How the daemon is", responses={503: {"model": HealthPayload}})
    async def get_health(response: Response) -> HealthPayload:
        health = view.health()
        response.headers.update(NO_STORE)
        # A degraded home still controls; restarting it would not help.
        response.status_code = 200 if health.status in ("ok", "degraded") else 503
        return health

    @router.get("/metrics", summary="For Prometheus", response_class=Response)
    async def get_metrics() -> Response:
        return Response(metrics.render(view), media_type=metrics.CONTENT_TYPE, headers=NO_STORE)

    return router


def routers(view: SiteView, closing: asyncio.Event, token: AccessToken | None) -> tuple[APIRouter, ...]:
    """All routes; streams end when ``closing`` is set."""
    return _router_for_home(view, closing), session_router(token), _router_for_operation(view)
