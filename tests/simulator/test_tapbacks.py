"""`tapback`: what it takes, what it writes, and who sees it (imsg protocol 4, 12.8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import ANNA, DIRECT, TEAM, Rpc

BRIDGE = ("--bridge", "true")
OLD, NEW, NEWEST = (("--imsg-version", version, *BRIDGE) for version in ("0.9", "0.15", "0.15.10"))
EYES = "\U0001f440"


def reactions(rpc: Rpc, chat: int = DIRECT) -> list[tuple[str, str]]:
    """What stands on the newest message of a chat."""
    message = rpc.call("messages.history", chat_id=chat, limit=1)["result"]["messages"][0]
    return [(one["type"], one["emoji"]) for one in message["reactions"]]


@pytest.fixture
def said(db: MessagesDb) -> str:
    """The GUID of a message of Anna's."""
    return db.incoming(DIRECT, ANNA, "hello").guid


@pytest.mark.parametrize("flags", [OLD, NEW, NEWEST])
def test_it_stands_on_the_message_until_it_is_taken_back(path: Path, said: str, flags: tuple[str, ...]) -> None:
    with Rpc(path, *flags) as rpc:
        like = {"chat_id": DIRECT, "message_id": said, "reaction": "like"}
        assert rpc.call("tapback", **like)["result"] == {"ok": True, "reaction": "like"}
        assert reactions(rpc) == [("like", "\U0001f44d")]
        assert rpc.call("tapback", **like, remove=True)["result"] == {"ok": True, "reaction": "like"}
        assert reactions(rpc) == []


def test_it_comes_back_on_the_watch_as_ours(path: Path, said: str) -> None:
    with Rpc(path, *NEW) as rpc:
        rpc.call("watch.subscribe", include_reactions=True)
        rpc.request("tapback", 2, chat_guid=f"iMessage;-;{ANNA}", message_id=said, kind="heart")
        message = rpc.message()
        assert (message["is_from_me"], message["reaction_type"], message["reacted_to_guid"]) == (True, "love", said)
        assert message["text"] == "Loved \u201chello\u201d"


def test_any_emoji_where_the_version_says_so(path: Path, said: str) -> None:
    with Rpc(path, *NEWEST) as rpc:
        assert rpc.call("status")["result"]["capabilities"]["features"] == {"tapback.emoji": 2}
        result = rpc.call("tapback", chat_id=DIRECT, message_id=said, emoji=EYES)["result"]
        assert result == {"ok": True, "emoji": EYES}
        assert reactions(rpc) == [("custom", EYES)]
    with Rpc(path, *NEW) as rpc:
        assert "capabilities" not in rpc.call("status")["result"]
        error = rpc.call("tapback", chat_id=DIRECT, message_id=said, emoji=EYES)["error"]
        assert error["data"].startswith(f"unsupported tapback reaction {EYES}; use love, like")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"message_id": "X", "reaction": "like"}, "chat_guid, chat_identifier, or chat_id is required"),
        ({"chat_id": DIRECT, "reaction": "like"}, "message_id or message_guid is required"),
        ({"chat_id": DIRECT, "message_id": "X"}, "reaction, kind, or emoji is required"),
        ({"chat_id": DIRECT, "message_id": "X", "reaction": "hug"}, "unsupported tapback reaction hug; use love,"),
    ],
)
def test_what_it_refuses(path: Path, params: dict[str, Any], text: str) -> None:
    for flags in (OLD, NEW):
        with Rpc(path, *flags) as rpc:
            error = rpc.call("tapback", **params)["error"]
            assert error["code"] == -32602
            assert error["data"].startswith(text)


def test_a_message_of_another_chat_is_none(path: Path, said: str) -> None:
    with Rpc(path, *NEW) as rpc:
        error = rpc.call("tapback", chat_id=TEAM, message_id=said, reaction="like")["error"]
        assert (error["code"], error["data"]["disposition"]) == (-32603, "not_started")


def test_without_the_bridge_there_is_none(path: Path, said: str) -> None:
    asked = {"chat_id": DIRECT, "message_id": said, "reaction": "remove-like"}
    with Rpc(path, "--imsg-version", "0.15") as rpc:
        assert rpc.call("tapback", **asked)["error"]["data"]["retry_safe"] is True
    with Rpc(path, "--imsg-version", "0.9") as rpc:
        assert rpc.call("tapback", **asked)["error"]["code"] == -32603
    with Rpc(path, "--imsg-version", "0.8.2", *BRIDGE) as rpc:
        assert rpc.call("tapback", **asked)["error"]["code"] == -32601
