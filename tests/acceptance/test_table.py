"""docs/nymea.md names tests for what the energy manager is held to; they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/nymea.md"


def test_every_test_that_the_table_names_is_there() -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition("## Acceptance\n")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row)
        assert named, f"no test is named in: {row}"
        for file, name in named:
            tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
            found = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert name in found, f"{file} has no {name}"
