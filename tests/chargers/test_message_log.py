"""The log of one simulated charger: bounded, searched, and without secrets."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ohmstead.chargers.message_log import KEPT, MAX_TEXT, MessageLog, Way, without_secrets

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def log_of(*texts: str) -> MessageLog:
    log = MessageLog(lambda: NOON)
    for text in texts:
        log.add(Way.OUT, text)
    return log


def test_only_the_last_are_kept_and_their_numbers_go_on() -> None:
    log = log_of(*(f"message {n}" for n in range(KEPT + 5)))
    found = log.find()
    assert (len(found), found[0].number, found[-1].number) == (KEPT, KEPT + 5, 6)
    assert log.count == KEPT + 5


def test_a_long_message_is_cut() -> None:
    (entry,) = log_of("x" * 10_000).find()
    assert entry.text == "x" * MAX_TEXT + "… (10000 characters)"


def test_messages_are_found_by_words_way_and_number() -> None:
    log = log_of('[2,"1","BootNotification",{}]', '[2,"2","Heartbeat",{}]')
    log.add(Way.EVENT, "registered")
    assert [entry.number for entry in log.find(contains="HEART")] == [2]
    assert [entry.number for entry in log.find(way=Way.EVENT)] == [3]
    assert [entry.number for entry in log.find(after=1)] == [3, 2]
    assert [entry.number for entry in log.find(limit=1)] == [3]


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"5365637265742D6B"}]',
        '[2,"1","ChangeConfiguration",{"value":"5365637265742D6B","key":"authorizationkey"}]',
        "A1 0000 Update(user='u', password='5365637265742D6B')",
    ],
)
def test_what_may_be_a_secret_is_left_out(text: str) -> None:
    assert "5365637265742D6B" not in without_secrets(text)
    assert without_secrets(text).endswith("… (a secret)")


def test_other_messages_stay_as_they_are() -> None:
    text = '[2,"1","Heartbeat",{}]'
    assert without_secrets(text) == text
