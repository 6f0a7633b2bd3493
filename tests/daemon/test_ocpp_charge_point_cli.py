from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.ocpp.charge_point.peer import peer

SCRIPT = """\
await Registered   # a comment

plug 1 40%
tag ABC
await Charging
status
tag OTHER
tag ABC
await Finishing
fault GroundFailure
status
"""


async def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "ohmstead", "ocpp", "charge-point", *arguments]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_script_charges_and_all_of_it_arrives(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPT)
    async with peer() as central:
        central.tags["OTHER"] = {"status": "Invalid"}
        code, out, err = await run("--url", central.url, "--id", "CP9", "--script", str(script))
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0] == "accepted"
        assert lines[1].startswith("CP9: Registered")
        assert "Charging" in lines[2]
        assert "SoC 40 %" in lines[2]
        assert lines[3:5] == ["not accepted", "accepted"]
        assert "Faulted, GroundFailure" in lines[6]
        (booked,) = central.booked.values()
        assert booked.stop is not None
        assert central.statuses(1)[-1] == "Faulted"


async def test_lines_come_from_standard_input_and_a_wrong_one_does_not_end_it() -> None:
    async with peer() as central:
        lines = "await Registered\nexplode\nplug x\nheartbeat\nquit\nheartbeat\n"
        code, out, err = await run("--url", central.url, "--id", "CP9", "--frames", stdin=lines)
        assert code == 0
        assert "found 'explode', allowed: plug, unplug" in err
        assert "found 'x', allowed: a number" in err
        assert len(central.sent("Heartbeat")) == 1
        assert 'out [2,"' in out


async def test_a_wrong_line_of_a_script_ends_it_with_its_number(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# first\nplug 7\n")
    code, _, err = await run("--url", "ws://127.0.0.1:1", "--id", "CP9", "--script", str(script))
    assert code == 1
    assert f"{script}, line 2: found connector 7, there are: 1" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://x", "--id", "A"), "--url: found 'http://x', allowed: ws://"),
        (("--url", "ws://x", "--id", "A", "--script", "/none"), "--script: there is no file /none"),
        (("--url", "wss://x", "--id", "A", "--ca", "/none"), "--ca: there is no file /none"),
        (("--url", "ws://x", "--id", "A", "--security-profile", "3"), "--security-profile 3 needs --cert"),
        (("--url", "ws://x", "--id", ""), "--id"),
    ],
)
async def test_wrong_options_say_what_is_allowed(arguments: tuple[str, ...], words: str) -> None:
    code, _, err = await run(*arguments)
    assert code == 2
    assert words in err
