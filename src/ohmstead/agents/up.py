"""All five agents on this computer, each a process of its own, started and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from ohmstead.agents.check import healthy
from ohmstead.agents.settings import PORTS, Part, from_environment
from ohmstead.errors import ConfigError, OhmsteadError

START_S = 60.0
STOP_S = 5.0


class AgentsStopped(OhmsteadError):  # noqa: N818 - a state, told to the person
    """An agent ended that should have run on."""


def ports_from(first: int) -> Mapping[str, int]:
    """The ports of all five, the central agent's first."""
    return {name: first + port - PORTS["central"] for name, port in PORTS.items()}


@contextmanager
def started(
    first_port: int = PORTS["central"], host: str = "127.0.0.1"
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run the five agents; they are stopped in the end.

    Args:
        first_port: of the central agent; the others follow.

    Raises:
        ConfigError: the environment holds something unusable, or a port is in use.
        AgentsStopped: one ended before it answered, or did not answer in a minute.
    """
    from_environment()  # a mistake is told once, and not by five processes
    ports = ports_from(first_port)
    for name, port in ports.items():
        _check_free(host, port, name)
    environment = dict(os.environ)
    environment |= {f"{part.upper()}_AGENT_URL": f"http://127.0.0.1:{ports[part]}" for part in Part}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, port in ports.items():
            command = [sys.executable, "-m", "ohmstead.agents.serve", name, host, str(port)]
            running[name] = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter
        for name, port in ports.items():
            _wait_for(name, port, running[name])
        yield running
    finally:
        _stop(running.values())


def run(first_port: int, host: str, say: Callable[[str], None]) -> None:
    """Run the five agents until interrupted or terminated.

    Raises:
        AgentsStopped: one of them ended by itself.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with started(first_port, host) as running:
            for name, port in ports_from(first_port).items():
                say(f"{name:8} http://localhost:{port}")
            say("Ctrl-C stops them.")
            while True:
                for name, process in running.items():
                    code = process.poll()
                    if code is not None:
                        raise AgentsStopped(f"the {name} agent ended with {code}; the others were stopped")
                time.sleep(0.5)
    except KeyboardInterrupt:
        say("stopped")


def _check_free(host: str, port: int, name: str) -> None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"agents: cannot listen on {host}:{port} for the {name} agent ({error.strerror}); "
            "choose other ports with --port, or another address with --host"
        ) from error


def _wait_for(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_S
    while not healthy(f"http://127.0.0.1:{port}/health"):
        if process.poll() is not None:
            raise AgentsStopped(
                f"the {name} agent ended with {process.returncode} before it answered on {port}"
            )
        if time.monotonic() > deadline_s:
            raise AgentsStopped(f"the {name} agent does not answer on port {port} after {START_S:.0f} s")
        time.sleep(0.05)


def _stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    running = [p for p in processes if p.poll() is None]
    for process in running:
        process.terminate()
    deadline_s = time.monotonic() + STOP_S
    for process in running:
        try:
            process.wait(max(0.1, deadline_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
