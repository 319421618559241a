"""What holds for every account and every row: lists only widen by what they name, and strangers stay silent."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.access.policy import Allowed, decide
from actors.envelopes.inbound import Admit, Challenge, Dropped, Held, Inbound
from actors.normalizer.fences import KEYS
from tests.access.builders import ANN, BEN, OWN, row, view

PEOPLE = st.sampled_from([ANN, BEN, OWN, "kim@x.com", "262966", "MyBank", "chat_id:7", "", " ", "+1555\u200b2223333"])
ENTRIES = st.lists(
    st.sampled_from([ANN, BEN, "KIM@x.com", "chat_id:7", "chat_id:8", "*", "", "(555) 222-3333", "chat_id:x"]),
    max_size=4,
)
ROWS = st.builds(
    row,
    sender=PEOPLE,
    chat_id=st.sampled_from([7, 8, 0, -1]),
    group=st.booleans(),
    is_from_me=st.booleans(),
    is_reaction=st.booleans(),
    text=st.sampled_from(["hello", "", " \n"]),
)
ACCOUNTS = st.fixed_dictionaries(
    {
        "dm_policy": st.sampled_from(["pairing", "allowlist", "open", "disabled"]),
        "group_policy": st.sampled_from(["open", "allowlist", "disabled"]),
        "allow_from": ENTRIES.map(tuple),
        "group_allow_from": st.none() | ENTRIES.map(tuple),
        "groups": st.dictionaries(st.sampled_from(["7", "8", "*"]), st.none() | st.booleans(), max_size=2),
    }
)
ALLOWED = st.builds(Allowed, st.frozensets(st.sampled_from([ANN, BEN])), st.booleans())


def speaks(message: Inbound, keys: dict[str, Any], allowed: Allowed) -> bool:
    return isinstance(decide(message, view(**keys), allowed), Admit)


@settings(max_examples=200)
@given(ROWS, ACCOUNTS, ALLOWED, st.sampled_from([ANN, BEN, "kim@x.com", "chat_id:7", "*"]))
def test_a_longer_list_never_removes_access(message: Inbound, keys: Any, allowed: Allowed, entry: str) -> None:
    for name in ("allow_from", "group_allow_from"):
        if keys[name] is not None and speaks(message, keys, allowed):
            assert speaks(message, {**keys, name: (*keys[name], entry)}, allowed)


@settings(max_examples=200)
@given(ROWS, ACCOUNTS, ALLOWED)
def test_a_shorter_list_never_adds_access(message: Inbound, keys: Any, allowed: Allowed) -> None:
    for name in ("allow_from", "group_allow_from"):
        for index in range(len(keys[name] or ())):
            shorter = keys[name][:index] + keys[name][index + 1 :]
            if speaks(message, {**keys, name: shorter}, allowed):
                assert speaks(message, keys, allowed)


@settings(max_examples=200)
@given(ROWS, ACCOUNTS, ALLOWED)
def test_empty_allowlists_admit_nobody(message: Inbound, keys: Any, allowed: Allowed) -> None:
    closed = {**keys, "dm_policy": "allowlist", "group_policy": "allowlist", "allow_from": (), "group_allow_from": None}
    assert not speaks(message, closed, allowed)
    assert not isinstance(decide(message, view(**closed), allowed), Challenge)


@settings(max_examples=300)
@given(ROWS, ACCOUNTS, ALLOWED)
def test_only_a_direct_message_of_an_answerable_person_is_challenged(
    message: Inbound, keys: Any, allowed: Allowed
) -> None:
    verdict = decide(message, view(**keys), allowed)
    if isinstance(verdict, Challenge):
        assert keys["dm_policy"] == "pairing"
        assert allowed.readable
        assert not message.chat.is_group
        assert not message.is_from_me
        assert not message.is_reaction
        assert message.chat.id > 0
        assert message.text.strip()
        assert verdict.handle in {ANN, BEN, "kim@x.com"}


@settings(max_examples=300)
@given(ROWS, ACCOUNTS, ALLOWED)
def test_own_rows_and_rows_without_a_chat_never_speak(message: Inbound, keys: Any, allowed: Allowed) -> None:
    if message.is_from_me or message.sender == OWN or message.chat.id <= 0:
        assert not speaks(message, keys, allowed)


@settings(max_examples=300)
@given(ROWS, ACCOUNTS, ALLOWED)
def test_a_group_never_reaches_a_direct_session(message: Inbound, keys: Any, allowed: Allowed) -> None:
    verdict = decide(message, view(**keys), allowed)
    if isinstance(verdict, Admit):
        is_group = message.chat.is_group or str(message.chat.id) in keys["groups"]
        assert (":group:" in verdict.session) is is_group


@settings(max_examples=300)
@given(ROWS, ACCOUNTS, ALLOWED, st.sampled_from(sorted(KEYS)))
def test_a_stale_row_is_never_answered_and_what_is_refused_anyway_keeps_its_reason(
    message: Inbound, keys: Any, allowed: Allowed, stale: str
) -> None:
    of = view(**keys)
    fresh, old = decide(message, of, allowed), decide(replace(message, stale=stale), of, allowed)
    if isinstance(fresh, Dropped):
        assert old == fresh
        assert type(old) is Dropped
    elif isinstance(fresh, Challenge):
        assert old == Dropped("stale backlog", fresh.config_key)
    else:
        assert old == Held(stale, of.key(KEYS[stale]))
