"""What a message replies to, and whose words an agent sees besides those it answers."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.agents.briefing.quotes import Named, named
from tests.agents.turns import GROUP, heard, message, past, tapback, told
from tests.support.rows import ANN, BEN, inbound

CAROL = "+15556667777"


# What is replied to


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, None),
        ({"reply_to_guid": "Q"}, Named("Q")),
        ({"reply_to_guid": "Q", "thread_originator_guid": "T"}, Named("T")),
        ({"thread_originator_guid": "p:1/T"}, Named("T")),
        ({"reply_to_guid": "Q", "reply_to_text": " old ", "reply_to_sender": BEN}, Named("Q", "old", BEN)),
        ({"reply_to_text": "old"}, Named("", "old")),
        ({"reply_to_text": " "}, None),
        ({"reply_to_sender": BEN}, None),
        ({"reply_to_guid": None, "reply_to_text": None}, None),
    ],
)
def test_a_reply_says_what_it_replies_to(keys: dict[str, Any], expected: Named | None) -> None:
    assert named(inbound(**keys)) == expected


def test_a_row_that_cannot_be_read_again_still_has_its_guid() -> None:
    assert named(replace(inbound(reply_to_guid="Q"), raw=b'{"reply_to_guid": ')) == Named("Q")


def test_what_the_row_does_not_say_the_journal_does() -> None:
    quotes = (heard(1, "old words", BEN),)
    context = told(message(reply_to_guid="G1"), quotes=quotes)
    assert context.reply_to is not None
    assert (context.reply_to.guid, context.reply_to.text, context.reply_to.sender) == ("G1", "old words", BEN)
    assert context.reply_to_guid == "G1"
    own = told(
        message(reply_to_guid="G1", reply_to_sender=CAROL), quotes=(heard(1, "mine", "", from_me=True),)
    ).reply_to
    assert own is not None
    assert (own.own, own.text, own.sender) == (True, "mine", "")
    unknown = told(message(reply_to_guid="G9"), quotes=quotes).reply_to
    assert unknown is not None
    assert (unknown.guid, unknown.text) == ("G9", "")


def test_of_several_replies_the_last_stands_for_the_turn() -> None:
    context = told(message(1, reply_to_guid="A"), message(2, reply_to_guid="B"), message(3))
    assert context.reply_to is not None
    assert (context.reply_to.guid, context.reply_to_guid) == ("B", "B")
    assert [one.reply_to and one.reply_to.guid for one in context.messages] == ["A", "B", None]


# Whose words are seen


@pytest.mark.parametrize(
    ("mode", "history", "reactions", "quoted"),
    [
        (None, ["ann", "ben", "carol"], 3, "secret"),
        ("all", ["ann", "ben", "carol"], 3, "secret"),
        ("allowlist", ["ann", "ben"], 2, ""),
        ("allowlist_quote", ["ann", "ben"], 2, "secret"),
    ],
)
def test_context_of_people_who_are_not_listed_is_left_out_where_the_config_asks(
    mode: str | None, history: list[str], reactions: int, quoted: str
) -> None:
    channel: dict[str, Any] = {
        "groupPolicy": "open",
        "allowFrom": [CAROL],
        "groupAllowFrom": ["(555) 444-5555"],
        "reactionNotifications": "all",
    }
    context = told(
        message(reply_to_guid="Q", reply_to_text="secret", reply_to_sender=CAROL),
        session=GROUP,
        channel=channel | ({"contextVisibility": mode} if mode else {}),
        heard=(heard(1, "ann", ANN), heard(2, "ben", BEN), heard(3, "carol", CAROL)),
        tapbacks=(tapback(ANN), tapback(BEN), tapback(CAROL)),
    )
    assert [one.text for one in context.history] == history
    assert len(context.reactions) == reactions
    assert context.reply_to is not None
    assert context.reply_to.text == quoted
    assert ("secret" in context.envelope) is bool(quoted)


@pytest.mark.parametrize("mode", ["allowlist", "allowlist_quote"])
def test_a_reaction_does_not_show_the_words_of_people_who_are_not_seen(mode: str) -> None:
    channel = {
        "groupPolicy": "open",
        "groupAllowFrom": [BEN],
        "reactionNotifications": "all",
        "contextVisibility": mode,
    }
    some = (
        replace(tapback(ANN, "1", own=False, about="carol"), to_sender=CAROL),
        replace(tapback(ANN, "2", own=False, about="somebody")),
        replace(tapback(ANN, "3", own=False, about="ben"), to_sender=BEN),
        replace(tapback(ANN, "4", own=False, about="ann"), to_sender=ANN),
        tapback(ANN, "5", own=True, about="ours"),
    )
    context = told(session=GROUP, channel=channel, tapbacks=some)
    assert [one.to_text for one in context.reactions] == ["", "", "ben", "ann", "ours"]
    everything = told(session=GROUP, channel=channel | {"contextVisibility": "all"}, tapbacks=some)
    assert [one.to_text for one in everything.reactions] == ["carol", "somebody", "ben", "ann", "ours"]


def test_earlier_turns_are_without_the_words_of_people_who_are_not_seen() -> None:
    channel = {"groupPolicy": "open", "groupAllowFrom": [BEN], "contextVisibility": "allowlist"}
    words = (heard(1, "ann", ANN), heard(2, "ben", BEN), heard(3, "carol", CAROL), heard(4, "me", "", from_me=True))
    context = told(session=GROUP, channel=channel, turns=(past(1, "answer", *words),), number=2)
    assert [line.text for line in context.transcript] == ["ann", "ben", "me", "answer"]


def test_our_own_words_are_always_seen() -> None:
    context = told(
        message(reply_to_guid="G1"),
        channel={"contextVisibility": "allowlist"},
        quotes=(heard(1, "mine", "", from_me=True),),
    )
    assert context.reply_to is not None
    assert context.reply_to.text == "mine"


def test_anyone_on_the_list_means_everybody() -> None:
    channel = {"groupPolicy": "open", "groupAllowFrom": ["*"], "contextVisibility": "allowlist"}
    assert len(told(session=GROUP, channel=channel, heard=(heard(1, "c", CAROL),)).history) == 1
