from __future__ import annotations

from pathlib import Path

from ohmstead.ykc.docs import document
from ohmstead.ykc.layout import REGISTRY

PAGE = Path(__file__).parents[2] / "docs" / "ykc.md"


def test_the_page_is_what_the_tables_say() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == document(), "run: python -m ohmstead.ykc.docs > docs/ykc.md"


def test_every_frame_is_on_the_page() -> None:
    page = document()
    for number, cls in REGISTRY.items():
        assert f"### {number:02X} {cls.TITLE}\n" in page
