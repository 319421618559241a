"""What holds for every account and every row: lists only widen by what they name, and strangers stay silent.

Adding to what is there never removes access. Three things are no such addition but a switch of the policy, and may
remove some: the first key of ``groups`` (it shuts out the chats it does not name), a chat id in ``groups`` for a chat
that was no group (it has the rules of groups from then on) or with a ``requireMention`` of its own, and the first
``groupAllowFrom``, ``commands.allowFrom`` or ``commands.ownerAllowFrom``, each of which replaces another list.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.access.flips import flip
from actors.access.handles import canonical
from actors.access.policy import Allowed, decide, explain
from actors.access.question import Question
from actors.access.reasons import REASONS
from actors.commands.parse import CARRIED_OUT, OF_A_SESSION, parse
from actors.envelopes.inbound import Admit, Challenge, Control, Dropped, Held, Inbound
from actors.normalizer.fences import KEYS
from tests.access.builders import ANN, BEN, OWN, row, view
from tests.access.worlds import COMMANDS, ENTRY, HANDLES, ROWS, SAID, WORLDS, World
from tests.support.examples import examples

LISTS = ("allow_from", "group_allow_from")
MANY = settings(max_examples=examples(150))


@MANY
@given(ROWS, WORLDS, ENTRY, st.integers(0, 4))
def test_a_longer_list_never_removes_access_and_a_shorter_one_never_adds(
    message: Inbound, world: World, entry: str, place: int
) -> None:
    for name in LISTS:
        if (entries := world.keys[name]) is None:
            continue
        longer = world.but(**{name: (*entries[:place], entry, *entries[place:])})
        assert world.admits(message) <= longer.admits(message)
        for index in range(len(entries)):
            shorter = world.but(**{name: entries[:index] + entries[index + 1 :]})
            assert shorter.admits(message) <= world.admits(message)


@MANY
@given(ROWS, WORLDS, HANDLES)
def test_an_approval_never_removes_access_and_a_revocation_never_adds(
    message: Inbound, world: World, more: frozenset[str]
) -> None:
    allowed = world.allowed
    assume(allowed.readable)
    approved = world.but(allowed=allowed._replace(handles=allowed.handles | more))
    owned = world.but(allowed=allowed._replace(owners=allowed.owners | more))
    assert world.admits(message) <= approved.admits(message)
    assert world.admits(message) <= owned.admits(message)


@MANY
@given(ROWS, WORLDS, st.permutations(["7", "8", "*"]), st.lists(st.none() | st.booleans(), min_size=3, max_size=3))
def test_another_group_never_removes_access(
    message: Inbound, world: World, keys: list[str], mention: list[bool | None]
) -> None:
    """In a registry that has keys, of a chat that is a group, without a rule of its own about mentions."""
    *first, key = keys
    groups = dict(zip(first, mention[:2], strict=True))
    added = mention[2] if key == "*" else None
    before, after = world.but(groups=groups), world.but(groups={**groups, key: added})
    if key == "*" or message.chat.is_group or message.chat.id != int(key):
        assert before.admits(message) <= after.admits(message)


@MANY
@given(ROWS, WORLDS, COMMANDS, ENTRY)
def test_whoever_may_command_more_is_never_refused_for_it(
    message: Inbound, world: World, commands: dict[str, Any], entry: str
) -> None:
    for name in ("ownerAllowFrom", "allowFrom"):
        before = {**world.commands, name: commands.get(name)} if commands.get(name) else None
        if before is None:
            continue
        value = commands[name]
        after = (*value, entry) if isinstance(value, tuple) else {k: (*one, entry) for k, one in value.items()}
        assert world.but(commands=before).admits(message) <= world.but(commands={**before, name: after}).admits(message)


@MANY
@given(ROWS, WORLDS)
def test_empty_allowlists_admit_nobody(message: Inbound, world: World) -> None:
    closed = world.but(dm_policy="allowlist", group_policy="allowlist", allow_from=(), group_allow_from=None)
    verdict = decide(message, closed.view, closed.allowed)
    assert not isinstance(verdict, Admit | Control | Challenge)


@MANY
@given(ROWS, WORLDS)
def test_an_unreadable_store_admits_and_challenges_nobody_it_would_have_decided_about(
    message: Inbound, world: World
) -> None:
    blind = world.but(allowed=Allowed(readable=False))
    assert not isinstance(decide(message, blind.view, blind.allowed), Challenge)
    assert blind.admits(message) <= world.but(allowed=Allowed()).admits(message)
    unlisted = blind.but(dm_policy="pairing", group_policy="allowlist", allow_from=(), group_allow_from=())
    assert not unlisted.admits(message)


NUMBERS = st.from_regex(r"\+?[0-9]{3,12}", fullmatch=True)
WRITTEN = st.one_of(
    NUMBERS,
    st.from_regex(r"\+1 ?\(?555\)? ?222[ -]?333[0-9]", fullmatch=True),
    st.from_regex(r"[A-Za-z]{1,3}@[a-c]\.(com|de)", fullmatch=True),
    st.sampled_from(
        [ANN, "\u0661\u0665\u0665\u0665", "+1555222333\u0663", "ann@x\u0441.com", "tel:" + ANN, ANN + ";ext=1"]
    ),
    st.text(alphabet=st.characters(categories=("L", "N", "P", "Cf", "Zs")), max_size=6),
)


@settings(max_examples=examples(400))
@given(WRITTEN, WRITTEN, st.booleans())
def test_s1_no_listed_handle_is_matched_by_another_canonical_identity(listed: str, sender: str, group: bool) -> None:
    assume(canonical(listed, "US") != canonical(sender, "US"))
    keys: dict[str, Any] = {"dm_policy": "allowlist", "allow_from": (listed,), "group_policy": "allowlist"}
    world = World(keys, {"ownerAllowFrom": (listed,), "useAccessGroups": True}, Allowed())
    message = row(sender=sender, group=group, own_handle="")
    assume(listed.strip() != "*" and ":" not in listed)
    assert not world.admits(message)
    assert world.view.commands.authority(canonical(sender, "US"), group, Allowed()) == "known"


@MANY
@given(ROWS, WORLDS, st.randoms())
def test_order_decides_nothing(message: Inbound, world: World, random: Any) -> None:
    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            pairs = [(key, mixed(one)) for key, one in value.items()]
            return dict(random.sample(pairs, len(pairs)))
        return tuple(random.sample(value, len(value))) if isinstance(value, tuple) else value

    other = World(mixed(world.keys), mixed(world.commands), world.allowed)
    assert explain(message, other.view, world.allowed) == explain(message, world.view, world.allowed)


@MANY
@given(ROWS, WORLDS, st.sampled_from(["", *KEYS]))
def test_an_explanation_ends_in_the_verdict_and_every_reason_is_known(
    message: Inbound, world: World, stale: str
) -> None:
    message = replace(message, stale=stale)
    verdict, told = decide(message, world.view, world.allowed), explain(message, world.view, world.allowed)
    assert (type(told.verdict), told.verdict) == (type(verdict), verdict)
    assert [result for _, result in told.rules[:-1]] == ["pass"] * (len(told.rules) - 1)
    assert told.rules[-1][1] != "pass"
    assert bool(told.reason) is (told.decision != "admit")
    assert told.reason in {*REASONS, ""}
    assert told.flip == flip(verdict, message, world.view)
    if isinstance(verdict, Admit):
        assert (told.session, told.agent, told.mentioned) == (verdict.session, verdict.agent, verdict.mentioned)
        assert (told.service, told.authority) == (verdict.service, verdict.authority)
    elif isinstance(verdict, Control):
        assert (told.decision, told.session, told.agent) == ("admit", verdict.session, verdict.agent)
        assert (told.service, told.authority, told.flip) == (verdict.service, verdict.authority, "")
    elif told.config_key:
        assert told.flip


@settings(max_examples=examples(400))
@given(ROWS, WORLDS)
def test_to_add_what_a_hint_says_changes_the_decision(message: Inbound, world: World) -> None:
    """And lets in nobody but that sender, or that chat."""
    told = explain(message, world.view, world.allowed)
    head, _, path = told.flip.split(";")[0].partition(" to channels.imessage.")
    if not head.startswith('add "') or path not in {"allowFrom", "groupAllowFrom"}:
        return
    entry, name = json.loads(head.removeprefix("add ")), "allow_from" if path == "allowFrom" else "group_allow_from"
    after = world.but(**{name: (*(world.keys[name] or ()), entry)})
    now = explain(message, after.view, after.allowed)
    assert (now.reason, now.config_key) != (told.reason, told.config_key)
    other = replace(message, sender="+15550000001", chat=replace(message.chat, id=9))
    assert after.admits(other) is world.admits(other)


@MANY
@given(ROWS, WORLDS)
def test_only_a_direct_message_of_an_answerable_person_is_challenged(message: Inbound, world: World) -> None:
    verdict = decide(message, world.view, world.allowed)
    if isinstance(verdict, Challenge):
        assert world.keys["dm_policy"] == "pairing"
        assert world.allowed.readable
        assert not message.chat.is_group
        assert not message.is_from_me
        assert not message.is_reaction
        assert message.sender != message.own_handle
        assert message.chat.id > 0
        assert message.text.strip()
        assert verdict.handle in {ANN, BEN, OWN, "kim@x.com"}


@MANY
@given(ROWS, WORLDS)
def test_own_rows_speak_only_in_the_chat_with_oneself_and_rows_without_a_chat_never(
    message: Inbound, world: World
) -> None:
    own = message.own_handle == OWN
    to_oneself = own and message.is_from_me and message.sender == message.chat.identifier == OWN
    if (
        message.chat.id <= 0
        or (message.is_from_me and not to_oneself)
        or (own and message.sender == OWN and not to_oneself)
    ):
        assert not world.admits(message)
    if message.is_from_me and (message.chat.is_group or not world.view.dm_senders.admits(OWN, message.chat)):
        assert world.admits(message) <= (OWN in world.allowed.handles and not message.chat.is_group)


@MANY
@given(ROWS, WORLDS)
def test_a_group_never_reaches_a_direct_session(message: Inbound, world: World) -> None:
    verdict = decide(message, world.view, world.allowed)
    if isinstance(verdict, Admit | Control):
        is_group = message.chat.is_group or str(message.chat.id) in world.keys["groups"]
        assert (":group:" in verdict.session) is is_group
        if is_group and verdict.authority == "owner":
            said = Question(message, world.view, world.allowed).said
            assert isinstance(verdict, Control)
            assert said is not None
            assert said.name in OF_A_SESSION, "what is the group's own"


@MANY
@given(ROWS, WORLDS)
def test_only_what_the_gateway_carries_out_is_kept_from_the_agent(message: Inbound, world: World) -> None:
    """From whoever may command, switched on or off, and from nobody else."""
    verdict = decide(message, world.view, world.allowed)
    command = parse(message.text)
    carried_out = command is not None and command.name in CARRIED_OUT
    if isinstance(verdict, Control):
        assert carried_out or message.text in SAID
        assert verdict.authority in {"authorised", "owner"}
    elif isinstance(verdict, Admit) and carried_out:
        assert not Question(message, world.view, world.allowed).may_command


@MANY
@given(ROWS, WORLDS, st.sampled_from([*SAID, "/stop!", "/new: hi", "/activation always"]))
def test_no_words_of_somebody_who_may_not_command_are_a_command(message: Inbound, world: World, text: str) -> None:
    """Not those that are a command from others, and not by a mention, a group or a word of the config."""
    message = replace(message, text=text)
    if isinstance(decide(message, world.view, world.allowed), Control):
        sender = canonical(message.sender, world.view.region)
        is_group = message.chat.is_group or message.chat.id in world.view.groups
        assert world.view.commands.authority(sender, is_group, world.allowed) != "known"


@MANY
@given(ROWS, WORLDS, st.sampled_from(sorted(KEYS)))
def test_a_stale_row_is_never_answered_and_what_is_refused_anyway_keeps_its_reason(
    message: Inbound, world: World, stale: str
) -> None:
    of = world.view
    fresh, old = (decide(one, of, world.allowed) for one in (message, replace(message, stale=stale)))
    if isinstance(fresh, Dropped):
        assert old == fresh
        assert type(old) is Dropped
    elif isinstance(fresh, Challenge):
        assert old == Dropped("stale backlog", fresh.config_key)
    else:
        assert old == Held(stale, of.key(KEYS[stale]))


def test_an_account_without_entries_is_built_like_any_other() -> None:
    assert view(group_allow_from=()).group_senders.is_empty
