"""Why a message is refused, held or asked about: the closed set of reasons, and what to change (inbound 4.3). Pure.

Whoever refuses a message before it reaches its conversation takes the reason from here, so that logs, counts and
``explain`` speak of one thing. ``flips`` makes a line for people of what stands beside a reason.
"""

from actors.access.runtimes import REMEDY
from actors.normalizer import fences
from actors.normalizer.anchors import NO_ANCHOR
from actors.normalizer.previews import LINK_PREVIEW

MALFORMED = "malformed payload"
ECHO = "echo"
ECHO_LOOP = "echo loop"
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
PAIRING_PENDING = "pairing pending"
PAIRING_DENIED = "pairing denied"
TOO_MANY_REQUESTS = "too many pairing requests"
TOO_MANY_CHALLENGES = "too many challenges today"
MISSED_STRANGER = "missed stranger"
BEFORE_APPROVAL = "before the approval"
REVOKED = "revoked"
NO_ACCOUNT = "account not configured"
"""Its account went away while the message was on its way."""
ACCOUNTS_KEY = "channels.imessage.accounts"

_ADD = "add {sender} to {key}"
APPROVE = "approve the pairing request of {sender}, or add it to {allow_from}"
ADMIT = "add {sender} to {allow_from}"
STRANGER_AGAIN = ADMIT + "; a new message asks for pairing by itself"
_RELEASE = "gateway held release SEQ"

REASONS: dict[str, str] = {
    FROM_ME: _ADD,
    SELF_CHAT_ECHO: "",
    AGENT_ECHO: "",
    MALFORMED: "",
    ECHO: "",
    ECHO_LOOP: _RELEASE,
    LINK_PREVIEW: "",
    NO_SENDER: "",
    NO_ANCHOR: "none needed: its chat is looked for again by itself, for a day",
    GROUP_WITHOUT_CHAT: "",
    # "open" would let in everybody, and an allowlist of nobody may be no valid config.
    GROUP_DISABLED: 'set {key} to "allowlist"',
    EMPTY_GROUP_LIST: _ADD,
    NOT_IN_GROUP_LIST: _ADD,
    UNKNOWN_GROUP: 'add "{chat}": {{}} to {key}',
    DM_DISABLED: 'set {key} to "pairing"',
    DM_BLOCKED: _ADD,
    REACTION: "",
    EMPTY_BODY: "",
    REFLECTED: "",
    UNAUTHORISED_COMMAND: _ADD,
    NO_MENTION: "set {key} to false",
    SHORT_CODE: ADMIT,
    STORE_UNREADABLE: "none needed: it is judged again as soon as the pairing files can be read",
    NO_AGENT: REMEDY.replace("{", "{{").replace("}", "}}"),
    PAIRING_REQUIRED: APPROVE,
    PAIRING_PENDING: APPROVE,
    PAIRING_DENIED: ADMIT,
    TOO_MANY_REQUESTS: "approve or deny a pending request (gateway pairing list), or " + ADMIT,
    TOO_MANY_CHALLENGES: ADMIT,
    MISSED_STRANGER: STRANGER_AGAIN,
    BEFORE_APPROVAL: "none needed: their next message is answered",
    REVOKED: "none: they were shut out before this was answered",
    NO_ACCOUNT: "configure the account again, then " + _RELEASE,
    **dict.fromkeys(fences.KEYS, _RELEASE + ", or raise {key}"),
}
"""By reason: what to change, ``""`` where no setting is to blame."""
