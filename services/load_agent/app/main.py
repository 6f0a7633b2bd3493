"""Entry point: ``uvicorn services.load_agent.app.main:app``."""

from __future__ import annotations

from ohmstead.agents.load import NAME, create_app
from ohmstead.agents.service import started

app = started(NAME, create_app)
