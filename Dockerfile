# One image for all five agents; the service is chosen by the command (see compose.yaml).
# With EXTRAS="--extra cluster" also for workers of a central system (see compose.cluster.yaml).
FROM python:3.13-slim AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/ohmstead UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
WORKDIR /build
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet 'uv>=0.9,<1'
COPY pyproject.toml uv.lock README.md LICENSE NOTICE ./
ARG EXTRAS=
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev $EXTRAS --no-install-project
COPY src src
RUN /opt/uv/bin/uv sync --quiet --frozen --no-dev $EXTRAS --no-editable

FROM python:3.13-slim
COPY --from=build /opt/ohmstead /opt/ohmstead
COPY services /app/services
WORKDIR /app
# The names of the services in compose.yaml; from a checkout the default is localhost.
ENV PATH=/opt/ohmstead/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SOLAR_AGENT_URL=http://solar:8001 \
    BATTERY_AGENT_URL=http://battery:8002 \
    VEHICLE_AGENT_URL=http://vehicle:8003 \
    LOAD_AGENT_URL=http://load:8004
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
CMD ["uvicorn", "services.central.app.main:app", "--host", "0.0.0.0", "--port", "8000"]
