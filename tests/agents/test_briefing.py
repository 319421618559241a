"""What an agent is reminded of, and what of it it may see: limits, prompts, quotes, reactions, visibility."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from actors.attachments.roots import Roots
from actors.envelopes.session import Recall
from config.safety import DEFAULT_ROOT
from tests.agents.turns import GROUP, MAIN, briefing, heard, message, past, tapback, told, turn
from tests.support.rows import ANN, BEN, guid


def limits(
    session: str = MAIN, channel: dict[str, Any] | None = None, sender: str = ANN, **blocks: Any
) -> tuple[int, int]:
    """Earlier turns and unanswered messages that are asked for."""
    asked = briefing(channel=channel, **blocks).recall(session, "main", (message(sender=sender),))
    return asked.turns, asked.heard


# What is asked for


def test_the_question_names_session_chat_and_the_first_row() -> None:
    reply = message(4, reply_to_guid="Q1", thread_originator_guid="p:0/Q2", chat=9)
    again = message(5, reply_to_guid="Q1", chat=9)
    asked = briefing().recall(MAIN, "main", (message(3, chat=9), reply, again))
    assert asked == Recall(MAIN, 1, 9, 3, 200, 0, ("Q2", "Q1"))


@pytest.mark.parametrize(
    ("channel", "blocks", "limit"),
    [
        ({}, {}, 50),
        ({"historyLimit": 20}, {}, 20),
        ({"historyLimit": 0}, {}, 0),
        ({"historyLimit": 1000}, {}, 200),
        ({"historyLimit": 20, "accounts": {"default": {"historyLimit": 5}}}, {}, 5),
        ({}, {"messages": {"groupChat": {"historyLimit": 7}}}, 7),
        ({"historyLimit": 20}, {"messages": {"groupChat": {"historyLimit": 7}}}, 20),
        ({}, {"agents": {"list": [{"id": "main", "groupChat": {"historyLimit": 3}}]}}, 3),
        ({}, {"agents": {"list": [{"id": "main", "groupChat": {"historyLimit": 0}}]}}, 0),
        ({}, {"agents": {"list": [{"id": "main", "groupChat": {"historyLimit": 900}}]}}, 200),
        ({}, {"agents": {"list": [{"id": "main", "groupChat": {}}]}}, 50),
        ({"historyLimit": 20}, {"agents": {"list": [{"id": "main", "groupChat": {"historyLimit": 3}}]}}, 20),
    ],
)
def test_a_group_has_one_limit_for_both(channel: dict[str, Any], blocks: dict[str, Any], limit: int) -> None:
    assert limits(GROUP, channel, **blocks) == (limit, limit)


@pytest.mark.parametrize("session", [MAIN, "agent:main:imessage:direct:+15552223333"])
@pytest.mark.parametrize(
    ("channel", "turns"),
    [
        ({}, 200),
        ({"dmHistoryLimit": 10}, 10),
        ({"dmHistoryLimit": 0}, 0),
        ({"dmHistoryLimit": 1000}, 200),
        ({"dmHistoryLimit": 10, "accounts": {"default": {"dmHistoryLimit": 4}}}, 4),
        ({"dmHistoryLimit": 10, "dms": {ANN: {"historyLimit": 3}}}, 3),
        ({"dmHistoryLimit": 10, "dms": {ANN: {"historyLimit": 0}}}, 0),
        ({"dmHistoryLimit": 10, "dms": {ANN: {}}}, 10),
        ({"dmHistoryLimit": 10, "dms": {BEN: {"historyLimit": 3}}}, 10),
        ({"dms": {"(555) 222-3333": {"historyLimit": 3}}}, 3),
        ({"dms": {"imessage:+1 555 222 3333": {"historyLimit": 3}}}, 3),
        ({"dms": {ANN: {"historyLimit": 9}}, "accounts": {"default": {"dms": {ANN: {"historyLimit": 2}}}}}, 2),
    ],
)
def test_a_direct_chat_has_its_own_limit_in_any_scope(session: str, channel: dict[str, Any], turns: int) -> None:
    assert limits(session, channel) == (turns, 0)


def test_an_account_that_is_gone_has_no_files_and_the_usual_limits() -> None:
    one = briefing()
    assert one.recall(GROUP, "gone", (message(account="gone"),)).heard == 50
    assert one.context(turn(message(account="gone"))).account == "gone"
    assert one.roots("gone").patterns == ()
    assert one.roots("default") == Roots((DEFAULT_ROOT,), 16 * 1024 * 1024)


# What is told


def test_a_turn_of_several_messages_is_told_whole() -> None:
    picture = {"original_path": "/a.jpg", "mime_type": "image/jpeg", "transfer_name": "a.jpg", "total_bytes": 5}
    preview = {"original_path": "/x.pluginPayloadAttachment", "transfer_name": "x.pluginPayloadAttachment"}
    first = message(1, "one", attachments=[picture, preview, {"missing": True}], mentioned=False, authority="owner")
    second = message(2, "two", sender_name="Ann", authority="authorised")
    context = told(first, second, number=4, started_at=1_800_000_000.0)
    assert (context.text, context.guid, context.sender_name) == ("one\ntwo", guid(2), "Ann")
    assert (context.turn, context.number, context.started_at) == (3, 4, "2027-01-15T08:00:00.000Z")
    assert [one.text for one in context.messages] == ["one", "two"]
    assert [one.path for one in context.attachments] == ["/a.jpg", "/x.pluginPayloadAttachment"]
    assert [(one.path, one.kind, one.total_bytes) for one in context.media] == [("/a.jpg", "image", 5)]
    assert context.messages[0].unavailable == 1
    assert (context.mentioned, context.sender_is_owner, context.command_authorized) == (True, False, True)


def test_one_who_may_not_command_takes_it_from_all() -> None:
    context = told(message(1, authority="known"), message(2, authority="owner"))
    assert not context.command_authorized
    assert told(message(1, authority="owner")).sender_is_owner


def test_what_stands_behind_a_command_is_told_in_place_of_the_text() -> None:
    context = told(replace(message(1, "/new what now?"), text="what now?"))
    assert (context.text, context.messages[0].text) == ("what now?", "what now?")


@pytest.mark.parametrize(
    ("groups", "prompt"),
    [
        ({}, ""),
        ({"7": {"systemPrompt": "be brief"}}, "be brief"),
        ({"*": {"systemPrompt": "all"}}, "all"),
        ({"*": {"systemPrompt": "all"}, "7": {"systemPrompt": "own"}}, "own"),
        ({"*": {"systemPrompt": "all"}, "7": {"systemPrompt": ""}}, ""),
        ({"*": {"systemPrompt": "all"}, "7": {"requireMention": False}}, "all"),
        ({"*": {"systemPrompt": "all"}, "chat_id:7": {"systemPrompt": "own"}}, "own"),
        ({"8": {"systemPrompt": "other"}, "nonsense": {"systemPrompt": "x"}}, ""),
    ],
)
def test_a_group_has_its_prompt_and_a_direct_chat_none(groups: dict[str, Any], prompt: str) -> None:
    assert told(session=GROUP, channel={"groups": groups}).system_prompt == prompt
    assert told(session=MAIN, channel={"groups": groups}).system_prompt == ""


def test_the_agent_is_who_the_config_says() -> None:
    runtime = {"type": "model", "model": "openai:gpt", "systemPrompt": "be kind"}
    agent = {"id": "main", "identity": {"name": "Claw", "emoji": "\U0001f99e"}, "runtime": runtime}
    context = told(blocks={"agents": {"list": [agent]}})
    assert (context.identity.name, context.identity.emoji) == ("Claw", "\U0001f99e")
    assert context.agent_prompt == "be kind"
    assert told().agent_prompt == ""


def test_the_transcript_is_the_latest_turns_with_both_sides() -> None:
    turns = (
        past(1),
        past(2, "", heard(21, "a"), heard(22, "", files=("image/png",)), outcome="absorbed"),
        past(3, "", heard(3, ""), outcome="failed"),
        past(4, "answer 4"),
    )
    context = told(turns=turns, number=9, channel={"dmHistoryLimit": 3})
    assert [(line.role, line.text, line.turn, line.media) for line in context.transcript] == [
        ("user", "a", 6, ()),
        ("user", "", 6, ("image/png",)),
        ("user", "question 4", 8, ()),
        ("assistant", "answer 4", 8, ()),
    ]
    assert context.transcript[-1].at == "2027-01-15T07:59:20.000Z"
    assert told(turns=turns, number=9, channel={"dmHistoryLimit": 0}).transcript == ()


def test_group_history_is_the_latest_and_of_groups_only() -> None:
    words = tuple(heard(seq, f"w{seq}") for seq in range(1, 5))
    assert [one.text for one in told(session=GROUP, heard=words).history] == ["w1", "w2", "w3", "w4"]
    assert [one.text for one in told(session=GROUP, heard=words, channel={"historyLimit": 2}).history] == ["w3", "w4"]
    assert told(session=GROUP, heard=words, channel={"historyLimit": 0}).history == ()
    assert told(session=MAIN, heard=words).history == ()


@pytest.mark.parametrize(("mode", "count"), [(None, 1), ("own", 1), ("all", 2), ("off", 0)])
def test_reactions_are_told_as_the_config_asks(mode: str | None, count: int) -> None:
    channel = {"reactionNotifications": mode} if mode else {}
    some = (tapback(), tapback(), tapback(BEN, own=False))
    assert len(told(tapbacks=some, channel=channel).reactions) == count


def test_of_alike_reactions_the_last_is_told() -> None:
    some = (tapback(), tapback(removed=True), tapback(emoji="x"), tapback())
    assert [(one.emoji, one.removed) for one in told(tapbacks=some).reactions] == [
        ("\u2764", True),
        ("x", False),
        ("\u2764", False),
    ]


def test_the_envelope_is_written_in_the_zone_of_the_config() -> None:
    usual = {"agents": {"defaults": {"envelopeTimezone": "Europe/Berlin"}}}
    context = told(blocks=usual, last_at=1_800_000_000.0 - 120)
    assert context.envelope == f"[iMessage {ANN} +2m Fri 2027-01-15 09:00 CET] hello"
    off = {"agents": {"defaults": {"envelopeTimestamp": "off", "envelopeElapsed": "off"}}}
    assert told(blocks=off, last_at=1.0).envelope == f"[iMessage {ANN}] hello"
    local = briefing(ZoneInfo("Asia/Tokyo")).context(turn())
    assert local.envelope == f"[iMessage {ANN} Fri 2027-01-15 17:00 JST] hello"


def test_a_note_to_oneself_is_ours() -> None:
    note = message(sender=ANN, destination_caller_id=ANN, is_from_me=True)
    assert told(note).messages[0].own
    assert not told().messages[0].own
