"""One agent as a process: ``python -m ohmstead.agents.serve battery 127.0.0.1 8002``."""

from __future__ import annotations

import importlib
import sys

import uvicorn

from ohmstead.agents.service import started
from ohmstead.agents.settings import PORTS


def main() -> None:
    """Serve the agent that the command line names."""
    name, host, port = sys.argv[1:]
    if name not in PORTS:
        raise SystemExit(f"unknown agent {name!r}; allowed: {', '.join(PORTS)}")
    module = importlib.import_module(f"ohmstead.agents.{name}")
    app = started(name, module.create_app)
    uvicorn.run(app, host=host, port=int(port), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
