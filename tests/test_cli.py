"""The command line as a person uses it: a real process for what only a process shows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ohmstead import __version__
from ohmstead.cli import app
from ohmstead.daemon.config.loading import load_config
from ohmstead.recorder.minute import Minute
from ohmstead.recorder.recorder import Recorder

runner = CliRunner()


def ohmstead(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ohmstead", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_and_help() -> None:
    assert runner.invoke(app, ["--version"]).output.strip() == f"ohmstead {__version__}"
    done = runner.invoke(app, ["--help"])
    assert done.exit_code == 0
    for command in ("demo", "run", "plan", "backtest", "init", "export", "config"):
        assert command in done.output


def test_the_command_line_imports_nothing_heavy() -> None:
    heavy = ["numpy", "pydantic", "fastapi", "highspy", "sqlalchemy", "ruamel", "structlog", "asyncio"]
    code = f"import sys, ohmstead.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_init_then_check(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    assert runner.invoke(app, ["init", str(file), "--yes"]).exit_code == 0
    assert load_config(file).site.name == "Home"
    done = ohmstead("config", "check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{file}: good; 6 devices")
    refused = runner.invoke(app, ["init", str(file), "--yes"])
    assert refused.exit_code == 2
    assert refused.stderr == f"ohmstead: {file}: there is a file already; --force replaces it\n"
    assert runner.invoke(app, ["init", str(file), "--yes", "--force"]).exit_code == 0


def test_init_asks(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    done = runner.invoke(
        app, ["init", str(file)], input="Haus\nEurope/Vienna\n48.2\n16.4\n20\n0\n0\n16\n0\n0\nfixed\n"
    )
    assert done.exit_code == 0, done.output
    site = load_config(file).site
    assert (site.name, site.grid.fuse_a, [a.id for a in site.assets]) == (
        "Haus",
        20.0,
        ["charger", "household"],
    )


def test_a_bad_configuration_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text("site: {timezone: Europe/Vienna}\n", encoding="utf-8")
    for arguments in (("config", "check", str(file)), ("run", "--config", str(file))):
        done = ohmstead(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"ohmstead: {file}: 4 problems\n{file}:1: ")
        assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = ohmstead("--debug", "config", "check", str(tmp_path / "absent.yaml"))
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "there is no such file" in done.stderr


def test_an_unknown_strategy_is_refused() -> None:
    done = ohmstead("backtest", "--days", "1", "--strategies", "none,magic")
    assert done.returncode == 2
    assert "allowed: none, rules, plan, perfect" in done.stderr


def test_export_writes_what_was_recorded(tmp_path: Path) -> None:
    database, output = tmp_path / "ohmstead.db", tmp_path / "out.csv"
    start = datetime(2026, 4, 13, tzinfo=UTC)
    with Recorder.open(database) as recorder:
        for i in range(30):
            recorder.commit_minute(
                Minute(
                    start=start + timedelta(minutes=i),
                    values={"grid.power_w": 100.0 + i},
                    decisions=(),
                    states={},
                )
            )
    done = runner.invoke(app, ["export", str(output), "--database", str(database), "--resolution-s", "900"])
    assert done.exit_code == 0, done.output
    lines = output.read_text(encoding="utf-8").splitlines()
    assert [float(line.split(",")[1]) for line in lines[1:]] == [107.0, 122.0]


@pytest.mark.parametrize("extra", [[], ["--database", "absent.db"]])
def test_export_without_a_history(extra: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["export", "out.csv", *extra])
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("ohmstead: ")
    assert list(tmp_path.iterdir()) == []
