"""What all five agents share: application, token, correlation id, metrics, log lines, health, errors."""

from __future__ import annotations

import hmac
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ohmstead import __version__
from ohmstead.agents.commands import SupersededError
from ohmstead.agents.logs import correlation_id, setup_logs
from ohmstead.agents.schema import SUPERSEDED_TITLE, Health, Problem
from ohmstead.agents.settings import AgentSettings, from_environment
from ohmstead.apidocs.files import CONTENT_SECURITY_POLICY, SWAGGER, Files
from ohmstead.errors import DataError, DeviceError

CORRELATION_HEADER = "x-correlation-id"
LARGEST_BODY_BYTES = 64 * 1024
PROBLEM_MEDIA_TYPE = "application/problem+json"
METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body cannot be read at all"},
    401: {"model": Problem, "description": "The token is missing or wrong"},
    411: {"model": Problem, "description": "The body has no length"},
    413: {"model": Problem, "description": "The body is too large"},
    422: {"model": Problem, "description": "The request is not valid; nothing was changed"},
}
"""What every write may answer besides its result."""
SUPERSEDED: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "Its issuer sent a newer command; nothing was changed"}
}
UNPLUGGED: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Problem,
        "description": "No vehicle is connected, or its issuer sent a newer command; nothing was changed",
    }
}

log = logging.getLogger("ohmstead.agents")

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def create_service(
    name: str, description: str, settings: AgentSettings, registry: CollectorRegistry
) -> FastAPI:
    """An application with everything but its own endpoints.

    Args:
        name: of the service, as in Compose.
        registry: the metrics of this application; two in one process do not share them.
    """
    app = FastAPI(
        title=f"Ohmstead {name} agent",
        version=__version__,
        description=description,
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    health = Health(service=name, version=__version__)

    @app.get("/health", summary="Whether the process answers", tags=["service"])
    async def get_health() -> Health:
        return health

    @app.get("/metrics", include_in_schema=False)
    async def get_metrics() -> Response:
        return Response(generate_latest(registry), media_type=METRICS_MEDIA_TYPE)

    docs = Files({"/docs": SWAGGER}, {"content-security-policy": CONTENT_SECURITY_POLICY})
    app.router.routes += [Route("/docs", docs, include_in_schema=False), Mount("/docs", docs)]
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(DataError, _unusable)
    app.add_exception_handler(DeviceError, _impossible)
    app.add_middleware(Edge, token=settings.token, registry=registry)
    app.openapi = _described(app.openapi, settings.token is not None)  # type: ignore[method-assign]
    return app


def started(name: str, create: Callable[[AgentSettings], FastAPI]) -> FastAPI:
    """The application of a process of its own: settings from the environment, JSON on standard error.

    Raises:
        ConfigError: the environment holds something unusable.
    """
    settings = from_environment()
    setup_logs(name, settings.log_level)
    return create(settings)


def json_answer(body: BaseModel, status: int = 200) -> Response:
    """A body that is known to be right, without a second validation."""
    return Response(body.model_dump_json(), status_code=status, media_type="application/json")


def problem(status: int, title: str, detail: str) -> Response:
    """An error answer (RFC 9457)."""
    body = Problem(title=title, status=status, detail=detail).model_dump_json()
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return Response(body, status_code=status, media_type=PROBLEM_MEDIA_TYPE, headers=headers)


class Edge:
    """ASGI middleware: correlation id, token for writes, size of bodies, metrics and a log line."""

    def __init__(self, app: ASGIApp, *, token: str | None, registry: CollectorRegistry) -> None:
        self._app = app
        self._token = None if token is None else token.encode()
        self._requests = Counter(
            "ohmstead_agent_requests",
            "Requests answered",
            ["method", "path", "status"],
            registry=registry,
        )
        self._duration = Histogram(
            "ohmstead_agent_request_duration_seconds",
            "Time from request to answer",
            ["path"],
            buckets=BUCKETS_S,
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with 401 or 413, or pass the request on; then count and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(CORRELATION_HEADER, "")
        request_id = given if _CORRELATION_ID.fullmatch(given) else uuid.uuid4().hex
        began_s, status = time.perf_counter(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out[CORRELATION_HEADER] = request_id
                out["x-content-type-options"] = "nosniff"
            await send(message)

        reset = correlation_id.set(request_id)
        try:
            refusal = self._refusal(scope, headers)
            if refusal is not None:
                await refusal(scope, receive, send_on)
            else:
                await self._app(scope, receive, send_on)
        finally:
            self._finish(scope, status, time.perf_counter() - began_s)
            correlation_id.reset(reset)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if scope["method"] in _READS:
            return None
        if self._token is not None and not self._admits(headers):
            return problem(401, "Token needed", "Send the token as 'Authorization: Bearer <token>'.")
        length = headers.get("content-length")
        if length is None and "transfer-encoding" in headers:
            return problem(411, "Length needed", "Send the body with a Content-Length.")
        if length is not None and int(length) > LARGEST_BODY_BYTES:
            return problem(413, "Body too large", f"{length} bytes; allowed: up to {LARGEST_BODY_BYTES}.")
        return None

    def _admits(self, headers: Headers) -> bool:
        assert self._token is not None  # noqa: S101 - asked by the caller
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            credentials.strip().encode("utf-8", "replace"), self._token
        )

    def _finish(self, scope: Scope, status: int, took_s: float) -> None:
        path = getattr(scope.get("route"), "path", "other")
        method = scope["method"]
        self._requests.labels(method, path, status).inc()
        self._duration.labels(path).observe(took_s)
        level = logging.DEBUG if method in _READS and status < 400 else logging.INFO
        if log.isEnabledFor(level):
            fields = {
                "method": method,
                "path": scope["path"],
                "status": status,
                "duration_ms": round(1e3 * took_s, 2),
            }
            log.log(level, "request", extra=fields)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    titles = {404: "Not found", 405: "Method not allowed"}
    answer = problem(error.status_code, titles.get(error.status_code, "Refused"), str(error.detail))
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


async def _invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    parts = []
    for item in error.errors():
        name = ".".join(str(p) for p in item["loc"] if p != "body") or "body"
        parts.append(f"{name}: {item['msg']} (found {_shown(item.get('input'))})")
    return problem(422, "The request is not valid", "; ".join(parts))


def _shown(value: object, longest: int = 80) -> str:
    """Something that came from outside, fit for an error message."""
    text = repr(value).encode("ascii", "backslashreplace").decode()
    return text if len(text) <= longest else f"{text[:longest]}…"


async def _unusable(_request: Request, error: Exception) -> Response:
    return problem(422, "The request is not valid", str(error))


async def _impossible(_request: Request, error: Exception) -> Response:
    title = SUPERSEDED_TITLE if isinstance(error, SupersededError) else "Not possible now"
    return problem(409, title, str(error))


def _described(generate: Callable[[], dict[str, Any]], protected: bool) -> Callable[[], dict[str, Any]]:
    """The API's description, with the media type of errors and the token as they really are."""
    made: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if made:
            return made
        document = generate()
        for path in document["paths"].values():
            for method, operation in path.items():
                for status, response in operation["responses"].items():
                    if status.startswith("4") and "application/json" in response.get("content", {}):
                        response["content"] = {PROBLEM_MEDIA_TYPE: response["content"]["application/json"]}
                if protected and method == "post":
                    operation["security"] = [{"token": []}]
        if protected:
            schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
            schemes["token"] = {"type": "http", "scheme": "bearer"}
        made.update(document)
        return made

    return describe
