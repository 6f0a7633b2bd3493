"""The routes under /api/ocpp: chargers, every operation of the standard, sessions and tags."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from ohmstead.errors import ConfigError, DataError, DeviceError, DeviceOffline
from ohmstead.web.ocpp_schema import (
    CentralInfo,
    ChargerEvent,
    ChargerInfo,
    ChargingSession,
    CurvePoint,
    NewPassword,
    OperationAnswer,
    PasswordAnswer,
    TagInfo,
)
from ohmstead.web.ocpp_view import OcppView
from ohmstead.web.schema import Problem

MAX_PAYLOAD_BYTES = 1 << 20
MAX_CURVE_POINTS = 100_000
NO_STORE = {"cache-control": "no-store"}
Identity = Annotated[str, Path(description="the charger's identity")]
Operate = Callable[..., Awaitable[OperationAnswer]]

_FAILURES: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "no such charger"},
    409: {"model": Problem, "description": "the charger is not connected"},
    422: {"model": Problem, "description": "the payload does not follow the schema"},
    502: {"model": Problem, "description": "the charger answered with an error, or not in time"},
}


def ocpp_router(view: OcppView | None) -> APIRouter:
    """All routes of a central system; without one, only the route that says so."""
    router = APIRouter(prefix="/api/ocpp", tags=["ocpp"])

    @router.get("", summary="Whether this home has a central system")
    async def get_central(response: Response) -> CentralInfo:
        response.headers.update(NO_STORE)
        return CentralInfo(available=view is not None)

    if view is None:
        return router
    _chargers(router, view)
    _operations(router, view)
    _sessions(router, view)
    _tags(router, view)
    return router


def _known(view: OcppView, identity: str) -> ChargerInfo:
    found = view.charger(identity)
    if found is None:
        raise HTTPException(404, f"There is no charger {identity!r}.")
    return found


def _chargers(router: APIRouter, view: OcppView) -> None:
    @router.get("/chargers", summary="All chargers")
    async def get_chargers(response: Response) -> list[ChargerInfo]:
        response.headers.update(NO_STORE)
        return view.chargers()

    @router.get("/chargers/{identity}", summary="One charger", responses={404: {"model": Problem}})
    async def get_charger(identity: Identity, response: Response) -> ChargerInfo:
        response.headers.update(NO_STORE)
        return _known(view, identity)

    @router.post(
        "/chargers/{identity}/adopt",
        summary="Make a held charger one of ours",
        responses={404: {"model": Problem}},
    )
    async def adopt(identity: Identity) -> ChargerInfo:
        _known(view, identity)
        try:
            await view.adopt(identity)
        except DeviceOffline as error:
            raise HTTPException(409, str(error)) from error
        return _known(view, identity)

    @router.delete(
        "/chargers/{identity}",
        status_code=204,
        summary="Forget a charger and its password; its sessions stay",
        responses={404: {"model": Problem}},
    )
    async def forget(identity: Identity) -> None:
        if not await view.forget(identity):
            raise HTTPException(404, f"There is no charger {identity!r}.")

    @router.post("/chargers/{identity}/password", summary="Give a charger a password", responses=_FAILURES)
    async def set_password(identity: Identity, wish: NewPassword, response: Response) -> PasswordAnswer:
        response.headers.update(NO_STORE)
        _known(view, identity)
        try:
            return await view.set_password(identity, wish)
        except ConfigError as error:
            raise HTTPException(422, str(error)) from error
        except DeviceOffline as error:
            raise HTTPException(409, str(error)) from error
        except DeviceError as error:
            raise HTTPException(502, str(error)) from error

    @router.get("/chargers/{identity}/events", summary="Faults, security events and the like; newest first")
    def get_events(
        identity: Identity, response: Response, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> list[ChargerEvent]:
        response.headers.update(NO_STORE)
        _known(view, identity)
        return view.events(identity, limit)


def _operations(router: APIRouter, view: OcppView) -> None:
    schemas = {action: _inlined(schema) for action, schema in view.operations().items()}

    @router.get("/operations", summary="Each operation with the JSON schema of its payload")
    async def get_operations(response: Response) -> dict[str, dict[str, Any]]:
        response.headers.update(NO_STORE)
        return schemas

    for action, schema in schemas.items():
        router.add_api_route(
            f"/chargers/{{identity}}/{action}",
            _operation(view, action),
            methods=["POST"],
            name=action,
            summary=f"{action}, with the standard's payload",
            responses=_FAILURES,
            openapi_extra={"requestBody": {"content": {"application/json": {"schema": schema}}}},
        )


def _operation(view: OcppView, action: str) -> Operate:
    async def operate(identity: Identity, request: Request) -> OperationAnswer:
        _known(view, identity)
        try:
            answer = await view.operate(identity, action, await _payload(request))
        except DataError as error:
            raise HTTPException(422, str(error)) from error
        except DeviceOffline as error:
            raise HTTPException(409, str(error)) from error
        except DeviceError as error:
            raise HTTPException(502, str(error)) from error
        return OperationAnswer(action=action, answer=answer)

    return operate


async def _payload(request: Request) -> dict[str, Any]:
    """The JSON object of a request; no body means an empty one."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PAYLOAD_BYTES:
            raise HTTPException(413, f"The payload may have {MAX_PAYLOAD_BYTES} bytes.")
    try:
        payload = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, f"The payload is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise HTTPException(422, "The payload must be a JSON object.")
    return payload


def _inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of its own as a part of another document: references resolved, head left out."""
    definitions = schema.get("definitions", {})

    def walk(node: Any) -> Any:
        if isinstance(node, Mapping):
            target = str(node.get("$ref", "")).rpartition("/")[2]
            if target:
                return walk(definitions[target])
            skipped = ("$schema", "$id", "id", "definitions", "javaType")
            kept = {k: v for k, v in node.items() if k not in skipped or isinstance(v, Mapping)}
            kept.pop("definitions", None)
            return {key: walk(value) for key, value in kept.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    found: dict[str, Any] = walk(schema)
    return found


def _sessions(router: APIRouter, view: OcppView) -> None:
    @router.get("/sessions", summary="Charging sessions, newest first")
    def get_sessions(
        response: Response,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        before: Annotated[int | None, Query(ge=1, description="only older than this session")] = None,
        charger: Annotated[str | None, Query(description="only of this charger")] = None,
    ) -> list[ChargingSession]:
        response.headers.update(NO_STORE)
        return view.sessions(limit, before, charger)

    @router.get(
        "/sessions/{session_id}/curve",
        summary="What was measured in a session",
        description="The first and the last measurement as they are; in between, where there are more than "
        "`points`, one for each equal part of the time, with the mean of its powers.",
    )
    def get_curve(
        session_id: Annotated[int, Path(ge=1, lt=1 << 53)],
        response: Response,
        points: Annotated[int, Query(ge=2, le=MAX_CURVE_POINTS, description="at most so many")] = 500,
    ) -> list[CurvePoint]:
        response.headers.update(NO_STORE)
        return view.curve(session_id, points)


def _tags(router: APIRouter, view: OcppView) -> None:
    @router.get("/tags", summary="Who may charge")
    def get_tags(response: Response) -> list[TagInfo]:
        response.headers.update(NO_STORE)
        return view.tags()

    @router.put("/tags", summary="Let somebody charge, or change that")
    async def put_tag(tag: TagInfo) -> TagInfo:
        await view.put_tag(tag)
        return tag

    @router.delete(
        "/tags/{id_tag}",
        status_code=204,
        summary="Take somebody off the list",
        responses={404: {"model": Problem}},
    )
    async def remove_tag(id_tag: Annotated[str, Path(max_length=20)]) -> None:
        if not await view.remove_tag(id_tag):
            raise HTTPException(404, f"There is no tag {id_tag!r} on the list.")
