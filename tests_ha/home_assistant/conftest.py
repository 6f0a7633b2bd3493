"""A real Home Assistant, and the real program beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

HERE = Path(__file__).parent
LAB = Path(os.environ["HOME_DIR"])
PORT = int(os.environ["HA_PORT"])
PATIENCE_S = 60.0


def until(what: str, look: Callable[[], T | None], more: Callable[[], str] = str) -> T:  # noqa: UP047
    """Look again and again until there is something to see."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"in {PATIENCE_S:g} s there was no {what}\n{more()}")


class HomeAssistant:
    """The real one, over its REST API, as a person with a token."""

    def __init__(self) -> None:
        self.token = (LAB / "ha" / "token").read_text(encoding="utf-8").strip()

    def _ask(self, path: str, data: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/api/{path}",
            None if data is None else json.dumps(data).encode(),
            {"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def state(self, entity: str) -> str:
        return str(self._ask(f"states/{entity}")["state"])

    def setpoint(self, entity: str) -> float:
        return float(self._ask(f"states/{entity}")["attributes"]["temperature"])

    def call(self, service: str, entity: str, **data: Any) -> None:
        domain, name = service.split(".")
        self._ask(f"services/{domain}/{name}", {"entity_id": entity, **data})

    def restart(self) -> None:
        """Stop the process, and start it again with what it stored."""
        subprocess.run(
            [
                "bash",
                os.environ["START_HA"],
                os.environ["HASS_VENV"],
                str(LAB / "ha"),
                str(PORT),
                "--skip-pip",
            ],
            check=True,
            timeout=120,
        )


class Ohmstead:
    """``ohmstead run`` as a process of its own."""

    def __init__(self, token: str) -> None:
        self.folder = LAB / "home"
        self.folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        text = (HERE / "home.yaml").read_text(encoding="utf-8")
        text = text.replace("HA_PORT", str(PORT)).replace("WEB_PORT", str(self.port))
        (self.folder / "home.yaml").write_text(text, encoding="utf-8")
        (self.folder / "token").write_text(token + "\n", encoding="utf-8")
        self.log_file = self.folder / "log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ohmstead", "run", "--config", str(self.folder / "home.yaml")],
                stdout=log,
                stderr=log,
            )

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def get(self, path: str) -> Any:
        """The answer of its API; ``None`` while it is starting."""
        assert self.process.poll() is None, self.log()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/{path}", timeout=60) as answer:
                return json.load(answer)
        except (ConnectionError, urllib.error.URLError):
            return None

    def floors(self) -> dict[str, Any]:
        return (self.get("heating") or {}).get("floors") or {}

    def room(self) -> dict[str, Any]:
        return ((self.get("heating") or {}).get("radiators") or [{}])[0]

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        return until(what, look, self.log)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture(scope="session")
def hass() -> HomeAssistant:
    return HomeAssistant()


@pytest.fixture(scope="session")
def home(hass: HomeAssistant) -> Iterator[Ohmstead]:
    home = Ohmstead(hass.token)
    try:
        yield home
    finally:
        if home.process.poll() is None:
            home.process.kill()
            home.process.wait(30)
