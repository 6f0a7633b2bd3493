"""The five OpenAPI documents against the running agents, with inputs that schemathesis makes up."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ohmstead.agents.up import ports_from, started
from tests.agents.test_up import five_free_ports

pytestmark = pytest.mark.slow

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
BEYOND_A_SCHEMA = ("--exclude-checks", "positive_data_acceptance")
"""That energy stays below the capacity, which another request has told, no schema can say."""


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    first = five_free_ports()
    with started(first):
        yield dict(ports_from(first))


@pytest.mark.parametrize(
    ("agent", "options"),
    [
        ("central", BEYOND_A_SCHEMA),
        ("battery", BEYOND_A_SCHEMA),
        ("vehicle", BEYOND_A_SCHEMA),
        ("solar", ()),
        ("load", ()),
    ],
)
def test_every_answer_is_as_described(
    agent: str, options: tuple[str, ...], ports: dict[str, int], tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{ports[agent]}/openapi.json"
    command = [str(SCHEMATHESIS), "run", url, "--max-examples", "50", "--seed", "1", "--no-color", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No issues found" in done.stdout
