"""How conversations behave, from the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actors.agents.echo import EchoAgent
from actors.conversation.habits import Habits, queue_mode
from actors.conversation.keys import is_group
from actors.conversation.resets import ResetPolicy
from actors.conversation.turns import COLLECT, FOLLOWUP, INTERRUPT, STEER, QueueRule
from config.accounts import effective
from config.schema.root import Config
from tests.conversation.people import Thinking

DIRECT = "agent:main:main"
GROUP = "agent:main:imessage:group:7"


def habits(**blocks: Any) -> Habits:
    """Those of a config with these blocks."""
    config = Config.model_validate(blocks, strict=False)
    accounts, _ = effective(config, {}, Path("/home"))
    return Habits.of(config, accounts)


def test_by_default_nothing_is_gathered_and_nothing_begins_anew() -> None:
    found = habits()
    assert (found.window, found.reset(DIRECT), found.reset(GROUP)) == (0.0, None, None)
    assert (found.patience_of("main"), found.most, found.apologies, found.zone) == (600, 4, {}, None)
    assert found.allows(DIRECT)


@pytest.mark.parametrize(
    ("inbound", "window"),
    [({"debounceMs": 250}, 0.25), ({"debounceMs": 250, "byChannel": {"imessage": 0}}, 0.0),
     ({"byChannel": {"imessage": 1500, "telegram": 9}}, 1.5), ({"byChannel": {"telegram": 9}}, 0.0)],
)  # fmt: skip
def test_quick_messages_are_gathered_as_long_as_the_channel_says(inbound: Any, window: float) -> None:
    assert habits(messages={"inbound": inbound}).window == window


CHAT = EchoAgent()
MODEL = Thinking(collects=True)
CODER = Thinking(collects=True, steerable=True)


@pytest.mark.parametrize(
    ("agent", "queue", "session", "mode", "together"),
    [
        (CHAT, {}, None, FOLLOWUP, False),
        (MODEL, {}, None, COLLECT, True),
        (CODER, {}, None, COLLECT, True),
        (CHAT, {"mode": "collect"}, None, COLLECT, True),
        (MODEL, {"mode": "followup"}, None, FOLLOWUP, False),
        (MODEL, {"mode": "followup", "byChannel": {"imessage": "interrupt"}}, None, INTERRUPT, True),
        (MODEL, {"byChannel": {"imessage": "interrupt"}}, "followup", FOLLOWUP, False),
        (MODEL, {"byChannel": {"telegram": "interrupt"}}, None, COLLECT, True),
        (CODER, {"mode": "steer"}, None, STEER, True),
        (CODER, {"mode": "queue"}, None, STEER, True),
        (CODER, {}, "steer+backlog", STEER, True),
        (MODEL, {"mode": "steer"}, None, COLLECT, True),
        (CHAT, {"mode": "steer-backlog"}, None, FOLLOWUP, False),
        (MODEL, {"mode": "followup"}, "nonsense", FOLLOWUP, False),
    ],
)
def test_how_messages_wait_is_said_by_session_channel_config_and_agent_in_this_order(
    agent: Any, queue: Any, session: str | None, mode: str, together: bool
) -> None:
    rule = habits(messages={"queue": queue}).rule(agent, session)
    assert (rule.mode, rule.together, rule.cap) == (mode, together, 20)
    assert rule.quiet == (1.0 if together and mode != INTERRUPT else 0.0)


def test_the_quiet_of_a_queue_and_how_many_a_turn_may_have() -> None:
    queue: dict[str, Any] = {"mode": "collect", "debounceMs": 200, "cap": 3}
    assert habits(messages={"queue": queue}).rule(CHAT) == QueueRule(COLLECT, True, 0.2, 3)
    queue["debounceMsByChannel"] = {"imessage": 50}
    assert habits(messages={"queue": queue}).rule(CHAT).quiet == 0.05


@pytest.mark.parametrize(("name", "mode"), [(None, None), ("x", None), ("queue", STEER), ("collect", COLLECT)])
def test_modes_have_other_names(name: str | None, mode: str | None) -> None:
    assert queue_mode(name) == mode


MINUTE = 60.0


@pytest.mark.parametrize(
    ("session", "direct", "group"),
    [
        ({"reset": {"mode": "daily"}}, ResetPolicy(4), ResetPolicy(4)),
        ({"reset": {"mode": "daily", "atHour": 0, "idleMinutes": 5}}, ResetPolicy(0, 300.0), ResetPolicy(0, 300.0)),
        ({"reset": {"mode": "idle"}}, ResetPolicy(None, 3600.0), ResetPolicy(None, 3600.0)),
        ({"reset": {"mode": "idle", "idleMinutes": 5, "atHour": 3}}, ResetPolicy(idle=300.0), ResetPolicy(idle=300.0)),
        ({"reset": {"mode": "none", "idleMinutes": 5}}, None, None),
        ({"reset": {"atHour": 3}}, ResetPolicy(3), ResetPolicy(3)),
        ({"reset": {"idleMinutes": 5}}, ResetPolicy(None, 300.0), ResetPolicy(None, 300.0)),
        ({"reset": {}}, None, None),
        ({"idleMinutes": 5}, ResetPolicy(None, 300.0), ResetPolicy(None, 300.0)),
        ({"idleMinutes": 5, "reset": {"mode": "none"}}, None, None),
        ({"resetByType": {"direct": {"atHour": 3}}}, ResetPolicy(3), None),
        ({"resetByType": {"dm": {"atHour": 3}}, "reset": {"atHour": 5}}, ResetPolicy(3), ResetPolicy(5)),
        ({"resetByType": {"group": {"mode": "none"}, "thread": {"atHour": 1}}, "reset": {"atHour": 5}},
         ResetPolicy(5), None),
        ({"resetByChannel": {"imessage": {"atHour": 1}, "telegram": {"atHour": 2}},
          "resetByType": {"group": {"atHour": 3}}, "reset": {"atHour": 5}}, ResetPolicy(1), ResetPolicy(1)),
    ],
)  # fmt: skip
def test_sessions_begin_anew_by_channel_then_by_kind_then_as_all_do(
    session: Any, direct: ResetPolicy | None, group: ResetPolicy | None
) -> None:
    found = habits(session=session)
    assert (found.reset(DIRECT), found.reset(GROUP)) == (direct, group)


@pytest.mark.parametrize(
    ("policy", "direct", "group"),
    [
        ({"default": "deny"}, False, False),
        ({"rules": [{"action": "deny", "match": {"chatType": "group"}}]}, True, False),
        ({"rules": [{"action": "deny", "match": {"chatType": "channel"}}]}, True, False),
        ({"rules": [{"action": "deny", "match": {"chatType": "dm"}}]}, False, True),
        ({"rules": [{"action": "deny", "match": {"chatType": "thread"}}]}, True, True),
        ({"rules": [{"action": "deny", "match": {"channel": "telegram"}}]}, True, True),
        ({"rules": [{"action": "deny", "match": {"channel": "iMessage", "chatType": "direct"}}]}, False, True),
        ({"rules": [{"action": "deny", "match": {"keyPrefix": "imessage:group:"}}]}, True, False),
        ({"rules": [{"action": "deny", "match": {"keyPrefix": "agent:main"}}]}, True, True),
        ({"rules": [{"action": "deny", "match": {"rawKeyPrefix": "agent:MAIN:main"}}]}, False, True),
        ({"rules": [{"action": "deny"}]}, False, False),
        ({"default": "deny", "rules": [{"action": "allow", "match": {"keyPrefix": "main"}}]}, True, False),
        ({"rules": [{"action": "allow", "match": {"chatType": "group"}}, {"action": "deny"}]}, False, True),
    ],
)
def test_the_first_rule_of_the_send_policy_that_fits_decides(policy: Any, direct: bool, group: bool) -> None:
    found = habits(session={"sendPolicy": policy})
    assert (found.allows(DIRECT), found.allows(GROUP)) == (direct, group)


def test_a_command_may_have_its_own_patience() -> None:
    agents = {
        "defaults": {"timeoutSeconds": 30, "maxConcurrent": 9},
        "list": [
            {"id": "own", "runtime": {"type": "command", "command": ["cat"], "timeoutSeconds": 90}},
            {"id": "plain", "runtime": {"type": "command", "command": ["cat"]}},
        ],
    }
    found = habits(agents=agents)
    assert [found.patience_of(name) for name in ("own", "plain", "other")] == [90, 30, 30]
    assert found.most == 9


def test_accounts_may_have_words_for_a_failure() -> None:
    channel = {"accounts": {"a": {"failureReply": "Sorry.", "dbPath": "/a"}, "b": {"dbPath": "/b"}}}
    assert habits(channels={"imessage": channel}).apologies == {"a": "Sorry."}


@pytest.mark.parametrize(("name", "zone"), [("Europe/Berlin", ZoneInfo("Europe/Berlin")), ("Nowhere/City", None)])
def test_days_are_those_of_the_people(name: str, zone: ZoneInfo | None) -> None:
    assert habits(agents={"defaults": {"userTimezone": name}}).zone == zone


@pytest.mark.parametrize(
    ("session", "group"),
    [(GROUP, True), (DIRECT, False), ("agent:main:imessage:direct:+15550000000", False), ("agent:x:direct:g", False)],
)
def test_a_key_says_whether_it_is_that_of_a_group(session: str, group: bool) -> None:
    assert is_group(session) is group
