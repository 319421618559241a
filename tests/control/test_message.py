"""``message send --dry-run``."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Places
from tests.control.conftest import Gateway


@pytest.fixture
def config(places: Places) -> Path:
    """A config file with two accounts."""
    places.state.mkdir(parents=True)
    places.config.write_text(
        """{ channels: { imessage: { cliPath: "imsg", textChunkLimit: 10, region: "DE", defaultTo: "chat_id:7",
             accounts: {
               work: { dbPath: "/w/chat.db", service: "sms", sendTransport: "bridge", textChunkLimit: 99 } } } } }"""
    )
    return places.config


def dry(*words: str) -> tuple[str, ...]:
    return ("message", "send", "--dry-run", "--json", *words)


def test_text_is_cut_as_the_account_says(cli: Gateway, config: Path) -> None:
    said = cli(*dry("--target", "+4915112345678", "--message", "hello big world", "--account", "default"))
    assert (said.code, said.err) == (0, "")
    assert said.json["requests"] == [
        {"method": "send", "params": {**common, "text": text}}
        for text in ("hello big", "world")
        for common in [{"to": "+4915112345678", "service": "auto", "region": "DE", "transport": "applescript"}]
    ]


def test_another_account_has_its_own_settings(cli: Gateway, config: Path) -> None:
    said = cli(*dry("--target", "bob@example.com", "--message", "hello big world", "--account", "Work"))
    (found,) = said.json["requests"]
    assert found["params"] == {
        "to": "bob@example.com",
        "text": "hello big world",
        "service": "sms",
        "region": "DE",
        "transport": "bridge",
    }


def test_text_goes_as_typed(cli: Gateway) -> None:
    text = "**bold** \\n [[reply]]  NO_REPLY\n```x```"
    said = cli(*dry("--target", "chat_id:42", "--message", text))
    assert [one["params"]["text"] for one in said.json["requests"]] == [text]
    assert said.json["requests"][0]["params"]["chat_id"] == 42


def test_without_a_target_the_default_one_counts(cli: Gateway, config: Path) -> None:
    said = cli(*dry("--message", "x", "--account", "default"))
    assert said.json["requests"][0]["params"]["chat_id"] == 7


def test_people_get_a_request_a_line(cli: Gateway) -> None:
    said = cli("message", "send", "--dry-run", "--target", "+15551234567", "--message", "x" * 5000)
    assert len(said.out.splitlines()) == 2


@pytest.mark.parametrize("target", ["", "chat_id:abc", "chat_id:0", "Bob", "+++", "sms:", "a\x1bb"])
def test_a_bad_target_ends_with_1(cli: Gateway, target: str) -> None:
    said = cli(*dry("--target", target, "--message", "x"))
    assert (said.code, said.out) == (1, "")
    assert "arget" in said.err or "chat_id" in said.err
    assert "\x1b" not in said.err


@pytest.mark.parametrize("text", ["", " \n\t", "bad \udc80 bytes"])
def test_what_cannot_be_sent_ends_with_1(cli: Gateway, text: str) -> None:
    said = cli(*dry("--target", "+15551234567", "--message", text))
    assert (said.code, said.out) == (1, "")


@pytest.mark.parametrize(
    "words",
    [
        ("--target", "+15551234567", "--message", "x"),
        ("--dry-run", "--target", "+15551234567"),
        ("--dry-run", "--message", "x"),
        ("--dry-run", "--target", "+15551234567", "--message", "x", "--markdown"),
        ("--dry-run", "--target", "+15551234567", "--message", "x", "--media", "a.png"),
    ],
)
def test_what_is_not_possible_yet_or_missing_is_wrong_usage(cli: Gateway, words: tuple[str, ...]) -> None:
    said = cli("message", "send", *words)
    assert (said.code, said.out) == (2, "")
    assert "gateway: " in said.err


def test_an_unknown_account_names_the_known_ones(cli: Gateway, config: Path) -> None:
    said = cli(*dry("--target", "+15551234567", "--message", "x", "--account", "home"))
    assert said.code == 1
    assert "There are: default, work" in said.err


def test_an_invalid_config_is_never_taken_for_an_empty_one(cli: Gateway, config: Path) -> None:
    config.write_text("{ channels: { imessage: { textChunkLimit: 0 } } }")
    said = cli(*dry("--target", "+15551234567", "--message", "x"))
    assert (said.code, said.out) == (78, "")
    assert "textChunkLimit" in said.err


def test_without_a_config_the_defaults_count_and_it_says_so(cli: Gateway, places: Places) -> None:
    said = cli(*dry("--target", "+15551234567", "--message", "x"))
    assert said.code == 0
    assert str(places.config) in said.err
    assert cli(*dry("--target", "+1555123", "--message", "x", "--account", "a")).code == 1
