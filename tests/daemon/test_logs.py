"""The log: one format for all, and no secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from ohmstead.daemon.logs import HIDDEN, setup_logs


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_json_lines_from_us_and_from_libraries() -> None:
    out = io.StringIO()
    setup_logs("info", as_json=True, stream=out)
    structlog.get_logger("ohmstead.x").info("ready", port=8080)
    logging.getLogger("library").warning("slow: %d s", 3, extra={"api_key": "k3y"})
    structlog.get_logger("ohmstead.x").debug("not shown")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["port"], ours["level"]) == ("ready", 8080, "info")
    assert (theirs["event"], theirs["logger"], theirs["api_key"]) == ("slow: 3 s", "library", HIDDEN)
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_hidden_at_any_depth(as_json: bool) -> None:
    out = io.StringIO()
    setup_logs("info", as_json=as_json, stream=out)
    structlog.get_logger("x").info(
        "connect",
        token="s3cret",  # noqa: S106 - the secret to hide
        headers={"Authorization": "s3cret"},
        hosts=[{"password": "s3cret"}],
        user="me",
    )
    assert "s3cret" not in out.getvalue()
    assert out.getvalue().count(HIDDEN) == 3
    assert "me" in out.getvalue()


def test_the_level_can_be_changed_and_lines_are_not_doubled() -> None:
    out = io.StringIO()
    setup_logs("error", stream=out)
    setup_logs("debug", stream=out)
    structlog.get_logger("x").debug("once")
    assert out.getvalue().count("once") == 1


def test_an_exception_is_written_with_its_place() -> None:
    out = io.StringIO()
    setup_logs("info", as_json=True, stream=out)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("x").exception("failed")
    line = json.loads(out.getvalue())
    assert "ValueError: broken" in line["exception"]
    assert "test_logs.py" in line["exception"]
