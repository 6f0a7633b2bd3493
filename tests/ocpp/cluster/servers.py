"""PostgreSQL and NATS as real processes, from the distribution's packages."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

PATIENCE_S = 60.0
USER = "ohmstead"


def needed(program: str | None, package: str) -> str:
    """A program's path; without it the test is skipped, but on a build machine it fails."""
    if program is not None:
        return program
    words = f"needs Debian's package {package}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def postgres_program(name: str) -> str | None:
    """A program of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


@dataclass
class Postgres:
    """A server; it listens on a socket in its own directory."""

    directory: Path
    program: str
    ids: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None
    databases: int = 0

    def url(self, database: str) -> str:
        """Of one of its databases."""
        return f"postgresql://{USER}@/{database}?host={self.directory}"

    def new_database(self, encoding: str = "UTF8") -> str:
        """An empty database's URL."""
        self.databases += 1
        name = f"test_{self.databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}'")
        return self.url(name)

    def start(self) -> None:
        """Run it; returns once it can be connected to."""
        options = ["-c", "listen_addresses=", "-k", str(self.directory), "-c", "max_connections=60"]
        options += ["-c", "fsync=off", "-c", "full_page_writes=off"]  # no test cuts this machine's power
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "-D", self.directory / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.directory,
                **self.ids,
            )
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((self.directory / "log").read_text())
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Shut it down; connections are cut."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown
            self.process.wait(PATIENCE_S)
            self.process = None


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server with an empty cluster, as another user where this is root."""
    initdb = needed(postgres_program("initdb"), "postgresql")
    program = needed(postgres_program("postgres"), "postgresql")
    directory = Path(tempfile.mkdtemp(prefix="ohmstead-pg-"))
    ids: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(directory, account.pw_uid, account.pw_gid)
        ids = {"user": account.pw_uid, "group": account.pw_gid}
    options = ["-U", USER, "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]
    server = Postgres(directory, program, ids)
    try:
        subprocess.run(
            [initdb, "-D", directory / "data", *options],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=directory,
            timeout=PATIENCE_S,
            **ids,
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Nats:
    """A running server with JetStream."""

    directory: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """What clients are pointed at."""
        return f"nats://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def start(self) -> None:
        """Run it again, on the same port and with what it kept."""
        self.process, self.port = _start_nats(self.directory, self.port)


@contextmanager
def nats(port: int = -1) -> Iterator[Nats]:
    """A NATS server on a free port."""
    needed(shutil.which("nats-server"), "nats-server")
    with tempfile.TemporaryDirectory(prefix="ohmstead-nats-") as name:
        directory = Path(name)
        process, port = _start_nats(directory, port)
        running = Nats(directory, port, process)
        try:
            yield running
        finally:
            running.stop()


def _start_nats(directory: Path, port: int) -> tuple[subprocess.Popen[bytes], int]:
    """``port`` −1 takes a free one; which, the server writes into a file."""
    command = ["nats-server", "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(directory)]
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--ports_file_dir", str(directory)], stdout=log, stderr=log, cwd=directory
        )
    written = directory / f"nats-server_{process.pid}.ports"
    deadline = time.monotonic() + PATIENCE_S
    while (found := _ports(written)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail((directory / "log").read_text())
        time.sleep(0.02)
    return process, found


def _ports(written: Path) -> int | None:
    """The client port, once the file is complete."""
    try:
        return int(json.loads(written.read_text())["nats"][0].rpartition(":")[2])
    except (OSError, ValueError):
        return None
