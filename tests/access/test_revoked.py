"""Who may not speak any more: what a newer config or the files of pairing take from a message that still waits."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.policy import Allowed, decide, refused
from actors.access.view import AccessView
from actors.envelopes.inbound import Challenge, Dropped, Held, Inbound
from tests.access.builders import ANN, BEN, CH, ECHO, config, row, view

NAMED = {"list": [{**ECHO, "identity": {"name": "Claw"}}]}
DIRECT, GROUP = row(), row(group=True)
OPEN: dict[str, Any] = {"dm_policy": "open", "allow_from": ("*",), "group_policy": "open"}
SHORT = row(sender="262966")


def of(conf: dict[str, Any] | None = None, **keys: Any) -> AccessView:
    """A view of a newer config; before, Ann was let in everywhere and any message of hers was heard."""
    return view(config(agents=NAMED, **(conf or {})), **keys)


@pytest.mark.parametrize(
    ("message", "now", "key"),
    [
        (DIRECT, of(dm_policy="disabled"), "dmPolicy"),
        (DIRECT, of(dm_policy="allowlist", allow_from=(BEN,)), "allowFrom"),
        (DIRECT, of(), "dmPolicy"),
        (SHORT, of(), "dmPolicy"),
        (GROUP, of(group_policy="disabled"), "groupPolicy"),
        (GROUP, of(group_allow_from=(BEN,)), "groupAllowFrom"),
        (GROUP, of(group_allow_from=()), "groupAllowFrom"),
        (GROUP, of(group_policy="open", groups={"42": None}), "groups"),
        (DIRECT, of(allow_from=(ANN,), group_allow_from=(BEN,), groups={"7": None}), "groupAllowFrom"),
    ],
    ids=[
        "direct messages are off",
        "taken off the list",
        "a stranger again",
        "a stranger who cannot be asked",
        "groups are off",
        "taken off the list of groups",
        "an empty list",
        "the group is not in the registry",
        "the chat counts as a group now",
    ],
)
def test_whoever_may_not_speak_any_more_gets_no_answer(message: Inbound, now: AccessView, key: str) -> None:
    assert refused(message, now, Allowed()) == Dropped("revoked", CH + key)


@pytest.mark.parametrize(
    ("message", "now", "verdict"),
    [
        (GROUP, of(group_policy="open"), Dropped),
        (row(text="/status"), of({"commands": {"allowFrom": {"imessage": []}}}, allow_from=(ANN,)), Dropped),
        (row(text="/bash ls"), of({"commands": {"bash": True}}, allow_from=("chat_id:7",)), Dropped),
        (row(stale="stale backlog"), of(allow_from=(ANN,)), Held),
        (row(text=""), of(allow_from=(ANN,)), Dropped),
        (row(is_reaction=True), of(allow_from=(ANN,)), Dropped),
        (DIRECT, view(config(agents={"list": [{"id": "main"}]}), allow_from=(ANN,)), Held),
        (row(chat_id=0), of(**OPEN), Held),
    ],
    ids=[
        "a mention is asked for",
        "the command needs more",
        "the command was switched on",
        "it would be too old",
        "nothing is said",
        "a tapback",
        "no agent answers",
        "without a chat",
    ],
)
def test_what_would_be_judged_otherwise_now_takes_nothing_away(
    message: Inbound, now: AccessView, verdict: type
) -> None:
    assert isinstance(decide(message, now, Allowed()), verdict)
    assert refused(message, now, Allowed()) is None


def test_whoever_is_let_in_by_pairing_since_may_speak() -> None:
    """On the list when it came, and approved after it: nothing was lost in between."""
    allowed = Allowed(frozenset({ANN}), since={ANN: 1_000.0})
    message = row(received_at=500.0)
    assert refused(message, of(), allowed) is None
    assert refused(message, of(), Allowed()) == Dropped("revoked", f"{CH}dmPolicy")


def test_files_that_cannot_be_read_take_nothing_away() -> None:
    assert refused(DIRECT, of(), Allowed(readable=False)) is None


def test_of_what_was_let_in_for_what_it_says_only_a_right_that_was_lost_counts() -> None:
    for keys in ({}, {"dm_policy": "allowlist"}, {"allow_from": (ANN,)}, OPEN, {"dm_policy": "disabled"}):
        for message in (DIRECT, GROUP, row(text="/config"), row(sender=BEN)):
            now = view(**keys)
            lost = isinstance(decide(message, now, Allowed()), Dropped | Challenge)
            assert (refused(message, now, Allowed()) is not None) is lost
