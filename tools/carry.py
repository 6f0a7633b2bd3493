#!/usr/bin/env python3
"""Carry the state machines of src/ohmstead/heating into their hosts, as committed copies.

    tools/carry.py            write every copy
    tools/carry.py --check    fail when a copy differs from its source

A host is installed by copying one folder, so it cannot import from elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIES = (
    (
        "src/ohmstead/heating/room_controller.py",
        "custom_components/trv_regulator/room_controller.py",
    ),
    (
        "src/ohmstead/heating/heat_orchestrator.py",
        "hosts/appdaemon/apps/heat_orchestrator_machine.py",
    ),
)
"""Source and copy, from the repository's root."""

HEADER = "# Generated from {source} by tools/carry.py: change it there.\n\n"


def carried(source: str, root: Path = ROOT) -> str:
    """The text of the copy of ``source``."""
    return HEADER.format(source=source) + (root / source).read_text(encoding="utf-8")


def drifted(root: Path = ROOT) -> list[str]:
    """Copies that are missing or differ from their source."""
    return [
        copy
        for source, copy in COPIES
        if not (root / copy).is_file() or (root / copy).read_text(encoding="utf-8") != carried(source, root)
    ]


def main() -> int:
    """Write or check; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 on drift")
    check = parser.parse_args().check
    stale = drifted()
    for copy in stale:
        if check:
            sys.stderr.write(f"carry: {copy} differs from its source; run tools/carry.py\n")
    if check:
        return 1 if stale else 0
    for source, copy in COPIES:
        if copy in stale:
            (ROOT / copy).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / copy).write_text(carried(source), encoding="utf-8")
            sys.stdout.write(f"carry: wrote {copy}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
