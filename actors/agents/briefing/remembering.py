"""How much of the past an agent is told: the limits of groups and direct chats, and what a group's prompt is. Pure.

Of a group: ``historyLimit`` of the account or the channel, else ``groupChat.historyLimit`` of the agent, else of
``messages``, else 50; as many unanswered messages and as many earlier turns. Of a direct chat: ``dms.<handle>``, else
``dmHistoryLimit``, in turns; without either all of them. 0 is nothing, and nothing goes beyond ``MAX_HISTORY``
(decisions, Sessions and agents).
"""

from collections.abc import Mapping
from typing import NamedTuple

from actors.access.entries import Kind, parse
from actors.access.handles import canonical
from actors.agents.briefing.visibility import Visibility
from actors.attachments.roots import Roots
from config.account import ROOT, Account
from config.accounts import MAX_HISTORY
from config.schema.agents import Agent, Identity, ModelRuntime
from config.schema.channel_parts import ReactionNotifications
from config.schema.root import Config


class Mind(NamedTuple):
    """What the config says of one agent: who it is, its own instructions, its limits for groups and for context."""

    identity: Identity = Identity()
    prompt: str = ""
    history_limit: int | None = None
    tokens: int | None = None

    @classmethod
    def of(cls, agent: Agent) -> "Mind":
        """Those of ``agent``."""
        prompt = agent.runtime.system_prompt if isinstance(agent.runtime, ModelRuntime) else None
        limit = agent.group_chat.history_limit if agent.group_chat else None
        return cls(agent.identity, prompt or "", limit, agent.context_tokens)


class Place(NamedTuple):
    """What the config says of one account. ``group_fixed``: the limit is the account's or the channel's own.

    ``dms`` are limits by canonical handle, ``prompts`` those of groups by chat id, ``other_prompt`` that of the others.
    """

    region: str | None
    group_limit: int
    group_fixed: bool
    direct_limit: int | None
    dms: Mapping[str, int]
    prompts: Mapping[int, str]
    other_prompt: str
    reactions: ReactionNotifications
    visibility: Visibility
    roots: Roots

    @classmethod
    def of(cls, account: Account, config: Config) -> "Place":
        """Those of ``account``."""
        star = account.groups.get("*")
        default = (star.system_prompt if star else None) or ""
        prompts = {
            int(chat): default if entry.system_prompt is None else entry.system_prompt
            for key, entry in account.groups.items()
            if (chat := _chat_id(key))
        }
        dms = {
            canonical(handle, account.region): entry.history_limit
            for handle, entry in account.dms.items()
            if entry.history_limit is not None
        }
        return cls(
            region=account.region,
            group_limit=account.history_limit,
            group_fixed=account.origins.get("historyLimit", "").startswith(ROOT),
            direct_limit=account.dm_history_limit,
            dms=dms,
            prompts=prompts,
            other_prompt=default,
            reactions=account.reaction_notifications,
            visibility=Visibility.of(account, config),
            roots=Roots.of(account),
        )

    def prompt(self, chat_id: int) -> str:
        """What the config says about a group: its own entry, even an empty one, else that of ``*``."""
        return self.prompts.get(chat_id, self.other_prompt)

    def in_groups(self, mind: Mind) -> int:
        """Messages of a group, and earlier turns of its session, that an agent is told."""
        own = None if self.group_fixed else mind.history_limit
        return min(self.group_limit if own is None else own, MAX_HISTORY)

    def in_direct(self, sender: str) -> int:
        """Earlier turns that an agent is told when ``sender`` writes to it."""
        limit = self.dms.get(canonical(sender, self.region), self.direct_limit)
        return MAX_HISTORY if limit is None else min(limit, MAX_HISTORY)


def _chat_id(key: str) -> str:
    """The chat id a key of ``groups`` names; empty for the one that names none."""
    entry = parse(key if ":" in key else f"chat_id:{key}", None)
    return entry.value if entry.kind is Kind.CHAT_ID else ""
