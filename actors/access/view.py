"""The access view: everything a decision needs of one account, worked out once per config.

In: an effective account and the config file's models. Out: an immutable ``AccessView`` of sets and dicts, so that a
decision is look-ups only. What could not be used (an entry, a pattern, a group key) is in ``problems`` with its
config path; it never widens access. How a group's session differs from the config (``/activation``) is looked up in
``standings``, which somebody else writes while the view is in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from actors.access import access_groups, mentions, runtimes
from actors.access.commands import Commands
from actors.access.entries import AllowList, Kind, parse
from actors.access.mentions import Mentions
from actors.conversation.routing import Routes
from actors.envelopes.session import Standing
from actors.normalizer import fences
from config.account import ROOT, Account
from config.overlay import CHANNEL, overlays
from config.paths import dotted
from config.schema.agents import Agent
from config.schema.root import Config

ACTIVATION = "/activation"
"""What decided about a mention where a command did, in the place of a config path."""
NOBODY: Mapping[str, Standing] = MappingProxyType({})
"""No session differs from the config."""

_KEYS = ("dmPolicy", "allowFrom", "groupPolicy", "groupAllowFrom", "groups", *fences.KEYS.values())


CHAT_KEYS = ("allowFrom", "groupAllowFrom", "groups")
"""The lists that may name chats."""


class AgentView(NamedTuple):
    """One agent: whether it can answer (else ``problem`` says why not and what to do), and what is a mention of it."""

    id: str
    waits: bool
    usable: bool
    mentions: Mentions = Mentions()
    problem: str = ""


class GroupGate(NamedTuple):
    """Whether a group asks for a mention, and the config path that says so or would."""

    require_mention: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """One account's access rules, ready for look-ups.

    ``groups`` are the chats with an entry of their own: they count as groups whatever imsg says. ``other_groups`` is
    the gate of all other groups, None when they are shut out. ``senders_key`` is the list that decided about group
    senders: ``groupAllowFrom``, or ``allowFrom`` when that is unset. ``own_keys`` are, by path, the lists the account
    shares with others that run, and where it would have its own: a chat id means another chat in each database.
    ``standings`` says by session key what ``/activation`` set.
    """

    account: str
    region: str
    service: str
    dm_policy: str
    dm_senders: AllowList
    group_policy: str
    group_senders: AllowList
    senders_key: str
    groups: Mapping[int, GroupGate]
    other_groups: GroupGate | None
    agents: Mapping[str, AgentView]
    routes: Routes
    commands: Commands
    keys: Mapping[str, str]
    own_keys: Mapping[str, str]
    problems: tuple[tuple[str, str], ...]
    standings: Mapping[str, Standing]

    @classmethod
    def build(cls, account: Account, config: Config, standings: Mapping[str, Standing] = NOBODY) -> "AccessView":
        """The view of ``account`` under ``config``; ``standings`` may change while the view is in use."""
        keys = {key: account.key_path(key) for key in _KEYS}
        people = access_groups.members(config)
        senders = AllowList.of(account.allow_from, account.region, people)
        falls_back = account.group_allow_from is None
        group_senders = senders if falls_back else AllowList.of(account.group_allow_from or (), account.region, people)
        senders_key = keys["allowFrom" if falls_back else "groupAllowFrom"]
        lists = (senders,) if falls_back else (senders, group_senders)
        commands = Commands.build(account, config, people, lists, (keys["allowFrom"], senders_key))
        groups, other_groups, odd_keys = _groups(account)
        agents = {agent.id: agent_view(agent, index, config) for index, agent in _agents(config)}
        problems = [
            *_list_problems(keys["allowFrom"], senders),
            *([] if falls_back else _list_problems(keys["groupAllowFrom"], group_senders)),
            *odd_keys,
            *(problem for agent in agents.values() for problem in agent.mentions.problems),
            *commands.problems,
        ]
        return cls(
            account=account.id,
            region=account.region,
            service=account.service,
            dm_policy=account.dm_policy,
            dm_senders=senders,
            group_policy=account.group_policy,
            group_senders=group_senders,
            senders_key=senders_key,
            groups=groups,
            other_groups=other_groups,
            agents=agents,
            routes=Routes.build(account.id, account.region, config),
            commands=commands,
            keys=keys,
            own_keys=_own_keys(account, config),
            problems=tuple(dict.fromkeys(problems)),
            standings=standings,
        )

    def key(self, name: str) -> str:
        """The dotted path of a config key of this account, where it is set or would be."""
        return self.keys[name]

    def gate(self, chat_id: int, session: str) -> GroupGate | None:
        """Whether a group asks for a mention: as its session was told (``/activation``), else as the config says."""
        found = self.groups.get(chat_id) or self.other_groups
        if not self.standings or found is None:
            return found
        standing = self.standings.get(session)
        if standing is None or standing.activation is None:
            return found
        return GroupGate(standing.activation != "always", ACTIVATION)


def shares_the_channel(config: Config) -> bool:
    """Whether several accounts would run, which all have what the channel says."""
    channel = config.channels.imessage
    return channel is not None and sum(one.values.get("enabled") is not False for one in overlays(channel)) > 1


def _own_keys(account: Account, config: Config) -> dict[str, str]:
    channel = config.channels.imessage
    if channel is None or not shares_the_channel(config):
        return {}
    name = next((one.key for one in overlays(channel) if one.id == account.id and one.key), account.id)
    paths = {key: account.key_path(key) for key in CHAT_KEYS}
    return {path: dotted((*CHANNEL, "accounts", name, key)) for key, path in paths.items() if path == f"{ROOT}.{key}"}


def agent_view(agent: Agent, index: int, config: Config) -> AgentView:
    """What the gate needs of one agent; ``index`` is its place in the list, for paths in problems."""
    fault = runtimes.fault(agent, config)
    return AgentView(
        id=agent.id,
        waits=runtimes.waits(agent),
        usable=not fault,
        mentions=_mentions(agent, index, config),
        problem=f"agent {agent.id!r}: {fault}" if fault else "",
    )


def _agents(config: Config) -> list[tuple[int, Agent]]:
    return list(enumerate(config.agents.list or (config.default_agent(),)))


def _mentions(agent: Agent, index: int, config: Config) -> Mentions:
    """The agent's own key if it is there (even empty), then that of ``messages``, then its name and emoji."""
    if agent.group_chat and agent.group_chat.mention_patterns is not None:
        place = f"list.{index}" if index < len(config.agents.listed) else f"entries.{agent.id}"
        path = f"agents.{place}.groupChat.mentionPatterns"
        return mentions.compile_patterns(agent.group_chat.mention_patterns, path)
    if config.messages.group_chat.mention_patterns is not None:
        path = "messages.groupChat.mentionPatterns"
        return mentions.compile_patterns(config.messages.group_chat.mention_patterns, path)
    return mentions.from_identity(agent.identity.name, agent.identity.emoji)


def _groups(account: Account) -> tuple[dict[int, GroupGate], GroupGate | None, list[tuple[str, str]]]:
    """The registry's gates by chat id, the gate of other groups, and keys that name no chat.

    With any key in it, even an unusable one, the registry is active: other groups need the key ``*``.
    """
    star = account.groups.get("*")
    default = star.require_mention if star else None
    star_key = account.key_path("groups.*.requireMention")
    gates: dict[int, GroupGate] = {}
    odd: list[tuple[str, str]] = []
    for key, entry in account.groups.items():
        if key == "*":
            continue
        named = parse(key if ":" in key else f"chat_id:{key}", None)
        if named.kind is not Kind.CHAT_ID:
            odd.append((account.key_path(f"groups.{key}"), "names no chat: write the chat id as a number from 1, or *"))
            continue
        inherits = entry.require_mention is None and default is not None
        required = default if entry.require_mention is None else entry.require_mention
        path = star_key if inherits else account.key_path(f"groups.{key}.requireMention")
        gate, chat = GroupGate(required is not False, path), int(named.value)
        if chat in gates:
            odd.append((account.key_path(f"groups.{key}"), f"names chat {chat} a second time: keep one of them"))
        # Of two the stricter one, whatever their order.
        gates[chat] = max(gate, gates.get(chat, gate))
    open_to_others = star is not None or not account.groups
    return gates, GroupGate(default is not False, star_key) if open_to_others else None, odd


def _list_problems(path: str, entries: AllowList) -> list[tuple[str, str]]:
    return [(f"{path}.{index}", why) for index, why in entries.problems]
