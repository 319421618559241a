"""Cautions: what is legal in a config, and lets in more people, or fewer, than its owner may think.

In: accounts with their views, and who is paired. Out: one line for each caution, with its config path and what to
write instead, for the start of the gateway and for ``config validate``. Nothing is decided here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from actors.access import list_check, runtimes
from actors.access.access_groups import members
from actors.access.channel_keys import ignored
from actors.access.commands import OWNERS_KEY
from actors.access.entries import AllowList
from actors.access.view import AccessView, shares_the_channel
from actors.conversation.keys import main_key
from config.account import ROOT, Account
from config.ids import normalize_id
from config.paths import dotted
from config.schema.root import Config

SHOWN = 3
"""People that are named in one caution."""
_ANYONE = "all who write"
_OF_GROUPS = {"groupPolicy", "groupAllowFrom", "groups"}
"""Where a file has none of these keys, its owner expects nothing of groups."""
_UNUSABLE = "no entry of this list can be used"


def cautions(account: Account, config: Config, view: AccessView, paired: Collection[str] = ()) -> tuple[str, ...]:
    """The cautions about one account; ``paired`` are the canonical handles its pairing store holds."""
    return tuple(dict.fromkeys((*_of_account(account, config, view), *_shared([(view, paired)]))))


def of_all(
    accounts: Iterable[tuple[Account, AccessView]], config: Config, paired: Mapping[str, Collection[str]] | None = None
) -> tuple[str, ...]:
    """The cautions about all accounts, each once; ``paired`` by account id. Sessions may be shared across accounts."""
    pairs = list(accounts)
    own = [line for account, view in pairs for line in _of_account(account, config, view)]
    shared = _shared([(view, (paired or {}).get(account.id, ())) for account, view in pairs])
    return tuple(dict.fromkeys((*own, *shared)))


def _of_account(account: Account, config: Config, view: AccessView) -> Iterator[str]:
    yield from _direct(view)
    yield from _groups(account, view)
    yield from _mentions(view)
    yield from _lists(account, config)
    yield from _commands(view)
    yield from _agents(config, view)
    yield from _channels(config)
    yield from _databases(account, config, view)


def _direct(view: AccessView) -> Iterator[str]:
    policy = view.dm_policy
    if policy == "open":
        yield f'{view.key("dmPolicy")}: "open" lets anyone talk to the agent: "pairing" asks you first'
    elif policy in {"pairing", "allowlist"} and view.dm_senders.wildcard:
        yield f'{view.key("allowFrom")}: "*" admits anyone, whatever dmPolicy "{policy}" says: list people instead'


def _groups(account: Account, view: AccessView) -> Iterator[str]:
    speaks_of_groups = _OF_GROUPS & account.origins.keys()
    where = "the groups in groups" if view.other_groups is None else "any group"
    if view.group_policy == "open":
        yield (
            f'{view.key("groupPolicy")}: "open" lets every member of {where} talk to the agent:'
            ' "allowlist" lets in the people in groupAllowFrom'
        )
    elif view.group_policy == "allowlist" and view.group_senders.wildcard:
        yield f'{view.senders_key}: "*" admits every member of {where}: list people instead'
    elif view.group_policy == "allowlist" and view.group_senders.is_empty and speaks_of_groups:
        yield (
            f'{view.key("groupAllowFrom")}: nobody is admitted in groups, because groupPolicy is "allowlist" and'
            f' {view.senders_key} names nobody: add people, or say so with groupPolicy "disabled"'
        )


def _mentions(view: AccessView) -> Iterator[str]:
    open_to_some = view.group_policy == "open" or not view.group_senders.is_empty
    if view.group_policy not in {"open", "allowlist"} or not open_to_some:
        return
    gated = {chat: gate for chat, gate in view.groups.items() if gate.require_mention}
    reached = [(view.routes.agent(True, chat, ""), gate.key) for chat, gate in gated.items()]
    if view.other_groups is not None and view.other_groups.require_mention:
        bound = [
            agent for (kind, chat), agent in view.routes.peers.items() if kind == "group" and not _named(chat, view)
        ]
        reached += [(agent, view.other_groups.key) for agent in (view.routes.agent(True, 0, ""), *bound)]
    for agent, key in dict.fromkeys(reached):
        if not view.agents[agent].mentions.usable:
            yield (
                f"{key}: agent {agent!r} has nothing to be mentioned by, so every message of the group counts as meant"
                " for it: set mentionPatterns or identity.name, or requireMention: false if that is wanted"
            )


def _named(chat: str, view: AccessView) -> bool:
    return chat.isdecimal() and int(chat) in view.groups


def _lists(account: Account, config: Config) -> Iterator[str]:
    groups = members(config)
    for one in list_check.sender_lists(account):
        found = AllowList.of(one.texts, account.region, groups)
        if list_check.is_unusable(one.texts, found):
            yield f"{one.path}: {_UNUSABLE}; {list_check.reasons(one.key, found)}"
    yield from list_check.doubts(account)
    if account.region.upper() not in {"US", "GB"} and account.region.upper() not in _regions():
        yield f'{account.key_path("region")}: no country is written {account.region!r}: use two letters, such as "US"'


def _regions() -> Collection[str]:
    from phonenumbers import SUPPORTED_REGIONS  # 20 ms, for regions that are not common

    return SUPPORTED_REGIONS


def _commands(view: AccessView) -> Iterator[str]:
    commands = view.commands
    if commands.owners is not None and not commands.owners:
        yield f"{OWNERS_KEY}: {_UNUSABLE}, so nobody is owner"
    if commands.only is None:
        if commands.everyone:
            yield "commands.useAccessGroups: false lets everybody who is admitted use chat commands"
        return
    path = commands.key(is_group=False)
    if commands.only.wildcard:
        yield f'{path}: "*" lets everybody who is admitted use chat commands: list people instead'
    elif commands.only.is_empty and commands.only.problems:
        yield f"{path}: {_UNUSABLE}; {list_check.reasons('entry', commands.only)}"


def _agents(config: Config, view: AccessView) -> Iterator[str]:
    """Agents that cannot answer as they are: what is written to them is held (``no agent``)."""
    paths = _agent_paths(config)
    for agent in view.agents.values():
        if agent.problem:
            # Where the file names no agent there is one all the same.
            yield f"{paths.get(agent.id, 'agents.list')}: {agent.problem}; until then its messages are held"


def of_agents(config: Config, environment: Mapping[str, str]) -> Iterator[str]:
    """What agents need that is not here, in this environment or installed: their messages would be held."""
    paths = _agent_paths(config)
    for agent in config.agents.list or (config.default_agent(),):
        if not runtimes.fault(agent, config):
            for why in runtimes.lacks(agent, config, environment):
                yield f"{paths.get(agent.id, 'agents')}: {why}"


def _agent_paths(config: Config) -> dict[str, str]:
    """Where agents stand, by id."""
    paths = {agent.id: f"agents.list.{index}" for index, agent in enumerate(config.agents.listed)}
    return paths | {normalize_id(key, "main"): dotted(("agents", "entries", key)) for key in config.agents.entries}


def _channels(config: Config) -> Iterator[str]:
    """Lists by channel of which one is passed over, because another key names the channel too."""
    lists: list[tuple[str, Iterable[str]]] = [("commands.allowFrom", config.commands.allow_from)]
    lists += [(f"accessGroups.{name}.members", group.members) for name, group in config.access_groups.items()]
    for path, keys in lists:
        for key, holds in ignored(keys):
            yield f"{path}.{key}: is not used, because {path}.{holds} names the same channel: keep one of them"


def _databases(account: Account, config: Config, view: AccessView) -> Iterator[str]:
    """Chat ids count rows of one database: what all accounts inherit means another chat in each of them."""
    if not shares_the_channel(config):
        return
    falls_back = account.group_allow_from is None
    named = [
        ("allowFrom", view.dm_senders.chat_ids),
        ("groupAllowFrom", () if falls_back else view.group_senders.chat_ids),
        ("groups", view.groups),
    ]
    for key, chats in named:
        path = view.key(key)
        if chats and path == f"{ROOT}.{key}":
            yield f"{path}: a chat id is another chat in another database: write those under each account"


def _shared(views: Iterable[tuple[AccessView, Collection[str]]]) -> Iterator[str]:
    """Main sessions with two or more people in them: the agent may tell one what another wrote."""
    people: dict[str, dict[str, None]] = {}
    for view, paired in views:
        if view.dm_policy not in {"pairing", "allowlist", "open"}:
            continue
        handles = view.dm_senders.handles | (frozenset(paired) if view.dm_policy == "pairing" else frozenset())
        for handle in (*([_ANYONE] if view.dm_senders.wildcard else []), *sorted(handles)):
            agent = view.routes.agent(False, 0, handle)
            if view.routes.session(agent, False, 0, handle) == main_key(agent):
                people.setdefault(main_key(agent), {})[view.routes.links.get(handle, handle)] = None
    for session, names in people.items():
        if len(names) > 1 or _ANYONE in names:
            told = ", ".join(list(names)[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
            yield (
                f"session.dmScope: {told} share the session {session}, so one may be told what another wrote: set it"
                ' to "per-channel-peer", or name the addresses of one person in session.identityLinks'
            )
