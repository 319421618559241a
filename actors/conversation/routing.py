"""Routing: which agent a conversation belongs to, and in which session.

In: ``bindings``, ``session`` and the agents of a config, for one account; then chats and canonical senders. Out: an
agent id and a session key. Everything is worked out once, so that routing a message is two look-ups.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from actors.access.entries import Kind, parse
from actors.access.handles import ascii_lower, without_service
from actors.conversation.keys import CHANNEL, direct_key, group_key
from config.accounts import default_account, effective
from config.ids import normalize_id
from config.schema.bindings import Binding, Peer
from config.schema.root import Config

ANY = "*"
DEFAULT_ACCOUNT = "default"
_KINDS = {"direct": "direct", "dm": "direct", "group": "group", "channel": "group"}
_CHANNELS = frozenset({CHANNEL, "imsg"})


class Routes(NamedTuple):
    """One account's routing table.

    ``peers`` maps (``direct`` or ``group``, canonical handle or chat id) to an agent; the id ``*`` stands for all of
    that kind. ``fallback`` is the agent of the account, of the channel, or the default one. ``links`` maps handles
    to the name a person goes by (``session.identityLinks``).
    """

    account: str
    scope: str
    peers: Mapping[tuple[str, str], str]
    fallback: str
    links: Mapping[str, str]

    @classmethod
    def build(cls, account: str, region: str | None, config: Config) -> "Routes":
        """The table of ``account``: peer, then account, then channel ``*``, then the default agent.

        Within a tier the first binding of the file wins. A binding without ``accountId`` is one of the default
        account; one to an unknown agent leads to the default agent.
        """
        known = {agent.id for agent in config.agents.list}
        default = config.default_agent().id
        peers: dict[tuple[str, str], str] = {}
        of_account: list[str] = []
        of_channel: list[str] = []
        for binding in _fitting(config, account):
            agent = binding.agent_id if binding.agent_id in known else default
            if binding.match.peer is not None:
                if peer := _peer(binding.match.peer, region):
                    peers.setdefault(peer, agent)
            elif binding.match.account_id == ANY:
                of_channel.append(agent)
            else:
                of_account.append(agent)
        fallback = next(iter((*of_account, *of_channel)), default)
        return cls(account, config.session.dm_scope, peers, fallback, _links(config, region))

    def agent(self, is_group: bool, chat_id: int, sender: str) -> str:
        """The agent of this conversation; ``sender`` is a canonical handle."""
        if not self.peers:
            return self.fallback
        kind, name = ("group", str(chat_id)) if is_group else ("direct", sender)
        return self.peers.get((kind, name)) or self.peers.get((kind, ANY)) or self.fallback

    def session(self, agent: str, is_group: bool, chat_id: int, sender: str) -> str:
        """The session key of this conversation with ``agent``."""
        if is_group:
            return group_key(agent, chat_id)
        return direct_key(agent, self.scope, self.account, self.links.get(sender, sender))


def _fitting(config: Config, account: str) -> Iterator[Binding]:
    """The bindings that can match a message of this account; teams and guilds do not exist in iMessage."""
    accounts, _ = effective(config, {}, Path())
    default = default_account(config, accounts)
    is_default = account == (default.id if default else DEFAULT_ACCOUNT)
    for binding in config.bindings:
        match = binding.match
        if binding.type != "route" or match.channel.strip().lower() not in _CHANNELS:
            continue
        if match.guild_id is not None or match.team_id is not None or match.roles is not None:
            continue
        wanted = (match.account_id or "").strip()
        if wanted == ANY or (normalize_id(wanted, DEFAULT_ACCOUNT) == account if wanted else is_default):
            yield binding


def _peer(peer: Peer, region: str | None) -> tuple[str, str] | None:
    kind = _KINDS[peer.kind]
    name = peer.id.strip()
    if name == ANY:
        return kind, ANY
    if kind == "group":
        entry = parse(name if ":" in name else f"chat_id:{name}", None)
        return (kind, entry.value) if entry.kind is Kind.CHAT_ID else None
    entry = parse(name, region)
    return (kind, entry.value) if entry.kind is Kind.HANDLE else None


def _links(config: Config, region: str | None) -> dict[str, str]:
    """Handles that are one person. Handles of other channels are left out: here they would be mere text."""
    links: dict[str, str] = {}
    for name, candidates in config.session.identity_links.items():
        for candidate in candidates:
            entry = parse(candidate, region)
            if entry.kind is Kind.HANDLE and ":" not in without_service(candidate):
                links.setdefault(entry.value, ascii_lower(name.strip()))
    return links
