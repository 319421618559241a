"""The decision table of inbound 4.3: small rules, asked in order; the first that has something to say decides. Pure.

Every refusal carries a reason of ``reasons.REASONS`` and the config key that decided. Some rules stand earlier than
on the page where that keeps strangers silent: a tapback or an empty row of theirs calls forth no pairing code.
"""

from collections.abc import Callable
from typing import NamedTuple

from actors.access import reasons
from actors.access.commands import OWNERS_KEY
from actors.access.handles import can_be_answered
from actors.access.question import BLOCKED, LET_IN, PAIRED, STRANGER, UNKNOWN, Question
from actors.access.reflection import reflected
from actors.access.runtimes import RUNTIME_KEY
from actors.commands.parse import RESETS, STEERING
from actors.envelopes.inbound import Admit, Challenge, Control, Dropped, Held, Verdict
from actors.normalizer import fences
from actors.normalizer.anchors import NO_ANCHOR, is_anchorless, may_be_note

Test = Callable[[Question], Verdict | None]
"""A verdict, or None when the rule has nothing to say."""


class Rule(NamedTuple):
    """A rule, and what it is asked about: ``any`` message, ``group`` messages or ``direct`` ones."""

    name: str
    test: Test
    about: str = "any"


def _from_me(q: Question) -> Verdict | None:
    # imsg also reports own rows as not from me, and names the own address where it knows no sender.
    if q.row.is_from_me:
        # A note to oneself may come before its chat is known.
        return None if q.is_self_chat or may_be_note(q.row, q.view.region) else Dropped(reasons.FROM_ME)
    if q.by_self:
        # What is said in the chat with oneself comes twice; the row that is marked as ours is the one that counts.
        return Dropped(reasons.SELF_CHAT_ECHO if q.is_self_chat else reasons.FROM_ME)
    return None


def _no_anchor(q: Question) -> Verdict | None:
    # Without a chat the answer would have to go to the sender: that is how group messages leaked into direct chats.
    # A stale one waits as stale: what is held for its anchor is mended and judged again without being asked for.
    return (_stale(q) or Held(NO_ANCHOR)) if is_anchorless(q.row) else None


def _no_sender(q: Question) -> Verdict | None:
    return None if q.sender else Dropped(reasons.NO_SENDER)


def _group_without_chat(q: Question) -> Verdict | None:
    return Dropped(reasons.GROUP_WITHOUT_CHAT) if q.row.chat.id <= 0 else None


def _group_disabled(q: Question) -> Verdict | None:
    # A policy this version does not know is as good as none: closed.
    if q.view.group_policy not in {"open", "allowlist"}:
        return Dropped(reasons.GROUP_DISABLED, q.view.key("groupPolicy"))
    return None


def _group_senders(q: Question) -> Verdict | None:
    view = q.view
    if view.group_policy != "allowlist" or view.group_senders.admits(q.sender, q.row.chat):
        return None
    reason = reasons.EMPTY_GROUP_LIST if view.group_senders.is_empty else reasons.NOT_IN_GROUP_LIST
    return Dropped(reason, view.senders_key)


def _group_registry(q: Question) -> Verdict | None:
    if q.view.other_groups is None and q.row.chat.id not in q.view.groups:
        return Dropped(reasons.UNKNOWN_GROUP, q.view.key("groups"))
    return None


def _dm_disabled(q: Question) -> Verdict | None:
    if q.view.dm_policy not in {"pairing", "allowlist", "open"}:
        return Dropped(reasons.DM_DISABLED, q.view.key("dmPolicy"))
    return None


def _self_chat(q: Question) -> Verdict | None:
    # Notes to oneself are for the agent only where the own address is on the list; nobody is challenged by himself.
    if q.is_self_chat and q.standing in {STRANGER, BLOCKED}:
        return Dropped(reasons.FROM_ME, q.view.key("allowFrom"))
    return None


def _dm_blocked(q: Question) -> Verdict | None:
    # "open" without "*" in the list is blocked too: the config check refuses it, this is the second lock.
    return Dropped(reasons.DM_BLOCKED, q.view.key("allowFrom")) if q.standing == BLOCKED else None


def _reaction(q: Question) -> Verdict | None:
    return Dropped(reasons.REACTION) if q.row.is_reaction else None


def _empty_body(q: Question) -> Verdict | None:
    return Dropped(reasons.EMPTY_BODY) if not q.row.attachments and not q.row.text.strip() else None


def _reflection(q: Question) -> Verdict | None:
    # What the owner writes to himself is his own.
    return Dropped(reasons.REFLECTED) if reflected(q.row.text) and not q.is_self_chat else None


def _command(q: Question) -> Verdict | None:
    # Words that are a command only from somebody who may give it (an abort word) are text from anybody else.
    if q.said is None or not q.is_command or q.standing not in LET_IN or q.may_command:
        return None
    commands = q.view.commands
    if commands.hinges_on_files(q.said.name, q.is_group, q.allowed):
        return _stale(q) or Held(reasons.STORE_UNREADABLE, OWNERS_KEY if q.is_group else q.view.key("dmPolicy"))
    return Dropped(reasons.UNAUTHORISED_COMMAND, commands.key(q.is_group))


def _no_mention(q: Question) -> Verdict | None:
    if not q.agent.mentions.usable:
        return None
    gate = q.view.gate(q.row.chat.id, q.session)
    if gate is None or not gate.require_mention or q.mentioned:
        return None
    return Dropped(reasons.NO_MENTION, gate.key)


def _short_code(q: Question) -> Verdict | None:
    if q.standing == STRANGER and not can_be_answered(q.sender):
        return Dropped(reasons.SHORT_CODE, q.view.key("dmPolicy"))
    return None


def _age(q: Question) -> Verdict | None:
    # Only what nothing else refuses gets here. A stranger is not asked about a message of long ago.
    if q.standing == STRANGER:
        if q.row.stale:
            return Dropped(fences.STALE_BACKLOG, q.view.key("dmPolicy"))
        if q.row.missed:
            return Dropped(reasons.MISSED_STRANGER, q.view.key("dmPolicy"))
    return _stale(q)


def _stale(q: Question) -> Held | None:
    stale = q.row.stale
    return Held(stale, q.view.key(fences.KEYS[stale])) if stale else None


def _store_unreadable(q: Question) -> Verdict | None:
    return Held(reasons.STORE_UNREADABLE, q.view.key("dmPolicy")) if q.standing == UNKNOWN else None


def _stranger(q: Question) -> Verdict | None:
    return Challenge(q.sender, q.view.key("dmPolicy")) if q.standing == STRANGER else None


def _before_approval(q: Question) -> Verdict | None:
    # A stranger wrote this. Dates are the sender's, so they count only where it was not seen coming.
    row, since = q.row, q.allowed.since.get(q.sender)
    if q.standing != PAIRED or since is None:
        return None
    if row.received_at < since or (row.missed and row.sent_at is not None and row.sent_at < since):
        return Dropped(reasons.BEFORE_APPROVAL, q.view.key("dmPolicy"))
    return None


def _control(q: Question) -> Verdict | None:
    # No agent is needed for it. One that is switched off too: whoever may read by commands is told of the switch.
    if q.said is None or not q.is_control:
        return None
    name = q.said.name
    # What stands behind a reset is a message, if the reset is in force.
    speaks = name in RESETS and bool(q.said.arguments or q.row.attachments) and (q.is_command or not q.said.written)
    return Control(q.session, q.agent.id, q.service, q.commanding, name in STEERING, speaks)


def _no_agent(q: Question) -> Verdict | None:
    return None if q.agent.usable else Held(reasons.NO_AGENT, RUNTIME_KEY)


def _admitted(q: Question) -> Verdict | None:
    return Admit(q.session, q.agent.id, q.mentioned, q.service, q.agent.waits, q.authority)


RULES: tuple[Rule, ...] = (
    Rule("from me", _from_me),
    Rule("chat anchor", _no_anchor, "direct"),
    Rule("sender", _no_sender),
    Rule("group chat id", _group_without_chat, "group"),
    Rule("groupPolicy", _group_disabled, "group"),
    Rule("groupAllowFrom", _group_senders, "group"),
    Rule("groups", _group_registry, "group"),
    Rule("dmPolicy", _dm_disabled, "direct"),
    Rule("self-chat", _self_chat, "direct"),
    Rule("allowFrom", _dm_blocked, "direct"),
    # A stranger's tapback or empty row must not call forth a pairing code: these come before the challenge.
    Rule("reaction", _reaction),
    Rule("body", _empty_body),
    Rule("reflection", _reflection),
    Rule("command", _command),
    Rule("mention", _no_mention, "group"),
    Rule("short code", _short_code, "direct"),
    # Before the store: what waits for that is judged again by itself, and would be stale no more.
    Rule("age", _age),
    Rule("pairing store", _store_unreadable, "direct"),
    Rule("pairing", _stranger, "direct"),
    Rule("approval", _before_approval, "direct"),
    Rule("control", _control),
    Rule("agent", _no_agent),
    Rule("admitted", _admitted),
)
"""The decision table, first match wins."""

DIRECT = tuple(rule for rule in RULES if rule.about != "group")
GROUP = tuple(rule for rule in RULES if rule.about != "direct")
CONTENT = "reaction"
"""The first rule about what is said: whoever gets here was let in, or may still be offered a pairing code."""
