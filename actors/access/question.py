"""One row with what the rules ask about it, each worked out once and only when it is asked for. Pure."""

from actors.access.allowed import Allowed
from actors.access.commands import KNOWN
from actors.access.handles import canonical
from actors.access.view import AccessView, AgentView
from actors.commands.parse import CARRIED_OUT
from actors.commands.recognise import Recognised
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
        "_commanding",
        "_looked",
        "_mentioned",
        "_said",
        "_session",
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
        self._commanding = ""
        self._looked = False
        self._said: Recognised | None = None
        self._mentioned: bool | None = None
        self._session: str | None = None

    @property
    def authority(self) -> str:
        """What the sender may do by commands, provided that the gate lets them in."""
        if not self._authority:
            self._authority = self.view.commands.authority(self.sender, self.is_group, self.allowed)
        return self._authority

    @property
    def said(self) -> Recognised | None:
        """The command the message is, switched on or not; None when it is none."""
        if not self._looked:
            self._looked = True
            row = self.row
            self._said = self.view.commands.found_in(row.text, self.agent.mentions, bool(row.attachments))
        return self._said

    @property
    def is_command(self) -> bool:
        """Whether the message is a known command that is switched on, and nothing else."""
        said = self.said
        return said is not None and said.written != "" and said.written not in self.view.commands.off

    @property
    def commanding(self) -> str:
        """What the sender may do by the very command the message is; ``known``: they may not give it."""
        if not self._commanding:
            name = self.said.name if self.said is not None else ""
            self._commanding = self.view.commands.commanding(name, self.sender, self.is_group, self.allowed)
        return self._commanding

    @property
    def may_command(self) -> bool:
        """Whether the sender may give the command the message is."""
        return self.commanding != KNOWN

    @property
    def is_control(self) -> bool:
        """Whether the message is a command the gateway carries out, of somebody who may give it."""
        return self.said is not None and self.said.name in CARRIED_OUT and self.may_command

    @property
    def mentioned(self) -> bool:
        """Whether the message speaks to the agent: always in a direct chat, by pattern in a group.

        A control command of somebody who may give it speaks to it by itself.
        """
        if self._mentioned is None:
            self._mentioned = not self.is_group or self.agent.mentions.found_in(self.row.text) or self._speaks_by_itself
        return self._mentioned

    @property
    def _speaks_by_itself(self) -> bool:
        # An abort word may be said to people: then nothing is there to be stopped. A reset's words need a mention.
        said = self.said
        if said is None:
            return False
        return (self.is_command or (said.written == "" and (said.name == "stop" or not said.is_bare))) and (
            self.may_command
        )

    @property
    def session(self) -> str:
        """The key of the session it belongs to; ``""`` for a group whose chat is not known."""
        if self._session is None:
            chat = self.row.chat.id
            unknown = self.is_group and chat <= 0
            routes = self.view.routes
            self._session = "" if unknown else routes.session(self.agent.id, self.is_group, chat, self.sender)
        return self._session

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
