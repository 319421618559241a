"""Why a message is refused, held or asked about: the closed set of reasons, and what to change (inbound 4.3). Pure.

In: a verdict and its row. Out: the setting that would admit it, in one line. Whoever refuses a message before it
reaches its conversation takes the reason from ``REASONS``, so that logs, counts and ``explain`` speak of one thing.
"""

import json

from actors.access.entries import Kind, parse
from actors.access.handles import LONGEST
from actors.envelopes.inbound import Challenge, Dropped, Held, Inbound, Verdict
from actors.normalizer import fences
from actors.normalizer.anchors import NO_ANCHOR

FROM_ME = "from me"
SELF_CHAT_ECHO = "self-chat echo"
AGENT_ECHO = "agent echo in self-chat"
NO_SENDER = "missing sender"
GROUP_WITHOUT_CHAT = "group without chat_id"
GROUP_DISABLED = "groupPolicy disabled"
EMPTY_GROUP_LIST = "groupPolicy allowlist (empty groupAllowFrom)"
NOT_IN_GROUP_LIST = "not in groupAllowFrom"
UNKNOWN_GROUP = "group id not in allowlist"
DM_DISABLED = "dmPolicy disabled"
DM_BLOCKED = "dmPolicy blocked"
REACTION = "reaction"
EMPTY_BODY = "empty body"
REFLECTED = "reflected assistant content"
UNAUTHORISED_COMMAND = "control command (unauthorized)"
NO_MENTION = "no mention"
SHORT_CODE = "short code"
STORE_UNREADABLE = "pairing store unreadable"
"""Rows held for this are judged again as soon as the files can be read."""
NO_AGENT = "no agent"
PAIRING_REQUIRED = "pairing required"

_ADD = "add {sender} to {key}"
_APPROVE = "approve the pairing request of {sender}, or add it to {allow_from}"
_ADMIT = "add {sender} to {allow_from}"
_RELEASE = "gateway held release SEQ"

REASONS: dict[str, str] = {
    FROM_ME: _ADD,
    SELF_CHAT_ECHO: "",
    AGENT_ECHO: "",
    "malformed payload": "",
    "echo": "",
    "echo loop": _RELEASE,
    "link preview": "",
    NO_SENDER: "",
    NO_ANCHOR: "none needed: its chat is looked for again by itself, for a day",
    GROUP_WITHOUT_CHAT: "",
    GROUP_DISABLED: 'set {key} to "allowlist" or "open"',
    EMPTY_GROUP_LIST: _ADD,
    NOT_IN_GROUP_LIST: _ADD,
    UNKNOWN_GROUP: 'add "{chat}": {{}} to {key}',
    DM_DISABLED: 'set {key} to "pairing" or "allowlist"',
    DM_BLOCKED: _ADD,
    REACTION: "",
    EMPTY_BODY: "",
    REFLECTED: "",
    UNAUTHORISED_COMMAND: _ADD,
    NO_MENTION: "set {key} to false",
    SHORT_CODE: _ADMIT,
    STORE_UNREADABLE: "none needed: it is judged again as soon as the pairing files can be read",
    NO_AGENT: 'set {key} to {{type: "echo"}} or {{type: "command", command: [..]}}',
    PAIRING_REQUIRED: _APPROVE,
    "pairing pending": _APPROVE,
    "pairing denied": _ADMIT,
    "too many pairing requests": "approve or deny a pending request (gateway pairing list), or " + _ADMIT,
    "too many challenges today": _ADMIT,
    **dict.fromkeys(fences.KEYS, _RELEASE + ", or raise {key}"),
}
"""By reason: what to change, ``""`` where no setting is to blame."""

_STALE_STRANGER = _ADMIT + "; a new message asks for pairing by itself"
_ITS_CHAT = '"chat_id:{chat}"'
_NO_PERSON = "none: {sender} is no phone number or e-mail address, and only those can be authorised"


def flip(verdict: Verdict, row: Inbound) -> str:
    """The setting that would admit a refused row, in one line; ``""`` where no setting would.

    Another rule may refuse the row after that change; the hint answers this verdict only.
    """
    match verdict:
        case Challenge(config_key=key):
            hint = _APPROVE
        case Dropped(fences.STALE_BACKLOG, key):
            hint = _STALE_STRANGER
        case Dropped(reason=reason, config_key=key) | Held(reason=reason, config_key=key):
            hint = REASONS.get(reason, "")
        case _:
            return ""
    if not key and "{" in hint:
        return ""
    if "{sender}" in hint and not _can_be_listed(row.sender):
        # A sender may call itself chat_id:9 or accessGroup:family: as an entry that would let in somebody else.
        authorises = isinstance(verdict, Dropped) and verdict.reason == UNAUTHORISED_COMMAND
        hint = _NO_PERSON if authorises else hint.replace("{sender}", _ITS_CHAT)
    allow_from = key.rpartition(".")[0] + ".allowFrom"
    return hint.format(key=key, allow_from=allow_from, sender=json.dumps(row.sender[:LONGEST]), chat=row.chat.id)


def _can_be_listed(sender: str) -> bool:
    return len(sender) <= LONGEST and parse(sender, None).kind is Kind.HANDLE
