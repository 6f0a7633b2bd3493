"""Tables of commands."""

from __future__ import annotations

import pytest

from ohmstead.daemon.tables import print_table


def test_a_program_reads_every_column_whole_and_numbers_stand_on_the_right(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):  # they say that this is a terminal
        monkeypatch.delenv(name, raising=False)
    columns = ["name", *(f"column {n}" for n in range(30))]
    rows = [("a long name of a device", *("1" * n for n in range(30))), ("b", *("2" for _ in range(30)))]
    print_table(columns, rows, text=("name",), title="Wide")
    lines = capsys.readouterr().out.splitlines()
    first, second = (line for line in lines if "│" in line)
    cells = first.strip("│").split("│")
    assert [cell.strip() for cell in cells] == list(rows[0])
    assert second.strip("│").split("│")[0].startswith(" b ")
    assert second.strip("│").split("│")[30].endswith(" 2 ")
    assert lines[0].strip() == "Wide"
