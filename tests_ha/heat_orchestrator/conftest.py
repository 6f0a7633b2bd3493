"""Real Home Assistant, real AppDaemon, and the floor house outside them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from plant import SPEED, Plant

ROOT = Path(__file__).resolve().parents[2]
LAB = Path(os.environ["FLOORS_DIR"])
PORT = int(os.environ["HA_PORT"])
TOKEN = (LAB / "ha" / "token").read_text(encoding="utf-8").strip()


class AppDaemon:
    """The real process, with the app's folder as it is shipped; it can be killed and started again."""

    def __init__(self, plant: Plant) -> None:
        self.home = LAB / "ad"
        self.log_file = self.home / "stdout.log"
        apps = self.home / "apps"
        apps.mkdir(parents=True, exist_ok=True)
        for old in apps.glob("*.json"):
            old.unlink()
        shipped = ROOT / "hosts" / "appdaemon" / "apps"
        for name in ("heat_orchestrator.py", "heat_orchestrator_machine.py"):
            (apps / name).write_text((shipped / name).read_text(encoding="utf-8"), encoding="utf-8")
        arguments = {
            "clock_speed": SPEED,
            "clock_start": f"'{plant.clock_start.isoformat()}'",
            "clock_epoch": plant.epoch,
            "guard_s": 0.5 * SPEED,
            "readback_s": 3.0 * SPEED,
            "echo_s": 5.0 * SPEED,
        }
        entry = (shipped / "apps.yaml").read_text(encoding="utf-8")
        entry += "".join(f"  {key}: {value}\n" for key, value in arguments.items())
        (apps / "apps.yaml").write_text(entry, encoding="utf-8")
        (self.home / "appdaemon.yaml").write_text(
            "appdaemon:\n  latitude: 52.2\n  longitude: 21.0\n  elevation: 100\n"
            "  time_zone: Europe/Warsaw\n  use_stream: false\n  plugins:\n    HASS:\n      type: hass\n"
            f"      ha_url: http://127.0.0.1:{PORT}\n      token: {TOKEN}\n",
            encoding="utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None

    def argue(self, line: str) -> None:
        """Add an argument of the app."""
        with (self.home / "apps" / "apps.yaml").open("a", encoding="utf-8") as entry:
            entry.write(f"  {line}\n")

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [os.environ["APPDAEMON"], "-c", str(self.home)], stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def wait_for(self, text: str, seconds: float = 60.0, after: int = 0) -> None:
        end = time.monotonic() + seconds
        while text not in self.log()[after:]:
            assert time.monotonic() < end, f"{text!r} is not in the log:\n{self.log()[-4000:]}"
            time.sleep(0.1)


@pytest.fixture(scope="session")
def plant() -> Iterator[Plant]:
    plant = Plant(f"http://127.0.0.1:{PORT}", TOKEN)
    plant.start()
    yield plant
    plant.stop()


@pytest.fixture(scope="session")
def app(plant: Plant) -> Iterator[AppDaemon]:
    app = AppDaemon(plant)
    app.log_file.unlink(missing_ok=True)
    app.start()
    try:
        app.wait_for("[START] 7 rooms")
        yield app
    finally:
        if app.process is not None and app.process.poll() is None:
            app.process.terminate()
            app.process.wait(30)
