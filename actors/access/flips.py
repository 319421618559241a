"""Flips: the change that would admit a refused message, in one line, as it has to be made under this very config. Pure.

In: a verdict, its row, the view it was decided under. Out: a hint that names the key in force, wherever the account
has it from: a list elsewhere would be ignored, or take the place of the one that counts. No hint lets in whom a
sender only poses as, and none makes the config invalid.
"""

import json
from collections.abc import Callable

from actors.access import reasons
from actors.access.entries import Kind, parse
from actors.access.handles import LONGEST, canonical
from actors.access.reasons import REASONS
from actors.access.view import ACTIVATION, AccessView
from actors.envelopes.inbound import Challenge, Dropped, Held, Inbound, Verdict
from actors.normalizer import fences

SAY_ALWAYS = "have an owner send /activation always in that group, or /activation default"
_NO_PERSON = "none: {sender} is no phone number or e-mail address, and only those can be authorised"


def flip(verdict: Verdict, row: Inbound, view: AccessView) -> str:
    """The setting that would admit a refused row, in one line; ``""`` where no setting would.

    Another rule may refuse the row after that change; the hint answers this verdict only.
    """
    match verdict:
        case Challenge(config_key=key):
            reason, hint = reasons.PAIRING_REQUIRED, reasons.APPROVE
        case Dropped(fences.STALE_BACKLOG, key):
            reason, hint = fences.STALE_BACKLOG, reasons.STRANGER_AGAIN
        case Dropped(reason=reason, config_key=key) | Held(reason=reason, config_key=key):
            hint = REASONS.get(reason, "")
        case _:
            return ""
    if key == ACTIVATION:
        return SAY_ALWAYS
    if not key and "{" in hint:
        return ""
    more = _MORE.get(reason)
    return _filled(more(hint, row, view) if more else hint, reason, key, row, view)


def _filled(hint: str, reason: str, key: str, row: Inbound, view: AccessView) -> str:
    if "{sender}" in hint and not _can_be_listed(row.sender):
        # A sender may call itself chat_id:9 or accessGroup:family: as an entry that would let in somebody else.
        authorises = reason == reasons.UNAUTHORISED_COMMAND
        hint = _NO_PERSON if authorises else hint.replace("{sender}", '"chat_id:{chat}"')
    keys = {"key": key, "allow_from": view.key("allowFrom"), "senders": view.senders_key}
    if "{chat}" in hint:
        keys = {name: _for_chats(path, view) for name, path in keys.items()}
    return hint.format(sender=json.dumps(row.sender[:LONGEST]), chat=row.chat.id, **keys)


def _for_chats(path: str, view: AccessView) -> str:
    """Where an entry about a chat belongs: never where other accounts would take it for a chat of theirs."""
    own = view.own_keys.get(path)
    return f"{own}, with all that {path} holds: a list of the account's own replaces that one" if own else path


def _can_be_listed(sender: str) -> bool:
    return len(sender) <= LONGEST and parse(sender, None).kind is Kind.HANDLE


def _direct(hint: str, row: Inbound, view: AccessView) -> str:
    listed = view.dm_senders.admits(canonical(row.sender, view.region), row.chat)
    return hint if listed else hint + ", and " + reasons.ADMIT


def _groups(hint: str, row: Inbound, view: AccessView) -> str:
    listed = view.group_senders.admits(canonical(row.sender, view.region), row.chat)
    return hint if listed else hint + ", and add {sender} to {senders}"


def _agent(hint: str, row: Inbound, view: AccessView) -> str:
    is_group = row.chat.is_group or row.chat.id in view.groups
    agent = view.agents[view.routes.agent(is_group, row.chat.id, canonical(row.sender, view.region))]
    return agent.problem.replace("{", "{{").replace("}", "}}") or hint


_MORE: dict[str, Callable[[str, Inbound, AccessView], str]] = {
    reasons.DM_DISABLED: _direct,
    reasons.GROUP_DISABLED: _groups,
    reasons.NO_AGENT: _agent,
}
"""By reason: what else has to be changed, or said."""
