"""One row with what the rules ask about it, each worked out once and only when it is asked for. Pure."""

from actors.access.allowed import Allowed
from actors.access.commands import KNOWN, named_in
from actors.access.handles import canonical
from actors.access.view import AccessView, AgentView
from actors.commands.parse import CARRIED_OUT
from actors.envelopes.inbound import Inbound
from actors.normalizer.anchors import is_self_chat

PAIRED, LISTED, STRANGER, BLOCKED, UNKNOWN = "paired", "listed", "stranger", "blocked", "unknown"
"""Where the sender of a direct message stands; UNKNOWN when the pairing store, which would say, cannot be read."""

LET_IN = frozenset({PAIRED, LISTED})


class Question:
    """A row under a view and a pairing snapshot.

    ``by_self``: its sender is our own address. ``is_self_chat``: and the chat is the one with oneself, because sender,
    chat and own handle have one canonical form. ``standing`` is LISTED in groups, whose lists have rules of their own.
    """

    __slots__ = (
        "_authority",
        "_command",
        "_mentioned",
        "agent",
        "allowed",
        "by_self",
        "is_group",
        "is_self_chat",
        "row",
        "sender",
        "standing",
        "view",
    )

    def __init__(self, row: Inbound, view: AccessView, allowed: Allowed) -> None:
        chat = row.chat
        self.row = row
        self.view = view
        self.allowed = allowed
        self.sender = sender = canonical(row.sender, view.region)
        self.is_group = chat.is_group or chat.id in view.groups
        self.by_self = row.own_handle != "" and sender != "" and sender == canonical(row.own_handle, view.region)
        self.is_self_chat = self.by_self and not self.is_group and is_self_chat(row, view.region)
        self.standing = LISTED if self.is_group else _standing(sender, row, view, allowed)
        self.agent: AgentView = view.agents[view.routes.agent(self.is_group, chat.id, sender)]
        self._authority = ""
        self._command: str | None = None
        self._mentioned: bool | None = None

    @property
    def authority(self) -> str:
        """What the sender may do by commands, provided that the gate lets them in."""
        if not self._authority:
            self._authority = self.view.commands.authority(self.sender, self.is_group, self.allowed)
        return self._authority

    @property
    def command(self) -> str:
        """The main name of the command the message is, switched on or not; ``""`` when it is none."""
        if self._command is None:
            self._command = named_in(self.row.text, self.agent.mentions)
        return self._command

    @property
    def is_command(self) -> bool:
        """Whether the message is a control command that is switched on, and nothing else."""
        return self.command != "" and self.command not in self.view.commands.off

    @property
    def may_command(self) -> bool:
        """Whether the sender may give the command the message is: one that is carried out here only by name."""
        if self.authority == KNOWN:
            return False
        return self.command not in CARRIED_OUT or self.view.commands.names(self.sender, self.is_group, self.allowed)

    @property
    def mentioned(self) -> bool:
        """Whether the message speaks to the agent: always in a direct chat, by pattern in a group.

        A control command of somebody who may give it speaks to it by itself.
        """
        if self._mentioned is None:
            self._mentioned = (
                not self.is_group
                or self.agent.mentions.found_in(self.row.text)
                or (self.is_command and self.may_command)
            )
        return self._mentioned

    @property
    def session(self) -> str:
        """The key of the session it belongs to; ``""`` for a group whose chat is not known."""
        chat = self.row.chat.id
        if self.is_group and chat <= 0:
            return ""
        return self.view.routes.session(self.agent.id, self.is_group, chat, self.sender)

    @property
    def service(self) -> str:
        """The wire value for an answer: a text message is answered as one."""
        return "sms" if self.row.chat.guid.startswith("SMS;") else self.view.service


def _standing(sender: str, row: Inbound, view: AccessView, allowed: Allowed) -> str:
    """Where the sender of a direct message stands. Only ``pairing`` looks at the pairing store."""
    if view.dm_senders.admits(sender, row.chat):
        return LISTED
    if view.dm_policy != "pairing":
        return BLOCKED
    if not allowed.readable:
        return UNKNOWN
    return PAIRED if sender in allowed.handles else STRANGER
