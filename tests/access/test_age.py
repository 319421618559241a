"""Rows that come too late: held with the fence that holds them, unless something refuses them anyway."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.policy import Allowed, decide, explain, flip
from actors.access.view import AccessView
from actors.envelopes.inbound import Dropped, Held, Verdict
from config.account import Account
from tests.access.builders import ANN, config, judge, row, view

CH = "channels.imessage."
EMPTY = "groupPolicy allowlist (empty groupAllowFrom)"
UNREADABLE = Allowed(readable=False)
STALE: list[tuple[str, str]] = [
    ("stale backlog", "recovery.liveMinutes"),
    ("missed too long ago", "recovery.replayHours"),
    ("too many missed", "recovery.maxRows"),
]


@pytest.mark.parametrize(("stale", "key"), STALE)
@pytest.mark.parametrize(
    ("keys", "changes"),
    [
        ({"allow_from": (ANN,)}, {}),
        ({"group_policy": "open"}, {"group": True}),
        ({"dm_policy": "open", "allow_from": ("*",)}, {}),
    ],
)
def test_what_would_be_admitted_and_is_stale_is_held(keys: Any, changes: Any, stale: str, key: str) -> None:
    message, of = row(stale=stale, **changes), view(**keys)
    verdict = judge(message, of)
    assert type(verdict) is Held
    assert verdict == Held(stale, CH + key)
    assert flip(verdict, message, of) == f"gateway held release SEQ, or raise {CH}{key}"
    assert explain(message, of, Allowed()).rules[-1] == ("age", f"hold: {stale}")


def test_a_fence_of_an_account_is_named_where_it_is_set() -> None:
    of = AccessView.build(
        Account(id="work", allow_from=(ANN,), origins={"recovery": "channels.imessage.accounts.work.recovery"}),
        config(),
    )
    verdict = decide(row(stale="stale backlog"), of, Allowed())
    assert verdict == Held("stale backlog", "channels.imessage.accounts.work.recovery.liveMinutes")


@pytest.mark.parametrize("stale", [stale for stale, _ in STALE])
def test_a_stranger_is_not_asked_about_a_message_of_long_ago(stale: str) -> None:
    message = row(stale=stale)
    verdict = judge(message, view())
    assert type(verdict) is Dropped
    assert verdict == Dropped("stale backlog", CH + "dmPolicy")
    assert CH + "allowFrom" in flip(verdict, message, view())
    held = judge(message, view(), ANN)
    assert type(held) is Held
    assert held.reason == stale


def test_a_stale_row_that_something_else_would_hold_is_held_as_stale() -> None:
    """What waits for the pairing files, or for its chat, is judged again by itself and would be stale no more."""
    stale, of = row(stale="stale backlog"), view()
    assert decide(stale, of, UNREADABLE) == Held("stale backlog", CH + "recovery.liveMinutes")
    assert judge(row(stale="stale backlog", chat_id=0), of) == Held("stale backlog", CH + "recovery.liveMinutes")
    nobody = view(config(agents={"list": [{"id": "main"}]}), allow_from=(ANN,))
    assert judge(stale, nobody) == Held("stale backlog", CH + "recovery.liveMinutes")


@pytest.mark.parametrize(
    ("keys", "changes", "expected"),
    [
        ({}, {"is_from_me": True}, Dropped("from me")),
        ({"allow_from": (ANN,)}, {"text": ""}, Dropped("empty body")),
        ({"allow_from": (ANN,)}, {"is_reaction": True}, Dropped("reaction")),
        ({}, {"sender": "262966"}, Dropped("short code", CH + "dmPolicy")),
        ({"dm_policy": "allowlist"}, {}, Dropped("dmPolicy blocked", CH + "allowFrom")),
        ({}, {"group": True}, Dropped(EMPTY, CH + "allowFrom")),
        ({}, {"group": True, "chat_id": 0}, Dropped("group without chat_id")),
    ],
)
def test_what_is_refused_anyway_keeps_its_reason_when_stale(keys: Any, changes: Any, expected: Verdict) -> None:
    verdict = judge(row(stale="stale backlog", **changes), view(**keys))
    assert type(verdict) is Dropped
    assert verdict == expected
