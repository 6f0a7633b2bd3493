"""Entry point: ``uvicorn services.solar_agent.app.main:app``."""

from __future__ import annotations

from ohmstead.agents.service import started
from ohmstead.agents.solar import NAME, create_app

app = started(NAME, create_app)
