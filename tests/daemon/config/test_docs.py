"""The page about configuration says what the program does."""

from __future__ import annotations

from pathlib import Path

from ohmstead.daemon.config.docs import document

PAGE = Path(__file__).parents[3] / "docs/configuration.md"


def test_the_page_is_what_the_program_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "run: python -m ohmstead.daemon.config.docs > docs/configuration.md"
    )
