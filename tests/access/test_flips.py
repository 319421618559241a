"""Flips in files with several accounts: whoever does what the hint says gets what it promises, and nobody loses."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from actors.access.list_check import unusable_lists
from actors.access.policy import Allowed, Explanation, explain
from actors.access.view import AccessView
from actors.envelopes.inbound import Inbound
from config import Loaded, Places, load
from tests.access.builders import ANN, BEN, ECHO, row
from tests.support.examples import examples

KIM, C = "kim@x.com", "channels.imessage"
NOBODY = Allowed()
AGENT = {**ECHO, "identity": {"name": "Claw"}}
CHATS: tuple[tuple[int, bool], ...] = ((3, False), (5, False), (7, True), (42, True))
AT_HOME: tuple[tuple[int, bool], ...] = ((3, False), (5, False), (7, True), (42, False))
"""Chats by number, and which are groups: number 42 is another chat in the database of ``home``."""
_ADD = re.compile(
    r'add (?:"(?P<entry>[^"]*)"(?P<group>: \{\})?|it) to (?P<path>\S+?)(?:, with all that (?P<old>\S+) holds:.*)?$'
)
_SET = re.compile(r'set (?P<path>\S+) to (?P<value>false|"\w+")')

Document = dict[str, Any]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Where the files are."""
    home = tmp_path_factory.mktemp("home")
    (home / ".openclaw" / "gateway").mkdir(parents=True)
    return Places.from_env({"HOME": str(home)})


def loaded(places: Places, channel: Document) -> Loaded:
    Path(places.config).write_text(json.dumps({"channels": {"imessage": channel}, "agents": {"list": [AGENT]}}))
    return load(places, {}, (unusable_lists,))


def views(places: Places, channel: Document) -> dict[str, AccessView]:
    """The views of all accounts; a config that is refused is a failure."""
    found = loaded(places, channel)
    assert found.config is not None, found.problems
    return {one.id: AccessView.build(one, found.config) for one in found.accounts}


def followed(channel: Document, told: Explanation, sender: str) -> Document:
    """The channel block after doing what the hint says."""
    after = deepcopy(channel)
    hint = told.flip.split("; a new message")[0]
    if one := _SET.search(hint):
        _put(after, one["path"], json.loads(one["value"]))
    if one := _ADD.search(hint):
        old = deepcopy(_at(after, one["old"] or one["path"]))
        if one["group"]:
            _put(after, one["path"], {**(old or {}), one["entry"]: {}})
        else:
            _put(after, one["path"], [*(old or []), one["entry"] or sender])
    assert after != channel, told.flip
    return after


def _at(channel: Document, path: str) -> Any:
    found: Any = channel
    for key in _keys(path):
        found = found.get(key) if found else None
    return found


def _put(channel: Document, path: str, value: Any) -> None:
    *parents, last = _keys(path)
    inside = channel
    for key in parents:
        inside = inside.setdefault(key, {})
    inside[last] = value


def _keys(path: str) -> list[str]:
    return path.removeprefix(f"{C}.").split(".")


def let_in(of: dict[str, AccessView]) -> set[tuple[str, str, int, bool]]:
    """Who may speak where, in every account, whether mentioned or not."""
    return {
        (account, sender, chat, group)
        for account, view in of.items()
        for sender in (ANN, BEN, KIM, "chat_id:9")
        for chat, group in (AT_HOME if account == "home" else CHATS)
        if explain(row(sender=sender, chat_id=chat, group=group, text="claw"), view, NOBODY).decision == "admit"
    }


def account(**keys: Any) -> Document:
    return {"accounts": {"work": {"dbPath": "/w.db"}, "home": {"dbPath": "/h.db"}}, **keys}


def own(work: Document, **keys: Any) -> Document:
    made = account(**keys)
    made["accounts"]["work"] |= work
    return made


DIRECT = row(chat_id=5)
GROUP = row(chat_id=42, group=True)
WORK = f"{C}.accounts.work"
ITS_OWN = ": a list of the account's own replaces that one"
CASES: list[tuple[str, Document, Inbound, str]] = [
    (
        "the list is the account's, the policy nobody's",
        own({"allowFrom": [BEN]}),
        DIRECT,
        f'approve the pairing request of "{ANN}", or add it to {WORK}.allowFrom',
    ),
    (
        "the policy is the account's, the list the channel's",
        own({"dmPolicy": "pairing"}, allowFrom=[BEN]),
        DIRECT,
        f'approve the pairing request of "{ANN}", or add it to {C}.allowFrom',
    ),
    (
        "a short code",
        own({"dmPolicy": "pairing"}, allowFrom=[BEN]),
        row(chat_id=5, sender="22000"),
        f'add "22000" to {C}.allowFrom',
    ),
    (
        "an account without direct chats",
        own({"dmPolicy": "disabled"}, allowFrom=[BEN]),
        DIRECT,
        f'set {WORK}.dmPolicy to "pairing", and add "{ANN}" to {C}.allowFrom',
    ),
    (
        "a channel without any list",
        account(dmPolicy="disabled"),
        DIRECT,
        f'set {C}.dmPolicy to "pairing", and add "{ANN}"',
    ),
    (
        "groups by the list of direct chats",
        own({"allowFrom": [BEN]}, groupPolicy="disabled"),
        GROUP,
        f'set {C}.groupPolicy to "allowlist", and add "{ANN}" to {WORK}.allowFrom',
    ),
    ("a list of nobody", own({"groupAllowFrom": []}, allowFrom=[ANN]), GROUP, f'add "{ANN}" to {WORK}.groupAllowFrom'),
    (
        "a chat that is another one in the other account",
        account(groupAllowFrom=[ANN], groups={"7": {}}),
        GROUP,
        f'add "42": {{}} to {WORK}.groups, with all that {C}.groups holds{ITS_OWN}',
    ),
    (
        "a chat in a registry of the account's own",
        own({"groups": {"7": {}}}, groupAllowFrom=[ANN]),
        GROUP,
        f'add "42": {{}} to {WORK}.groups',
    ),
    (
        "a chat of somebody who cannot be listed",
        account(groupAllowFrom=[BEN]),
        row(chat_id=42, group=True, sender="chat_id:9"),
        f'add "chat_id:42" to {WORK}.groupAllowFrom, with all that {C}.groupAllowFrom holds{ITS_OWN}',
    ),
    (
        "a chat where there is one account",
        {"groupAllowFrom": [ANN], "groups": {"7": {}}},
        GROUP,
        f'add "42": {{}} to {C}.groups',
    ),
]


@pytest.mark.parametrize(("channel", "message", "hint"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_hint_names_the_key_in_force(places: Places, channel: Document, message: Inbound, hint: str) -> None:
    of = views(places, channel)
    account = next(name for name in ("work", "default") if name in of)
    told = explain(message, of[account], NOBODY)
    assert told.flip.startswith(hint)
    assert_kept(places, channel, account, message)


def assert_kept(places: Places, channel: Document, account: str, message: Inbound) -> None:
    """Hint after hint lets the message in, each moves it on, and nobody else loses or, by a list, gains anything."""
    of = views(places, channel)
    told = explain(message, of[account], NOBODY)
    for _ in range(5):
        if told.decision == "admit" or told.flip.startswith("none: "):
            return
        before, was = let_in(of), told
        channel = followed(channel, told, message.sender)
        of = views(places, channel)
        told, after = explain(message, of[account], NOBODY), let_in(of)
        assert (told.reason, told.config_key) != (was.reason, was.config_key)
        assert before <= after, was.flip
        if was.flip.startswith(("add", "approve")):
            new = {(sender, chat) for _, sender, chat, _ in after - before}
            assert all(sender == message.sender or chat == message.chat.id for sender, chat in new), was.flip
    raise AssertionError(f"after five hints it is still {told.decision}: {told.reason}")


LIST = st.sampled_from([[], [BEN], [KIM, "chat_id:3"], [KIM, ANN]])
BLOCK = st.fixed_dictionaries(
    {},
    optional={
        "dmPolicy": st.sampled_from(["pairing", "allowlist", "disabled"]),
        "allowFrom": LIST,
        "groupPolicy": st.sampled_from(["allowlist", "disabled", "open"]),
        "groupAllowFrom": LIST,
        "groups": st.sampled_from([{}, {"7": {}}, {"*": {}}, {"5": {}}, {"*": {"requireMention": True}, "42": {}}]),
    },
)
MESSAGES = st.builds(
    lambda sender, chat, text: row(sender=sender, chat_id=chat[0], group=chat[1], text=text),
    st.sampled_from([ANN, BEN, "chat_id:9"]),
    st.sampled_from(CHATS),
    st.sampled_from(["hello", "/status"]),
)


@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(BLOCK, BLOCK, BLOCK, MESSAGES)
def test_hints_keep_their_promise_wherever_keys_are_set(
    places: Places, channel: Document, work: Document, home: Document, message: Inbound
) -> None:
    whole = {**channel, "accounts": {"work": {"dbPath": "/w.db", **work}, "home": {"dbPath": "/h.db", **home}}}
    assume(loaded(places, whole).config is not None)
    told = explain(message, views(places, whole)["work"], NOBODY)
    assume(told.flip)
    assert_kept(places, whole, "work", message)
