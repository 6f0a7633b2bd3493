"""Tiers: which modules run, and changing that without a restart."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from ohmstead.daemon.tier import Tier, TierFile, parse_tier
from ohmstead.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("tier = community\n", Tier.COMMUNITY),
        ("# ours\n\ntier=auto # for now\n", Tier.AUTO),
        ('Tier = "PREDICT"', Tier.PREDICT),
    ],
)
def test_a_file_says_the_tier(text: str, tier: Tier) -> None:
    assert parse_tier(text, "tier.conf") is tier


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "# a\ntier = premium\n",
            r"tier\.conf, line 2: found 'tier = premium', allowed: tier = community \| auto \| predict",
        ),
        ("level = auto\n", "line 1: found 'level = auto', allowed: tier ="),
        ("auto\n", "line 1: found 'auto', allowed: tier ="),
        ("tier = auto\ntier = predict\n", "line 2: the tier is given twice"),
        ("\n", "tier.conf: no line gives the tier, allowed: tier ="),
    ],
)
def test_anything_else_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_tier(text, "tier.conf")


@pytest.mark.parametrize("default", list(Tier))
def test_without_a_file_the_default_holds(tmp_path: Path, default: Tier) -> None:
    assert TierFile(tmp_path / "none.conf", default).tier is default


def test_what_cannot_be_read_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*, allowed: a text file with tier ="):
        TierFile(tmp_path)
    path = tmp_path / "tier.conf"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"tier\.conf: cannot be read"):
        TierFile(path)


def test_a_change_is_taken_and_a_wrong_one_is_told_and_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "tier.conf"
    path.write_text("tier = auto\n")
    file = TierFile(path)
    seen = [file.tier]
    path.write_text("tier = community\n")
    file.refresh()
    seen.append(file.tier)
    assert file.warnings() == []
    path.write_text("tier = comunity\n")
    file.refresh()
    (warning,) = file.warnings()
    assert "line 1: found 'tier = comunity'" in warning.message
    assert "community stays in force" in warning.message
    seen.append(file.tier)
    replacement = tmp_path / "new.conf"
    replacement.write_text("tier = predict\n")
    os.replace(replacement, path)  # noqa: PTH105 - what editors do
    file.refresh()
    assert file.warnings() == []
    seen.append(file.tier)
    assert seen == [Tier.AUTO, Tier.COMMUNITY, Tier.COMMUNITY, Tier.PREDICT]


def test_a_file_that_goes_leaves_the_default(tmp_path: Path) -> None:
    path = tmp_path / "tier.conf"
    path.write_text("tier = community\n")
    file = TierFile(path, Tier.AUTO)
    path.unlink()
    file.refresh()
    assert file.tier is Tier.AUTO


def test_what_each_tier_has() -> None:
    assert [tier.plans for tier in Tier] == [False, True, True]
    assert Tier.AUTO.learns_from == timedelta(days=2)
    assert Tier.PREDICT.learns_from > timedelta(days=28)
