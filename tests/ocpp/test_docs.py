"""docs/ocpp.md says what the program does."""

from __future__ import annotations

from pathlib import Path

from ohmstead.ocpp.docs import document, undescribed
from ohmstead.ocpp.schemas import actions

PAGE = Path(__file__).parents[2] / "docs" / "ocpp.md"


def test_the_page_is_what_the_program_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "python -m ohmstead.ocpp.docs > docs/ocpp.md"


def test_every_message_is_on_it() -> None:
    assert not undescribed()
    assert [action for action in actions() if f"| {action} |" not in document()] == []
