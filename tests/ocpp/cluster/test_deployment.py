"""What is written for users: the Compose file and the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from ohmstead.cli import app

ROOT = Path(__file__).parents[3]
FILE = ROOT / "compose.cluster.yaml"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(FILE)
    return found


def ocpp_serve(*arguments: str, **environment: str) -> str:
    """What ``ohmstead ocpp serve`` says and ends with, in one text."""
    result = CliRunner().invoke(app, ["ocpp", "serve", *arguments], env=environment)
    return f"{result.exit_code} {result.output}"


def test_the_workers_are_started_with_options_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = ocpp_serve("--help")
    command = compose()["services"]["worker-1"]["command"]
    assert command[:3] == ["ohmstead", "ocpp", "serve"]
    for option in command[3:]:
        assert option.partition("=")[0] in told
    for variable in ("OHMSTEAD_OCPP_DATABASE", "OHMSTEAD_OCPP_CLUSTER"):
        assert variable in told
        assert variable in compose()["services"]["worker-1"]["environment"]


def test_the_balancer_knows_every_worker() -> None:
    found = compose()
    workers = [name for name in found["services"] if name.startswith("worker-")]
    text = found["configs"]["haproxy"]["content"]
    assert len(workers) == 2
    for worker in workers:
        assert f"server {worker} {worker}:9000" in text
        assert f"server {worker} {worker}:8080" in text


def test_docker_compose_takes_the_file() -> None:
    if shutil.which("docker") is None:
        pytest.skip("needs docker with its compose plugin")
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False, timeout=60)
    if plugin.returncode != 0:
        pytest.skip("docker has no compose plugin")
    command = ["docker", "compose", "-f", str(FILE), "config", "--quiet"]
    environment = {**os.environ, "OHMSTEAD_OCPP_DB_PASSWORD": "letters"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_command_line_says_what_workers_need() -> None:
    assert "2 ohmstead: --cluster: needs --database postgresql://" in ocpp_serve("--cluster", "nats://x")
    assert "2 ohmstead: --database: PostgreSQL is for several workers" in ocpp_serve(
        "--database", "postgresql://me:secret@x/y"
    )
    wrong = ocpp_serve("--cluster", "http://me:secret@x", OHMSTEAD_OCPP_DATABASE="postgresql://me:secret@x/y")
    assert "2 ohmstead: --cluster: found something else, allowed: nats://HOST:PORT" in wrong
    assert "secret" not in wrong
