"""The central agent: coordinates the four device agents, and shows what it does on a page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, Counter, Histogram

from ohmstead.agents.central_schema import Coordination, HomeStatus
from ohmstead.agents.coordinator import Coordinator, Timing
from ohmstead.agents.fleet import Fleet
from ohmstead.agents.gauges import Gauges
from ohmstead.agents.logs import correlation_id
from ohmstead.agents.schema import Coordinate
from ohmstead.agents.service import BUCKETS_S, REFUSALS, create_service, json_answer
from ohmstead.agents.settings import AgentSettings, Part

NAME = "central"
DESCRIPTION = """Coordinates the agents of a home. Surplus goes to the battery, then to the vehicle, then to
the grid. What is missing comes from the battery, then from a bidirectional vehicle; then flexible load is
shed, and only the rest is bought. An agent that does not answer is left out."""
PAGE = Path(__file__).parent / "page"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES: Mapping[str, tuple[str, str]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}


def create_app(settings: AgentSettings | None = None) -> FastAPI:
    """The central agent; ``settings.urls`` is where it finds the others."""
    settings = settings or AgentSettings()
    registry = CollectorRegistry(auto_describe=False)
    app = create_service(NAME, DESCRIPTION, settings, registry)
    coordinator = Coordinator(Fleet(settings))
    timings = _Timings(registry)
    registry.register(_gauges(coordinator))

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await coordinator.close()

    app.router.lifespan_context = lifespan

    @app.post(
        "/coordinate",
        summary="Measure, decide, command",
        response_model=Coordination,
        responses=REFUSALS,
        tags=["home"],
    )
    async def coordinate(body: Coordinate) -> Response:
        done = await coordinator.coordinate(body, correlation_id.get() or "")
        timings.count(done.timing)
        answer = json_answer(done.coordination)
        answer.headers["server-timing"] = timings.header(done.timing)
        return answer

    @app.get("/status", summary="All agents now, and why", response_model=HomeStatus, tags=["home"])
    async def get_status() -> Response:
        answer = json_answer(await coordinator.status(correlation_id.get() or ""))
        answer.headers["cache-control"] = "no-store"
        return answer

    for path, (name, media_type) in FILES.items():
        _serve_file(app, path, (PAGE / name).read_bytes(), media_type)
    return app


class _Timings:
    """Where the time of coordinations goes, as metrics and as a header."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rounds = Counter("ohmstead_agent_coordinations", "Coordinations answered", registry=registry)
        self._phases = Histogram(
            "ohmstead_agent_coordination_phase_seconds",
            "Time of a coordination by phase",
            ["phase"],
            buckets=BUCKETS_S,
            registry=registry,
        )

    def count(self, timing: Timing) -> None:
        self._rounds.inc()
        for phase, took_s in _phases(timing).items():
            self._phases.labels(phase).observe(took_s)

    def header(self, timing: Timing) -> str:
        return ", ".join(f"{phase};dur={1e3 * took_s:.3f}" for phase, took_s in _phases(timing).items())


def _phases(timing: Timing) -> Mapping[str, float]:
    return {"read": timing.read_s, "decide": timing.decide_s, "command": timing.command_s}


def _gauges(coordinator: Coordinator) -> Gauges:
    texts = {f"{part}_available": f"1 while the {part} agent answers" for part in Part}
    texts |= {"export_kw": "Decided last: export, kW", "import_kw": "Decided last: import, kW"}

    def values() -> dict[str, float | None]:
        last = coordinator.last
        found: dict[str, float | None] = {
            f"{part}_available": float(answers) for part, answers in coordinator.available.items()
        }
        if last is not None:
            found |= {"export_kw": last.export_kw, "import_kw": last.import_kw}
        return found

    return Gauges(texts, values)


def _serve_file(app: FastAPI, path: str, content: bytes, media_type: str) -> None:
    headers = {"content-security-policy": CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"}

    @app.get(path, include_in_schema=False)
    async def get_file() -> Response:
        return Response(content, media_type=media_type, headers=headers)
