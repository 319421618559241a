"""The one decision of who may speak: an inbound row, an account's view and its pairing snapshot give a verdict.

A table of small rules, asked in order; the first that answers decides, and ``explain`` is the same walk written
down. Refusals carry a reason from a closed set and the config key that decided. Nothing here has an effect, and only
a direct message of an unknown but answerable person under ``dmPolicy: pairing`` ever leads to an answer by itself.
"""

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from actors.access.handles import can_be_answered, canonical
from actors.access.view import RUNTIME_KEY, AccessView, AgentView
from actors.envelopes.inbound import Admit, Challenge, Corrupt, Dropped, Held, Inbound, Verdict
from actors.normalizer import fences
from actors.normalizer.anchors import NO_ANCHOR, is_anchorless

PAIRED, LISTED, STRANGER, BLOCKED, UNKNOWN = "paired", "listed", "stranger", "blocked", "unknown"
"""Where the sender of a direct message stands; UNKNOWN when the pairing store, which would say, cannot be read."""


STORE_UNREADABLE = "pairing store unreadable"
"""Rows held for this are judged again as soon as the store can be read."""

EMPTY_GROUP_LIST = "groupPolicy allowlist (empty groupAllowFrom)"

_FLIPS = {
    "challenge": "approve the pairing request of {sender}, or add it to {allow_from}",
    "dmPolicy disabled": 'set {key} to "pairing" or "allowlist"',
    "dmPolicy blocked": "add {sender} to {key}",
    "short code": "add {sender} to {allow_from}",
    "groupPolicy disabled": 'set {key} to "allowlist" or "open"',
    EMPTY_GROUP_LIST: "add {sender} to {key}",
    "not in groupAllowFrom": "add {sender} to {key}",
    "group id not in allowlist": 'add "{chat}": {{}} to {key}',
    "no mention": "set {key} to false",
    "no agent": 'set {key} to {{type: "echo"}} or {{type: "command", command: [..]}}',
    "stale stranger": "add {sender} to {allow_from}; a new message asks for pairing by itself",
    NO_ANCHOR: "none needed: its chat is looked for again by itself, for a day",
    **dict.fromkeys(fences.KEYS, "gateway held release SEQ, or raise {key}"),
}
"""By reason: what to change."""


class Allowed(NamedTuple):
    """What the pairing store of an account says: the approved canonical handles, or that it cannot be read."""

    handles: frozenset[str] = frozenset()
    readable: bool = True


class Question:
    """One row with what the rules ask about it, worked out once."""

    __slots__ = ("_mentioned", "agent", "is_group", "own", "row", "sender", "standing", "view")

    def __init__(self, row: Inbound, view: AccessView, allowed: Allowed) -> None:
        chat = row.chat
        self.row = row
        self.view = view
        self.sender = canonical(row.sender, view.region)
        self.own = row.is_from_me or (row.own_handle != "" and self.sender == canonical(row.own_handle, view.region))
        self.is_group = chat.is_group or chat.id in view.groups
        self.standing = LISTED if self.is_group else _standing(self.sender, row, view, allowed)
        self.agent: AgentView = view.agents[view.routes.agent(self.is_group, chat.id, self.sender)]
        self._mentioned: bool | None = None

    @property
    def mentioned(self) -> bool:
        """Whether the message speaks to the agent: always in a direct chat, by pattern in a group."""
        if self._mentioned is None:
            self._mentioned = not self.is_group or self.agent.mentions.found_in(self.row.text)
        return self._mentioned


class Rule(NamedTuple):
    """A rule's name and its test: a verdict, or None when the rule has nothing to say."""

    name: str
    test: Callable[[Question], Verdict | None]


def decide(row: Inbound, view: AccessView, allowed: Allowed) -> Verdict:
    """The verdict about ``row``: the answer of the first rule that has one."""
    question = Question(row, view, allowed)
    for _, test in RULES:
        verdict = test(question)
        if verdict is not None:
            return verdict
    raise AssertionError("the last rule always answers")


def explain(row: Inbound, view: AccessView, allowed: Allowed) -> tuple[tuple[str, str], ...]:
    """The rules ``decide`` asks, in order, each with its result: ``pass``, or the verdict in words at the end."""
    question = Question(row, view, allowed)
    return tuple((name, "pass" if verdict is None else describe(verdict)) for name, verdict in _walk(question))


def _walk(question: Question) -> Iterator[tuple[str, Verdict | None]]:
    for rule in RULES:
        verdict = rule.test(question)
        yield rule.name, verdict
        if verdict is not None:
            return


def describe(verdict: Verdict) -> str:
    """A verdict in a few words: ``drop: from me``."""
    match verdict:
        case Admit(session=session):
            return f"admit: {session}"
        case Challenge(handle=handle):
            return f"challenge: {handle}"
        case Dropped(reason=reason):
            return f"drop: {reason}"
        case Held(reason=reason):
            return f"hold: {reason}"
        case Corrupt(error=error):
            return f"corrupt: {error}"


def flip(verdict: Verdict, row: Inbound) -> str:
    """The setting that would admit a refused row, in one line; ``""`` where no setting would.

    Another rule may refuse the row after that change; the hint answers this verdict only.
    """
    match verdict:
        case Challenge(config_key=key):
            reason = "challenge"
        case Dropped(fences.STALE_BACKLOG, key):
            reason = "stale stranger"
        case Dropped(reason=reason, config_key=key) | Held(reason=reason, config_key=key):
            pass
        case _:
            return ""
    hint = _FLIPS.get(reason, "")
    return hint.format(key=key, allow_from=_beside(key, "allowFrom"), sender=json.dumps(row.sender), chat=row.chat.id)


def _beside(key: str, name: str) -> str:
    return key.rpartition(".")[0] + "." + name


def _standing(sender: str, row: Inbound, view: AccessView, allowed: Allowed) -> str:
    """Where the sender of a direct message stands. Only ``pairing`` looks at the pairing store."""
    if view.dm_senders.admits(sender, row.chat):
        return LISTED
    if view.dm_policy != "pairing":
        return BLOCKED
    if not allowed.readable:
        return UNKNOWN
    return PAIRED if sender in allowed.handles else STRANGER


def _from_me(q: Question) -> Verdict | None:
    # imsg also reports own rows as not from me, and names the own address where it knows no sender.
    return Dropped("from me") if q.own else None


def _no_anchor(q: Question) -> Verdict | None:
    # Without a chat the answer would have to go to the sender: that is how group messages leaked into direct chats.
    # A stale one waits as stale: what is held for its anchor is mended and judged again without being asked for.
    return (_stale(q) or Held(NO_ANCHOR)) if is_anchorless(q.row) else None


def _no_sender(q: Question) -> Verdict | None:
    return None if q.sender else Dropped("missing sender")


def _group_without_chat(q: Question) -> Verdict | None:
    return Dropped("group without chat_id") if q.row.chat.id <= 0 else None


def _group_disabled(q: Question) -> Verdict | None:
    # A policy this version does not know is as good as none: closed.
    if q.is_group and q.view.group_policy not in {"open", "allowlist"}:
        return Dropped("groupPolicy disabled", q.view.key("groupPolicy"))
    return None


def _group_senders(q: Question) -> Verdict | None:
    view = q.view
    if not q.is_group or view.group_policy != "allowlist" or view.group_senders.admits(q.sender, q.row.chat):
        return None
    return Dropped(EMPTY_GROUP_LIST if view.group_senders.is_empty else "not in groupAllowFrom", view.senders_key)


def _group_registry(q: Question) -> Verdict | None:
    if q.is_group and q.view.other_groups is None and q.row.chat.id not in q.view.groups:
        return Dropped("group id not in allowlist", q.view.key("groups"))
    return None


def _dm_disabled(q: Question) -> Verdict | None:
    if not q.is_group and q.view.dm_policy not in {"pairing", "allowlist", "open"}:
        return Dropped("dmPolicy disabled", q.view.key("dmPolicy"))
    return None


def _dm_blocked(q: Question) -> Verdict | None:
    # "open" without "*" in the list is blocked too: the config check refuses it, this is the second lock.
    return Dropped("dmPolicy blocked", q.view.key("allowFrom")) if q.standing == BLOCKED else None


def _reaction(q: Question) -> Verdict | None:
    return Dropped("reaction") if q.row.is_reaction else None


def _empty_body(q: Question) -> Verdict | None:
    return Dropped("empty body") if not q.row.attachments and not q.row.text.strip() else None


def _no_mention(q: Question) -> Verdict | None:
    if not q.is_group or not q.agent.mentions.usable:
        return None
    gate = q.view.groups.get(q.row.chat.id) or q.view.other_groups
    if gate is None or not gate.require_mention or q.mentioned:
        return None
    return Dropped("no mention", gate.key)


def _age(q: Question) -> Verdict | None:
    # Only what nothing else refuses gets here. A stranger is not asked about a message of long ago.
    if q.row.stale and q.standing == STRANGER:
        return Dropped(fences.STALE_BACKLOG, q.view.key("dmPolicy"))
    return _stale(q)


def _stale(q: Question) -> Held | None:
    stale = q.row.stale
    return Held(stale, q.view.key(fences.KEYS[stale])) if stale else None


def _store_unreadable(q: Question) -> Verdict | None:
    return Held(STORE_UNREADABLE, q.view.key("dmPolicy")) if q.standing == UNKNOWN else None


def _short_code(q: Question) -> Verdict | None:
    if q.standing == STRANGER and not can_be_answered(q.sender):
        return Dropped("short code", q.view.key("dmPolicy"))
    return None


def _stranger(q: Question) -> Verdict | None:
    return Challenge(q.sender, q.view.key("dmPolicy")) if q.standing == STRANGER else None


def _no_agent(q: Question) -> Verdict | None:
    return None if q.agent.usable else Held("no agent", RUNTIME_KEY)


def _admitted(q: Question) -> Verdict | None:
    chat, view, agent = q.row.chat, q.view, q.agent
    return Admit(
        session=view.routes.session(agent.id, q.is_group, chat.id, q.sender),
        agent=agent.id,
        mentioned=q.mentioned,
        service="sms" if chat.guid.startswith("SMS;") else view.service,
        waits=agent.waits,
    )


RULES: tuple[Rule, ...] = (
    Rule("from me", _from_me),
    Rule("chat anchor", _no_anchor),
    Rule("sender", _no_sender),
    Rule("group chat id", _group_without_chat),
    Rule("groupPolicy", _group_disabled),
    Rule("groupAllowFrom", _group_senders),
    Rule("groups", _group_registry),
    Rule("dmPolicy", _dm_disabled),
    Rule("allowFrom", _dm_blocked),
    # A stranger's tapback or empty row must not call forth a pairing code: these come before the challenge.
    Rule("reaction", _reaction),
    Rule("body", _empty_body),
    Rule("mention", _no_mention),
    Rule("short code", _short_code),
    # Before the store: what waits for that is judged again by itself, and would be stale no more.
    Rule("age", _age),
    Rule("pairing store", _store_unreadable),
    Rule("pairing", _stranger),
    Rule("agent", _no_agent),
    Rule("admitted", _admitted),
)
"""The decision table, first match wins."""
