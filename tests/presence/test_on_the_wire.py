"""What presence calls, over the simulator: it takes each call as it is, and does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.envelopes.identity import ReplyAddress
from actors.envelopes.steering import Attend
from actors.presence.attention import Attention
from actors.presence.manners import Manners
from actors.rpc.capabilities import from_initialize
from actors.simulator.messages_db import MessagesDb
from tests.simulator.harness import ANNA, DIRECT, Rpc, furnish

EYES = "\U0001f440"
WHERE = ReplyAddress("default", 1, DIRECT, f"iMessage;-;{ANNA}", "auto")


@pytest.fixture
def said(tmp_path: Path) -> str:
    """The GUID of a message of Anna's in ``chat.db``."""
    furnish(tmp_path / "chat.db")
    db = MessagesDb.open(tmp_path / "chat.db")
    guid = db.incoming(DIRECT, ANNA, "hello").guid
    db.close()
    return guid


def reactions(rpc: Rpc) -> list[str]:
    """What stands on the newest message."""
    message = rpc.call("messages.history", chat_id=DIRECT, limit=1)["result"]["messages"][0]
    return [reaction["emoji"] for reaction in message["reactions"]]


@pytest.mark.parametrize(("version", "ack"), [("0.15", "\U0001f44d"), ("0.15.10", "\U0001f44d"), ("0.15.10", EYES)])
def test_a_turn_from_its_begin_to_its_end(tmp_path: Path, said: str, version: str, ack: str) -> None:
    with Rpc(tmp_path / "chat.db", "--imsg-version", version, "--bridge", "true") as rpc:
        able = from_initialize(rpc.call("initialize")["result"])
        assert able.any_tapback is (version == "0.15.10")
        attention = Attention(Manners(ack=ack, scope="all", takes_back=True))

        def act(now: float) -> list[str]:
            done = []
            while (call := attention.next(now, able)) is not None:
                result = rpc.call(call.method, **call.params)["result"]
                assert result["ok"] is True
                attention.done(call, now)
                done.append(call.method)
            return done

        attention.attend(Attend(1, WHERE, said), 0.0)
        assert act(1.0) == ["typing", "tapback", "read"]
        assert reactions(rpc) == [ack]
        attention.attend(Attend(1, WHERE, said, done=True), 2.0)
        assert act(3.0) == ["typing", "tapback"]
        assert reactions(rpc) == []


@pytest.mark.parametrize(("version", "bridge"), [("0.15", "false"), ("0.15.10", "false")])
def test_without_its_bridge_it_says_that_none_of_it_works(tmp_path: Path, said: str, version: str, bridge: str) -> None:
    with Rpc(tmp_path / "chat.db", "--imsg-version", version, "--bridge", bridge) as rpc:
        able = from_initialize(rpc.call("initialize")["result"])
    assert (able.bridge, able.any_tapback) == (False, False)
    assert not any(map(able.can, ("typing", "read", "tapback")))
    assert said
