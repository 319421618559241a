"""Reasons are a closed set, and each comes with the setting that would admit, where there is one."""

from __future__ import annotations

from typing import Any

import pytest

from actors.access.flips import flip
from actors.access.reasons import PAIRING_REQUIRED, REASONS
from actors.envelopes.inbound import Challenge, Corrupt, Dropped, Held, Verdict
from actors.normalizer.fences import KEYS
from actors.normalizer.previews import LINK_PREVIEW
from actors.pairing import guard, registry
from tests.access.builders import ANN, BEN, CH, OWN, config, judge, note, row, view

PAGE = """
malformed payload|missing sender|from me|agent echo in self-chat|self-chat echo|group without chat_id
groupPolicy disabled|groupPolicy allowlist (empty groupAllowFrom)|not in groupAllowFrom|group id not in allowlist
dmPolicy disabled|dmPolicy blocked|empty body|echo|reflected assistant content|control command (unauthorized)|no mention
"""
"""The reasons of inbound 4.3."""


def test_the_page_is_all_there_and_so_is_whatever_others_say() -> None:
    assert {one for line in PAGE.split("\n") if line for one in line.split("|")} <= REASONS.keys()
    assert {LINK_PREVIEW, *KEYS} <= REASONS.keys()


def test_what_pairing_says_is_in_it_too() -> None:
    assert {PAIRING_REQUIRED, registry.PENDING, registry.FULL, guard.DENIED, guard.TOO_MANY} <= REASONS.keys()


NAMED = config(agents={"list": [{"id": "main", "identity": {"name": "Claw"}, "runtime": {"type": "echo"}}]})
OPEN: dict[str, Any] = {"group_policy": "open"}
HINTS: list[tuple[dict[str, Any], Any, str]] = [
    ({}, row(), f'approve the pairing request of "{ANN}", or add it to {CH}allowFrom'),
    ({"dm_policy": "disabled"}, row(), f'set {CH}dmPolicy to "pairing", and add "{ANN}" to {CH}allowFrom'),
    ({"dm_policy": "disabled", "allow_from": (ANN,)}, row(), f'set {CH}dmPolicy to "pairing"'),
    ({"dm_policy": "allowlist"}, row(), f'add "{ANN}" to {CH}allowFrom'),
    ({}, row(sender="26{0}6"), f'add "26{{0}}6" to {CH}allowFrom'),
    (
        {"group_policy": "disabled"},
        row(group=True),
        f'set {CH}groupPolicy to "allowlist", and add "{ANN}" to {CH}allowFrom',
    ),
    ({"group_policy": "disabled", "group_allow_from": ("*",)}, row(group=True), f'set {CH}groupPolicy to "allowlist"'),
    ({}, row(group=True), f'add "{ANN}" to {CH}allowFrom'),
    ({"group_allow_from": (BEN,)}, row(group=True), f'add "{ANN}" to {CH}groupAllowFrom'),
    ({**OPEN, "groups": {"42": None}}, row(group=True), f'add "7": {{}} to {CH}groups'),
    ({**OPEN, "groups": {"7": True}}, row(group=True), f"set {CH}groups.7.requireMention to false"),
    ({**OPEN}, row(group=True, text="/status"), f'add "{ANN}" to {CH}allowFrom'),
    ({"allow_from": ("chat_id:7",)}, row(text="/status"), f'add "{ANN}" to {CH}allowFrom'),
    ({}, note(), f'add "{OWN}" to {CH}allowFrom'),
    ({}, row(is_from_me=True), ""),
    ({}, row(chat_id=0), "none needed: its chat is looked for again by itself, for a day"),
    ({"allow_from": (ANN,)}, row(), ""),
]


@pytest.mark.parametrize(("keys", "message", "hint"), HINTS)
def test_a_refusal_names_the_setting_that_would_admit(keys: Any, message: Any, hint: str) -> None:
    of = view(NAMED, **keys)
    assert flip(judge(message, of), message, of) == hint


@pytest.mark.parametrize("sender", ["chat_id:9", "accessGroup:family", "chat_guid:X", "+1555\u200b2223333", "9" * 400])
def test_s3_no_hint_lets_in_whom_a_sender_poses_as(sender: str) -> None:
    """As an entry, ``chat_id:9`` would let in another chat: the hint names the chat the message came from."""
    for keys, group in (({}, False), ({"dm_policy": "allowlist"}, False), ({"group_allow_from": (BEN,)}, True)):
        message = row(sender=sender, group=group)
        of = view(**keys)
        hint = flip(judge(message, of), message, of)
        assert hint.startswith(('add "chat_id:7" to channels.imessage.', "approve")), hint
        assert sender not in hint
    message = row(sender=sender, text="/status", group=True)
    hint = flip(judge(message, view(**OPEN)), message, view(**OPEN))
    assert hint.startswith("none: ")


def test_a_hint_shows_control_characters_harmlessly() -> None:
    message = row(sender="a\x1b]52;\nb\u202e")
    for verdict in (judge(message, view()), Dropped("control command (unauthorized)", "k")):
        hint = flip(verdict, message, view())
        assert hint.isprintable()
        assert hint.isascii()


@pytest.mark.parametrize("reason", sorted(REASONS))
@pytest.mark.parametrize("sender", [ANN, "chat_id:9"])
def test_every_reason_with_a_setting_says_what_to_change(reason: str, sender: str) -> None:
    verdicts: tuple[Verdict, ...] = (Dropped(reason, "a.key"), Held(reason, "a.key"))
    for verdict in verdicts:
        hint = flip(verdict, row(sender=sender), view())
        assert "{" not in hint.replace('"7": {}', "").replace('{type: "', "")
        assert bool(hint) is bool(REASONS[reason])
    assert "{" not in flip(Dropped(reason), row(), view())


def test_what_has_no_reason_has_no_hint() -> None:
    assert flip(Corrupt("x"), row(), view()) == ""
    assert flip(Held("agent failed: x", "agents.list[].runtime"), row(), view()) == ""
    assert flip(Challenge(ANN, CH + "dmPolicy"), row(), view()) != ""
