"""Entry point: ``uvicorn services.central.app.main:app``."""

from __future__ import annotations

from ohmstead.agents.central import NAME, create_app
from ohmstead.agents.service import started

app = started(NAME, create_app)
