"""The real program in a process of its own, and what its dashboard's API says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 90.0
"""Far above what anything here takes; a machine under load must not fail a test."""
END_S = 30.0


@dataclass
class Program:
    """A running ``ohmstead``."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    url: str = ""

    def get(self, path: str) -> Any:
        """The JSON at a path of its API."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=PATIENCE_S) as answer:  # noqa: S310
            return json.load(answer)

    def state(self) -> dict[str, Any]:
        """The home now."""
        found: dict[str, Any] = self.get("api/state")
        return found

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look again and again until there is something to see."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log()
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"in {PATIENCE_S:g} s there was no {what}\n{self.log()}")

    def events(self, count: int) -> list[tuple[str, Any]]:
        """The first events of its live stream: (kind, payload)."""
        found: list[tuple[str, Any]] = []
        stream: HTTPResponse
        with urllib.request.urlopen(f"{self.url}api/stream", timeout=PATIENCE_S) as stream:  # noqa: S310
            kind = ""
            while len(found) < count:
                name, _, value = stream.readline().decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    found.append((kind, json.loads(value)))
        return found

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_S)

    def kill(self) -> None:
        """SIGKILL: no handler, no clean-up."""
        self.process.kill()
        self.process.wait(END_S)

    def log(self) -> str:
        """Everything it said."""
        return "".join(self.said)


@contextmanager
def started(*arguments: str, env: dict[str, str] | None = None) -> Iterator[Program]:
    """``python -m ohmstead …`` once it serves, killed at the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "ohmstead", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(env or {})},
    )
    program = Program(process)
    reader = threading.Thread(target=_listen, args=(program,), daemon=True)
    reader.start()
    try:
        program.url = program.until("URL", lambda: _url(program.log()))
        yield program
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(END_S)
        reader.join(END_S)
        assert process.stdout is not None
        process.stdout.close()


def run_to_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m ohmstead …`` that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "ohmstead", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def demo_arguments(folder: Path, *more: str, speed: float = 600.0) -> list[str]:
    """A demo on a free port that opens no window."""
    return ["demo", "--no-browser", "--port", "0", "--speed", f"{speed:g}", "--data-dir", str(folder), *more]


def _listen(program: Program) -> None:
    assert program.process.stdout is not None
    for line in program.process.stdout:
        program.said.append(line)


def _url(text: str) -> str | None:
    found = re.search(r"http://127\.0\.0\.1:\d+/", text)
    return None if found is None else found.group()
